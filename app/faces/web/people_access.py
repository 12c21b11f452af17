"""Who sees the pages of people and posts, and who may do what there. The operations decide again."""

from __future__ import annotations

from flask import abort
from sqlalchemy.orm import Session

from app.faces.web.acting import Standing, standing
from app.faces.web.signin import kernel
from app.kernel.grants.entities import Officer
from app.kernel.grants.holdings import ANYWHERE
from app.kernel.grants.queries import get_officer
from app.kernel.identity.authority import may_doubt, may_manage_accounts
from app.kernel.transaction import Unit

SEEING_KINDS = frozenset({"supervision", "audit", "platform"})
SEEING_POSTS = frozenset({"rule_editor", "rule_checker", "rule_approver"})
"""Three people decide on merges; they must see whom they speak of."""


def may_see_people(who: Standing) -> bool:
    """Administrators, supervisors, internal auditors, and who decides on merges."""
    return any(post.kind in SEEING_KINDS or post.key in SEEING_POSTS for post in who.posts)


def require_people() -> Standing:
    """The reader, or 403."""
    who = standing()
    if not may_see_people(who):
        abort(403)
    return who


def regions_seen(who: Standing) -> tuple[str, ...]:
    """Whose people the reader sees: administrators' posts stand for the whole platform."""
    return ANYWHERE if who.holds("platform") else who.actor.regions


def officer_of(session: Session, who: Standing) -> Officer:
    """The reader as the permission chain knows him."""
    return get_officer(session, who.person_id, who.today)


def reading_unit(session: Session, who: Standing) -> Unit:
    """A unit for asking what an operation would say; nothing of it is written."""
    return Unit(kernel(), session, who.actor, who.now)


__all__ = [
    "may_doubt",
    "may_manage_accounts",
    "may_see_people",
    "officer_of",
    "reading_unit",
    "regions_seen",
    "require_people",
]
