"""The clock that tests of clocks run with: the sixty days of recognition, as its process declares them."""

from app.kernel.deadlines.rules import ClockSpec

CR06 = ClockSpec(
    kind="CR06",
    title_zh="认定决定 60 日",
    title_en="Decision, 60 days",
    length=60,
    unit="days",
    ground_zh="《工伤保险条例》第二十条",
    ground_en="Work-injury Insurance Regulation art. 20",
    binding=True,
    main=True,
    source="V:条例 20",
)
