"""One person's page: posts over time, requests, accounts, records and doubts."""

from __future__ import annotations

from collections.abc import Sequence

from flask import url_for
from sqlalchemy.orm import Session
from werkzeug.routing import BuildError

from app.faces.grant_words import STATE_TONES, STATE_WORDS, a_day, period
from app.faces.translation import Lazy, _, _l, pick
from app.faces.web.acting import Standing
from app.faces.web.pages.people_view import (
    AccountView,
    DoubtView,
    GrantLine,
    PersonPage,
    RecordView,
    RequestLine,
    Tag,
)
from app.faces.web.parts import ErrorLine, Link
from app.faces.web.people_access import may_doubt, may_manage_accounts, officer_of
from app.faces.web.signin import officer as signed_in
from app.faces.web.words import local, moment
from app.kernel.absences.models import Absence
from app.kernel.absences.queries import list_coming_absences
from app.kernel.grants.entities import Officer, Step
from app.kernel.grants.holdings import GrantRow, list_grants
from app.kernel.grants.queries import RequestRow, list_requests
from app.kernel.grants.rules import holds_for
from app.kernel.identity.dormancy import DORMANT_DAYS
from app.kernel.identity.doubts import BY_DATA, Doubt, list_doubts
from app.kernel.identity.likeness import Likeness
from app.kernel.identity.records import AccountLine, PersonFile, RecordLine

ACCOUNT_STATES: dict[str, tuple[Lazy, str, str]] = {
    "active": (_l("可用"), "ok", "check-lg"),
    "locked": (_l("已锁定"), "soon", "lock"),
    "disabled": (_l("已停用"), "over", "x-octagon"),
}
LIKENESSES: dict[str, Lazy] = {
    Likeness.SAME_NAME_AND_BIRTH: _l("同音同名，出生日期和性别相同"),
    Likeness.ONE_DIGIT: _l("证件号只差一位"),
    Likeness.SWAPPED_DIGITS: _l("证件号相邻两位颠倒"),
}


def person_page(
    session: Session,
    who: Standing,
    file: PersonFile,
    *,
    errors: Sequence[ErrorLine] = (),
    refusal: str = "",
) -> PersonPage:
    """The whole page of one person as this reader may see it."""
    reader = officer_of(session, who)
    doubts = list_doubts(session, open_only=False, person_ids=file.record_ids)
    requests = list_requests(session, person_id=file.id)
    manages, doubting = may_manage_accounts(reader), may_doubt(reader)
    own = reader.person_id == file.id
    return PersonPage(
        name=file.name,
        person_id=file.id,
        number=file.records[0].masked_number,
        tags=_tags(file, doubts),
        warning=_warning(doubts),
        grants=[_grant(row, who, reader, own) for row in list_grants(session, file.id)],
        requests=[request_line(row, who) for row in requests if row.coming is not None],
        accounts=[_account(row, file, who) for row in file.accounts],
        records=[_record(row, file, who) for row in file.records] if len(file.records) > 1 else [],
        doubts=[_doubt(row, file, who) for row in doubts],
        absences=[_absence(row) for row in list_coming_absences(session, file.id, who.today)],
        sheet_url=url_for("people.sheet", person_id=file.id),
        apply_url="" if own or not _applies(reader) else url_for("grants.new", person_id=file.id),
        may_manage=manages and not own,
        may_doubt=doubting,
        own=own,
        errors=errors,
        refusal=refusal,
        printed=_("%(name)s 于 %(at)s 打印", name=signed_in().person_name, at=moment(who.now, None)),
    )


def _applies(reader: Officer) -> bool:
    return any(kind == "supervision" for _post, kind, _region in reader.held)


def _tags(file: PersonFile, doubts: Sequence[Doubt]) -> list[Tag]:
    tags = []
    if any(doubt.cleared_at is None for doubt in doubts):
        tags.append(Tag(_("身份存疑"), "over", "exclamation-triangle"))
    if len(file.records) > 1:
        tags.append(Tag(_("%(n)s 份档案合并", n=len(file.records)), "", "people"))
    if file.accounts and all(account.state != "active" for account in file.accounts):
        tags.append(Tag(_("账号全部不可用"), "soon", "lock"))
    return tags


def _warning(doubts: Sequence[Doubt]) -> str:
    if any(doubt.cleared_at is None for doubt in doubts):
        return _("身份存疑未了结：查清以前，有关的档案都不能办理业务，也不能授岗。")
    return ""


def _grant(row: GrantRow, who: Standing, reader: Officer, own: bool) -> GrantLine:
    endable = not own and (row.in_force(who.today) or row.coming(who.today))
    if endable:
        endable = holds_for(reader, Step.APPLY, row.lineage)
    recorded = local(row.recorded_at).date()
    people = (
        (_("申请"), row.requested_by),
        (_("审核"), row.reviewed_by),
        (_("批准"), row.approved_by),
        (_("分配"), row.assigned_by or _("设立时")),
    )
    return GrantLine(
        title=pick(row.title_zh, row.title_en),
        place=pick(row.region_zh, row.region_en),
        period=period(row.valid_from, row.ends_on),
        state=_grant_state(row, who),
        chain=people,
        recorded=a_day(recorded),
        late=_("起始日之后才记录") if recorded > row.valid_from else "",
        request_url=url_for("grants.request_page", request_id=row.request_id) if row.request_id else "",
        end_url=url_for("grants.end", grant_id=row.id) if endable else "",
    )


