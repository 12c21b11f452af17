"""From the staffing report to words: ratings, bottlenecks, open cases at risk."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from flask import url_for
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from app.faces.staffing_words import (
    LEVEL_MARKS,
    bottleneck_words,
    duties_listed,
    gain_words,
    level_words,
    listed,
    open_words,
)
from app.faces.translation import _
from app.faces.web.acting import Standing
from app.faces.web.language import code as language
from app.faces.web.language import pick
from app.faces.web.office_people import list_staff
from app.faces.web.pages.absence_words import period
from app.faces.web.pages.absences_build import supervised_regions
from app.faces.web.pages.staffing_view import Chip, Staffing, StaffingCase, StaffingPage, StaffingRow
from app.faces.web.parts import Choice, Link
from app.faces.web.signin import kernel
from app.faces.web.words import long_day
from app.kernel.absences.queries import list_offices, list_post_titles
from app.kernel.recusal.queries import list_barred
from app.kernel.worklist.resilience import (
    Absences,
    CaseAtRisk,
    OfficeStaffing,
    StaffingReport,
    list_staffing,
)

CASES_SHOWN = 20
ALL = "all"
AHEAD = timedelta(days=7)
LONGEST = 366


@dataclass(frozen=True)
class WhatIf:
    """What the address asks for; `office` empty: the reader's own, ALL: every one."""

    office: str = ""
    without: frozenset[int] = frozenset()
    first: date | None = None
    last: date | None = None

    @classmethod
    def of(cls, args: MultiDict[str, str]) -> WhatIf:
        """Values that make no sense count as not given."""
        first, last = _day(args.get("from", "")), _day(args.get("to", ""))
        whole = first is not None and last is not None and timedelta() <= last - first <= timedelta(LONGEST)
        people = frozenset(
            int(one) for one in args.getlist("without") if one.isascii() and one.isdigit() and len(one) < 18
        )
        return cls(args.get("office", ""), people, first if whole else None, last if whole else None)

    @property
    def asked(self) -> bool:
        return bool(self.without) or self.first is not None

    def absences(self) -> Absences | None:
        return Absences(self.without, self.first, self.last) if self.asked else None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def staffing_page(session: Session, who: Standing, wanted: WhatIf, *, misread: bool = False) -> StaffingPage:
    """Offices the reader supervises; the what-if form lists the people of the chosen one."""
    supervised = supervised_regions(session, who)
    offices = {
        key: names
        for key, names in list_offices(session, who.actor.regions, who.today).items()
        if key in supervised
    }
    chosen = _chosen(who, offices, wanted.office)
    regions = sorted(offices) if chosen == ALL else [chosen]
    people = list_staff(session, regions, who.today)
    known = {one.person_id: one.name for one in people}
    wanted = WhatIf(chosen, wanted.without & known.keys(), wanted.first, wanted.last)
    names = [known[one] for one in sorted(wanted.without)]
    shown = staffing_of(
        session, who, regions, wanted.absences(), offices, then=_then(wanted, names, who.today)
    )
    return StaffingPage(
        remark=_("%(day)s，按现在的岗位、回避和办理经过测算", day=long_day(who.today)),
        offices=[Choice(key, pick(*names_of), key == chosen) for key, names_of in offices.items()]
        + ([Choice(ALL, _("全部机构"), chosen == ALL)] if len(offices) > 1 else []),
        people=[Choice(str(key), name, key in wanted.without) for key, name in known.items()],
        first=wanted.first.isoformat() if wanted.first else "",
        last=wanted.last.isoformat() if wanted.last else "",
        asked=wanted.asked,
        staffing=shown,
        cleared=Link(url_for("staffing.show", office=chosen), _("不假设")),
        printed=long_day(who.today),
        refusal=_("起止日期不对：止日不早于起日，最长 %(n)s 天。", n=LONGEST) if misread else "",
    )


def _chosen(who: Standing, offices: Mapping[str, tuple[str, str]], asked: str) -> str:
    if asked in offices or (asked == ALL and len(offices) > 1):
        return asked
    own = [
        post.region_code for post in who.posts if post.kind == "supervision" and post.region_code in offices
    ]
    return next(iter([*own, *offices]), "")


