"""The supervisor's board, reassigning and routing upwards: one transaction and one answer per task."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.faces.refusal_texts import reason_text, text_of
from app.faces.translation import _
from app.faces.web.acting import carry_out, reading, standing
from app.faces.web.pages.reassign_build import PUT_BACK, Outcome, Plan, Tried, is_id, reassign_panel
from app.faces.web.pages.supervisor_build import supervisor_page
from app.faces.web.viewer import may_supervise
from app.kernel.duties.refusals import DutyDenied
from app.kernel.refusals import Refusal, StaleForm
from app.kernel.transaction import Unit
from app.kernel.worklist.models import Task
from app.kernel.worklist.operations import assign_task, check_version
from app.kernel.worklist.queries import get_task_case_id
from app.kernel.worklist.supervising import put_back_task, route_upward

pages = Blueprint("supervisor", __name__)
AT_ONCE = 20
"""Tasks per request: a long list goes on in further requests, so that progress can be seen."""

MOST = 200
REASON = 200


@pages.get("/board")
def show() -> str:
    """The board, with the preview the address asks for."""
    _require_supervisor()
    plan = Plan.of(request.args, request.args.getlist("task"), request.args.getlist("who"))
    return _board(plan, Tried())


@pages.post("/board/reassign")
def reassign() -> str | tuple[str, int]:
    """Each task on its own: what can move moves, the rest says why it did not."""
    _require_supervisor()
    reason = request.form.get("reason", "").strip()[:REASON]
    plan, wanted = Plan.of(request.form, []), _wanted()
    if plan is None or not wanted or not reason:
        return _board(plan, Tried(reason=reason), _("请选任务、改派给谁，并填写理由。")), 422
    outcomes = _before()
    for task_id, version, to in wanted[:AT_ONCE]:
        outcomes[task_id] = _try(task_id, version, to, reason)
    rest = [f"{task_id}:{version}:{to}" for task_id, version, to in wanted[AT_ONCE:]]
    return _board(plan, Tried(outcomes, reason, rest))


@pages.post("/board/route/<int:task_id>")
def route(task_id: int) -> Response | tuple[str, int]:
    """Hand a task to the next higher office."""
    _require_supervisor()
    reason = request.form.get("reason", "").strip()[:REASON]

    def operation(unit: Unit) -> str:
        return route_upward(unit, task_id, reason)

    try:
        with reading() as session:
            case_id = get_task_case_id(session, task_id)
        carry_out(operation, case_id=case_id)
    except Refusal as refusal:
        return _board(None, Tried(), text_of(refusal)), 409
    return redirect(url_for("supervisor.show", said="routed"))


def _wanted() -> list[tuple[int, int, str]]:
    """(task, version, to whom or PUT_BACK) of what was chosen, or of what is left of a long list."""
    chosen = [
        (item, request.form.get(f"to-{item.partition(':')[0]}", "")) for item in request.form.getlist("task")
    ]
    left = [(item.rpartition(":")[0], item.rpartition(":")[2]) for item in request.form.getlist("rest")]
    found = []
    for item, to in [*chosen, *left][:MOST]:
        task, _colon, version = item.partition(":")
        if is_id(task) and is_id(version) and (is_id(to) or to == PUT_BACK):
            found.append((int(task), int(version), to))
    return found


def _before() -> dict[int, Outcome]:
    """Results of the requests before this one, as their page carried them."""
    outcomes = {}
    for item in request.form.getlist("done")[:MOST]:
        task, ok, words = [*item.split(":", 2), "", ""][:3]
        if is_id(task):
            outcomes[int(task)] = Outcome(ok == "1", words)
    return outcomes


def _try(task_id: int, version: int, to: str, reason: str) -> Outcome:
    def operation(unit: Unit) -> None:
        task = unit.session.get(Task, task_id)
        if task is not None:
            check_version(task, version)
        if to == PUT_BACK:
            put_back_task(unit, task_id, reason)
        else:
            assign_task(unit, task_id, int(to), reason)

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
    return Outcome(True, _("已放回队列") if to == PUT_BACK else _("已改派"))


def _board(plan: Plan | None, tried: Tried, refusal: str = "") -> str:
    office = request.values.get("office", "")
    with reading() as session:
        who = standing()
        panel = reassign_panel(session, who, plan, tried, office)
        page = supervisor_page(session, who, panel, refusal, office)
        return render_template("pages/supervisor.html", page=page)


def _require_supervisor() -> None:
    if not may_supervise(standing()):
        abort(403)
