"""Pages of the permission chain: asking, the list of requests, one request with its steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from flask import url_for
from sqlalchemy.orm import Session

from app.faces.grant_words import (
    STEP_OFFICES,
    STEP_WORDS,
    explain,
    period,
    remedy,
)
from app.faces.translation import Lazy, _, _l, pick
from app.faces.web.acting import Standing
from app.faces.web.pages.people_build import people_tabs
from app.faces.web.pages.people_view import (
    Foresight,
    RequestForm,
    RequestPage,
    RequestsPage,
    StepView,
)
from app.faces.web.pages.person_build import request_line
from app.faces.web.pages.queue_view import Pager
from app.faces.web.parts import Choice, Empty, ErrorLine, Link
from app.faces.web.people_access import officer_of, reading_unit, regions_seen
from app.faces.web.words import moment
from app.kernel.duties.views import Verdict
from app.kernel.grants.entities import CHAIN, GrantDecision, Holding, Step, TakenStep
from app.kernel.grants.holdings import GrantRow, list_posts
from app.kernel.grants.operations import PostApplication, foresee, foresee_post, read_application
from app.kernel.grants.queries import (
    RequestRow,
    count_requests,
    list_requests,
    list_takers,
    list_waiting,
)
from app.kernel.grants.rules import decide_taker
from app.kernel.identity.queries import names_of
from app.kernel.identity.records import PersonFile
from app.kernel.identity.regions import list_regions

KINDS: dict[str, Lazy] = {
    "business": _l("业务岗位"),
    "supervision": _l("监督岗位"),
    "audit": _l("稽核岗位"),
    "design": _l("设计岗位"),
    "platform": _l("平台管理"),
}
FIELDS = ("post", "region", "valid_from", "valid_to", "reason")
LABELS: dict[str, Lazy] = {
    "post": _l("岗位"),
    "region": _l("地区"),
    "valid_from": _l("起始日"),
    "valid_to": _l("最后一天"),
    "reason": _l("理由"),
}
SHOWN = 50
LONGEST_REASON = 300


@dataclass(frozen=True)
class Asked:
    """What was typed into the form, and what could be read of it."""

    texts: dict[str, str]
    application: PostApplication | None
    errors: tuple[ErrorLine, ...] = ()


def read_asked(form: Mapping[str, str], person_id: int, today: date) -> Asked:
    """The form's texts; `application` is None while something needed is missing or wrong."""
    texts = {key: form.get(key, "").strip()[:LONGEST_REASON] for key in FIELDS}
    errors = [
        ErrorLine(_("必填"), key, str(LABELS[key]))
        for key in ("post", "region", "valid_from", "reason")
        if not texts[key]
    ]
    begin, last = _day(texts["valid_from"]), _day(texts["valid_to"])
    for key, read in (("valid_from", begin), ("valid_to", last)):
        if texts[key] and read is None:
            errors.append(ErrorLine(_("请填日期，例如 2026-08-27"), key, str(LABELS[key])))
    if begin and last and last < begin:
        errors.append(ErrorLine(_("不能早于起始日"), "valid_to", str(LABELS["valid_to"])))
        begin = None
    if begin is None or not texts["post"] or not texts["region"]:
        return Asked(texts, None, tuple(errors))
    end = last + timedelta(days=1) if last else None
    application = PostApplication(person_id, texts["post"], texts["region"], begin, end, texts["reason"])
    return Asked(texts, application, tuple(errors))


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None


def request_form(session: Session, who: Standing, file: PersonFile, asked: Asked, key: str) -> RequestForm:
    """Asking for a post; what stands against it is told while the form is filled in."""
    unit = reading_unit(session, who)
    foresight = None
    if asked.application is not None:
        wanted = read_application(unit, asked.application)
        foresight = show_foresight(foresee(unit, wanted, Step.APPLY))
    return RequestForm(
        title=_("为%(name)s申请岗位", name=file.name),
        remark=_("申请之后由稽核内控审核、负责人批准、安全管理员分配，四步四个人。"),
        url=url_for("grants.create", person_id=file.id),
        back=url_for("people.person", person_id=file.id),
        person=f"{file.name} {file.records[0].masked_number}",
        posts=_posts(session, asked.texts["post"]),
        regions=[
            Choice(region.code, pick(region.name_zh, region.name_en), region.code == asked.texts["region"])
            for region in list_regions(session)
            if region.code in who.actor.regions
        ],
        values=asked.texts,
        foresight=foresight,
        errors=asked.errors,
        today=who.today.isoformat(),
        key=key,
    )


