"""Running cases under change: three people decide, the worker carries it out, the fence lets nothing else through."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import psycopg
import pytest
from sqlalchemy import select, text

from app.faces.worker import interventions
from app.faces.worker.interventions import carry_out_change
from app.kernel.audit.models import AuditEvent
from app.kernel.cases.models import Case, CaseState
from app.kernel.changes.models import ControlledChange
from app.kernel.changes.touched import read_record
from app.kernel.duties.models import Performance, Signature
from app.kernel.engine.running.models import CaseIntervention
from app.kernel.engine.running.operations import BATCH
from app.kernel.refusals import InvalidInput
from app.kernel.transaction import run
from app.kernel.worklist.models import Task
from app.kernel.worklist.operations import save_draft
from app.storage.database import conninfo
from tests import changing, trial
from tests.integration.test_incidents import timed
from tests.office import Office, bring_to_review
from tests.pages import sit_down
from tests.unit.engine.test_migration_fitness import BRANCHED, BRANCHES, Flows
from tests.unit.engine.test_migration_fitness import renamed as approval_renamed


@pytest.fixture
def office(office: Office) -> Office:
    changing.add_changers(office)
    trial.compute(office, {})
    return office


def inserted(seal: trial.Node = trial.SEAL) -> dict[str, bytes]:
    """A second version: a recheck after the draft."""
    flows: Flows = [*trial.FLOWS]
    flows[1] = ("draft", "recheck", "")
    recheck = trial.user("recheck", "recheck", "rec_checker")
    nodes = [seal if node.id == "seal" else node for node in trial.NODES]
    return trial.files(bpmn=trial.bpmn([*nodes, recheck], [*flows, ("recheck", "compute", "")]))


def renamed() -> dict[str, bytes]:
    """A second version whose approval has another id: a case that stands there can't go over."""
    return trial.files(bpmn=trial.bpmn(*approval_renamed("approve", "approve_anew")))


def rows(office: Office, model: Any, *where: Any) -> list[Any]:
    with office.kernel.database.session() as session:
        office.kernel.database.scope(session, ("*",))
        return list(session.scalars(select(model).where(*where)))


def migration(cases: str = "", *, old: int = 1, new: int = 2) -> dict[str, Any]:
    return {"process": "trial", "from_version": old, "to_version": new, "cases": cases}


def jobs(office: Office) -> list[dict[str, Any]]:
    with office.kernel.database.session() as session:
        query = text(
            "SELECT args FROM jobs.procrastinate_jobs WHERE task_name = 'carry_out_change' ORDER BY id"
        )
        return [dict(row[0]) for row in session.execute(query)]


def worked_off(office: Office) -> int:
    """What the worker does with the jobs there are; answers how many cases were done."""
    return sum(carry_out_change(office.kernel, 1, args) for args in jobs(office))


def results(office: Office, change_id: int) -> dict[int, tuple[str, str | None]]:
    found = rows(office, CaseIntervention, CaseIntervention.change_id == change_id)
    return {item.case_id: (item.state, item.reason) for item in found}


def modified(office: Office, case_id: int, action: str, step: str, at: str = "") -> int:
    values = {"case_no": office.case(case_id).case_no, "action": action, "step": step, "at": at}
    change_id = changing.carry_through(office, "modification", values)
    worked_off(office)
    return change_id


def drawn_up(office: Office, count: int, first: int = 800) -> list[int]:
    return [trial.begin(office, number=first + number) for number in range(count)]


