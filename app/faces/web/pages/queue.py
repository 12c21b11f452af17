"""The officer's queue."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.faces.refusal_texts import text_of
from app.faces.web.acting import carry_out, reading, standing
from app.faces.web.pages.queue_build import QueueRequest, build_queue
from app.faces.web.pages.queue_view import QueuePage
from app.faces.web.posted import posted_form
from app.faces.web.shell import safe_next
from app.faces.web.signin import kernel
from app.kernel.refusals import Refusal
from app.kernel.transaction import Unit
from app.kernel.worklist.operations import claim_task
from app.kernel.worklist.queries import get_task_case_id

pages = Blueprint("queue", __name__)


@pages.get("/")
def show() -> str:
    """Tabs, filters, sort and page all stand in the address."""
    return render_template("pages/queue.html", page=queue_page())


@pages.post("/tasks/<int:task_id>/claim")
def claim(task_id: int) -> Response | tuple[str, int]:
    """Take a task; whoever comes second reads who was first, on the page he came from."""
    posted = posted_form()
    back = safe_next(request.form.get("back", ""))

    def operation(unit: Unit) -> None:
        claim_task(unit, task_id)

    try:
        with reading() as session:
            case_id = get_task_case_id(session, task_id)
        carry_out(operation, case_id=case_id, posted=posted)
    except Refusal as refusal:
        return render_template("pages/queue.html", page=queue_page(text_of(refusal))), 409
    return redirect(url_for("case.show", case_id=case_id) if "/cases/" in back else _said(back))


def queue_page(refusal: str = "") -> QueuePage:
    """The page the current address asks for."""
    wanted = QueueRequest.of(request.args, kernel().keyring)
    with reading() as session:
        return build_queue(session, standing(), wanted, refusal)


def _said(back: str) -> str:
    return f"{back}{'&' if '?' in back else '?'}said=claimed"
