"""The list of people, from the address to the words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urlencode

from flask import url_for
from sqlalchemy.orm import Session

from app.faces.translation import Lazy, _, _l, pick
from app.faces.web.acting import Standing
from app.faces.web.pages.people_view import PeoplePage, PersonLine, Tag
from app.faces.web.pages.person_choice import people_filter
from app.faces.web.pages.queue_view import Chip, FilterField, Pager
from app.faces.web.parts import Choice, Empty, Link
from app.faces.web.people_access import may_manage_accounts, officer_of, regions_seen
from app.faces.web.words import moment
from app.kernel.grants.holdings import list_posts
from app.kernel.grants.people import (
    PAGE_SIZE,
    PeopleFilter,
    PeopleSort,
    PeopleState,
    PersonRow,
    list_people,
)
from app.kernel.grants.people import PeoplePage as Found
from app.kernel.grants.queries import list_waiting
from app.kernel.identity.regions import list_regions
from app.storage.crypto import KeyRing

SORTS: dict[PeopleSort, Lazy] = {PeopleSort.NAME: _l("按姓名"), PeopleSort.NEWEST: _l("按登记先后")}
STATES: dict[PeopleState, Lazy] = {
    PeopleState.DOUBT: _l("身份存疑"),
    PeopleState.NO_POST: _l("现无岗位"),
    PeopleState.LOCKED: _l("账号锁定或停用"),
    PeopleState.MERGED: _l("有合并档案"),
}
SHOWN_POSTS = 3
LONGEST_SEARCH = 60


@dataclass(frozen=True)
class PeopleRequest:
    """What the address asks for."""

    texts: Mapping[str, str]
    filter: PeopleFilter

    @classmethod
    def of(cls, args: Mapping[str, str], keyring: KeyRing) -> PeopleRequest:
        """Read the address; values that make no sense count as not given."""
        page = args.get("page", "1")
        texts = {
            "q": args.get("q", "").strip()[:LONGEST_SEARCH],
            "post": args.get("post", "")[:40],
            "region": args.get("region", "")[:12],
            "state": args.get("state", "") if args.get("state", "") in set(PeopleState) else "",
            "sort": args.get("sort", "") if args.get("sort", "") in set(PeopleSort) else "name",
            "page": page if page.isascii() and page.isdigit() and len(page) < 6 else "1",
        }
        wanted = replace(
            people_filter(texts["q"], keyring),
            post=texts["post"],
            region=texts["region"],
            state=PeopleState(texts["state"]) if texts["state"] else None,
            sort=PeopleSort(texts["sort"]),
            page=int(texts["page"]),
        )
        return cls(texts, wanted)

    def url(self, **changed: str) -> str:
        """The same question with some parts changed; an ID number never stays in an address we make."""
        merged = {**self.texts, "page": "1", **changed}
        if self.filter.number_index is not None:
            merged["q"] = ""
        said = {k: v for k, v in merged.items() if v and {"sort": "name", "page": "1"}.get(k) != v}
        return url_for("people.show") + (f"?{urlencode(said)}" if said else "")


def people_tabs(session: Session, who: Standing, here: str) -> list[Link]:
    """People, requests (with what waits for the reader), posts."""
    waiting = len(list_waiting(session, officer_of(session, who), regions_seen(who)))
    tabs = (
        ("people.show", _("人员"), None),
        ("grants.show", _("岗位申请"), waiting),
        ("posts.show", _("岗位"), None),
    )
    return [Link(url_for(name), words, name == here, count) for name, words, count in tabs]


def people_page(session: Session, who: Standing, wanted: PeopleRequest) -> PeoplePage:
    """The whole page."""
    found = list_people(session, wanted.filter, who.today, regions_seen(who))
    filters = _filters(session, who, wanted)
    chips = [
        Chip(_("%(what)s：%(value)s", what=field.words, value=option.words), wanted.url(**{field.name: ""}))
        for field in filters
        for option in field.options
        if option.chosen
    ]
    manages = may_manage_accounts(officer_of(session, who))
    return PeoplePage(
        tabs=people_tabs(session, who, "people.show"),
        remark=_("一人一档：证件号相同就是同一个人，账号再多也只算一人。"),
        query=wanted.texts["q"],
        filters=filters,
        chips=chips,
        cleared=wanted.url(q="", post="", region="", state=""),
        sorts=[Choice(sort, str(words), sort is wanted.filter.sort) for sort, words in SORTS.items()],
        sorted_column=0 if wanted.filter.sort is PeopleSort.NAME else -1,
        rows=[_line(row, who) for row in found.rows],
        caption=_("人员，共 %(n)s 人", n=found.total),
        pager=_pager(found, wanted),
        empty=_empty(wanted, bool(chips), manages),
        new_url=url_for("people.new") if manages else "",
    )


def _line(row: PersonRow, who: Standing) -> PersonLine:
    posts = [(pick(held.title_zh, held.title_en), pick(held.region_zh, held.region_en)) for held in row.posts]
    return PersonLine(
        url=url_for("people.person", person_id=row.id),
        name=row.name,
        posts=posts[:SHOWN_POSTS],
        more=max(0, len(posts) - SHOWN_POSTS),
        accounts=_accounts(row),
        used=_used(row.used_at, who),
        tags=_tags(row),
    )


def _accounts(row: PersonRow) -> str:
    if not row.accounts:
        return _("没有账号")
    if row.locked:
        return _("%(n)s 个，%(m)s 个不可用", n=row.accounts, m=row.locked)
    return _("%(n)s 个", n=row.accounts)


def _used(at: datetime | None, who: Standing) -> str:
    return moment(at, who.today) if at else _("没有用过")


def _tags(row: PersonRow) -> list[Tag]:
    tags = []
    if row.in_doubt:
        tags.append(Tag(_("身份存疑"), "over", "exclamation-triangle"))
    if row.records > 1:
        tags.append(Tag(_("%(n)s 份档案合并", n=row.records), "", "people"))
    return tags


def _filters(session: Session, who: Standing, wanted: PeopleRequest) -> list[FilterField]:
    seen = regions_seen(who)
    posts = [(post.key, pick(post.title_zh, post.title_en)) for post in list_posts(session)]
    regions = [
        (region.code, pick(region.name_zh, region.name_en))
        for region in list_regions(session)
        if seen == ("*",) or region.code in seen
    ]
    states = [(state.value, str(words)) for state, words in STATES.items()]
    return [
        FilterField(name, words, [Choice(key, text, wanted.texts[name] == key) for key, text in known])
        for name, words, known in (
            ("post", _("岗位"), posts),
            ("region", _("地区"), regions),
            ("state", _("情况"), states),
        )
    ]


def _pager(found: Found, wanted: PeopleRequest) -> Pager:
    first = (found.page - 1) * PAGE_SIZE + 1
    last = first + len(found.rows) - 1
    words = _("共 %(n)s 人，本页 %(a)s–%(b)s", n=found.total, a=first, b=last)
    before = wanted.url(page=str(found.page - 1)) if found.page > 1 else ""
    after = wanted.url(page=str(found.page + 1)) if found.page < found.pages else ""
    return Pager(words, PAGE_SIZE, before, after)


def _empty(wanted: PeopleRequest, narrowed: bool, manages: bool) -> Empty:
    everyone = Link(url_for("people.show"), _("看全部人员"))
    if wanted.texts["q"] or narrowed:
        ways = [everyone, *([Link(url_for("people.new"), _("登记新人员"))] if manages else [])]
        return Empty(_("没有符合条件的人"), _("可按姓名、拼音、账号的开头，或完整的证件号查找。"), ways)
    return Empty(_("还没有人员"), _("系统管理员登记人员和账号，业务主管再为他们申请岗位。"), [everyone])