def test_old_case_stays_on_its_version_until_three_people_migrate_it(office: Office) -> None:
    trial.put(office, trial.files(bpmn=timed()))
    stays, goes = drawn_up(office, 2)
    task = office.take(goes, "handler")
    draft = partial(save_draft, task_id=task.id, values={"opinion": "写到一半"}, version=task.version)
    run(office.kernel, draft, office.actors["handler"], case_id=goes)
    recheck = trial.user("recheck", "recheck", "rec_checker")
    newest = trial.put(office, trial.files(bpmn=timed("P9D", more=(recheck,))))
    fresh = trial.begin(office, number=820)
    due = rows(office, CaseState, CaseState.case_id == goes)[0].next_due_at
    change_id = changing.carry_through(office, "migration", migration(office.case(goes).case_no))
    assert office.case(goes).definition_id != newest, "it is decided, and the worker hasn't come to it"
    assert worked_off(office) == 1
    assert results(office, change_id) == {goes: ("done", None)}
    (state,) = rows(office, CaseState, CaseState.case_id == goes)
    assert (office.case(goes).definition_id, state.next_due_at) == (newest, due)
    held = office.open_task_of(goes)
    assert (held.draft, held.claimed_by) == ({"opinion": "写到一半"}, office.person("handler"))
    office.complete(goes, held, "handler", outcome="submit_positive")
    office.work(stays, "handler", outcome="submit_positive")
    office.work(fresh, "handler", outcome="submit_positive")
    assert [office.open_task_of(case).step_key for case in (stays, goes, fresh)] == [
        "approve",
        "recheck",
        "recheck",
    ]
    office.work(goes, "checker", outcome="approve")
    for case in (stays, goes):
        office.work(case, "approver", outcome="approve")
        assert office.case(case).status == "closed"
    events = rows(office, AuditEvent, AuditEvent.case_id == goes, AuditEvent.event == "case.migrated")
    assert len(events) == 1


def test_preview_names_who_can_and_who_cannot_and_why(office: Office) -> None:
    trial.put(office, trial.files())
    can, cannot = drawn_up(office, 2)
    office.work(cannot, "handler", outcome="submit_positive")
    trial.put(office, renamed())
    change_id = changing.propose(office, "migration", migration())
    changing.what_if(office, change_id, "editor")
    (change,) = rows(office, ControlledChange, ControlledChange.case_id == change_id)
    lines = {line.case_id: line for line in read_record(change.what_if)}
    assert {case: line.severity for case, line in lines.items()} == {can: "info", cannot: "blocked"}
    assert "approve" in lines[cannot].zh
    assert lines[cannot].en.endswith("is gone")


def test_signatures_the_new_version_demands_are_not_passed_by(office: Office) -> None:
    """The case is past the place where the new version has its recheck: nothing covers the effect from there."""
    trial.put(office, trial.files())
    (case_id,) = drawn_up(office, 1)
    office.work(case_id, "handler", outcome="submit_positive")
    trial.put(office, inserted(trial.seal("initial_review", "recheck", "final_review")))
    change_id = changing.carry_through(office, "migration", migration())
    worked_off(office)
    assert results(office, change_id) == {case_id: ("refused", "uncovered")}
    (item,) = rows(office, CaseIntervention, CaseIntervention.change_id == change_id)
    assert item.params["step"] == "seal"


