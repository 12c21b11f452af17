"""Violations: recorded, told, ruled on by three people; the case goes on with others and is never a dead end."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from app.kernel.audit.models import AuditEvent
from app.kernel.duties.models import CaseDecision, PerformanceVoid, Signature
from app.kernel.duties.refusals import DutyDenied
from app.kernel.refusals import InvalidInput
from app.kernel.violations.queries import (
    Violation,
    count_open,
    frozen_cases,
    get_violation,
    list_acts,
    list_violations,
)
from app.kernel.violations.refusals import CaseFrozen
from app.kernel.violations.watch.run import watch
from app.kernel.worklist.models import Notification
from app.storage.embedded import EmbeddedServer
from tests.chain_office import decided, link, redo_in_another_chain, review, staff
from tests.changing import carry_through, propose
from tests.moving_clock import MovingClock
from tests.office import Office, open_office


@pytest.fixture
def place(server: EmbeddedServer, clock: MovingClock, tmp_path: Path) -> Iterator[Office]:
    with open_office(server, clock, tmp_path / "data") as office:
        staff(office)
        yield office


def read(office: Office, query: Any) -> Any:
    with office.kernel.database.session() as session:
        office.kernel.database.scope(session, ("*",))
        return query(session)


def rows(office: Office, statement: Any) -> list[Any]:
    return list(read(office, lambda session: session.execute(statement).all()))


def collided(office: Office) -> tuple[int, int, Violation]:
    """The checker rechecked a first decision and a redo; a late link shows that they are one injury."""
    first = decided(office)
    again = redo_in_another_chain(office)
    review(office, again, "checker")
    link(office, first, again)
    (violation,) = read(office, list_violations)
    return first, again, violation


def own_act(office: Office, violation: Violation, case_id: int) -> str:
    """The act of the violation on this case, as the form offers it."""
    acts = read(office, lambda session: list_acts(session, violation.performance_ids))
    (act,) = [act for act in acts if act.case_id == case_id and act.state == "performed"]
    return str(act.performance_id)


def rule(office: Office, violation: Violation, verdict: str, *void: str) -> int:
    values = {"violation": str(violation.violation_id), "verdict": verdict, "void": list(void)}
    return carry_through(office, "violation_ruling", values)


def test_open_violation_lets_no_decision_through(place: Office) -> None:
    _, again, violation = collided(place)
    review(place, again, "risk")
    with pytest.raises(CaseFrozen) as refused:
        review(place, again, "approver2")
    assert refused.value.params == {"violation": violation.violation_id}
    assert place.case(again).decided_at is None
    assert read(place, lambda session: frozen_cases(session, [again])) == {again: [violation.violation_id]}


def test_case_is_finished_by_others_after_the_ruling_has_it_done_again(place: Office) -> None:
    _, again, violation = collided(place)
    rule(place, violation, "redo", own_act(place, violation, again))
    settled = read(place, lambda session: get_violation(session, violation.violation_id))
    assert (settled.verdict, settled.open) == ("redo", False)
    people = {"risk_review": "risk", "final_review": "approver2", "recheck": "checker3"}
    steps = []
    while place.case(again).decided_at is None:
        duty = place.open_task_of(again).duty
        steps.append(duty)
        assert len(steps) < 9, f"the case goes round and round: {steps}"
        if duty == "recheck":
            with pytest.raises(DutyDenied):
                place.take(again, "checker")
        review(place, again, people[duty])
    assert "recheck" in steps
    (decision,) = rows(place, select(CaseDecision.signature_ids).where(CaseDecision.case_id == again))
    signers = rows(
        place,
        select(Signature.duty, Signature.person_id).where(Signature.id.in_(decision.signature_ids)),
    )
    assert dict(map(tuple, signers))["recheck"] == place.person("checker3")
    assert watch(place.kernel, full=True).clean


def test_upheld_acts_stand_and_the_case_goes_on(place: Office) -> None:
    _, again, violation = collided(place)
    rule(place, violation, "upheld")
    review(place, again, "risk")
    review(place, again, "approver2")
    assert place.case(again).decided_at is not None
    assert read(place, count_open) == 0
    assert rows(place, select(PerformanceVoid.performance_id)) == []
    assert watch(place.kernel, full=True).clean


def test_decided_case_keeps_its_decision_and_shows_the_violation(place: Office) -> None:
    first, again, violation = collided(place)
    before = rows(
        place, select(CaseDecision.id, CaseDecision.signature_ids).where(CaseDecision.case_id == first)
    )
    rule(place, violation, "redo", own_act(place, violation, again))
    after = rows(
        place, select(CaseDecision.id, CaseDecision.signature_ids).where(CaseDecision.case_id == first)
    )
    assert after == before
    (shown,) = read(place, lambda session: list_violations(session, case_id=first))
    assert {case.case_id: case.decided_at is not None for case in shown.cases} == {first: True, again: False}


def test_acts_of_a_decided_case_are_not_taken_back(place: Office) -> None:
    first, _, violation = collided(place)
    values = {
        "violation": str(violation.violation_id),
        "verdict": "redo",
        "void": [str(number) for number in violation.performance_ids],
    }
    with pytest.raises(InvalidInput) as refused:
        propose(place, "violation_ruling", values)
    assert set(refused.value.errors) == {"void"}
    assert place.case(first).decided_at is not None


@pytest.mark.parametrize(("verdict", "with_act"), [("redo", False), ("upheld", True)])
def test_only_a_redo_voids_and_a_redo_voids_something(place: Office, verdict: str, with_act: bool) -> None:
    _, again, violation = collided(place)
    void = [own_act(place, violation, again)] if with_act else []
    values = {"violation": str(violation.violation_id), "verdict": verdict, "void": void}
    with pytest.raises(InvalidInput) as refused:
        propose(place, "violation_ruling", values)
    assert refused.value.errors == {"void": ("void_with_redo_only", {})}


def test_violation_is_settled_once(place: Office) -> None:
    _, _, violation = collided(place)
    rule(place, violation, "upheld")
    values = {"violation": str(violation.violation_id), "verdict": "upheld", "void": []}
    with pytest.raises(InvalidInput) as refused:
        propose(place, "violation_ruling", values)
    assert "violation" in refused.value.errors


def test_violation_is_told_once_to_auditors_and_supervisors_and_written_into_both_cases(
    place: Office,
) -> None:
    first, again, _ = collided(place)
    told = rows(
        place,
        select(Notification.person_id, Notification.case_id)
        .where(Notification.code == "violation_recorded")
        .order_by(Notification.person_id, Notification.case_id),
    )
    people = sorted((place.person("supervisor"), place.person("auditor")))
    assert [tuple(row) for row in told] == [(who, case) for who in people for case in (first, again)]
    events = rows(
        place,
        select(AuditEvent.case_id, func.count())
        .where(AuditEvent.event == "violation.recorded")
        .group_by(AuditEvent.case_id),
    )
    assert {tuple(row) for row in events} == {(first, 1), (again, 1)}
