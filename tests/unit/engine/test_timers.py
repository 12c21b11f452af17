"""Timers move with the clock they are given, and with nothing else."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kernel.engine.stepping import StepFailed
from app.kernel.engine.timers import parse_cycle, parse_duration, parse_instant
from tests.process.drive import BEGINNING, Drive, spec_of
from tests.unit.engine.diagrams import diagram, end, message, node, sequence, start, timer, user


def waiting(kind: str, text: str, **data: object) -> Drive:
    process = diagram(
        start(), node("intermediateCatchEvent", "x", timer(kind, text)), user("after"), end(),
        sequence("start", "x", "after", "end"),
    )  # fmt: skip
    return Drive(spec_of({"p": process}, "p"), data)


def test_a_duration_fires_at_the_second_it_is_due_and_not_before() -> None:
    drive = waiting("timeDuration", "PT36H")
    assert drive.instance.next_due() == BEGINNING + timedelta(hours=36)
    assert drive.pass_time(timedelta(hours=36) - timedelta(seconds=1)).open == []
    assert drive.pass_time(timedelta(seconds=1)).open == ["after"]
    assert drive.instance.next_due() is None


def test_a_date_without_zone_is_meant_in_shanghai() -> None:
    drive = waiting("timeDate", "2026-04-01T00:00:00")
    assert drive.instance.next_due() == datetime(2026, 3, 31, 16, 0, tzinfo=UTC)


def test_a_timer_may_come_from_an_expression() -> None:
    drive = waiting("timeDuration", '="P" + days + "D"', days="3")
    assert drive.instance.next_due() == BEGINNING + timedelta(days=3)


@pytest.mark.parametrize(
    ("kind", "text", "due"),
    [
        ("timeDuration", '=@"PT36H" * 2', datetime(2026, 3, 5, 1, tzinfo=UTC)),
        ("timeDuration", "=duration(rest)", datetime(2026, 4, 2, 1, tzinfo=UTC)),
        ("timeDate", '=today() + @"P3D"', datetime(2026, 3, 4, 16, tzinfo=UTC)),
        ("timeDate", '=now() + @"PT90M"', datetime(2026, 3, 2, 2, 30, tzinfo=UTC)),
        ("timeDate", '=date and time(filed) + @"P1M"', datetime(2026, 4, 1, 2, tzinfo=UTC)),
        ("timeDate", '=@"2026-04-01T00:00:00@Europe/Paris"', datetime(2026, 3, 31, 22, tzinfo=UTC)),
    ],
)
def test_a_timer_takes_moments_and_durations(kind: str, text: str, due: datetime) -> None:
    drive = waiting(kind, text.replace('"', "&quot;"), rest="P1M", filed="2026-03-01T10:00:00+08:00")
    assert drive.instance.next_due() == due


def test_a_timer_without_a_value_fails_its_step() -> None:
    with pytest.raises(StepFailed, match=r"neither a text nor a moment.*there is no variable 'nothing'"):
        waiting("timeDuration", "=nothing")


def test_a_non_interrupting_timer_leaves_its_task_open() -> None:
    process = diagram(
        start(), user("x"),
        node("boundaryEvent", "remind", timer("timeDuration", "P1D"), attachedToRef="x", cancelActivity="false"),
        user("note"), end(), end("end_note"), sequence("start", "x", "end"), sequence("remind", "note", "end_note"),
    )  # fmt: skip
    drive = Drive(spec_of({"p": process}, "p")).pass_time(timedelta(days=2))
    assert sorted(drive.open) == ["note", "x"]
    drive.complete("x")
    assert drive.complete("note").instance.is_completed()


def test_a_bounded_repetition_fires_that_often_and_stops() -> None:
    process = diagram(
        start(), user("x"),
        node("boundaryEvent", "remind", timer("timeCycle", "R3/P1D"), attachedToRef="x", cancelActivity="false"),
        node("manualTask", "note"), end(), end("end_note"),
        sequence("start", "x", "end"), sequence("remind", "note", "end_note"),
    )  # fmt: skip
    drive = Drive(spec_of({"p": process}, "p"))
    for count in (1, 2, 3, 3, 3):
        drive.pass_time(timedelta(days=1))
        assert drive.open.count("note") == count
    assert drive.instance.next_due() is None


def test_missed_repetitions_are_not_caught_up() -> None:
    process = diagram(
        start(), user("x"),
        node("boundaryEvent", "remind", timer("timeCycle", "R9/P1D"), attachedToRef="x", cancelActivity="false"),
        node("manualTask", "note"), end(), end("end_note"),
        sequence("start", "x", "end"), sequence("remind", "note", "end_note"),
    )  # fmt: skip
    assert Drive(spec_of({"p": process}, "p")).pass_time(timedelta(days=30)).open.count("note") == 1


@pytest.mark.parametrize(("days", "step"), [(1, "soon"), (0, "told")])
def test_an_event_gateway_takes_what_comes_first(days: int, step: str) -> None:
    process = diagram(
        start(), node("eventBasedGateway", "g"),
        node("intermediateCatchEvent", "c1", timer("timeDuration", "P1D")), user("soon"),
        node("intermediateCatchEvent", "c2", timer("timeDuration", "P9D")), user("late"),
        node("intermediateCatchEvent", "c3", message("news")), user("told"), end(),
        sequence("start", "g", "c1", "soon", "end"), sequence("g", "c2", "late", "end"),
        sequence("g", "c3", "told", "end"), messages=["news"],
    )  # fmt: skip
    drive = Drive(spec_of({"p": process}, "p"))
    assert drive.instance.next_due() == BEGINNING + timedelta(days=1)
    drive = drive.pass_time(timedelta(days=days)) if days else drive.deliver("news")
    assert drive.open == [step]


@pytest.mark.parametrize(
    ("text", "start", "expected"),
    [
        ("P1M", datetime(2026, 1, 31, 1, tzinfo=UTC), datetime(2026, 2, 28, 1, tzinfo=UTC)),
        ("P1Y", datetime(2028, 2, 29, 1, tzinfo=UTC), datetime(2029, 2, 28, 1, tzinfo=UTC)),
        # 30 November 17:00 UTC is 1 December in Shanghai
        ("P1M", datetime(2026, 11, 30, 17, tzinfo=UTC), datetime(2026, 12, 31, 17, tzinfo=UTC)),
        ("P1W2DT3H4M5S", datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 10, 3, 4, 5, tzinfo=UTC)),
    ],
)
def test_durations_count_as_the_calendar_in_shanghai_does(
    text: str, start: datetime, expected: datetime
) -> None:
    assert parse_duration(text).after(start) == expected


@pytest.mark.parametrize("text", ["", "P", "PT", "1D", "P1", "P-1D", "P1.5D", "P101Y", "P99999D", "p1d"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"duration|century"):
        parse_duration(text)


@pytest.mark.parametrize("text", ["R/PT1H", "R0/PT1H", "R101/PT1H", "R-1/PT1H", "PT1H", "R3/2026-01-01/PT1H"])
def test_repetitions_are_bounded(text: str) -> None:
    with pytest.raises(ValueError, match=r"repetition|duration"):
        parse_cycle(text)


@given(st.text(max_size=20))
def test_any_text_is_a_time_or_refused(text: str) -> None:
    for parser in (parse_duration, parse_cycle, parse_instant):
        try:
            parser(text)
        except ValueError:
            continue
