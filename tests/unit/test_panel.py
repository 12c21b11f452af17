"""What a panel's opinions come to, and who is kept from the pool: pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from app.domain.assessment.panel import ASSESSED, CONFIRMED, Opinion, tally
from app.domain.assessment.pool import Away, choose
from app.domain.assessment.specialities import spellings
from app.domain.registry.queries import ExpertLine


def graded(grade: int | None, care: str = "none", remark: str = "", items: str = "5.9.2 13)") -> Opinion:
    result = "graded" if grade else "below_scale"
    return Opinion("某", True, {"result": result, "grade": grade, "care_level": care, "items": items}, remark)


@pytest.mark.parametrize(
    ("grades", "state", "grade"),
    [
        ((9, 9, 9), "majority", 9),
        ((9, 10, 9), "majority", 9),
        ((8, 9, 10), "split", None),
        ((8, 8, 9, 9, 10), "split", None),
        ((8, 8, 8, 9, 10), "majority", 8),
        ((None, None, 10), "majority", None),
    ],
)
def test_more_than_half_of_the_whole_panel_decides(
    grades: tuple[int | None, ...], state: str, grade: int | None
) -> None:
    said = tally([graded(one) for one in grades], ASSESSED)
    assert (said.state, said.content.get("grade")) == (state, grade)


def test_the_same_grade_with_another_care_level_is_another_opinion() -> None:
    opinions = [graded(4, "partial"), graded(4, "none"), graded(4, "most")]
    assert tally(opinions, ASSESSED).state == "split"


def test_dissent_is_kept_in_words_without_a_name_and_the_majoritys_items_each_once() -> None:
    said = tally(
        [
            graded(9, items="5.9.2 13)\n5.9.2 14)"),
            graded(10, remark="功能影响轻"),
            graded(9, items="5.9.2 13)"),
        ],
        ASSESSED,
    )
    assert said.dissent == ("达到伤残等级，10 级（功能影响轻）",)
    assert "某" not in said.dissent[0]
    assert said.items == ("5.9.2 13)", "5.9.2 14)")


def test_one_expert_who_wants_tests_holds_the_others_back() -> None:
    said = tally([graded(9), graded(9), Opinion("某", False, {}, "须作肌电图")], ASSESSED)
    assert (said.state, said.remarks) == ("tests", ("须作肌电图",))


def test_months_and_device_are_part_of_a_confirmations_answer() -> None:
    def confirmed(months: int) -> Opinion:
        return Opinion("某", True, {"verdict": "confirmed", "months": months, "device_code": None})

    assert tally([confirmed(3), confirmed(6), confirmed(9)], CONFIRMED).state == "split"
    assert tally([confirmed(3), confirmed(3), confirmed(9)], CONFIRMED).content["months"] == 3


def test_a_panel_without_opinions_is_no_panel() -> None:
    with pytest.raises(ValueError, match="without opinions"):
        tally([], ASSESSED)


def expert(key: int, person: int | None, hospital: str = "甲医院") -> ExpertLine:
    term = (date(2026, 1, 1), date(2028, 12, 31))
    return ExpertLine(
        key, person, f"专家{key}", ("orthopaedics",), "640100", "主任医师", hospital, None, *term
    )


def test_an_expert_registered_in_words_stands_for_the_specialities_that_seats_ask_for_by_key() -> None:
    away = Away(holders={1}, barred=(), earlier=(), acted=(), hospitals=(), employers=())
    registered = replace(expert(1, 1), specialities=("骨科", "Hand surgery", "orthopaedics", "中医科"))
    (candidate,) = choose([registered], away).candidates
    assert candidate.specialities == {"orthopaedics", "hand_surgery"}
    assert {"骨科", "orthopaedics"} <= set(spellings(["orthopaedics"])), "the register is asked for either"


def test_experts_who_must_stand_back_are_left_out_and_counted_by_reason() -> None:
    away = Away(
        holders={1, 2, 3, 4, 5, 6, 7},
        barred={2},
        earlier={3},
        acted={4},
        hospitals={"乙医院"},
        employers={"丙医院"},
    )
    found = [expert(n, n) for n in range(1, 5)]
    found += [expert(5, 5, "乙医院"), expert(6, 6, "丙医院"), expert(8, 8), expert(9, None)]
    pool = choose(found, away)
    assert [one.key for one in pool.candidates] == ["1"]
    assert pool.persons == {"1": 1}
    assert pool.left_out == {
        "barred": 1,
        "earlier_panel": 1,
        "acted": 1,
        "treating_hospital": 1,
        "employer": 1,
        "no_post": 2,
    }
