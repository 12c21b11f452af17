"""What every page shows of the signed-in officer: name, post, place, ways, unread notices."""

from __future__ import annotations

from typing import Any

from flask import request, url_for
from flask_login import current_user

from app.faces.translation import _
from app.faces.web.acting import Standing, place_of, reading, standing, title_of
from app.faces.web.applications import startable
from app.faces.web.pages.changes_access import CHANGE_READERS
from app.faces.web.pages.designer_access import may_read_designs
from app.faces.web.parts import Link, Viewer
from app.faces.web.people_access import may_see_people
from app.faces.web.registry_access import may_enter
from app.faces.web.running_access import may_see_incidents
from app.faces.web.signin import officer
from app.faces.web.watch_access import may_follow_leads, may_watch
from app.kernel.duties.posts import HeldPost
from app.kernel.recusal.rules import HEAD
from app.kernel.worklist.notices import count_unread

RULE_PAGES = ("rules", "workbench", "workbench_files", "trials", "compare", "rule_release", "tuning")
RANK = {"business": 0, "supervision": 1, "audit": 2, "design": 3, "platform": 4}


def show_viewer() -> dict[str, Any]:
    """Template context; nothing for visitors."""
    if not current_user.is_authenticated:
        return {}
    who = standing()
    with reading() as session:
        unread = count_unread(session, who.person_id)
        registers = startable(session, who) is not None
    return {"viewer": _viewer(who, unread), "navigation": _ways(who, registers)}


def _viewer(who: Standing, unread: int) -> Viewer:
    post = main_post(who)
    live = officer()
    return Viewer(
        name=live.person_name,
        account=live.login,
        post=title_of(post) if post else _("没有岗位"),
        place=place_of(post) if post else "",
        notices=unread,
    )


def main_post(who: Standing) -> HeldPost | None:
    """The post the bar names: business before supervision before the rest."""
    return min(who.posts, key=lambda post: RANK.get(post.kind, 9), default=None)


def may_supervise(who: Standing) -> bool:
    """Whether the supervisor's board is this person's."""
    return who.holds("supervision")


def _ways(who: Standing, registers: bool) -> list[Link]:
    in_case = request.endpoint in ("case.show", "case.diagram", "task.complete")
    posts = {post.key for post in who.posts}
    designing = (request.blueprint or "").startswith(("designer", "processes"))
    people = request.blueprint in ("people", "grants", "posts")
    ways = (
        (True, "queue.show", _("工作队列"), False),
        (in_case, request.endpoint or "", _("案件"), False),
        (registers, "task.apply", _("登记申请"), False),
        (may_supervise(who), "supervisor.show", _("督办看板"), False),
        (may_supervise(who), "staffing.show", _("人手测算"), False),
        (may_see_incidents(who), "running.incidents", _("事件"), False),
        (bool(posts), "absences.mine", _("休假与代办"), request.blueprint == "absences"),
        (HEAD in posts, "recusals.show", _("回避裁定"), False),
        (who.holds("audit"), "interests.find", _("回避申报"), False),
        (may_watch(who), "watch.show", _("职责监督"), False),
        (may_watch(who), "seals.show", _("印章"), request.blueprint == "seals"),
        (may_follow_leads(who), "chains.suggestions", _("关联线索"), False),
        (not posts.isdisjoint(CHANGE_READERS), "changes.show", _("受控变更"), request.blueprint == "changes"),
        (bool(posts), "rules.show", _("规则目录"), request.blueprint in RULE_PAGES),
        (bool(posts), "parameters.show", _("参数与待遇计算"), request.blueprint == "parameters"),
        (may_enter(who), "registry.show", _("登记库"), (request.blueprint or "").startswith("registry")),
        (may_read_designs(who), "designer.show", _("流程设计"), designing),
        (may_see_people(who), "people.show", _("人员与岗位"), people),
    )
    return [_way(endpoint, words, inside) for shown, endpoint, words, inside in ways if shown]


def _way(endpoint: str, words: str, inside: bool) -> Link:
    here = request.endpoint == endpoint
    return Link(request.path if here else url_for(endpoint), words, here or inside)
