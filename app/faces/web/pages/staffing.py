"""Staffing for supervisors: how many people an office can miss, and what if somebody is away."""

from __future__ import annotations

from flask import Blueprint, abort, render_template, request

from app.faces.web.acting import reading, standing
from app.faces.web.pages.staffing_build import WhatIf, staffing_page
from app.faces.web.viewer import may_supervise

pages = Blueprint("staffing", __name__)


@pages.get("/staffing")
def show() -> str:
    """Office, people and days all stand in the address; nothing is written."""
    if not may_supervise(standing()):
        abort(403)
    wanted = WhatIf.of(request.args)
    typed = bool(request.args.get("from") or request.args.get("to"))
    with reading() as session:
        page = staffing_page(session, standing(), wanted, misread=typed and wanted.first is None)
        return render_template("pages/staffing.html", page=page)
