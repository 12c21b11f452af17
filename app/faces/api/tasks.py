"""A task: may I, and why not; claim, release, open, save a draft, complete."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from flask import Blueprint, request

from app.faces.api.callers import caller, carry_out, kernel, posted_object, reading, required_key
from app.faces.api.shapes import decision_shape, row_shape, task_shape
from app.kernel.duties.queries import get_candidate, get_case_view, get_task_view, list_rules
from app.kernel.duties.refusals import DutyDenied
from app.kernel.duties.rules import decide
from app.kernel.duties.views import Action, deny
from app.kernel.engine.dossier import get_case
from app.kernel.engine.operations import complete_task
from app.kernel.refusals import InvalidInput, TaskNotFound
from app.kernel.transaction import Unit
from app.kernel.worklist.models import Task
from app.kernel.worklist.operations import claim_task, open_task, release_task, save_draft
from app.kernel.worklist.outlooks import foresee_rows
from app.kernel.worklist.queries import decide_rows, get_task_case_id

endpoints = Blueprint("tasks", __name__, url_prefix="/v1/tasks/<int:task_id>")
ASKED = {action.value: action for action in (Action.CLAIM, Action.OPEN, Action.COMPLETE, Action.RELEASE)}


@endpoints.get("/decision")
def why(task_id: int) -> dict[str, Any]:
    """May the caller, and if not, why and who may? `action`: claim (the default), open, complete, release."""
    who, action = caller(), ASKED.get(request.args.get("action", Action.CLAIM.value))
    if action is None:
        raise InvalidInput({"action": ("not_an_option", {})})
    if who.actor.person_id is None:
        raise DutyDenied(deny("machine_holds_no_duty"), action, None, task_id, None)
    with reading() as session:
        case = get_case(session, get_task_case_id(session, task_id))
        task = session.get_one(Task, task_id)
        me = get_candidate(session, who.actor.person_id, who.today)
        rows = decide_rows(session, me, [(task, case)], who.now, who.today)
        (row,) = foresee_rows(session, kernel().ports.routes, rows, who.actor.person_id, who.now, who.today)
        shape = row_shape(row)
        if action is not Action.CLAIM:
            rules = list_rules(session, who.now)
            answer = decide(me, action, get_case_view(session, case), get_task_view(session, task), rules)
            shape["decision"] = decision_shape(answer, task.duty)
    return {"action": action.value, **shape}


@endpoints.post("/claim")
def claim(task_id: int) -> dict[str, Any]:
    """Take it. Claiming binds nothing."""
    return _carried_out(task_id, partial(claim_task, task_id=task_id))


@endpoints.post("/release")
def release(task_id: int) -> dict[str, Any]:
    """Give it back."""
    return _carried_out(task_id, partial(release_task, task_id=task_id))


@endpoints.post("/open")
def open_dossier(task_id: int) -> dict[str, Any]:
    """Open the dossier: this binds the duty to the caller."""
    return _carried_out(task_id, partial(open_task, task_id=task_id))


@endpoints.put("/draft")
def draft(task_id: int) -> dict[str, Any]:
    """Keep `values` of the form for later; `version` is the task's."""
    body = posted_object()
    values, version = _form(body, "values")
    return _carried_out(task_id, partial(save_draft, task_id=task_id, values=values, version=version))


@endpoints.post("/complete")
def complete(task_id: int) -> dict[str, Any]:
    """Submit the form, and sign where the task signs; a repetition under the same Idempotency-Key answers the same."""
    body = posted_object()
    once = required_key(body)
    form, version = _form(body, "form")
    case_id = _case_of(task_id)
    operation = partial(complete_task, task_id=task_id, submitted=form, version=version)
    carry_out(operation, case_id=case_id, once=once)
    return _now(task_id)


def _carried_out(task_id: int, operation: Callable[[Unit], object]) -> dict[str, Any]:
    def act(unit: Unit) -> None:
        operation(unit)

    carry_out(act, case_id=_case_of(task_id))
    return _now(task_id)


def _case_of(task_id: int) -> int:
    with reading() as session:
        return get_task_case_id(session, task_id)


def _now(task_id: int) -> dict[str, Any]:
    with reading() as session:
        task = session.get(Task, task_id)
        if task is None:
            raise TaskNotFound(task_id=task_id)
        return {"task": task_shape(task)}


def _form(body: Mapping[str, Any], name: str) -> tuple[Mapping[str, Any], int | None]:
    """Fields as the page would post them (texts, or lists of texts), and the task's version.

    Raise InvalidInput.
    """
    form, version = body.get(name, {}), body.get("version")
    wrong: dict[str, tuple[str, dict[str, object]]] = {}
    if not isinstance(form, dict):
        wrong[name] = ("not_text", {})
    if version is not None and (not isinstance(version, int) or isinstance(version, bool)):
        wrong["version"] = ("not_integer", {})
    if wrong:
        raise InvalidInput(wrong)
    return {key: _text(value) for key, value in form.items() if value is not None}, version


def _text(value: Any) -> Any:
    """JSON's numbers and booleans become what a form posts."""
    if isinstance(value, bool):
        return "true" if value else ""
    if isinstance(value, list):
        return [str(item) for item in value]
    return str(value)
