"""Rendering of one draft's page, shared by everything that comes back to it with a remark."""

from __future__ import annotations

from flask import render_template

from app.faces.web.acting import reading, standing
from app.faces.web.pages.designer_build import draft_page
from app.kernel.engine.lifecycle.queries import check_draft, get_draft


def show_draft(draft_id: int, asked: str = "", refusal: str = "") -> str:
    """The modeler for who edits, the viewer for others. Raise DraftNotFound."""
    who = standing()
    with reading() as session:
        draft = get_draft(session, draft_id)
        page = draft_page(session, who, draft, check_draft(session, draft_id), asked)
        return render_template("pages/designer_draft.html", page=page, refusal=refusal)
