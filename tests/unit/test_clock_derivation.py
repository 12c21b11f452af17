"""How a clock says why it ends when it does: the stages of its reckoning, and the sentence made of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest
from flask import Flask

from app.faces.web import language
from app.faces.web.pages.clock_words import reason, short_reason
from app.kernel.deadlines.calendar import WorkingCalendar
from app.kernel.deadlines.derivation import Lengthening, derive
from app.kernel.deadlines.models import Clock as Row
from app.kernel.deadlines.queries import urgency, value_of
from app.kernel.deadlines.rules import Unit
from app.kernel.deadlines.transitions import Clock, exclude, extend, pause, resume, shift, start
from tests import clock_specs

CALENDAR = WorkingCalendar([], range(2024, 2027))
CR06 = replace(clock_specs.CR06, extendable=30, shiftable=True, excludable=True)
TODAY = date(2026, 11, 23)


@pytest.fixture(params=["zh"])
def reader(request: pytest.FixtureRequest) -> Iterator[None]:
    app = Flask("reader")
    language.install(app, request.param)
    with app.test_request_context():
        yield


def day(text: str) -> date:
    return date.fromisoformat(text)


def clock(started: str, length: int = 60, unit: Unit = "days") -> Clock:
    return start(replace(CR06, length=length, unit=unit), day(started))


def suspended(began: str, ended: str | None, one: Clock) -> Clock:
    paused = pause(one, day(began), "认定办法 20")
    return paused if ended is None else resume(paused, day(ended))


@pytest.mark.parametrize(
    ("one", "stages"),
    [
        pytest.param(clock("2026-09-01"), [("length", "2026-10-31"), ("rest_day", "2026-11-02")], id="plain"),
        pytest.param(
            suspended("2026-10-12", "2026-10-21", clock("2026-09-18")),
            [("length", "2026-11-17"), ("suspension", "2026-11-26")],
            id="the worked example",
        ),
        pytest.param(
            clock("2026-09-17", 15),
            [("length", "2026-10-02"), ("rest_day", "2026-10-08")],
            id="ends in National Day",
        ),
        pytest.param(
            shift(extend(clock("2026-09-18"), 30), 5),
            [("length", "2026-11-17"), ("extension", "2026-12-17"), ("shift", "2026-12-22")],
            id="extended, then shifted",
        ),
        pytest.param(
            suspended("2026-10-12", None, clock("2026-09-18")),
            [("length", "2026-11-17"), ("suspension", None)],
            id="suspended now",
        ),
        pytest.param(
            exclude(clock("2026-09-18"), day("2026-09-20"), day("2026-09-29"), "法释9 7"),
            [("length", "2026-11-17"), ("excluded", "2026-11-27")],
            id="days nobody can be blamed for",
        ),
        pytest.param(
            suspended("2026-09-28", "2026-10-09", clock("2026-09-18", 10, "working_days")),
            [("length", "2026-10-09"), ("suspension", "2026-10-14")],
            id="working days around the holiday",
        ),
        pytest.param(
            suspended(
                "2026-09-20", "2026-09-22", suspended("2026-09-10", "2026-09-15", clock("2026-09-01", 30))
            ),
            [("length", "2026-10-01"), ("suspension", "2026-10-06"), ("suspension", "2026-10-08")],
            id="suspended twice: each moves the end that the other left",
        ),
        pytest.param(
            clock("2026-08-31", 6, "months"), [("length", "2027-02-28"), ("rest_day", "2027-03-01")]
        ),
        pytest.param(clock("2026-08-31", 0, "open"), [], id="no end"),
    ],
)
def test_each_stage_leaves_the_last_day_reckoned_by_hand(
    one: Clock, stages: list[tuple[str, str | None]]
) -> None:
    derived = derive(one, CALENDAR)
    assert [
        (stage.kind, stage.until.isoformat() if stage.until else None) for stage in derived.stages
    ] == stages
    if stages:
        assert derived.stages[-1].until == derived.due_on == one.due(CALENDAR).due_on


def test_a_suspension_is_told_with_the_days_that_are_not_counted() -> None:
    (_length, stage) = derive(suspended("2026-10-12", "2026-10-21", clock("2026-09-18")), CALENDAR).stages
    assert (stage.first, stage.last, stage.length) == (day("2026-10-13"), day("2026-10-21"), 9)
    assert stage.ground == "认定办法 20"


def test_an_extension_is_told_with_its_ground_where_it_is_known() -> None:
    one = extend(extend(clock("2026-09-18"), 10), 5)
    ordered = [Lengthening("extension", 10, "案情复杂"), Lengthening("extension", 5, "再次延长")]
    known = derive(one, CALENDAR, ordered).stages[1:]
    assert [(stage.length, stage.ground) for stage in known] == [(10, "案情复杂"), (5, "再次延长")]
    unknown = derive(one, CALENDAR, ordered[:1]).stages[1:]
    assert [(stage.length, stage.ground) for stage in unknown] == [(15, "")]


def test_a_shift_uses_up_nothing_of_what_the_law_lets_extend() -> None:
    shifted = shift(start(CR06, day("2026-09-18")), 20)
    stored = row(shifted)
    assert value_of(stored, [], CR06.extendable).extended == 0
    assert extend(value_of(stored, [], CR06.extendable), 30).added == 50


@pytest.mark.parametrize(
    ("clocks", "binding"),
    [
        ([("running", "2026-12-01"), ("running", "2026-11-20")], 1),
        ([("paused", None), ("running", "2026-12-01")], 1),
        ([("paused", None)], 0),
        ([("running", None), ("running", "2026-12-01")], 1),
    ],
)
def test_the_earliest_running_clock_binds(clocks: list[tuple[str, str | None]], binding: int) -> None:
    rows = [
        Row(id=number, state=state, due_on=day(due) if due else None)
        for number, (state, due) in enumerate(clocks)
    ]
    assert min(rows, key=urgency) is rows[binding]


def row(one: Clock, **more: Any) -> Row:
    spec = one.spec
    stated = {key: getattr(spec, key) for key in ("kind", "title_zh", "title_en", "length", "unit")}
    stated |= {"ground_zh": spec.ground_zh, "ground_en": spec.ground_en, "binding": True, "main": True}
    stated |= {"state": one.state, "started_on": one.started_on, "informational": False}
    return Row(**stated, extended_by=one.extended, shifted_by=one.shifted, **more)


def deployed() -> Any:
    facts = {"accepted_at": SimpleNamespace(label_zh="受理时间", label_en="Accepted at")}
    steps = {"p01_05": SimpleNamespace(name="告知补正", name_en="Ask for corrections")}
    return cast(Any, SimpleNamespace(schema=SimpleNamespace(facts=facts), steps=steps))


def test_sentence_names_event_length_suspension_and_law(reader: None) -> None:
    one = suspended("2026-10-12", "2026-10-21", clock("2026-09-18"))
    said = reason(row(one, from_fact="accepted_at"), derive(one, CALENDAR), deployed(), TODAY)
    assert said == (
        "从“受理时间”9月18日起算，次日为第 1 日；60 日到 11月17日（《工伤保险条例》第二十条）；"
        "10月13日至10月21日中止 9 日，顺延到 11月26日（认定办法 20）。"
    )
    assert (
        short_reason(derive(one, CALENDAR), TODAY)
        == "60 日到 11月17日，10月13日至10月21日中止 9 日，顺延到 11月26日。"
    )


@pytest.mark.parametrize(
    ("one", "more", "holds"),
    [
        (clock("2026-09-17", 15), {}, "末日是休息日（国庆节），移到 10月8日（《民法典》第二百零三条）"),
        (clock("2026-09-18"), {"from_step": "p01_05"}, "从环节“告知补正”9月18日起算"),
        (clock("2026-09-18"), {"from_fact": "gone"}, "从 9月18日 起算"),
        (clock("2026-09-18", 0, "open"), {}, "不限期（《工伤保险条例》第二十条）"),
        (suspended("2026-10-12", None, clock("2026-09-18")), {}, "10月13日起中止，不计算"),
        (clock("2026-11-18"), {}, "日期为暂定"),
        (clock("2026-09-18"), {"stopped_at": datetime(2026, 10, 9, 4, tzinfo=UTC)}, "10月9日停止"),
        (shift(clock("2026-09-18"), 5), {}, "改期顺延 5 日，到 11月22日"),
    ],
)
def test_sentence_tells_what_happened_to_the_clock(
    reader: None, one: Clock, more: dict[str, Any], holds: str
) -> None:
    assert holds in reason(row(one, **more), derive(one, CALENDAR), deployed(), TODAY)


@pytest.mark.parametrize("reader", ["en"], indirect=True)
def test_sentence_is_told_in_english_too(reader: None) -> None:
    one = clock("2026-09-17", 15)
    said = reason(row(one, from_fact="accepted_at"), derive(one, CALENDAR), deployed(), TODAY)
    assert said.startswith("counted from “Accepted at”, 9-17")
    assert not any("\u4e00" <= letter <= "\u9fff" for letter in said)
