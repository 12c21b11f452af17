"""Who sees the register's pages, and which of them. The operations decide again."""

from __future__ import annotations

from flask import abort

from app.faces.web.acting import Standing, standing
from app.faces.web.pages.changes_access import CHANGE_READERS, EDITOR

READING_KINDS = frozenset({"business", "supervision", "audit"})
EXPERT_POSTS = ("as_", "ras_")


def may_see_register(who: Standing) -> bool:
    """Officers in business, their supervisors, auditors. Administrators see no business data."""
    return any(post.kind in READING_KINDS for post in who.posts)


def may_see_experts(who: Standing) -> bool:
    """Assessment, supervision and audit: the pool is no business of those who apply to it."""
    return any(
        post.kind in ("supervision", "audit") or post.key.startswith(EXPERT_POSTS) for post in who.posts
    )


def may_see_imports(who: Standing) -> bool:
    """Whoever makes, checks or approves changes."""
    return any(post.key in CHANGE_READERS for post in who.posts)


def may_put_up(who: Standing) -> bool:
    """Rule editors."""
    return any(post.key == EDITOR for post in who.posts)


def may_enter(who: Standing) -> bool:
    """Whether any page of the register is open to the reader."""
    return may_see_register(who) or may_see_imports(who)


def require(allowed: bool) -> Standing:
    """The reader, or 403."""
    if not allowed:
        abort(403)
    return standing()
