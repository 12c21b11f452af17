"""The supervisor's board and reassigning, one transaction and one answer per task."""

from __future__ import annotations

from flask import Blueprint, abort, render_template, request

from app.faces.refusal_texts import reason_text, text_of
from app.faces.translation import _
from app.faces.web.acting import carry_out, reading, standing
from app.faces.web.pages.reassign_build import Outcome, Plan, Tried, reassign_panel
from app.faces.web.pages.supervisor_build import supervisor_page
from app.faces.web.viewer import may_supervise
from app.kernel.duties.refusals import DutyDenied
from app.kernel.refusals import Refusal, StaleForm
from app.kernel.transaction import Unit
from app.kernel.worklist.models import Task
from app.kernel.worklist.operations import assign_task, check_version
from app.kernel.worklist.queries import get_task_case_id

pages = Blueprint("supervisor", __name__)


@pages.get("/board")
def show() -> str:
    """The board, with the preview the address asks for."""
    _require_supervisor()
    return _board(Plan.of(request.args, request.args.getlist("task")), Tried())


@pages.post("/board/reassign")
def reassign() -> str | tuple[str, int]:
    """Each task on its own: what can move moves, the rest says why it did not."""
    _require_supervisor()
    reason = request.form.get("reason", "").strip()[:200]
    plan = Plan.of(request.form, [])
    if plan is None or plan.candidate is None or not reason:
        return _board(plan, Tried(), _("请选改派给谁，并填写理由。")), 422
    outcomes = {}
    for item in request.form.getlist("task")[:100]:
        task, _colon, version = item.partition(":")
        if task.isdigit() and version.isdigit():
            outcomes[int(task)] = _try(int(task), int(version), plan.candidate, reason)
    return _board(plan, Tried(outcomes, reason))


def _try(task_id: int, version: int, candidate: int, reason: str) -> Outcome:
    def operation(unit: Unit) -> None:
        task = unit.session.get(Task, task_id)
        if task is not None:
            check_version(task, version)
        assign_task(unit, task_id, candidate)
        unit.record("task.reassign_reason", {"reason": reason}, task_id=task_id)

    try:
        with reading() as session:
            case_id = get_task_case_id(session, task_id)
        carry_out(operation, case_id=case_id)
    except DutyDenied as denied:
        params = {"wanted": denied.duty or "", **denied.params}
        return Outcome(False, reason_text(denied.decision.reason, params, scope=denied.decision.scope))
    except StaleForm:
        return Outcome(False, _("这项任务刚才有了变化，没有改派"))
    except Refusal as refusal:
        return Outcome(False, text_of(refusal))
    return Outcome(True, _("已改派"))


def _board(plan: Plan | None, tried: Tried, refusal: str = "") -> str:
    with reading() as session:
        who = standing()
        panel = reassign_panel(session, who, plan, tried)
        page = supervisor_page(session, who, panel, refusal)
        return render_template("pages/supervisor.html", page=page)


def _require_supervisor() -> None:
    if not may_supervise(standing()):
        abort(403)
