"""Who may see controlled changes and propose them; the operations ask again."""

from __future__ import annotations

from app.faces.web.acting import Standing

CHANGE_READERS = frozenset({"rule_editor", "rule_checker", "rule_approver", "internal_auditor"})
EDITOR = "rule_editor"


def may_read(who: Standing) -> bool:
    """The three rule posts and the internal auditors."""
    return any(post.key in CHANGE_READERS for post in who.posts)


def may_propose(who: Standing) -> bool:
    """Rule editors only."""
    return any(post.key == EDITOR for post in who.posts)
