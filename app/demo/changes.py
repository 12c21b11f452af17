"""Controlled changes of the demonstration: one in force, one that waits for its recheck with what it would do."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from sqlalchemy import select

from app.demo.roster import REGION
from app.demo.staff import Staff, Worker
from app.kernel.engine.changes import Proposal, compute_what_if, propose_change
from app.kernel.engine.operations import complete_task
from app.kernel.identity.regions import list_subtree
from app.kernel.kernel import Kernel
from app.kernel.transaction import Actor, run
from app.kernel.transaction.unit import EVERY_REGION
from app.kernel.worklist.models import Task
from app.kernel.worklist.operations import claim_task, open_task

GROUND = "《社会保险经办条例》第三十六条；内部控制制度"
IN_FORCE = Proposal(
    "tenure_rule",
    {
        "post": "rec_approver",
        "months": "60",
        "gap_months": "6",
        "severity": "warn",
        "ground": "高风险岗位定期轮换",
    },
    "审核岗属高风险岗位，任职满五年应当轮换，先提醒、不禁止。",
    GROUND,
    "审核岗任职满五年提醒轮换",
)
WAITING = Proposal(
    "conflict_set",
    {
        "key": "case_investigation_review",
        "title_zh": "同案调查与初审分离",
        "title_en": "Investigation and initial review of one case",
        "kind": "exclusive",
        "scope": "case",
        "maximum": "1",
        "severity": "deny",
        "risk_classes": ["routed"],
        "ground": "提级件的调查人不宜自行初审",
        "members": [
            {"member": "investigation", "duty": "investigation"},
            {"member": "initial_review", "duty": "initial_review"},
        ],
    },
    "稽核发现提级件多由调查人自行初审，拟予分离。",
    GROUND,
    "提级件调查与初审分离",
)
OPINIONS: Mapping[str, str] = {
    "submit_positive": "内容与制度一致，影响清单已核对。",
    "agree": "依据充分，新旧内容逐项核对无误。",
    "approve": "确有必要，同意实施。",
}


def propose_shown(kernel: Kernel, staff: Staff) -> None:
    """Play both with the real operations; they are of the moment of the load."""
    carry_change(kernel, staff, IN_FORCE)
    carry_change(kernel, staff, WAITING, until=1)


_POSTS = ("rule_editor", "rule_checker", "rule_approver")
_SIGNED = ("submit_positive", "agree", "approve")


def carry_change(kernel: Kernel, staff: Staff, proposal: Proposal, *, until: int = len(_SIGNED)) -> None:
    """Propose a change and sign it by its three people, or only by the first `until` of them."""
    people = [staff.holders(post, REGION, kernel.clock().date())[0] for post in _POSTS]
    case_id = _propose(kernel, people[0], proposal)
    for worker, outcome in zip(people[:until], _SIGNED, strict=False):
        _sign(kernel, worker, case_id, outcome)


def _propose(kernel: Kernel, editor: Worker, proposal: Proposal) -> int:
    actor = _actor(kernel, editor)
    case_id = int(run(kernel, partial(propose_change, proposal=proposal), actor)["case_id"])
    task = _open_task(kernel, case_id)
    run(kernel, partial(compute_what_if, task_id=task.id), actor, case_id=case_id)
    return case_id


def _sign(kernel: Kernel, worker: Worker, case_id: int, outcome: str) -> None:
    actor, task = _actor(kernel, worker), _open_task(kernel, case_id)
    if task.claimed_by is None:
        for operation in (claim_task, open_task):
            run(kernel, partial(operation, task_id=task.id), actor, case_id=case_id)
    form: dict[str, Any] = {"outcome": outcome, "opinion": OPINIONS[outcome], **dict.fromkeys(CHECKS, "true")}
    run(kernel, partial(complete_task, task_id=task.id, submitted=form), actor, case_id=case_id)


CHECKS = tuple(f"task_checked_{what}" for what in ("content", "effect", "basis", "difference", "need"))
"""Every check box of the three forms; a form takes its own."""


def _open_task(kernel: Kernel, case_id: int) -> Task:
    with kernel.database.session() as session:
        kernel.database.scope(session, EVERY_REGION)
        return session.scalars(select(Task).where(Task.case_id == case_id, Task.state == "open")).one()


def _actor(kernel: Kernel, worker: Worker) -> Actor:
    """The worker with the whole region in sight, as the log-in gives it."""
    with kernel.database.session() as session:
        regions = list_subtree(session, {REGION})
    return Actor(worker.account_id, worker.person_id, tuple(regions), request_id="demo")
