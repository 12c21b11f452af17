"""`decide` over made-up histories: conflicts, scopes, posts, parties, reading, warnings."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from app.kernel.duties.rules import decide, decide_intake, decide_supervising
from app.kernel.duties.signatures import SignatureView, missing_signature, required_signatures
from app.kernel.duties.views import (
    Action,
    Bar,
    Candidate,
    CaseView,
    ConflictRule,
    Member,
    PastAct,
    TaskView,
    Verdict,
)

WHEN = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
REGION = "640100"
EVERY = frozenset({"normal", "high", "routed"})


def rule(
    key: str, *members: Member, scope: str = "case", severity: str = "deny", risks: frozenset[str] = EVERY
) -> ConflictRule:
    return ConflictRule(1, 1, key, scope, 1, severity, risks, "禁止一人通办", members)


def member(name: str, duty: str, process: str = "", role: str = "") -> Member:
    return Member(name, duty, process, role)


REVIEWS = rule(
    "reviews", *[member(duty, duty) for duty in ("initial_review", "recheck", "risk_review", "final_review")]
)
INTAKE_FINAL = rule("intake_final", member("intake", "intake"), member("final_review", "final_review"))
ADVISED = rule(
    "intake_reviews",
    member("intake", "intake"),
    member("initial_review", "initial_review"),
    severity="warn",
    risks=frozenset({"high", "routed"}),
)
AWARD = rule(
    "recognition_award",
    member("recognition", "final_review", "injury_recognition"),
    member("award", "final_review", "benefit_award"),
    scope="chain",
)
RULES = (REVIEWS, INTAKE_FINAL, ADVISED, AWARD)


def act(
    person: int, duty: str, case: int = 1, process: str = "injury_recognition", state: str = "performed"
) -> PastAct:
    return PastAct(person, f"p{person}", duty, state, case, f"no-{case}", process, "first", WHEN)


def case(*acts: PastAct, risk: str = "high", process: str = "injury_recognition") -> CaseView:
    return CaseView(1, REGION, 10, process, "first", risk, acts)


def task(duty: str, claimed_by: int | None = None) -> TaskView:
    return TaskView(7, duty, f"post_{duty}", REGION, claimed_by)


def person(number: int, *duties: str, kinds: frozenset[str] = frozenset({"business"})) -> Candidate:
    posts = frozenset((f"post_{duty}", REGION) for duty in duties)
    return Candidate(number, f"p{number}", f"p{number}", posts, kinds)


def test_initial_reviewer_cannot_recheck_own_case() -> None:
    answer = decide(
        person(1, "recheck"), Action.CLAIM, case(act(1, "initial_review")), task("recheck"), RULES
    )
    assert (answer.verdict, answer.reason, answer.rule) == (Verdict.DENY, "conflicting_duty", "reviews")
    assert [found.duty for found in answer.evidence] == ["initial_review"]


def test_having_only_opened_the_dossier_excludes_as_well() -> None:
    history = case(act(1, "initial_review", state="opened"))
    assert not decide(person(1, "recheck"), Action.CLAIM, history, task("recheck"), RULES).allowed


def test_the_same_duty_may_be_repeated_after_a_return() -> None:
    history = case(act(1, "initial_review"), act(2, "recheck"))
    assert decide(person(1, "initial_review"), Action.CLAIM, history, task("initial_review"), RULES).allowed


def test_two_initial_reviewers_are_both_kept_from_rechecking() -> None:
    history = case(act(1, "initial_review"), act(2, "initial_review"))
    for number in (1, 2):
        assert not decide(person(number, "recheck"), Action.CLAIM, history, task("recheck"), RULES).allowed


def test_another_persons_acts_do_not_count() -> None:
    assert decide(
        person(2, "recheck"), Action.CLAIM, case(act(1, "initial_review")), task("recheck"), RULES
    ).allowed


@pytest.mark.parametrize(
    "action", [Action.CLAIM, Action.ASSIGN, Action.REASSIGN, Action.OPEN, Action.COMPLETE]
)
def test_a_panels_task_belongs_to_those_who_were_drawn(action: Action) -> None:
    panel = replace(task("panel_opinion", claimed_by=1), drawn=frozenset({2, 3}))
    stranger, member = person(1, "panel_opinion"), person(2, "panel_opinion")
    assert decide(stranger, action, case(), panel, RULES).reason == "not_drawn"
    assert decide(member, action, case(), replace(panel, claimed_by=2), RULES).allowed
    instead = replace(stranger, posts=frozenset(), substituting={("post_panel_opinion", REGION): member})
    assert decide(instead, action, case(), panel, RULES).reason == "not_drawn", (
        "nobody stands in for an expert"
    )
    assert decide(stranger, Action.RELEASE, case(), panel, RULES).allowed, "who holds it gives it back"
    assert decide(stranger, action, case(), replace(panel, drawn=None), RULES).allowed, "nobody was drawn"


@pytest.mark.parametrize("risk", ["normal", "high", "routed"])
def test_intake_never_approves_in_any_risk_class(risk: str) -> None:
    history = case(act(1, "intake"), risk=risk)
    assert not decide(person(1, "final_review"), Action.CLAIM, history, task("final_review"), RULES).allowed


def test_intake_doing_initial_review_is_only_warned_and_only_at_high_risk() -> None:
    me, wanted = person(1, "initial_review"), task("initial_review")
    high = decide(me, Action.CLAIM, case(act(1, "intake")), wanted, RULES)
    normal = decide(me, Action.CLAIM, case(act(1, "intake"), risk="normal"), wanted, RULES)
    assert (high.verdict, normal.verdict) == (Verdict.WARN, Verdict.ALLOW)


def test_case_scope_forgets_other_cases_of_the_chain_and_chain_scope_does_not() -> None:
    earlier = act(1, "final_review", case=2)
    other = decide(person(1, "recheck"), Action.CLAIM, case(earlier), task("recheck"), RULES)
    award = case(earlier, process="benefit_award")
    chained = decide(person(1, "final_review"), Action.CLAIM, award, task("final_review"), RULES)
    assert other.allowed
    assert (chained.verdict, chained.rule, chained.scope) == (Verdict.DENY, "recognition_award", "chain")


def test_post_must_be_held_in_the_tasks_region() -> None:
    elsewhere = replace(person(1, "recheck"), posts=frozenset({("post_recheck", "640300")}))
    assert decide(elsewhere, Action.CLAIM, case(), task("recheck"), RULES).reason == "post_not_held"


def test_a_party_neither_acts_nor_reads() -> None:
    me = person(1, "recheck")
    history = replace(case(act(1, "recheck")), bars={me.person_id: Bar("party", "worker")})
    for action in (Action.CLAIM, Action.READ):
        assert decide(me, action, history, task("recheck"), RULES).reason == "party_of_case"


@pytest.mark.parametrize("action", [Action.OPEN, Action.COMPLETE, Action.SAVE_DRAFT, Action.UPLOAD])
def test_only_the_claimant_works_on_a_task(action: Action) -> None:
    claimed = task("recheck", claimed_by=2)
    assert decide(person(1, "recheck"), action, case(), claimed, RULES).reason == "not_claimant"
    assert decide(person(2, "recheck"), action, case(), claimed, RULES).allowed


def test_the_first_of_two_persons_cannot_be_the_second() -> None:
    shared = replace(task("investigation"), acted_by=frozenset({1}))
    assert (
        decide(person(1, "investigation"), Action.CLAIM, case(), shared, ()).reason
        == "second_person_required"
    )
    assert decide(person(2, "investigation"), Action.CLAIM, case(), shared, ()).allowed


def test_administrators_hold_no_duty_even_with_a_business_post() -> None:
    mixed = person(1, "recheck", kinds=frozenset({"business", "platform"}))
    assert decide(mixed, Action.CLAIM, case(), task("recheck"), RULES).reason == "platform_holds_no_duty"
    assert decide_intake(mixed, "post_recheck", REGION, None, ()).reason == "platform_holds_no_duty"


def test_reading_is_for_performers_supervisors_without_signing_posts_and_auditors() -> None:
    history = case(act(1, "intake"))

    def reads(who: Candidate) -> bool:
        return decide(who, Action.READ, history, None, ()).allowed

    assert reads(person(1))
    assert not reads(person(2, "recheck"))
    assert reads(person(2, kinds=frozenset({"audit"})))
    assert reads(person(2, kinds=frozenset({"supervision"})))
    assert not reads(person(2, kinds=frozenset({"supervision", "business"})))


def test_supervising_reaches_down_the_region_tree_but_not_sideways() -> None:
    head = replace(person(1, kinds=frozenset({"supervision"})), supervised=frozenset({"640000"}))
    aside = replace(head, supervised=frozenset({"640300"}))
    lineage = ("640000", "640100")
    assert decide_supervising(head, lineage).allowed
    assert decide_supervising(aside, lineage).reason == "not_supervisor"


def test_without_case_or_task_the_answer_is_no() -> None:
    assert decide(person(1, "recheck"), Action.CLAIM, None, None, RULES).reason == "nothing_to_act_on"


def test_signatures_needed_grow_with_the_risk_class() -> None:
    assert [len(required_signatures(risk)) for risk in ("normal", "high", "routed")] == [2, 3, 4]


def signed(duty: str, person_id: int, seq: int, content: bytes = b"a", agrees: bool = True) -> SignatureView:
    return SignatureView(seq, duty, person_id, seq, content, agrees)


def missing(risk: str, *signatures: SignatureView) -> str | None:
    return missing_signature(
        required_signatures(risk), b"a", {signature.duty: signature for signature in signatures}
    )


def test_gate_names_the_earliest_missing_or_stale_duty() -> None:
    first, second, third = (
        signed("initial_review", 1, 1),
        signed("recheck", 2, 2),
        signed("final_review", 3, 3),
    )
    assert missing("high", first, second, third) is None
    assert missing("high", first, third) == "recheck"
    assert missing("routed", first, second, third) == "risk_review"
    assert missing("normal", first, third) is None
    assert missing("high", replace(first, content_hash=b"old"), second, third) == "initial_review"
    assert missing("high", first, replace(second, agrees=False), third) == "recheck"


def test_gate_refuses_a_person_twice_and_a_wrong_order() -> None:
    first, second, third = (
        signed("initial_review", 1, 1),
        signed("recheck", 2, 2),
        signed("final_review", 3, 3),
    )
    assert missing("high", first, replace(second, person_id=1), third) == "recheck"
    assert missing("high", replace(first, seq=4), second, third) == "recheck"