def end_form(
    who: Standing,
    file: PersonFile,
    grant: GrantRow,
    texts: dict[str, str],
    key: str,
    errors: Sequence[ErrorLine] = (),
) -> RequestForm:
    """Asking for the end of a post."""
    title, place = pick(grant.title_zh, grant.title_en), pick(grant.region_zh, grant.region_en)
    return RequestForm(
        title=_("申请结束%(name)s的岗位", name=file.name),
        remark=_("结束岗位与授予岗位一样，四步四个人。要立即停用，请系统管理员锁定账号。"),
        url=url_for("grants.end", grant_id=grant.id),
        back=url_for("people.person", person_id=file.id),
        person=f"{file.name} {file.records[0].masked_number}",
        posts=(),
        regions=(),
        values=texts,
        foresight=None,
        errors=errors,
        ends=_(
            "%(place)s %(post)s，%(period)s",
            place=place,
            post=title,
            period=period(grant.valid_from, grant.ends_on),
        ),
        today=max(who.today, grant.valid_from).isoformat(),
        key=key,
    )


def _posts(session: Session, chosen: str) -> list[tuple[str, list[Choice]]]:
    groups: dict[str, list[Choice]] = {}
    for post in list_posts(session):
        choice = Choice(post.key, pick(post.title_zh, post.title_en), post.key == chosen)
        groups.setdefault(str(KINDS[post.kind]), []).append(choice)
    return list(groups.items())


def show_foresight(decision: GrantDecision) -> Foresight:
    """The decision with its evidence and what to do instead."""
    words = _("可以申请，没有发现冲突。") if decision.reason == "grant_allowed" else explain(decision)
    return Foresight(
        ok=decision.allowed,
        words=words,
        remedy=remedy(decision),
        warned=decision.verdict is Verdict.WARN,
        held=[_held(item) for item in decision.holdings],
    )


def _held(item: Holding) -> str:
    kind = "" if item.grant_id else _("（代岗）")
    return _(
        "%(post)s%(kind)s，%(period)s",
        post=pick(item.title_zh, item.title_en),
        kind=kind,
        period=period(item.valid_from, item.valid_to),
    )


def requests_page(session: Session, who: Standing, scope: str, page: int) -> RequestsPage:
    """Requests waiting for the reader, all that are open, or those that are closed."""
    regions = regions_seen(who)
    mine = list_waiting(session, officer_of(session, who), regions)
    counts = {
        "mine": len(mine),
        "open": count_requests(session, regions=regions, is_open=True),
        "closed": count_requests(session, regions=regions, is_open=False),
    }
    offset = (page - 1) * SHOWN
    rows = (
        mine[offset : offset + SHOWN]
        if scope == "mine"
        else list_requests(session, regions=regions, is_open=scope == "open", limit=SHOWN, offset=offset)
    )
    waiting = {row.id for row in mine}
    words = {"mine": _("待我办"), "open": _("办理中"), "closed": _("已办结")}
    return RequestsPage(
        tabs=people_tabs(session, who, "grants.show"),
        scopes=[
            Link(url_for("grants.show", scope=key), word, key == scope, counts[key])
            for key, word in words.items()
        ],
        remark=_("申请、审核、批准、分配由四个人各办一步，本人不经手自己的岗位。"),
        rows=[request_line(row, who, mine=row.id in waiting) for row in rows],
        pager=_pager(scope, page, counts[scope], len(rows)),
        empty=_empty(scope, counts),
    )


def _pager(scope: str, page: int, total: int, shown: int) -> Pager | None:
    if total <= SHOWN:
        return None
    first = (page - 1) * SHOWN + 1
    words = _("共 %(n)s 项，本页 %(a)s–%(b)s", n=total, a=first, b=first + shown - 1)
    before = url_for("grants.show", scope=scope, page=page - 1) if page > 1 else ""
    after = url_for("grants.show", scope=scope, page=page + 1) if page * SHOWN < total else ""
    return Pager(words, SHOWN, before, after)


