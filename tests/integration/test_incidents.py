"""Incidents: a failing step rolls back, a person's act before it stands, the worker tries again, people are told."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import select, text

from app.faces.worker.timers import advance_case, retry, sweep_incidents, sweep_timers
from app.kernel.audit.models import AuditEvent
from app.kernel.cases.models import CaseState
from app.kernel.duties.models import DutyDecision, Performance, Signature
from app.kernel.duties.refusals import DutyDenied
from app.kernel.engine.incidents.models import Incident
from app.kernel.engine.incidents.operations import resolve_incident, retry_now
from app.kernel.engine.incidents.queries import count_open, list_incidents
from app.kernel.engine.incidents.recording import CompletionFailed
from app.kernel.engine.incidents.refusals import (
    IncidentNeedsPerson,
    IncidentNotFound,
    IncidentPending,
    IncidentResolved,
)
from app.kernel.engine.operations import complete_task
from app.kernel.refusals import InvalidInput
from app.kernel.transaction import Idempotency, run, system_actor
from app.kernel.worklist.models import Notification
from tests import trial
from tests.moving_clock import MovingClock
from tests.office import Office

BROKEN = ValueError("the register is not there")


@pytest.fixture
def broken(office: Office) -> Office:
    """The process is deployed; its automatic step fails."""
    trial.compute(office, BROKEN)
    trial.put(office, trial.files())
    return office


def rows(office: Office, model: Any, *where: Any) -> list[Any]:
    with office.kernel.database.session() as session:
        office.kernel.database.scope(session, ("*",))
        return list(session.scalars(select(model).where(*where).order_by(model.id)))


def incident_of(office: Office, case_id: int) -> Incident:
    (found,) = rows(office, Incident, Incident.case_id == case_id)
    return found


def drafted(office: Office, **more: Any) -> tuple[int, Any]:
    """A case whose draft was submitted; answers its id and what completing answered."""
    case_id = trial.begin(office)
    task = office.take(case_id, "handler")
    submitted = office.fill(case_id, task, {"outcome": "submit_positive", **more})
    operation = partial(complete_task, task_id=task.id, submitted=submitted, version=task.version)
    once = Idempotency.of("drafted", {"task": task.id})
    return case_id, run(office.kernel, operation, office.actors["handler"], case_id=case_id, idempotency=once)


def try_again(office: Office, incident: Incident) -> None:
    retry(office.kernel, 1, {"case_id": incident.case_id, "incident_id": incident.id})


def test_the_act_before_a_failing_step_stands_and_the_step_becomes_an_incident(broken: Office) -> None:
    case_id, answer = drafted(broken)
    incident = incident_of(broken, case_id)
    assert answer == {"incident": incident.id}
    assert (incident.step_key, incident.kind, incident.state) == ("compute", "automatic", "retrying")
    assert (incident.cause, incident.detail, incident.attempts) == ("ValueError", str(BROKEN), 1)
    performed = rows(broken, Performance, Performance.case_id == case_id, Performance.state == "performed")
    assert [act.duty for act in performed] == ["initial_review"]
    assert len(rows(broken, Signature, Signature.case_id == case_id)) == 1
    with pytest.raises(Exception, match="No row"):
        broken.open_task_of(case_id)


def test_a_replayed_submit_answers_the_first_result(broken: Office) -> None:
    case_id = trial.begin(broken)
    task = broken.take(case_id, "handler")
    submitted = broken.fill(case_id, task, {"outcome": "submit_positive"})
    operation = partial(complete_task, task_id=task.id, submitted=submitted, version=task.version)
    answers = [
        run(
            broken.kernel,
            operation,
            broken.actors["handler"],
            case_id=case_id,
            idempotency=Idempotency.of("k", {}),
        )
        for _ in range(2)
    ]
    assert answers[0] == answers[1]
    assert incident_of(broken, case_id).attempts == 1


def test_failing_step_is_tried_again_with_back_off_then_waits_for_a_person(
    broken: Office, clock: MovingClock
) -> None:
    case_id, _ = drafted(broken)
    waits = []
    for _ in range(2):
        incident = incident_of(broken, case_id)
        assert incident.next_try_at is not None
        waits.append(incident.next_try_at - incident.last_at)
        try_again(broken, incident)  # not due yet: nothing happens
        assert incident_of(broken, case_id).attempts == incident.attempts
        clock.set(incident.next_try_at)
        try_again(broken, incident)
    incident = incident_of(broken, case_id)
    assert waits == [timedelta(minutes=1), timedelta(minutes=5)]
    assert (incident.attempts, incident.state, incident.next_try_at) == (3, "waiting", None)
    told = rows(broken, Notification, Notification.person_id == broken.person("supervisor"))
    assert [note.code for note in told] == ["incident_opened", "incident_waits"]


def test_retry_that_succeeds_goes_on_and_closes_the_incident(broken: Office, clock: MovingClock) -> None:
    case_id, _ = drafted(broken)
    trial.compute(broken, {"computed": "done"})
    incident = incident_of(broken, case_id)
    assert incident.next_try_at is not None
    clock.set(incident.next_try_at)
    try_again(broken, incident)
    assert broken.open_task_of(case_id).step_key == "approve"
    closed = incident_of(broken, case_id)
    assert (closed.state, closed.resolution, closed.resolved_by) == ("resolved", "passed", None)
    events = [event.event for event in rows(broken, AuditEvent, AuditEvent.case_id == case_id)]
    assert [event for event in events if event.startswith("incident.")] == [
        "incident.opened",
        "incident.tried_again",
        "incident.passed",
    ]
    broken.work(case_id, "approver", outcome="approve")
    assert broken.case(case_id).status == "closed"


def test_retries_are_planned_as_jobs_and_swept_when_lost(broken: Office, clock: MovingClock) -> None:
    case_id, _ = drafted(broken)
    with broken.kernel.database.session() as session:
        planned = session.execute(
            text("SELECT args, scheduled_at FROM jobs.procrastinate_jobs WHERE task_name = 'retry_incident'")
        ).all()
    incident = incident_of(broken, case_id)
    assert [(dict(args), at) for args, at in planned] == [
        ({"case_id": case_id, "incident_id": incident.id}, incident.next_try_at)
    ]
    assert sweep_incidents(broken.kernel, 1, {}) == 0
    clock.move(minutes=4)
    assert sweep_incidents(broken.kernel, 1, {}) == 1
    assert incident_of(broken, case_id).attempts == 2


def test_supervisor_retries_and_others_may_not(broken: Office) -> None:
    case_id, _ = drafted(broken)
    incident = incident_of(broken, case_id)
    again = partial(retry_now, incident_id=incident.id)
    with pytest.raises(DutyDenied):
        run(broken.kernel, again, broken.actors["approver"], case_id=case_id)
    assert not run(broken.kernel, again, broken.actors["supervisor"], case_id=case_id)
    assert incident_of(broken, case_id).attempts == 2
    trial.compute(broken, {})
    assert run(broken.kernel, again, broken.actors["supervisor"], case_id=case_id)
    closed = incident_of(broken, case_id)
    assert (closed.state, closed.resolved_by) == ("resolved", broken.person("supervisor"))
    decided = rows(broken, DutyDecision, DutyDecision.case_id == case_id, DutyDecision.action == "retry")
    assert sorted((item.person_id, item.verdict) for item in decided) == [
        (broken.person("approver"), "deny"),
        (broken.person("supervisor"), "allow"),
        (broken.person("supervisor"), "allow"),
    ]
    with pytest.raises(IncidentResolved):
        run(broken.kernel, again, broken.actors["supervisor"], case_id=case_id)


def test_incident_whose_step_still_waits_cannot_be_called_settled(broken: Office) -> None:
    case_id, _ = drafted(broken)
    incident = incident_of(broken, case_id)
    settle = partial(resolve_incident, incident_id=incident.id, reason="已查明")
    with pytest.raises(IncidentPending):
        run(broken.kernel, settle, broken.actors["supervisor"], case_id=case_id)
    with pytest.raises(IncidentNotFound):
        run(broken.kernel, settle, broken.actors["supervisor"], case_id=trial.begin(broken, number=701))


def test_a_step_that_cannot_be_completed_is_rolled_back_and_told(office: Office) -> None:
    """The step's own mapping fails: nothing is signed, the draft is kept, the incident waits for a person."""
    trial.compute(office, {})
    mapped = trial.Node(
        "userTask",
        "draft",
        trial.DRAFT.inside + '<zeebe:ioMapping><zeebe:output source="=[1, 2]" target="x"/></zeebe:ioMapping>',
    )
    nodes = [mapped if node.id == "draft" else node for node in trial.NODES]
    trial.put(office, trial.files(bpmn=trial.bpmn(nodes)))
    case_id = trial.begin(office)
    task = office.take(case_id, "handler")
    with pytest.raises(CompletionFailed) as caught:
        office.complete(case_id, task, "handler", outcome="submit_positive")
    incident = incident_of(office, case_id)
    assert caught.value.params == {"step_zh": "draft", "step_en": "draft", "incident": incident.id}
    assert (incident.kind, incident.state, incident.task_id) == ("completion", "waiting", task.id)
    assert rows(office, Signature, Signature.case_id == case_id) == []
    assert office.open_task_of(case_id).opened_at is not None
    supervisor = office.actors["supervisor"]
    with pytest.raises(IncidentNeedsPerson):
        run(office.kernel, partial(retry_now, incident_id=incident.id), supervisor, case_id=case_id)
    with pytest.raises(InvalidInput):
        run(
            office.kernel,
            partial(resolve_incident, incident_id=incident.id, reason=" "),
            supervisor,
            case_id=case_id,
        )
    settle = partial(resolve_incident, incident_id=incident.id, reason="新版本已改正")
    run(office.kernel, settle, supervisor, case_id=case_id)
    assert incident_of(office, case_id).resolution == "resolved"


