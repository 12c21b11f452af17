"""The page of the violation watch, from what the kernel answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from flask import url_for
from sqlalchemy.orm import Session

from app.faces.translation import _
from app.faces.web.acting import Standing
from app.faces.web.language import pick
from app.faces.web.pages.case_chain import CAUSES, EDITOR
from app.faces.web.pages.watch_rows import attempt_row, finding_rows, reason_words
from app.faces.web.pages.watch_view import BarRow, OpenRow, RunRow, WatchPage
from app.faces.web.parts import Link
from app.faces.web.watch_access import sees_cases
from app.faces.web.words import moment
from app.kernel.local_time import LOCAL_ZONE, period_words
from app.kernel.violations.near_misses import By, Period, Tally, count_misses, list_misses
from app.kernel.violations.queries import Violation, list_violations, rule_titles
from app.kernel.violations.watch.run import PastRun, list_runs

DAYS = (7, 30, 90)
SHOWN, RUNS, VIOLATIONS, LATE = 30, 6, 20, 1
LONGEST = 366


@dataclass(frozen=True)
class Wanted:
    """What the address asks for: days from `since` to `until` (both counted), a count, one key of it, a page."""

    since: date
    until: date
    by: By = By.RULE
    only: str = ""
    page: int = 1

    @classmethod
    def of(cls, args: Mapping[str, str], today: date) -> Wanted:
        """Anything odd falls back to the last 30 days by rule."""
        until = _date(args.get("until", ""), today)
        since = _date(args.get("since", ""), until - timedelta(days=29))
        since = max(min(since, until), until - timedelta(days=LONGEST))
        by = By(args["by"]) if args.get("by") in list(By) else By.RULE
        number = args.get("page", "")
        page = int(number) if number.isascii() and number.isdigit() and 0 < len(number) < 5 else 1
        return cls(since, until, by, args.get("only", "")[:80], max(page, 1))

    @property
    def period(self) -> Period:
        """As instants: whole days in Asia/Shanghai."""
        return Period(
            datetime.combine(self.since, time.min, LOCAL_ZONE),
            datetime.combine(self.until + timedelta(days=1), time.min, LOCAL_ZONE),
        )

    def url(self, **changes: Any) -> str:
        """The address with some of it changed; another count or key begins at its first page."""
        values = {
            "since": self.since.isoformat(),
            "until": self.until.isoformat(),
            "by": self.by.value,
            "only": self.only,
            "page": "1",
            **changes,
        }
        given: dict[str, Any] = {key: value for key, value in values.items() if value != ""}
        return url_for("watch.show", **given)


def _date(typed: str, fallback: date) -> date:
    try:
        return date.fromisoformat(typed)
    except ValueError:
        return fallback


def watch_page(session: Session, who: Standing, wanted: Wanted) -> WatchPage:
    """Everything the template prints."""
    runs = list_runs(session, RUNS)
    shows_cases = sees_cases(who)
    titles = rule_titles(session)
    waiting = list_violations(session, open_only=True, limit=VIOLATIONS + 1)
    # Those of cases outside the reader's regions are others' to see; posts held together are no region's matter.
    violations = [one for one in waiting if one.cases or one.scope == "post"]
    only = {wanted.by: wanted.only} if wanted.only else {}
    attempts = list_misses(
        session,
        wanted.period,
        who.actor.regions,
        only=only,
        offset=(wanted.page - 1) * SHOWN,
        limit=SHOWN + 1,
    )
    tallies = count_misses(session, wanted.period, wanted.by, who.actor.regions)
    found = latest_findings(runs)
    state, tone = _state(runs, found, who)
    return WatchPage(
        remark=_("只从办理记录重算，不看数据库的约束表"),
        tone=tone,
        state=state,
        runs=[_run(one, who) for one in runs],
        findings=finding_rows(session, found, titles, shows_cases),
        violations=[_open(one, who, shows_cases) for one in violations[:VIOLATIONS]],
        more_violations=_("只列最近 %(n)s 项", n=VIOLATIONS) if len(waiting) > VIOLATIONS else "",
        periods=[_days(wanted, days, who.today) for days in DAYS],
        period=pick(*period_words(wanted.since, wanted.until)),
        since=wanted.since.isoformat(),
        until=wanted.until.isoformat(),
        tabs=[
            Link(wanted.url(by=by.value, only=""), words, by is wanted.by)
            for by, words in ((By.RULE, _("按规则")), (By.PERSON, _("按人员")), (By.OFFICE, _("按机构")))
        ],
        bars=_bars(tallies, wanted, titles),
        attempts=[attempt_row(one, who, titles, shows_cases) for one in attempts[:SHOWN]],
        only=_label(tallies, wanted, titles) if wanted.only else "",
        only_off=wanted.url(only="") if wanted.only else "",
        earlier=wanted.url(page=wanted.page - 1) if wanted.page > 1 else "",
        later=wanted.url(page=wanted.page + 1) if len(attempts) > SHOWN else "",
        hidden="" if shows_cases else _("审计管理员不看业务数据：案号不显示。"),
        by=wanted.by.value,
    )


def latest_findings(runs: Sequence[PastRun]) -> list[Mapping[str, Any]]:
    """What the last full run and those after it found, each once."""
    found: dict[str, Mapping[str, Any]] = {}
    for one in runs:
        for finding in one.findings:
            found.setdefault(finding["fingerprint"], finding)
        if one.full:
            break
    return list(found.values())


def _state(runs: Sequence[PastRun], found: Sequence[Mapping[str, Any]], who: Standing) -> tuple[str, str]:
    if not runs:
        return _("还没有运行过。后台进程每 15 分钟运行一次，也可用命令 sanshen duties watch。"), "soon"
    broken = sum(not one["revealed"] for one in found)
    if broken:
        return _("发现 %(n)s 项未记录的职责冲突，请立即核查", n=broken), "over"
    hours = (who.now - runs[0].at) // timedelta(hours=1)
    if hours >= LATE:
        return _("已有 %(n)s 小时没有运行，请检查后台进程", n=hours), "soon"
    return _("没有未记录的职责冲突"), "ok"


def _run(one: PastRun, who: Standing) -> RunRow:
    if one.violations:
        result, tone = _("%(n)s 项冲突", n=one.violations), "over"
    elif one.revealed:
        result, tone = _("合并后看出 %(n)s 项", n=one.revealed), "soon"
    else:
        result, tone = _("无"), "ok"
    return RunRow(
        when=moment(one.at, who.today),
        scope=_("全部重算") if one.full else _("增量"),
        counted=_(
            "%(acts)s 次办理，%(decisions)s 项决定，%(seconds)s 秒",
            acts=one.acts,
            decisions=one.decisions,
            seconds=f"{one.seconds:.1f}",
        ),
        result=result,
        tone=tone,
    )


def _open(one: Violation, who: Standing, shows_cases: bool) -> OpenRow:
    edits = any(post.key == EDITOR for post in who.posts)
    target = str(one.violation_id)
    return OpenRow(
        number=one.violation_id,
        words=_("%(person)s：%(title)s", person=one.person, title=pick(one.title_zh, one.title_en)),
        cause=str(CAUSES.get(one.cause, one.cause)),
        when=moment(one.at, who.today),
        cases=[Link(url_for("case.show", case_id=case.case_id), case.case_no) for case in one.cases]
        if shows_cases
        else (),
        ruling=Link(url_for("changes.new", kind="violation_ruling", target=target), _("提出裁定"))
        if edits
        else None,
    )


def _days(wanted: Wanted, days: int, today: date) -> Link:
    since = today - timedelta(days=days - 1)
    here = (wanted.since, wanted.until) == (since, today)
    url = wanted.url(since=since.isoformat(), until=today.isoformat())
    return Link(url, _("近 %(n)s 天", n=days), here)


def _bars(tallies: Sequence[Tally], wanted: Wanted, titles: Mapping[str, tuple[str, str]]) -> list[BarRow]:
    longest = max((one.total for one in tallies), default=1)
    rows = []
    for one in tallies:
        at, bars = 0.0, []
        for count, tone in ((one.denied, "over-c"), (one.fenced, "ink-c"), (one.warned, "soon-c")):
            width = round(100 * count / longest, 2)
            if count:
                bars.append((at, width, tone))
            at += width
        rows.append(
            BarRow(
                words=_words(one, wanted.by, titles),
                code=one.key if wanted.by is By.RULE else "",
                url=wanted.url(only=one.key),
                denied=one.denied,
                warned=one.warned,
                fenced=one.fenced,
                total=one.total,
                bars=bars,
                spoken=_(
                    "拒绝 %(d)s，数据库拦下 %(f)s，提醒后仍办 %(w)s", d=one.denied, f=one.fenced, w=one.warned
                ),
                here=one.key == wanted.only,
            )
        )
    return rows


def _words(one: Tally, by: By, titles: Mapping[str, tuple[str, str]]) -> str:
    if by is not By.RULE:
        return pick(one.label_zh, one.label_en) or one.key
    return pick(*titles[one.key]) if one.key in titles else reason_words(one.key)


def _label(tallies: Sequence[Tally], wanted: Wanted, titles: Mapping[str, tuple[str, str]]) -> str:
    known = next((one for one in tallies if one.key == wanted.only), None)
    return _words(known, wanted.by, titles) if known else wanted.only
