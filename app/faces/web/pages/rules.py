"""The rule catalogue: all rules, one rule, and the queue of what statistical rules found."""

from __future__ import annotations

from functools import partial

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.faces.web.acting import carry_out, reading, standing
from app.faces.web.pages.rules_build import rule_page, rules_page
from app.faces.web.pages.rules_reports import may_dispose, reports_page
from app.faces.web.pages.standing_rows import refused, said
from app.faces.web.posted import posted_form
from app.kernel.decisions.catalogue.manifest import RULE_ID
from app.kernel.decisions.catalogue.reports import dispose_finding
from app.kernel.refusals import Refusal
from app.kernel.transaction import Unit

pages = Blueprint("rules", __name__, url_prefix="/rules")
Answer = str | tuple[str, int] | Response


@pages.get("")
def show() -> str:
    """All rules in force today."""
    _require_post()
    with reading() as session:
        return render_template("pages/rules.html", page=rules_page(session, standing(), request.args))


@pages.get("/<rule_id>")
def one(rule_id: str) -> str:
    """Reason, legal source, contract, decision, versions, cases, hits."""
    _require_post()
    if not RULE_ID.fullmatch(rule_id):
        abort(404)
    with reading() as session:
        page = rule_page(session, standing(), rule_id)
        if page is None:
            abort(404)
        return render_template("pages/rule.html", page=page)


@pages.get("/reports")
def reports() -> str:
    """What statistical rules found in the reader's regions."""
    _require_disposer()
    with reading() as session:
        page = reports_page(session, standing(), open_only="all" not in request.args)
        return render_template("pages/rule_reports.html", page=page)


@pages.post("/reports/<int:finding_id>")
def dispose(finding_id: int) -> Answer:
    """Say what became of a finding."""
    _require_disposer()
    posted = posted_form()
    operation = partial(
        dispose_finding,
        finding_id=finding_id,
        disposition=said(posted, "disposition"),
        reason=said(posted, "reason"),
    )

    def carry(unit: Unit) -> None:
        operation(unit)

    try:
        carry_out(carry, posted=posted)
    except Refusal as refusal:
        back = refused(f"finding-{finding_id}", posted, refusal)
        with reading() as session:
            page = reports_page(session, standing(), open_only=True, back=back)
            return render_template("pages/rule_reports.html", page=page), 422
    return redirect(url_for("rules.reports", said="finding_disposed"))


def _require_post() -> None:
    if not standing().posts:
        abort(403)


def _require_disposer() -> None:
    if not may_dispose(standing()):
        abort(403)