def _then(wanted: WhatIf, names: Sequence[str], today: date) -> str:
    parts = []
    if wanted.first is not None and wanted.last is not None:
        parts.append(period(wanted.first, wanted.last, today))
    if names:
        parts.append(_("没有%(names)s", names=listed(names)))
    return _("，").join(parts)


def staffing_of(
    session: Session,
    who: Standing,
    regions: Collection[str],
    absences: Absences | None,
    offices: Mapping[str, tuple[str, str]],
    *,
    then: str,
    open_cases: bool = True,
    gains: bool = True,
) -> Staffing:
    """Ratings of these offices for this reader: cases he is barred from are counted, never named."""
    routes = kernel().ports.routes
    if routes is None or not regions:
        return Staffing([])
    report = list_staffing(
        session, routes, regions, who.now, who.today, absences, open_cases=open_cases, gains=gains
    )
    titles = list_post_titles(session)
    named = [case.case_id for one in report.offices for case in (*one.now.stuck, *one.at_risk)]
    barred = list_barred(session, who.person_id, named)
    rows = [_row(one, report, offices, titles, barred) for one in report.offices]
    away = sorted(report.names[one] for one in report.absent_now if one in report.names)
    remark = _("今天不在岗：%(names)s", names=listed(away)) if away else _("今天都在岗")
    return Staffing(rows, then, remark)


def _row(
    office: OfficeStaffing,
    report: StaffingReport,
    offices: Mapping[str, tuple[str, str]],
    titles: Mapping[str, tuple[str, str]],
    barred: Collection[int],
) -> StaffingRow:
    tight = (office.later or office.now).overall
    stuck, at_risk = _cases(office.now.stuck, barred), _cases(office.at_risk, barred)
    return StaffingRow(
        office=pick(*offices[office.region_code]) if office.region_code in offices else office.region_code,
        procedure=pick(office.title_zh, office.title_en),
        now=chip(office.now.overall.level),
        then=chip(office.later.overall.level) if office.later else None,
        open_words=open_words(office.now, office.open_cases),
        bottleneck=bottleneck_words(tight, report.names),
        gains=gain_words(office, titles, 1 if language() == "en" else 0),
        at_risk=at_risk[:CASES_SHOWN],
        more_at_risk=max(0, len(office.at_risk) - CASES_SHOWN),
        stuck=stuck[:CASES_SHOWN],
        more_stuck=max(0, len(office.now.stuck) - CASES_SHOWN),
        url=url_for("staffing.show", office=office.region_code),
    )


def _cases(cases: Sequence[CaseAtRisk], barred: Collection[int]) -> list[StaffingCase]:
    return [
        StaffingCase(url_for("case.show", case_id=case.case_id), case.case_no, duties_listed(case.duties))
        for case in cases
        if case.case_id not in barred
    ]


def chip(level: int | None) -> Chip:
    """The rating's chip: sign and word, the colour only after them."""
    return Chip(LEVEL_MARKS[level], level_words(level), "r" if level is None else f"r{level}")


def board_staffing(
    session: Session, who: Standing, offices: Mapping[str, tuple[str, str]], office: str
) -> Staffing:
    """The board's table: one office with its open cases, or every office over a new case only; the days ahead."""
    supervised = supervised_regions(session, who)
    regions = [key for key in offices if key in supervised and office in ("", key)]
    last = who.today + AHEAD
    return staffing_of(
        session,
        who,
        regions,
        Absences(first=who.today, last=last),
        offices,
        then=period(who.today, last, who.today),
        open_cases=bool(office) or len(regions) == 1,
        gains=False,
    )


def absence_staffing(
    session: Session, who: Standing, person: int, regions: Collection[str], known: tuple[date, date]
) -> Staffing:
    """What one person's absence makes of the offices of his posts."""
    offices = list_offices(session, regions, who.today)
    absences = Absences(frozenset({person}), *known)
    then = period(*known, who.today)
    return staffing_of(session, who, sorted(offices), absences, offices, then=then)
