"""Who sees the incidents of running cases; the operations ask again."""

from __future__ import annotations

from app.faces.web.acting import Standing


def may_see_incidents(who: Standing) -> bool:
    """Supervisors and internal auditors."""
    return who.holds("supervision") or who.holds("audit")
