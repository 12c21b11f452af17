"""Clocks, names and addresses as the pages word them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
from flask import Flask

from app.faces.duty_words import DUTY_WORDS
from app.faces.refusal_texts import reason_text, text_of, text_of_field
from app.faces.web import language
from app.faces.web.pages.case_dossier import fact_words, mask, place_of, stated_places
from app.faces.web.pages.queue_rows import may
from app.faces.web.words import clock, day, duty, moment
from app.kernel.cases.schema import FactSpec
from app.kernel.duties.vocabulary import DUTY_TITLES
from app.kernel.refusals import TaskAlreadyClaimed

TODAY = date(2026, 11, 23)


@pytest.fixture(autouse=True)
def reader() -> Iterator[None]:
    app = Flask("reader")
    language.install(app, "zh")
    with app.test_request_context():
        yield


@pytest.mark.parametrize(
    ("due_on", "left", "tone", "words"),
    [
        (date(2026, 11, 20), -1, "over", "已超期 3 日"),
        (date(2026, 11, 23), 0, "soon", "今天到期"),
        (date(2026, 11, 26), 3, "soon", "剩余 3 个工作日"),
        (date(2026, 11, 27), 4, "ok", "剩余 4 个工作日"),
    ],
)
def test_clock_says_in_words_what_its_colour_says(due_on: date, left: int, tone: str, words: str) -> None:
    shown = clock(due_on, TODAY, left)
    assert (shown.tone, shown.words) == (tone, words)


def test_suspended_clock_says_what_is_awaited_and_no_date() -> None:
    shown = clock(None, TODAY, None, paused=True, awaited="等法院判决")
    assert (shown.tone, shown.words, shown.due) == ("hold", "已中止", "等法院判决")


def test_clock_that_ends_in_fifty_years_has_an_end() -> None:
    shown = clock(date(2076, 9, 15), TODAY, None)
    assert (shown.tone, shown.words, shown.due) == ("ok", "未到期", "2076年9月15日 周二到期")


def test_clock_names_its_day_with_the_weekday() -> None:
    assert clock(date(2026, 11, 26), TODAY, 3).due == "11月26日 周四到期"


def test_day_of_another_year_carries_its_year() -> None:
    assert day(date(2027, 1, 25), TODAY) == "2027年1月25日"
    assert day(date(2026, 12, 1), TODAY) == "12月1日"


def test_moment_is_the_local_one() -> None:
    assert moment(datetime(2026, 11, 22, 17, 5, tzinfo=UTC), TODAY) == "11月23日 1:05"


@pytest.mark.parametrize(
    ("key", "mark"),
    [
        ("initial_review", "d1"),
        ("recheck", "d2"),
        ("final_review", "d3"),
        ("risk_review", "dr"),
        ("serve", "d0"),
    ],
)
def test_duty_has_its_strokes(key: str, mark: str) -> None:
    assert duty(key).mark == mark


def test_kernel_and_pages_call_a_duty_the_same() -> None:
    assert {key: str(words) for key, words in DUTY_WORDS.items()} == DUTY_TITLES


def test_id_number_keeps_only_its_ends() -> None:
    assert mask("640102198001013217") == "640***********3217"
    assert mask("苏国栋") == "苏**"


def test_few_names_are_listed_and_many_are_counted() -> None:
    assert may(["马晓峰", "周立群"]) == "马晓峰、周立群"
    assert may(list("甲乙丙丁戊")) == "甲、乙、丙、丁等 5 人"
    assert "上级" in may([])


def test_conflict_names_both_duties() -> None:
    params = {"held": "initial_review", "wanted": "recheck", "case_no": "640100-2026-00001"}
    assert reason_text("conflicting_duty", params) == "已是本案初审人，不能复核"
    assert "640100-2026-00001" in reason_text("conflicting_duty", params, scope="chain")


def test_refusal_names_who_was_first() -> None:
    assert text_of(TaskAlreadyClaimed(name="周立群")) == "已被周立群领取。"
    assert text_of(TaskAlreadyClaimed()) == "已被领取。"


def test_field_error_of_an_unknown_code_still_says_something() -> None:
    assert text_of_field("no_such_code", {}) == "这一步不能办理。"
    assert text_of_field("too_short", {"min": 5}) == "至少 5 个字"


def test_an_unticked_box_of_an_empty_line_states_nothing() -> None:
    facts = {
        "dependant_1_name": "马秀兰",
        "dependant_1_lonely": False,
        "dependant_2_lonely": False,
        "dependant_2_name": "",
        "accident_at": "2026-01-20T14:20",
    }
    assert stated_places(facts) == {"", "dependant_1"}
    assert [place_of(key) for key in ("dependant_2_lonely", "bill_12_cut_reason", "accident_at")] == [
        "dependant_2",
        "bill_12",
        "",
    ]


@pytest.mark.parametrize(("stored", "shown"), [("68900.00", "68,900.00"), ("0.4", "0.4"), (1200, "1,200")])
def test_amounts_are_grouped_by_thousands(stored: object, shown: str) -> None:
    assert fact_words(FactSpec("a", "decimal", "甲", "a", "g"), stored) == shown