def _grant_state(row: GrantRow, who: Standing) -> Tag:
    if row.ends_on is not None and row.ends_on <= row.valid_from:
        return Tag(_("未生效即撤"), "")
    if row.in_force(who.today):
        return Tag(_("在任"), "ok", "check-lg")
    if row.coming(who.today):
        return Tag(_("将任"), "acc", "calendar3")
    return Tag(_("已撤") if row.revoked else _("期满"), "")


def request_line(row: RequestRow, who: Standing, *, mine: bool = False) -> RequestLine:
    """A request in a list."""
    applied = row.steps[0]
    state = row.state
    kind = Tag(_("结束岗位"), "soon", "x-lg") if row.wanted.ends else Tag(_("授予岗位"), "", "plus-lg")
    return RequestLine(
        url=url_for("grants.request_page", request_id=row.id),
        number=row.id,
        person=row.wanted.name,
        person_url=url_for("people.person", person_id=row.wanted.person_id),
        post=pick(row.title_zh, row.title_en),
        place=pick(row.region_zh, row.region_en),
        period=_("自%(a)s起结束", a=a_day(row.wanted.valid_from))
        if row.wanted.ends
        else period(row.wanted.valid_from, row.wanted.valid_to),
        kind=kind,
        state=Tag(str(STATE_WORDS[state]), STATE_TONES.get(state, "acc")),
        applied=_("%(name)s，%(at)s", name=applied.name, at=moment(applied.at, who.today)),
        waits_for_me=mine,
    )


def _account(row: AccountLine, file: PersonFile, who: Standing) -> AccountView:
    words, tone, mark = ACCOUNT_STATES[row.state]
    used = moment(row.used_at, who.today) if row.used_at else _("%(n)s 天内没有登录", n=DORMANT_DAYS)
    return AccountView(
        id=row.id,
        login=row.login,
        state=Tag(str(words), tone, mark),
        created=moment(row.created_at, who.today),
        used=used,
        record="" if row.record_id == file.id else _("原属档案 #%(n)s", n=row.record_id),
        active=row.state == "active",
        locked=row.state == "locked",
    )


def _record(row: RecordLine, file: PersonFile, who: Standing) -> RecordView:
    words = _("现用档案 #%(n)s", n=row.id) if row.id == file.id else _("并入的档案 #%(n)s", n=row.id)
    return RecordView(
        words=f"{words} {row.name}",
        number=row.masked_number,
        when=_("%(at)s登记", at=moment(row.created_at, who.today)),
        merged=_("%(at)s并入", at=moment(row.merged_at, who.today)) if row.merged_at else "",
        reason=row.reason,
        change_url=url_for("case.show", case_id=row.change_id) if row.change_id else "",
    )


def _doubt(row: Doubt, file: PersonFile, who: Standing) -> DoubtView:
    others = [
        Link(url_for("people.person", person_id=record), f"{name} #{record}")
        for record, name in ((row.person_id, row.name), (row.other_id, row.other_name or ""))
        if record is not None and record not in file.record_ids
    ]
    is_open = row.cleared_at is None
    states = {
        None: Tag(_("未了结"), "over", "exclamation-triangle"),
        "merged": Tag(_("已合并"), "ok", "check-lg"),
        "distinct": Tag(_("已排除：是两个人"), "ok", "check-lg"),
    }
    duplicate = max(row.person_id, row.other_id or 0)
    may = is_open and any(post.key == "rule_editor" for post in who.posts)
    return DoubtView(
        id=row.id,
        words=_("第 %(n)s 号存疑", n=row.id),
        ground=doubt_ground(row.ground),
        raised=_("%(who)s，%(at)s", who=row.raised_by or _("系统比对"), at=moment(row.raised_at, who.today)),
        state=states[row.verdict],
        others=others,
        merge_url=_change_url("person_merge", duplicate) if may and row.other_id else "",
        distinct_url=_change_url("identity_distinct", row.id) if may else "",
        change_url=url_for("case.show", case_id=row.change_id) if row.change_id else "",
        is_open=is_open,
    )


def doubt_ground(ground: str) -> str:
    """What a doubt rests on; what the comparison found is said in words."""
    if not ground.startswith(f"{BY_DATA}:"):
        return ground
    found = ground.partition(":")[2].split(",")
    return _("、").join(str(LIKENESSES.get(item, item)) for item in found)


def _change_url(kind: str, target: int) -> str:
    try:
        return url_for("changes.new", kind=kind, target=str(target))
    except BuildError:
        return ""


def _absence(row: Absence) -> str:
    return _("%(a)s至%(b)s离岗", a=a_day(row.starts_on), b=a_day(row.ends_on))
