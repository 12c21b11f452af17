"""The violation watch: its last runs, what is open, who was stopped from what, by rule, person and office."""

from __future__ import annotations

from flask import Blueprint, abort, render_template, request

from app.faces.web.acting import reading, standing
from app.faces.web.pages.watch_build import Wanted, watch_page
from app.faces.web.watch_access import may_watch

pages = Blueprint("watch", __name__)


@pages.get("/watch")
def show() -> str:
    """One page for screen and print; the address keeps period, count and page."""
    who = standing()
    if not may_watch(who):
        abort(403)
    wanted = Wanted.of(request.args, who.today)
    with reading() as session:
        page = watch_page(session, who, wanted)
    return render_template("pages/watch.html", page=page)
