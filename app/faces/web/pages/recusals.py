"""The head's list of recusals to rule on."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from flask import Blueprint, abort, redirect, render_template, url_for
from werkzeug.wrappers import Response

from app.faces.translation import _
from app.faces.web.acting import Standing, carry_out, reading, standing
from app.faces.web.pages.standing_rows import recusal_row, refused, said
from app.faces.web.pages.standing_view import RecusalRow, RecusalsPage, Refused
from app.faces.web.posted import posted_form
from app.kernel.recusal.operations import rule_on_recusal
from app.kernel.recusal.queries import RecusalView, list_ruled, list_to_rule
from app.kernel.recusal.rules import HEAD
from app.kernel.refusals import Refusal

pages = Blueprint("recusals", __name__, url_prefix="/recusals")


def heads(who: Standing) -> bool:
    """Whether the list is this person's: he heads a department."""
    return any(post.key == HEAD for post in who.posts)


@pages.get("")
def show() -> str:
    """Open ones first, then the latest rulings."""
    return _page(Refused())


@pages.post("/<int:case_id>/<int:recusal_id>")
def rule(case_id: int, recusal_id: int) -> Response | tuple[str, int]:
    """Rule from the list."""
    posted = posted_form()
    operation = partial(
        rule_on_recusal,
        recusal_id=recusal_id,
        verdict=said(posted, "verdict"),
        reason=said(posted, "reason"),
    )
    try:
        carry_out(operation, case_id=case_id, posted=posted)
    except Refusal as refusal:
        return _page(refused(f"ruling-{recusal_id}", posted, refusal)), 422
    return redirect(url_for("recusals.show", said="recusal_ruled"))


def _page(back: Refused) -> str:
    who = standing()
    if not heads(who):
        abort(403)
    with reading() as session:
        waiting = [_row(item, who) for item in list_to_rule(session, who.person_id)]
        ruled = [recusal_row(item, who, linked=True) for item in list_ruled(session, who.person_id)]
    page = RecusalsPage(_("%(n)s 条待裁定", n=len(waiting)), waiting, ruled, back)
    return render_template("pages/recusals.html", page=page)


def _row(item: RecusalView, who: Standing) -> RecusalRow:
    url = url_for("recusals.rule", case_id=item.case_id, recusal_id=item.recusal_id)
    return replace(recusal_row(item, who, linked=True), rule_url=url)