def timed(duration: str = "P1D", retries: int = 2, more: tuple[trial.Node, ...] = ()) -> bytes:
    """A timer on the draft leads by an automatic step to the draft again."""
    due = f"<bpmn:timerEventDefinition><bpmn:timeDuration>{duration}</bpmn:timeDuration></bpmn:timerEventDefinition>"
    late = trial.Node("boundaryEvent", "late", "|" + due, 'attachedToRef="draft"')
    note = trial.service("note_late", "trial_compute", retries=retries)
    flows = list(trial.FLOWS)
    if more:
        flows[1] = ("draft", more[0].id, "")
        flows.append((more[0].id, "compute", ""))
    return trial.bpmn(
        [*trial.NODES, late, note, *more], [*flows, ("late", "note_late", ""), ("note_late", "draft", "")]
    )


def test_failing_step_behind_a_timer_becomes_an_incident_and_the_sweep_leaves_it_alone(
    office: Office, clock: MovingClock
) -> None:
    trial.compute(office, BROKEN)
    trial.put(office, trial.files(bpmn=timed()))
    case_id = trial.begin(office)
    clock.move(days=1)
    advance_case(office.kernel, 1, {"case_id": case_id})
    incident = incident_of(office, case_id)
    assert (incident.kind, incident.attempts, incident.state) == ("timer", 1, "retrying")
    before = office.open_task_of(case_id)
    clock.move(minutes=3)
    assert sweep_timers(office.kernel, 1, {}) == 0
    assert office.open_task_of(case_id).id == before.id, "the timer was rolled back with its step"
    try_again(office, incident)
    assert incident_of(office, case_id).state == "waiting"
    trial.compute(office, {})
    run(office.kernel, partial(retry_now, incident_id=incident.id), system_actor(), case_id=case_id)
    assert office.open_task_of(case_id).id != before.id