def test_fifty_cases_go_over_in_batches_and_three_stay_with_the_reason(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker dies in the middle of the first batch; run again, every case is done exactly once."""
    trial.put(office, trial.files())
    cases = drawn_up(office, 50)
    unfit = cases[10:13]
    for case_id in unfit:
        office.work(case_id, "handler", outcome="submit_positive")
    newest = trial.put(office, renamed())
    change_id = changing.carry_through(office, "migration", migration())
    assert [len(args["case_ids"]) for args in jobs(office)] == [BATCH, BATCH]
    count = 0

    def dying(*given: Any, **named: Any) -> Any:
        nonlocal count
        count += 1
        if count == 8:
            raise KeyboardInterrupt
        return run(*given, **named)

    monkeypatch.setattr(interventions, "run", dying)
    with pytest.raises(KeyboardInterrupt):
        carry_out_change(office.kernel, 1, jobs(office)[0])
    monkeypatch.undo()
    assert sum(state == "done" for state, _ in results(office, change_id).values()) == 7
    assert worked_off(office) == 47 - 7
    found = results(office, change_id)
    stayed = {case: result for case, result in found.items() if result[0] != "done"}
    assert stayed == dict.fromkeys(unfit, ("refused", "step_removed"))
    assert {case.definition_id for case in rows(office, Case, Case.id.in_(set(cases) - set(unfit)))} == {
        newest
    }
    events = rows(office, AuditEvent, AuditEvent.event == "case.migrated")
    assert len({event.case_id for event in events}) == len(events) == 47
    assert worked_off(office) == 0, "a third run finds nothing to do"


def test_migration_wants_versions_that_exist_and_cases_on_them(office: Office) -> None:
    trial.put(office, trial.files())
    trial.put(office, inserted())
    with pytest.raises(InvalidInput) as none:
        changing.propose(office, "migration", migration())
    assert none.value.errors == {"from_version": ("no_cases", {})}
    trial.begin(office)
    for values, field in (
        (migration(new=9), "to_version"),
        (migration(old=2), "to_version"),
        (migration("640100-2026-99999", old=2, new=1), "cases"),
    ):
        with pytest.raises(InvalidInput) as wrong:
            changing.propose(office, "migration", values)
        assert list(wrong.value.errors) == [field]


def test_raw_sql_can_neither_migrate_nor_intervene(office: Office) -> None:
    """Under the application's role, by-passing the application; the lawful way goes through at the end."""
    old = trial.put(office, trial.files())
    named, other = drawn_up(office, 2)
    newest = trial.put(office, inserted())
    change_id = changing.carry_through(office, "migration", migration(office.case(named).case_no))
    undecided = changing.propose(office, "migration", migration(office.case(other).case_no))
    attempts = [
        ("SD022", f'UPDATE "case" SET definition_id = {newest} WHERE id = {other}'),
        (
            "SD022",
            f'UPDATE "case" SET definition_id = {undecided_definition(office, undecided)} WHERE id = {named}',
        ),
        ("SD014", intervene(undecided, other, "migration")),
        ("SD014", intervene(change_id, named, "modification")),
        ("SD032", intervene(change_id, other, "migration")),
        ("42501", f"UPDATE case_intervention SET case_id = {other} WHERE change_id = {change_id}"),
        ("42501", "DELETE FROM case_intervention"),
    ]
    url = conninfo(office.kernel.database.url)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SELECT set_config('app.regions', '*', false)")
        for state, statement in attempts:
            with pytest.raises(psycopg.Error) as refused:
                connection.execute(statement)
            assert refused.value.sqlstate == state, statement
        assert office.case(named).definition_id == old
        assert worked_off(office) == 1
        for statement in (
            f"UPDATE case_intervention SET state = 'waiting', finished_at = NULL WHERE change_id = {change_id}",
            f"UPDATE case_intervention SET reason = 'x' WHERE change_id = {change_id}",
        ):
            with pytest.raises(psycopg.Error) as refused:
                connection.execute(statement)
            assert refused.value.sqlstate == "SD032"
        with pytest.raises(psycopg.Error) as refused:
            connection.execute(f'UPDATE "case" SET definition_id = {old} WHERE id = {named}')
        assert refused.value.sqlstate == "SD022", "what was done once carries no second change"


def undecided_definition(office: Office, change_id: int) -> int:
    """A version of another process."""
    return int(office.case(change_id).definition_id)


def intervene(change_id: int, case_id: int, kind: str) -> str:
    return (
        "INSERT INTO case_intervention (change_id, case_id, kind, created_at)"
        f" VALUES ({change_id}, {case_id}, '{kind}', now())"
    )


def test_repeating_a_step_earns_nothing_and_signatures_start_anew(office: Office) -> None:
    trial.put(office, trial.files())
    (case_id,) = drawn_up(office, 1)
    office.work(case_id, "handler", outcome="submit_positive")
    before = len(rows(office, Performance, Performance.case_id == case_id))
    change_id = modified(office, case_id, "repeat", "draft")
    assert results(office, change_id) == {case_id: ("done", None)}
    assert office.open_task_of(case_id).step_key == "draft"
    assert office.case(case_id).outcome is None
    assert len(rows(office, Performance, Performance.case_id == case_id)) == before
    assert len(rows(office, Signature, Signature.case_id == case_id)) == 1
    ended = rows(office, Task, Task.case_id == case_id, Task.step_key == "approve")
    assert [task.state for task in ended] == ["cancelled"]
    office.work(case_id, "handler", outcome="submit_positive")
    office.work(case_id, "approver", outcome="approve")
    assert office.case(case_id).status == "closed"


def test_a_recognition_is_investigated_anew_out_of_its_reviews(office: Office) -> None:
    """The shipped process has event sub-processes, so its steps stand in a body the engine puts around them."""
    case_id = bring_to_review(office)
    change_id = modified(office, case_id, "repeat", "p01_10_investigation")
    assert results(office, change_id) == {case_id: ("done", None)}
    assert office.open_task_of(case_id).step_key == "p01_10_investigation"
    values = {"case_no": office.case(case_id).case_no, "action": "move", "step": "p01_16_serve"}
    with pytest.raises(InvalidInput) as refused:
        changing.propose(office, "modification", values)
    assert "决定" in str(refused.value.errors["step"][1]["why_zh"])


def test_skipping_a_review_does_not_pass_the_gate(office: Office) -> None:
    trial.put(office, trial.files())
    (case_id,) = drawn_up(office, 1)
    change_id = modified(office, case_id, "skip", "draft")
    assert results(office, change_id) == {case_id: ("done", None)}
    office.work(case_id, "approver", outcome="approve")
    assert office.open_task_of(case_id).step_key == "draft", "the gate sends it back for what is missing"
    assert office.case(case_id).decided_at is None
    assert rows(office, Signature, Signature.case_id == case_id, Signature.duty == "initial_review") == []


def test_failing_step_is_passed_over_by_decision_and_its_incident_is_over(
    office: Office,
) -> None:
    trial.put(office, trial.files())
    trial.compute(office, ValueError("gone"))
    (case_id,) = drawn_up(office, 1)
    office.work(case_id, "handler", outcome="submit_positive")
    modified(office, case_id, "skip", "compute")
    assert office.open_task_of(case_id).step_key == "approve"
    events = [event.event for event in rows(office, AuditEvent, AuditEvent.case_id == case_id)]
    assert {"incident.opened", "incident.passed", "case.modified"} <= set(events)
    page = sit_down(office.kernel, "supervisor").get(f"/cases/{case_id}/").text
    assert 'data-skipped="compute"' in page
    assert "跳过，经案件修正" in page


@pytest.mark.parametrize(
    ("action", "step", "why"),
    [
        ("move", "seal", "任务或者子流程"),
        ("move", "sign_check", "任务或者子流程"),
        ("move", "nowhere", "没有环节"),
        ("move", "draft", "正在环节"),
        ("repeat", "approve", "没有办过"),
        ("skip", "approve", "别的环节"),
    ],
)
def test_moves_that_are_not_permitted_are_refused_with_the_reason(
    office: Office, action: str, step: str, why: str
) -> None:
    trial.put(office, trial.files())
    (case_id,) = drawn_up(office, 1)
    values = {"case_no": office.case(case_id).case_no, "action": action, "step": step}
    with pytest.raises(InvalidInput) as refused:
        changing.propose(office, "modification", values)
    code, params = refused.value.errors["step"]
    assert code == "move_refused"
    assert why in str(params["why_zh"])


def test_one_of_several_branches_is_moved_and_the_others_stay(office: Office) -> None:
    more, last = trial.user("more", "serve", "rec_clerk"), trial.user("last", "serve", "rec_clerk")
    flows = [("approve", "more", "") if flow == ("approve", "join", "") else flow for flow in BRANCHES]
    behind = [("join", "last", "") if flow == ("join", "done", "") else flow for flow in flows]
    model = trial.bpmn([*BRANCHED, more, last], [*behind, ("more", "join", ""), ("last", "done", "")])
    trial.put(office, trial.files(bpmn=model))
    (case_id,) = drawn_up(office, 1)

    def why_not(**values: str) -> str:
        change = {"case_no": office.case(case_id).case_no, "action": "move", **values}
        with pytest.raises(InvalidInput) as refused:
            changing.propose(office, "modification", change)
        return str(refused.value.errors["step"][1]["why_en"])

    assert "say which" in why_not(step="more")
    assert "stuck at" in why_not(step="last", at="approve"), (
        "the other branch would wait at the join for ever"
    )
    modified(office, case_id, "move", "more", at="approve")
    assert sorted(task.step_key for task in rows(office, Task, Task.state == "open")) == ["draft", "more"]
    modified(office, case_id, "skip", "draft")
    assert office.open_task_of(case_id).step_key == "more"
    assert "waits for the others" in why_not(step="more", at="join")
    office.work(case_id, "clerk")
    assert office.open_task_of(case_id).step_key == "last"


def test_one_of_several_instances_is_skipped_or_done_again_and_the_others_stay(office: Office) -> None:
    several = "<bpmn:multiInstanceLoopCharacteristics><bpmn:loopCardinality>3</bpmn:loopCardinality>"
    more = trial.user("more", "investigation", "rec_handler")
    more = replace(more, inside=f"{more.inside}|{several}</bpmn:multiInstanceLoopCharacteristics>")
    flows = [("begin", "more", ""), *trial.FLOWS[1:], ("more", "draft", "")]
    trial.put(office, trial.files(bpmn=trial.bpmn([*trial.NODES, more], flows)))
    (case_id,) = drawn_up(office, 1)

    def still() -> list[int]:
        return [task.id for task in rows(office, Task, Task.state == "open", Task.step_key == "more")]

    first, _second, third = still()
    why = {"case_no": office.case(case_id).case_no, "action": "move", "step": "draft"}
    with pytest.raises(InvalidInput) as refused:
        changing.propose(office, "modification", {**why, "action": "repeat", "step": "more#3"})
    assert "more" in str(refused.value.errors["step"][1]["why_en"])
    change_id = modified(office, case_id, "skip", "more#2")
    assert still() == [first, third]
    change = rows(office, ControlledChange, ControlledChange.case_id == change_id)[0]
    assert "第 2 个跳过，其余不动" in str(read_record(change.what_if))
    modified(office, case_id, "repeat", "more#2")
    assert still()[:2] == [first, third] and len(still()) == 3
    for reference in ("more#1", "more#2", "more#3"):
        modified(office, case_id, "skip", reference)
    assert office.open_task_of(case_id).step_key == "draft"
    assert (
        rows(office, Performance, Performance.case_id == case_id, Performance.duty == "investigation") == []
    )


def test_controlled_change_itself_is_not_modified(office: Office) -> None:
    trial.put(office, trial.files())
    (case_id,) = drawn_up(office, 1)
    values = {"case_no": office.case(case_id).case_no, "action": "skip", "step": "draft"}
    change_id = changing.propose(office, "modification", values)
    with pytest.raises(InvalidInput):
        changing.propose(
            office,
            "modification",
            {"case_no": office.case(change_id).case_no, "action": "skip", "step": "rule_edit"},
            by="editor2",
        )


def test_change_of_a_case_that_went_on_meanwhile_goes_back_to_editing(office: Office) -> None:
    trial.put(office, trial.files())
    (case_id,) = drawn_up(office, 1)
    values = {"case_no": office.case(case_id).case_no, "action": "skip", "step": "draft"}
    change_id = changing.propose(office, "modification", values)
    changing.to_approval(office, change_id)
    office.work(case_id, "handler", outcome="submit_positive")
    changing.sign(office, change_id, "authoriser", "approve")
    assert office.open_task_of(change_id).step_key == "rule_edit"
    assert jobs(office) == []


def test_timer_of_a_migrated_case_fires_when_it_was_due(office: Office, clock: Any) -> None:
    from app.faces.worker.timers import advance_case

    trial.put(office, trial.files(bpmn=timed()))
    (case_id,) = drawn_up(office, 1)
    trial.put(office, trial.files(bpmn=timed(retries=1)))
    changing.carry_through(office, "migration", migration())
    assert worked_off(office) == 1
    before = office.open_task_of(case_id)
    clock.set(clock() + timedelta(days=1))
    advance_case(office.kernel, 1, {"case_id": case_id})
    assert office.open_task_of(case_id).id != before.id
