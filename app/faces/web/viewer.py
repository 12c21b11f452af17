"""What every page shows of the signed-in officer: name, post, place, ways, unread notices."""

from __future__ import annotations

from typing import Any

from flask import request, url_for
from flask_login import current_user
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.faces.translation import _
from app.faces.web.acting import HeldPost, Standing, reading, standing
from app.faces.web.applications import startable
from app.faces.web.parts import Link, Viewer
from app.faces.web.signin import officer
from app.kernel.worklist.models import Notification

RANK = {"business": 0, "supervision": 1, "audit": 2, "design": 3, "platform": 4}


def show_viewer() -> dict[str, Any]:
    """Template context; nothing for visitors."""
    if not current_user.is_authenticated:
        return {}
    who = standing()
    with reading() as session:
        unread = _count_unread(session, who)
        registers = startable(session, who) is not None
    return {"viewer": _viewer(who, unread), "navigation": _ways(who, registers)}


def _viewer(who: Standing, unread: int) -> Viewer:
    post = main_post(who)
    live = officer()
    return Viewer(
        name=live.person_name,
        account=live.login,
        post=post.title if post else _("没有岗位"),
        place=post.place if post else "",
        notices=unread,
    )


def main_post(who: Standing) -> HeldPost | None:
    """The post the bar names: business before supervision before the rest."""
    return min(who.posts, key=lambda post: RANK.get(post.kind, 9), default=None)


def may_supervise(who: Standing) -> bool:
    """Whether the supervisor's board is this person's."""
    return who.holds("supervision")


def _ways(who: Standing, registers: bool) -> list[Link]:
    ways = [("queue.show", _("工作队列"))]
    if request.endpoint in ("case.show", "case.diagram", "task.complete"):
        ways.append((request.endpoint, _("案件")))
    if registers:
        ways.append(("task.apply", _("登记申请")))
    if may_supervise(who):
        ways.append(("supervisor.show", _("督办看板")))
    return [_way(endpoint, words) for endpoint, words in ways]


def _way(endpoint: str, words: str) -> Link:
    here = request.endpoint == endpoint
    return Link(request.path if here else url_for(endpoint), words, here)


def _count_unread(session: Session, who: Standing) -> int:
    unread = select(func.count()).where(
        Notification.person_id == who.person_id, Notification.read_at.is_(None)
    )
    return session.scalar(unread) or 0
