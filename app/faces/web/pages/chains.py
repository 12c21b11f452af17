"""Orders for a whole case (transfer, doing it again) with their confirmation, and the leads to late links."""

from __future__ import annotations

from functools import partial

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.faces.refusal_texts import text_of
from app.faces.translation import _
from app.faces.web.acting import carry_out, reading, standing
from app.faces.web.pages.chains_build import again_page, leads_page, transfer_page
from app.faces.web.parts import ErrorLine
from app.faces.web.posted import posted_form
from app.faces.web.watch_access import may_follow_leads
from app.kernel.chains.suggestions import NEAR_DAYS
from app.kernel.chains.transfer import transfer_case
from app.kernel.engine.reopening import reopen_case
from app.kernel.refusals import Refusal

pages = Blueprint("chains", __name__)
Answer = str | Response | tuple[str, int]
MOST_PAGES = 1000


@pages.get("/cases/<int:case_id>/transfer")
def transfer(case_id: int) -> str:
    """Which office, and who could take the work there."""
    _require(standing().holds("supervision"))
    return _transfer(case_id, request.args.get("to", ""), "", [])


@pages.post("/cases/<int:case_id>/transfer")
def do_transfer(case_id: int) -> Answer:
    """Move the case."""
    posted = posted_form()
    target, reason = (str(posted.values.get(key, "")) for key in ("to_region", "reason"))
    try:
        carry_out(
            partial(transfer_case, to_region=target, reason=reason[:500]), case_id=case_id, posted=posted
        )
    except Refusal as refusal:
        _require(standing().holds("supervision"))
        return _transfer(case_id, target, reason, [_line(refusal)]), 422
    return redirect(url_for("supervisor.show", said="case_transferred"))


@pages.get("/cases/<int:case_id>/again")
def again(case_id: int) -> str:
    """Confirm that a decided case is done again."""
    _require(standing().holds("supervision"))
    return _again(case_id, "", [])


@pages.post("/cases/<int:case_id>/again")
def do_again(case_id: int) -> Answer:
    """Start the new case and go there."""
    posted = posted_form()
    role, reason = (str(posted.values.get(key, "")) for key in ("role", "reason"))
    try:
        started = carry_out(
            partial(reopen_case, role=role, reason=reason[:500]), case_id=case_id, posted=posted
        )
    except Refusal as refusal:
        _require(standing().holds("supervision"))
        return _again(case_id, reason, [_line(refusal)]), 422
    return redirect(url_for("case.show", case_id=started["case_id"], said="case_reopened"))


@pages.get("/chains/suggestions")
def suggestions() -> str:
    """Leads for those who may follow them: internal auditors and rule editors."""
    who = standing()
    _require(may_follow_leads(who))
    near = request.args.get("days", type=int) or NEAR_DAYS
    page = min(max(request.args.get("page", type=int) or 1, 1), MOST_PAGES)
    with reading() as session:
        found = leads_page(session, who, min(max(near, 1), 365), page, closed_too="closed" in request.args)
    return render_template("pages/chain_leads.html", page=found)


def _require(allowed: bool) -> None:
    if not allowed:
        abort(403)


def _line(refusal: Refusal) -> ErrorLine:
    labels = {"to_region": _("移送到"), "reason": _("理由"), "role": _("办理方式")}
    field = refusal.field or ""
    return ErrorLine(text_of(refusal), field, labels.get(field, ""))


def _transfer(case_id: int, target: str, reason: str, errors: list[ErrorLine]) -> str:
    with reading() as session:
        page = transfer_page(session, standing(), case_id, target, reason, errors)
    return render_template("pages/transfer.html", page=page)


def _again(case_id: int, reason: str, errors: list[ErrorLine]) -> str:
    with reading() as session:
        page = again_page(session, standing(), case_id, reason, errors)
    return render_template("pages/again.html", page=page)
