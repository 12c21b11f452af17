"""Periods, causes and stand-ins in the reader's language."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta

from flask import url_for

from app.faces.refusal_texts import text_of_code
from app.faces.translation import Lazy, _, _l
from app.faces.web.acting import Standing
from app.faces.web.language import pick
from app.faces.web.pages.absences_view import StandInRow
from app.faces.web.parts import Link
from app.faces.web.viewer import may_supervise
from app.faces.web.words import day
from app.kernel.absences.eligibility import Substitutable
from app.kernel.absences.queries import StandIn

CAUSE_WORDS: dict[str, Lazy] = {
    "leave": _l("休假"),
    "sick": _l("病假"),
    "training": _l("培训"),
    "mission": _l("出差"),
    "other": _l("其他"),
}


def tabs(who: Standing, here: str) -> list[Link]:
    """The three pages; what may be entered and decided there depends on the reader."""
    ways = (
        ("absences.mine", _("我的休假与代办")),
        ("absences.calendar", _("休假日历")),
        ("absences.stand_ins", _("代办与审批") if may_supervise(who) else _("代办")),
    )
    return [Link(url_for(endpoint), words, endpoint == here) for endpoint, words in ways]


def period(first: date, last: date, today: date) -> str:
    """`11月24日至27日`-like; one day alone is named once."""
    if first == last:
        return day(first, today)
    return _("%(first)s至%(last)s", first=day(first, today), last=day(last, today))


def stand_in_period(item: StandIn, today: date) -> str:
    """First and last day on which the post may be filled."""
    until = min(item.valid_to, item.ended_on or item.valid_to)
    return period(item.valid_from, until - timedelta(days=1), today)


def who_for_whom(item: StandIn) -> str:
    """`李文静 代 周立群`."""
    return _("%(substitute)s 代 %(principal)s", substitute=item.substitute, principal=item.principal)


def post_words(item: StandIn) -> str:
    return _(
        "%(place)s %(post)s",
        place=pick(item.region_zh, item.region_en),
        post=pick(item.post_zh, item.post_en),
    )


def running_row(item: StandIn, who: Standing, supervised: Collection[str]) -> StandInRow:
    """A substitution in force or to come; principal, substitute and supervisors may end it."""
    now = item.in_force(who.today)
    may_end = who.person_id in (item.principal_id, item.substitute_id) or item.region_code in supervised
    return StandInRow(
        key=str(item.id),
        who=who_for_whom(item),
        post=post_words(item),
        period=stand_in_period(item, who.today),
        reason=item.reason,
        state=_("生效中") if now else _("未开始"),
        tone="ok" if now else "hold",
        note=_("%(name)s批准", name=item.approver),
        end_url=url_for("absences.end", substitution_id=item.id) if may_end else "",
        queue_url=url_for("queue.show", tab="can_take")
        if now and item.substitute_id == who.person_id
        else "",
    )


def request_row(item: StandIn, who: Standing, supervised: Collection[str]) -> StandInRow:
    """A request that waits: whoever is not involved and supervises decides, whoever asked may take it back."""
    involved = who.person_id in (item.principal_id, item.substitute_id, item.requested_by)
    decides = item.region_code in supervised and not involved
    supervising = item.region_code in supervised
    return StandInRow(
        key=str(item.id),
        who=who_for_whom(item),
        post=post_words(item),
        period=stand_in_period(item, who.today),
        reason=item.reason,
        state=_("待批准"),
        tone="soon",
        note=_("%(name)s提请", name=item.requester)
        + (_("。须由另一位主管批准") if supervising and involved else ""),
        approve_url=url_for("absences.approve", request_id=item.id) if decides else "",
        refuse_url=url_for("absences.refuse", request_id=item.id) if decides else "",
        withdraw_url=(
            url_for("absences.withdraw", request_id=item.id)
            if who.person_id in (item.principal_id, item.requested_by)
            else ""
        ),
    )


def why_not(item: Substitutable) -> str:
    """Why somebody can't stand in, with the evidence."""
    params: dict[str, object] = {"name": item.name}
    if item.exclusion is not None:
        params |= {
            "held_post_zh": item.exclusion.post_zh,
            "held_post_en": item.exclusion.post_en,
            "rule_zh": item.exclusion.title_zh,
            "rule_en": item.exclusion.title_en,
        }
    if item.away is not None:
        params |= {"starts": item.away.starts_on.isoformat(), "ends": item.away.ends_on.isoformat()}
    return text_of_code(item.refusal, params)