def _empty(scope: str, counts: Mapping[str, int]) -> Empty:
    what = {
        "mine": _("没有等您办的岗位申请"),
        "open": _("没有办理中的岗位申请"),
        "closed": _("还没有办结的岗位申请"),
    }[scope]
    fact = _("办理中 %(a)s 项，已办结 %(b)s 项。申请从人员页开始。", a=counts["open"], b=counts["closed"])
    other = "open" if scope != "open" else "closed"
    words = _("看办理中的") if other == "open" else _("看已办结的")
    ways = [Link(url_for("people.show"), _("看人员")), Link(url_for("grants.show", scope=other), words)]
    return Empty(what, fact, ways)


def request_page(session: Session, who: Standing, row: RequestRow, refusal: str = "") -> RequestPage:
    """One request: the chain with who did what, what is left, and what the reader may do."""
    coming = row.coming
    line = request_line(row, who)
    page = RequestPage(
        number=row.id,
        title=_("岗位申请第 %(n)s 号", n=row.id),
        line=line,
        reason=row.reason,
        steps=[_step(step, row, who) for step in CHAIN],
        ended=_ended(row, who),
        foresight=None,
        act_url=url_for("grants.act", request_id=row.id),
        refusal=refusal,
        person=row.wanted.name,
    )
    return page if coming is None else _with_acts(session, who, row, page, coming)


def _with_acts(
    session: Session, who: Standing, row: RequestRow, page: RequestPage, coming: Step
) -> RequestPage:
    decision = foresee(reading_unit(session, who), row.wanted, coming, row.steps)
    officer = officer_of(session, who)
    mine = decide_taker(officer, coming, row.wanted, row.steps)
    applied = decide_taker(officer, Step.CANCEL, row.wanted, row.steps).allowed
    names = names_of(session, _able(session, who, row, coming))
    told = decision if mine.allowed else foresee_post(reading_unit(session, who), row.wanted)
    return RequestPage(
        **{
            **vars(page),
            "foresight": show_foresight(told) if told.reason != "grant_allowed" else None,
            "may_take": coming.value if decision.allowed else "",
            "take_words": str(TAKE_WORDS[coming]),
            "may_refuse": mine.allowed,
            "may_cancel": applied,
            "why_not": "" if mine.allowed else explain(mine),
            "who_may": _("、").join(names),
        }
    )


TAKE_WORDS: dict[Step, Lazy] = {
    Step.APPLY: _l("申请"),
    Step.REVIEW: _l("审核同意"),
    Step.APPROVE: _l("批准"),
    Step.ASSIGN: _l("分配，立即记入授权"),
}


def _able(session: Session, who: Standing, row: RequestRow, coming: Step) -> list[int]:
    """Who may take the coming step: holders of its post but for the person himself and earlier takers."""
    barred = {row.wanted.person_id, *(step.person_id for step in row.steps)}
    takers = list_takers(session, coming, row.wanted.lineage, who.today)
    return [person for person in takers if person not in barred]


def _step(step: Step, row: RequestRow, who: Standing) -> StepView:
    taken = next((item for item in row.steps if item.step is step), None)
    if taken is not None:
        told = "" if taken.comment == row.reason else taken.comment  # the reason stands above already
        return _taken(replace(taken, comment=told), who, str(STEP_WORDS[step]), str(STEP_OFFICES[step]))
    state = "now" if step is row.coming else "todo"
    return StepView(str(STEP_WORDS[step]), str(STEP_OFFICES[step]), state)


def _ended(row: RequestRow, who: Standing) -> StepView | None:
    last = row.steps[-1]
    if last.step not in (Step.REFUSE, Step.CANCEL):
        return None
    return _taken(last, who, str(STEP_WORDS[last.step]), "")


def _taken(taken: TakenStep, who: Standing, words: str, office: str) -> StepView:
    return StepView(words, office, "done", taken.name, moment(taken.at, who.today), taken.comment)
