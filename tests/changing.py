"""People who change rules: holders of the three rule posts, and a change walked through its three tasks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from app.kernel.engine.catalogue import deploy, read_folder
from app.kernel.engine.changes import Proposal, compute_what_if, edit_change, propose_change
from app.kernel.engine.operations import complete_task
from app.kernel.transaction import Unit, run, system_actor
from app.kernel.worklist.models import Task
from app.wiring import WORKFLOWS
from tests.office import CITY, COUNTY, Office

REGION = "640000"
CHANGERS: Mapping[str, tuple[int, str]] = {
    "editor": (61, "rule_editor"),
    "editor2": (62, "rule_editor"),
    "rechecker": (63, "rule_checker"),
    "authoriser": (64, "rule_approver"),
    "authoriser2": (65, "rule_approver"),
}
GROUND = "内控制度第三条"


def add_changers(office: Office) -> None:
    """Hire them, grant their posts in the region and deploy the process."""
    for name, (number, post) in CHANGERS.items():
        office.hire(name, number)
        office.grant(name, post, region=REGION)
        office.actors[name] = replace(office.actors[name], regions=(REGION, CITY, COUNTY))
    files = read_folder(WORKFLOWS, "controlled_change")

    def deployment(unit: Unit) -> None:
        deploy(unit, "controlled_change", files, by="tests", approval={"kind": "bootstrap"})

    run(office.kernel, deployment, system_actor())


def propose(office: Office, kind: str, values: Mapping[str, Any], *, by: str = "editor") -> int:
    """A new change; answers its case id."""
    proposal = Proposal(kind, values, "稽核发现的问题", GROUND)
    return int(run(office.kernel, partial(propose_change, proposal=proposal), office.actors[by])["case_id"])


def edit(office: Office, case_id: int, kind: str, values: Mapping[str, Any], *, by: str = "editor") -> None:
    task = office.open_task_of(case_id)
    proposal = Proposal(kind, values, "按意见修改", GROUND)
    operation = partial(edit_change, task_id=task.id, proposal=proposal)
    run(office.kernel, operation, office.actors[by], case_id=case_id)


def what_if(office: Office, case_id: int, by: str) -> int:
    task = office.open_task_of(case_id)
    return run(office.kernel, partial(compute_what_if, task_id=task.id), office.actors[by], case_id=case_id)


def sign(office: Office, case_id: int, by: str, outcome: str) -> Task:
    """Complete the open task, taking it first when nobody holds it."""
    task = office.open_task_of(case_id)
    if task.claimed_by is None:
        task = office.take(case_id, by)
    submitted = office.fill(case_id, task, {"outcome": outcome})
    operation = partial(complete_task, task_id=task.id, submitted=submitted, version=task.version)
    run(office.kernel, operation, office.actors[by], case_id=case_id)
    return task


def to_approval(office: Office, case_id: int) -> None:
    """Edited, what-if computed, rechecked."""
    what_if(office, case_id, "editor")
    sign(office, case_id, "editor", "submit_positive")
    sign(office, case_id, "rechecker", "agree")


def carry_through(office: Office, kind: str, values: Mapping[str, Any]) -> int:
    """Proposed, rechecked, approved, applied; answers the case id."""
    case_id = propose(office, kind, values)
    to_approval(office, case_id)
    sign(office, case_id, "authoriser", "approve")
    return case_id
