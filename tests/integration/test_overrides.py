"""A rule that stops a case, set aside by a senior other person (SOD-7), on the real database."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from sqlalchemy import select

from app.kernel.decisions.models import RuleHit, RuleOverride
from app.kernel.decisions.overrides import list_overrides, rule_on_override
from app.kernel.decisions.overrides import propose_override as propose
from app.kernel.decisions.refusals import (
    OverrideKnown,
    OverrideNotAllowed,
    OverrideNotFound,
    OverrideNotSenior,
    OverrideNotYours,
    OverrideOfOneself,
    OverrideRuled,
)
from app.kernel.decisions.seniority import list_seniors
from app.kernel.duties.refusals import DutyDenied
from app.kernel.refusals import InvalidInput
from app.kernel.transaction import run
from app.kernel.worklist.models import Notification
from tests.office import CITY, Office, bring_to_review
from tests.recusal_office import declare, rows, with_head

REGISTERED = "苏国楝"
REASON, EVIDENCE = "异体字，系同一人", "派出所证明 2026-031 号"


def blocked(office: Office, **facts: Any) -> tuple[int, int]:
    """A case stopped at RB-8 by the identity match, opened by the handler; answers case and hit."""
    case_id = bring_to_review(office, worker_registered_name=REGISTERED, **facts)
    task = office.take(case_id, "handler")
    assert task.step_key == "rb8_blocked"
    hit = rows(office, select(RuleHit.id).where(RuleHit.case_id == case_id, RuleHit.rule_id == "LOG-03"))
    return case_id, hit[0]


def propose_as(office: Office, case_id: int, hit: int, who: str = "handler", reason: str = REASON) -> None:
    operation = partial(propose, hit_id=hit, reason=reason, evidence=EVIDENCE)
    run(office.kernel, operation, office.actors[who], case_id=case_id)


def rule_as(office: Office, case_id: int, hit: int, who: str, verdict: str = "granted") -> None:
    operation = partial(rule_on_override, hit_id=hit, verdict=verdict, ruling="证明属实，同意")
    run(office.kernel, operation, office.actors[who], case_id=case_id)


def finish(office: Office, case_id: int, outcome: str = "fixed", **form: Any) -> str:
    """The handler completes RB-8; answers the step that follows."""
    office.complete(case_id, office.open_task_of(case_id), "handler", outcome=outcome, **form)
    return office.open_task_of(case_id).step_key


def test_granted_override_lets_the_case_pass_and_through_the_gate(office: Office) -> None:
    case_id, hit = blocked(office)
    propose_as(office, case_id, hit)
    rule_as(office, case_id, hit, "checker")
    assert finish(office, case_id) == "rb2_initial_review"
    for who, outcome in (("handler", "submit_positive"), ("checker2", "agree"), ("approver", "approve")):
        office.work(case_id, who, outcome=outcome)
    assert office.case(case_id).decided_at is not None, "RB-5a runs the rules again"
    kept = rows(office, select(RuleHit).where(RuleHit.id == hit))[0]
    assert (kept.disposition, kept.disposed_by) == ("overridden", office.person("checker"))
    told = rows(office, select(Notification.code).where(Notification.person_id == office.person("handler")))
    assert "override_granted" in told


def test_without_a_ruling_and_after_a_refusal_the_rule_stops_on(office: Office) -> None:
    case_id, hit = blocked(office)
    propose_as(office, case_id, hit)
    assert finish(office, case_id) == "rb8_blocked"
    rule_as(office, case_id, hit, "approver", "refused")
    office.take(case_id, "handler")
    assert finish(office, case_id) == "rb8_blocked"
    assert rows(office, select(RuleHit.disposition)) == ["override_refused"]


def test_override_counts_for_these_inputs_only(office: Office) -> None:
    case_id, hit = blocked(office)
    propose_as(office, case_id, hit)
    rule_as(office, case_id, hit, "approver")
    assert finish(office, case_id, worker_registered_name="苏国柬") == "rb8_blocked", (
        "other inputs, another hit"
    )
    office.take(case_id, "handler")
    assert finish(office, case_id, worker_registered_name=REGISTERED) == "rb2_initial_review"


def test_rule_not_marked_overridable_is_never_set_aside(office: Office) -> None:
    facts = {"accident_at": "2026-02-25T14:20"}  # diagnosed before it: LOG-01
    case_id, _ = blocked(office, **facts)
    other = rows(office, select(RuleHit.id).where(RuleHit.case_id == case_id, RuleHit.rule_id == "LOG-01"))[0]
    with pytest.raises(OverrideNotAllowed) as caught:
        propose_as(office, case_id, other)
    assert caught.value.params["rule"] == "LOG-01"


def test_only_the_one_who_works_on_the_case_proposes_and_only_once(office: Office) -> None:
    case_id, hit = blocked(office)
    for who in ("handler2", "checker", "supervisor"):
        with pytest.raises(OverrideNotYours):
            propose_as(office, case_id, hit, who)
    with pytest.raises(InvalidInput) as caught:
        propose_as(office, case_id, hit, reason="好")
    assert set(caught.value.errors) == {"reason"}
    with pytest.raises(OverrideNotFound):
        rule_as(office, case_id, hit, "approver")
    propose_as(office, case_id, hit)
    with pytest.raises(OverrideKnown):
        propose_as(office, case_id, hit)


def test_ruling_needs_another_person_of_higher_rank_over_the_region(office: Office) -> None:
    office.hire("outsider", 801)
    office.grant("outsider", "rec_approver", region="640300")
    case_id, hit = blocked(office)
    propose_as(office, case_id, hit)
    office.actors["second"] = office.account("second", office.person("handler"))
    for who in ("handler", "second"):
        with pytest.raises(OverrideOfOneself):
            rule_as(office, case_id, hit, who)
    for who in ("handler2", "window", "clerk", "auditor", "outsider"):
        with pytest.raises(OverrideNotSenior):
            rule_as(office, case_id, hit, who)
    rule_as(office, case_id, hit, "supervisor")
    with pytest.raises(OverrideRuled) as caught:
        rule_as(office, case_id, hit, "approver", "refused")
    assert caught.value.params["name"] == "supervisor"


def test_rank_is_the_highest_of_all_posts_of_the_proposer(office: Office) -> None:
    with_head(office)
    case_id, hit = blocked(office)
    propose_as(office, case_id, hit)
    office.grant("handler", "supervisor", since=office.kernel.clock().date())
    with pytest.raises(OverrideNotSenior):
        rule_as(office, case_id, hit, "approver")
    rule_as(office, case_id, hit, "head")


def test_recused_senior_does_not_rule_and_is_not_named(office: Office) -> None:
    case_id, hit = blocked(office)
    propose_as(office, case_id, hit)
    declare(office, case_id, "approver")
    with pytest.raises(DutyDenied) as caught:
        rule_as(office, case_id, hit, "approver")
    assert caught.value.decision.reason == "recused"
    with office.kernel.database.session() as session:
        office.kernel.database.scope(session, (CITY,))
        named = list_seniors(
            session, office.case(case_id), office.person("handler"), office.kernel.clock().date()
        )
        proposals = list_overrides(session, case_id)
    assert {person.name for person in named} == {"checker", "checker2", "risk", "supervisor"}
    assert (proposals[hit].proposer, proposals[hit].verdict) == ("handler", None)


def test_block_of_another_rule_still_stops_what_one_override_let_pass(office: Office) -> None:
    case_id, hit = blocked(office, accident_at="2026-02-25T14:20")
    propose_as(office, case_id, hit)
    rule_as(office, case_id, hit, "approver")
    assert finish(office, case_id) == "rb8_blocked"


def test_database_refuses_a_ruling_by_the_proposer_and_a_second_ruling(office: Office) -> None:
    case_id, hit = blocked(office)
    propose_as(office, case_id, hit)
    with office.kernel.database.session() as session:
        proposal = session.get_one(RuleOverride, hit)
        proposal.ruled_by, proposal.verdict = office.person("handler"), "granted"
        with pytest.raises(Exception, match="SD031"):
            session.flush()
    rule_as(office, case_id, hit, "approver", "refused")
    with office.kernel.database.session() as session:
        proposal = session.get_one(RuleOverride, hit)
        proposal.verdict = "granted"
        with pytest.raises(Exception, match="SD031"):
            session.flush()
