"""Who designs processes and who reads the designs; the operations ask again."""

from __future__ import annotations

from flask import abort

from app.faces.web.acting import Standing, standing
from app.faces.web.pages.changes_access import CHANGE_READERS, may_propose

READERS = CHANGE_READERS | {"process_designer"}


def may_design(who: Standing) -> bool:
    """Rule editors: a process is a controlled change like any other."""
    return may_propose(who)


def may_read_designs(who: Standing) -> bool:
    """The rule posts, designers, supervisors and auditors."""
    return any(post.key in READERS for post in who.posts) or who.holds("supervision") or who.holds("audit")


def require_reader() -> Standing:
    """Who reads; 403 for others."""
    who = standing()
    if not may_read_designs(who):
        abort(403)
    return who


def require_designer() -> Standing:
    """Who edits; 403 for others."""
    who = standing()
    if not may_design(who):
        abort(403)
    return who
