"""Who may see the violation watch, and who follows leads to late links."""

from __future__ import annotations

from app.faces.web.acting import Standing

WATCHERS = frozenset({"internal_auditor", "audit_admin", "dept_head"})


def may_watch(who: Standing) -> bool:
    """Internal auditors, audit administrators (who see no case data) and heads of departments."""
    return any(post.key in WATCHERS for post in who.posts)


def sees_cases(who: Standing) -> bool:
    """Whether case numbers and links are shown: not to administrators of the platform."""
    return not who.holds("platform")


def may_follow_leads(who: Standing) -> bool:
    """Internal auditors look, rule editors propose the link."""
    return who.holds("audit") or any(post.key == "rule_editor" for post in who.posts)
