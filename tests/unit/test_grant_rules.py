"""Who may take which step towards a post, and what stands against the post itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.faces.grant_words import GRANT_REASONS, STATE_WORDS, STEP_OFFICES, STEP_WORDS
from app.kernel.duties.views import Verdict
from app.kernel.grants.entities import (
    CHAIN,
    ExclusionPair,
    Grantee,
    GrantRules,
    Holding,
    Officer,
    PostWanted,
    State,
    Step,
    TakenStep,
    TenureLimit,
    state_of,
)
from app.kernel.grants.foresight import add_months, toggled
from app.kernel.grants.rules import decide_grant_step, decide_taker

TODAY = date(2026, 3, 2)
NOW = datetime(2026, 3, 2, 1, tzinfo=UTC)
WANTED = PostWanted(
    9, "马建华", "rec_handler", "business", "640121", "county", ("640000", "640100", "640121"), TODAY, None
)
PAIR = ExclusionPair(
    1, (frozenset({"rec_handler"}), frozenset({"rec_checker", "rec_approver"})), "初审与复核", "x", "依据"
)
LIMIT = TenureLimit("rec_handler", 1, 60, 6, "deny", "轮岗办法")
HOLDERS = {
    Step.APPLY: Officer(1, frozenset({("supervisor", "supervision", "640100")})),
    Step.REVIEW: Officer(2, frozenset({("internal_auditor", "audit", "640000")})),
    Step.APPROVE: Officer(3, frozenset({("dept_head", "supervision", "640000")})),
    Step.ASSIGN: Officer(4, frozenset({("security_admin", "platform", "640000")})),
}


def taken(*steps: Step) -> tuple[TakenStep, ...]:
    return tuple(TakenStep(step, HOLDERS[step].person_id, "某人", NOW) for step in steps)


def held(post: str, since: date, until: date | None, grant: int | None = 5) -> Holding:
    return Holding(post, "某岗", "A post", "640100", since, until, grant)


def reason(
    officer: Officer,
    step: Step,
    *,
    wanted: PostWanted = WANTED,
    before: tuple[TakenStep, ...] = (),
    grantee: Grantee | None = None,
    rules: GrantRules | None = None,
) -> str:
    rules = rules or GrantRules((PAIR,))
    return decide_grant_step(officer, step, wanted, before, grantee or Grantee(), rules, TODAY).reason


def test_each_step_is_its_own_holders_and_comes_after_the_ones_before() -> None:
    for place, step in enumerate(CHAIN):
        for tried, holder in product(CHAIN, HOLDERS):
            answer = reason(HOLDERS[holder], tried, before=taken(*CHAIN[:place]))
            able = holder is step or (step is Step.APPLY and holder is Step.APPROVE)  # a head supervises too
            assert (answer == "grant_allowed") == (tried is step and able), (place, tried, holder)


@given(st.permutations(CHAIN), st.sampled_from(CHAIN))
def test_nobody_takes_two_steps_whatever_posts_are_held(order: list[Step], step: Step) -> None:
    everything = Officer(7, frozenset().union(*(officer.held for officer in HOLDERS.values())))
    place = CHAIN.index(step)
    before = taken(*CHAIN[:place])
    assert decide_taker(everything, step, WANTED, before).allowed
    for already in before:
        again = replace(everything, person_id=already.person_id)
        assert decide_taker(again, step, WANTED, before).reason == "grant_step_repeated"


@pytest.mark.parametrize("step", [*CHAIN, Step.REFUSE, Step.CANCEL])
def test_grantee_takes_no_step_at_all(step: Step) -> None:
    me = replace(HOLDERS[Step.APPLY], person_id=WANTED.person_id)
    assert decide_taker(me, step, WANTED, ()).reason == "grant_self"


def test_post_in_another_region_or_below_lets_nobody_take_a_step() -> None:
    for region in ("640300", "640122"):
        elsewhere = Officer(1, frozenset({("supervisor", "supervision", region)}))
        assert reason(elsewhere, Step.APPLY) == "grant_step_not_yours"


def test_who_is_in_doubt_or_has_no_active_account_takes_no_step() -> None:
    officer = HOLDERS[Step.APPLY]
    assert reason(replace(officer, in_doubt=True), Step.APPLY) == "identity_in_doubt"
    assert reason(replace(officer, active=False), Step.APPLY) == "account_inactive"


@pytest.mark.parametrize(("until", "possible"), [(None, None), (date(2026, 6, 1), date(2026, 6, 1))])
def test_excluded_post_names_what_is_held_and_the_first_possible_day(
    until: date | None, possible: date | None
) -> None:
    grantee = Grantee((held("rec_checker", date(2025, 1, 1), until),))
    decision = decide_grant_step(
        HOLDERS[Step.APPLY], Step.APPLY, WANTED, (), grantee, GrantRules((PAIR,)), TODAY
    )
    assert (decision.reason, decision.ground, decision.possible_from) == ("grant_excluded", "依据", possible)
    later = replace(WANTED, valid_from=date(2026, 6, 1))
    answer = reason(HOLDERS[Step.APPLY], Step.APPLY, wanted=later, grantee=grantee)
    assert answer == ("grant_allowed" if possible else "grant_excluded")


@given(st.dates(date(2026, 1, 1), date(2026, 12, 31)), st.dates(date(2026, 1, 1), date(2026, 12, 31)))
def test_exclusion_counts_exactly_while_the_periods_overlap(begin: date, end: date) -> None:
    if begin >= end:
        begin, end = end, date(2027, 1, 1)
    wanted = replace(WANTED, valid_from=date(2026, 5, 1), valid_to=date(2026, 7, 1))
    answer = reason(
        HOLDERS[Step.REVIEW],
        Step.REVIEW,
        wanted=wanted,
        before=taken(Step.APPLY),
        grantee=Grantee((held("rec_checker", begin, end),)),
    )
    overlap = any(begin <= day < end for day in map(date.fromordinal, range(739737, 739798)))
    assert answer == ("grant_excluded" if overlap else "grant_allowed")


def test_days_of_the_overlap_test_are_the_wanted_period() -> None:
    assert date.fromordinal(739737) == date(2026, 5, 1) and date.fromordinal(739798) == date(2026, 7, 1)


@pytest.mark.parametrize(
    ("stays", "until", "expected"),
    [
        ([], date(2031, 3, 2), "grant_allowed"),
        ([], date(2031, 3, 3), "grant_tenure"),
        ([], None, "grant_tenure_advised"),
        ([(date(2023, 3, 2), TODAY)], date(2028, 3, 2), "grant_allowed"),
        ([(date(2023, 3, 2), TODAY)], date(2028, 3, 3), "grant_tenure"),
        ([(date(2023, 3, 2), date(2025, 9, 2))], date(2028, 3, 3), "grant_tenure"),
        ([(date(2023, 3, 2), date(2025, 9, 1))], date(2031, 3, 2), "grant_allowed"),
        ([(date(2018, 1, 1), date(2021, 1, 1)), (date(2021, 3, 1), TODAY)], date(2026, 4, 1), "grant_tenure"),
    ],
)
def test_stay_in_a_post_is_counted_over_short_breaks(
    stays: list[tuple[date, date]], until: date | None, expected: str
) -> None:
    rules = GrantRules((), {"rec_handler": LIMIT})
    grantee = Grantee(tuple(held("rec_handler", since, end) for since, end in stays))
    wanted = replace(WANTED, valid_to=until)
    assert reason(HOLDERS[Step.APPLY], Step.APPLY, wanted=wanted, grantee=grantee, rules=rules) == expected


def test_sleeping_account_is_warned_about_and_does_not_stop() -> None:
    decision = decide_grant_step(
        HOLDERS[Step.ASSIGN],
        Step.ASSIGN,
        WANTED,
        taken(*CHAIN[:3]),
        Grantee(dormant_days=45),
        GrantRules(),
        TODAY,
    )
    assert (decision.verdict, decision.reason, decision.rule) == (Verdict.WARN, "grantee_dormant", "RSK-24")


def test_post_ended_ninety_days_ago_is_toggled_and_one_day_more_is_not() -> None:
    for ended, expected in ((date(2025, 12, 2), True), (date(2025, 12, 1), False)):
        earlier = held("rec_handler", date(2025, 1, 1), ended)
        assert (toggled(WANTED, [earlier]) is not None) == expected


def test_months_end_on_the_last_day_there_is() -> None:
    assert add_months(date(2024, 2, 29), 12) == date(2025, 2, 28)
    assert add_months(date(2025, 12, 31), 2) == date(2026, 2, 28)
    assert add_months(date(2025, 1, 15), 11) == date(2025, 12, 15)


def test_state_follows_from_the_steps() -> None:
    states = [state_of(taken(*CHAIN[:place])) for place in range(1, 5)]
    assert states == [State.APPLIED, State.REVIEWED, State.APPROVED, State.ASSIGNED]


def test_every_reason_step_and_state_has_words() -> None:
    import re
    from pathlib import Path

    folder = Path(__file__).resolve().parents[2] / "app/kernel/grants"
    source = "".join(
        (folder / name).read_text("utf-8") for name in ("rules.py", "foresight.py", "entities.py")
    )
    found = set(re.findall(r'"((?:grant|grantee|identity|account)_[a-z_]+)"', source))
    reasons = {name for name in found if name not in ("grant_chain", "account_id")}
    assert len(reasons) > 12, "the pattern no longer finds the reasons"
    assert reasons - set(GRANT_REASONS) == set()
    assert set(STEP_WORDS) == set(Step) and set(STATE_WORDS) == set(State) and set(STEP_OFFICES) == set(CHAIN)
