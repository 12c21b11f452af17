"""Posts: rank, what excludes what, the longest stay, and who holds them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flask import Blueprint, render_template, request, url_for
from sqlalchemy.orm import Session

from app.faces.grant_words import a_day, period
from app.faces.translation import _, pick
from app.faces.web.acting import Standing, reading
from app.faces.web.pages.grant_build import KINDS
from app.faces.web.pages.people_build import people_tabs
from app.faces.web.pages.people_view import HolderView, PostsPage, PostView, Tag
from app.faces.web.people_access import regions_seen, require_people
from app.kernel.duties.models import Post
from app.kernel.grants.entities import GrantRules
from app.kernel.grants.foresight import add_months
from app.kernel.grants.holdings import count_holders, list_post_holders, list_posts
from app.kernel.grants.queries import list_rules_of_grants

pages = Blueprint("posts", __name__)


@pages.get("/posts")
def show() -> str:
    """All posts by kind; one of them with its holders."""
    who = require_people()
    with reading() as session:
        page = _page(session, who, request.args.get("post", ""))
    return render_template("pages/posts.html", page=page)


def _page(session: Session, who: Standing, chosen: str) -> PostsPage:
    posts, rules = list_posts(session), list_rules_of_grants(session, who.now)
    counts = count_holders(session, who.today, regions_seen(who))
    titles = {post.key: pick(post.title_zh, post.title_en) for post in posts}
    views = {post.key: _post(post, rules, counts, titles, chosen) for post in posts}
    groups: dict[str, list[PostView]] = {}
    for post in posts:
        groups.setdefault(str(KINDS[post.kind]), []).append(views[post.key])
    return PostsPage(
        tabs=people_tabs(session, who, "posts.show"),
        groups=list(groups.items()),
        chosen=views.get(chosen),
        holders=_holders(session, who, chosen, rules) if chosen in views else [],
        remark=_("%(n)s 个岗位，%(m)s 对不相容关系。", n=len(posts), m=len(rules.exclusions)),
    )


def _post(
    post: Post, rules: GrantRules, counts: Mapping[str, int], titles: Mapping[str, str], chosen: str
) -> PostView:
    limit = rules.tenures.get(post.key)
    return PostView(
        key=post.key,
        title=titles[post.key],
        kind=str(KINDS[post.kind]),
        rank=post.rank,
        holders=counts.get(post.key, 0),
        url=url_for("posts.show", post=post.key) + "#chosen",
        excludes=_excludes(post.key, rules, titles),
        tenure=_("最长 %(n)s 个月", n=limit.months) if limit else "",
        chosen=post.key == chosen,
    )


def _excludes(post: str, rules: GrantRules, titles: Mapping[str, str]) -> list[tuple[str, str]]:
    """(the posts of the other side, the ground) of each pair the post stands in."""
    return [
        (_("、").join(sorted(titles[key] for key in pair.against(post) if key in titles)), pair.ground)
        for pair in rules.exclusions
        if pair.against(post)
    ]


def _holders(session: Session, who: Standing, post: str, rules: GrantRules) -> Sequence[HolderView]:
    limit = rules.tenures.get(post)
    held = list_post_holders(session, post, who.today, regions_seen(who))
    return [
        HolderView(
            url=url_for("people.person", person_id=person_id),
            name=name,
            place=pick(grant.region_zh, grant.region_en),
            period=period(grant.valid_from, grant.ends_on),
            tags=[
                Tag(
                    _("%(day)s任期满", day=a_day(add_months(grant.valid_from, limit.months))),
                    "soon",
                    "hourglass-split",
                )
            ]
            if limit
            else [],
        )
        for rows in held.values()
        for person_id, name, grant in rows
    ]
