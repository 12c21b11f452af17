"""The requests of actions on steps: withdraw, ask, open, answer, cancel, report."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from app.faces.refusal_texts import text_of, text_of_field
from app.faces.translation import _
from app.faces.web.acting import carry_out, reading
from app.faces.web.pages.case import render_case
from app.faces.web.pages.case_task import Attempt
from app.faces.web.posted import Posted, posted_form
from app.kernel.engine.withdrawal import withdraw_step
from app.kernel.refusals import InvalidInput, Refusal
from app.kernel.transaction import Unit
from app.kernel.worklist.consultation_queries import get_consultation_case_id
from app.kernel.worklist.consultations import answer, ask, cancel, open_consultation, report
from app.kernel.worklist.queries import get_task_case_id
from app.kernel.worklist.refusals import ConsultationNotFound

pages = Blueprint("acts", __name__)
Answer = Response | tuple[str, int]
MOST_ASKED = 9


@pages.post("/cases/<int:case_id>/withdraw")
def withdraw(case_id: int) -> Answer:
    """Take back one's own last step."""
    return _carried(case_id, withdraw_step, said="withdrawn")


@pages.post("/tasks/<int:task_id>/ask")
def ask_people(task_id: int) -> Answer:
    """Ask the ticked people, all or none of them."""
    case_id = _case_of(task_id)
    people = [int(one) for one in request.form.getlist("person") if one.isascii() and one.isdigit()]
    kind, question = request.form.get("kind", ""), request.form.get("question", "")
    if not people or len(people) > MOST_ASKED:
        return render_case(case_id, Attempt(refusal=_("请选 1 到 9 个人。"))), 422

    def operation(unit: Unit) -> None:
        for person_id in people:
            ask(unit, task_id, kind, person_id, question)

    return _carried(case_id, operation, said="asked")


@pages.post("/consultations/<int:consultation_id>/open")
def open_asked(consultation_id: int) -> Answer:
    """Bind and show the dossier; the page said so before."""
    return _carried(
        _case_of_consultation(consultation_id), partial(open_consultation, consultation_id=consultation_id)
    )


@pages.post("/consultations/<int:consultation_id>/answer")
def answer_asked(consultation_id: int) -> Answer:
    """Answer with a text and yes or no."""
    case_id, agrees = _case_of_consultation(consultation_id), request.form.get("agrees", "")
    text = request.form.get("answer", "")
    if agrees not in ("yes", "no"):
        return render_case(case_id, Attempt(typed={"answer": text}, refusal=_("请选同意或不同意。"))), 422
    operation = partial(answer, consultation_id=consultation_id, text=text, agrees=agrees == "yes")
    return _carried(case_id, operation, said="answered")


@pages.post("/consultations/<int:consultation_id>/cancel")
def cancel_asked(consultation_id: int) -> Answer:
    """No longer wait for an answer."""
    operation = partial(cancel, consultation_id=consultation_id, reason=request.form.get("reason", ""))
    return _carried(_case_of_consultation(consultation_id), operation, said="cancelled")


@pages.post("/tasks/<int:task_id>/report")
def report_to(task_id: int) -> Answer:
    """Report to a collective discussion."""
    operation = partial(report, task_id=task_id, text=request.form.get("report", ""))
    return _carried(_case_of(task_id), operation, said="reported")


def _carried(case_id: int, operation: Callable[[Unit], Any], said: str = "") -> Answer:
    posted = posted_form()
    try:
        carry_out(lambda unit: _nothing(operation(unit)), case_id=case_id, posted=posted)
    except InvalidInput as invalid:
        return render_case(case_id, Attempt(typed=_typed(posted), refusal=_errors(invalid))), 422
    except Refusal as refusal:
        return render_case(case_id, Attempt(typed=_typed(posted), refusal=text_of(refusal))), 409
    return redirect(url_for("case.show", case_id=case_id, said=said or None))


def _nothing(_result: object) -> None:
    """A replay answers the first result; these requests have none."""


def _typed(posted: Posted) -> dict[str, Any]:
    return {key: value for key, value in posted.values.items() if key == "answer"}


def _errors(invalid: InvalidInput) -> str:
    labels = {
        "question": _("要问的事"),
        "answer": _("答复"),
        "reason": _("理由"),
        "report": _("汇报"),
        "kind": _("方式"),
    }
    lines = [
        f"{labels.get(key, key)}{_('：')}{text_of_field(*error)}" for key, error in invalid.errors.items()
    ]
    return _("；").join(lines)


def _case_of(task_id: int) -> int:
    with reading() as session:
        return get_task_case_id(session, task_id)


def _case_of_consultation(consultation_id: int) -> int:
    """Raise ConsultationNotFound, also for a case outside the reader's regions."""
    with reading() as session:
        case_id = get_consultation_case_id(session, consultation_id)
    if case_id is None:
        raise ConsultationNotFound()
    return case_id