def test_case_whose_first_automatic_step_fails_is_registered_all_the_same(office: Office) -> None:
    trial.compute(office, BROKEN)
    flows = [("begin", "compute", ""), ("compute", "draft", ""), ("draft", "approve", ""), *trial.FLOWS[3:]]
    gate = trial.Node("exclusiveGateway", "gate", more='default="f6"')
    nodes = [gate if node.id == "gate" else node for node in trial.NODES]
    trial.put(office, trial.files(bpmn=trial.bpmn(nodes, flows)))
    case_id = trial.begin(office)
    incident = incident_of(office, case_id)
    assert (incident.kind, incident.state) == ("start", "retrying")
    trial.compute(office, {})
    run(office.kernel, partial(retry_now, incident_id=incident.id), system_actor(), case_id=case_id)
    assert office.open_task_of(case_id).step_key == "draft"


def test_lists_show_incidents_of_the_regions_seen(broken: Office) -> None:
    case_id, _ = drafted(broken)
    with broken.kernel.database.session() as session:
        broken.kernel.database.scope(session, broken.actors["supervisor"].regions)
        (row,) = list_incidents(session).rows
        assert (row.case.id, row.step_zh, row.by) == (case_id, "compute", "handler")
        assert count_open(session) == {"retrying": 1}
        assert list_incidents(session, state="resolved").rows == []
        broken.kernel.database.scope(session, ("640200",))
        session.expire_all()
        assert list_incidents(session).total == 0
        assert count_open(session) == {}


def test_state_waits_at_the_failed_step(broken: Office) -> None:
    case_id, _ = drafted(broken)
    with broken.kernel.database.session() as session:
        assert session.scalar(select(CaseState.waiting).where(CaseState.case_id == case_id)) == ["compute"]
