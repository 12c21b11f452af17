"""A service's receipt with blanks, for whoever has its task open: to print and take along."""

from __future__ import annotations

from flask import Blueprint, abort, render_template, url_for
from markupsafe import Markup

from app.faces.translation import _
from app.faces.web.acting import carry_out
from app.faces.web.language import pick
from app.faces.web.pages.documents import DocumentPage, record_reading
from app.kernel.engine.blank_receipts import BlankReceipt, blank_receipt
from app.kernel.transaction import Unit

pages = Blueprint("receipts", __name__)


@pages.get("/tasks/<int:task_id>/receipt")
def blank(task_id: int) -> str:
    """The receipt of a service with blanks, to print and take along; what was served is recorded as read."""
    found = carry_out(lambda unit: _blank(unit, task_id))
    if found is None:
        abort(404)
    party = pick(found.party.zh, found.party.en)
    shown = DocumentPage(
        title=_("空白送达回证（%(party)s）", party=party),
        number="",
        case_no=found.case.case_no,
        case_url=url_for("case.show", case_id=found.case.id),
        docx_url="",
        pdf_url="",
        body=Markup(found.page),  # noqa: S704 (escaped when it was rendered)
        blank=True,
    )
    return render_template("pages/document.html", page=shown)


def _blank(unit: Unit, task_id: int) -> BlankReceipt | None:
    found = blank_receipt(unit, task_id)
    for one in found.documents if found is not None else ():
        record_reading(unit, one.case_id, "document.read", document=str(one.uid), form="blank_receipt")
    return found
