"""How rules do: hits and false alarms by rule, version and month."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta

from flask import Blueprint, render_template, request, url_for

from app.faces.translation import Lazy, _, _l
from app.faces.web.acting import Standing, reading
from app.faces.web.language import pick
from app.faces.web.pages.designer_access import may_design, require_reader
from app.faces.web.pages.tuning_view import CountRow, TuningPage
from app.faces.web.parts import Link
from app.kernel.decisions.catalogue.versions import list_standing
from app.kernel.decisions.tuning.queries import HitCounts, HitLine, add_up, count_hits, list_months

pages = Blueprint("tuning", __name__)
PERIOD = timedelta(days=365)
LONGEST = timedelta(days=3660)
COLUMNS: dict[str, Lazy] = {
    "rule": _l("规则"),
    "hits": _l("命中"),
    "justified": _l("属实"),
    "false_alarm": _l("误报"),
    "overridden": _l("放行"),
    "explained": _l("已说明"),
    "lapsed": _l("因数据变更失效"),
    "open": _l("未处理"),
    "rate": _l("误报率"),
}
SORTS: dict[str, Callable[[tuple[str, HitCounts]], object]] = {
    "rule": lambda row: row[0],
    **{key: (lambda row, key=key: -getattr(row[1], key)) for key in COLUMNS if key not in ("rule", "rate")},  # type: ignore[misc]
    "rate": lambda row: -(row[1].false_rate if row[1].false_rate is not None else -1),
}


@pages.get("/rules/statistics")
def show() -> str:
    """All rules with hits in the period, sortable."""
    who = require_reader()
    since, until, bad = _period(who)
    sort = request.args.get("sort", "hits")
    with reading() as session:
        lines = count_hits(session, since, until)
        names = {one.rule.id: one.rule.manifest for one in list_standing(session, who.today)}
    rules = sorted({line.rule_id for line in lines})
    totals = [(rule, add_up(line for line in lines if line.rule_id == rule)) for rule in rules]
    totals.sort(key=SORTS.get(sort, SORTS["hits"]))  # type: ignore[arg-type]
    page = TuningPage(
        title=_("命中统计"),
        sub=_("辖区内案件的规则命中。误报率是误报占已有结论（属实、误报、放行）的比例。"),
        address=url_for("tuning.show"),
        since=since.isoformat(),
        until=until.isoformat(),
        heads=[
            Link(url_for("tuning.show", since=since, until=until, sort=key), str(words), key == sort)
            for key, words in COLUMNS.items()
        ],
        rows=[
            _row(
                rule,
                counts,
                url_for("tuning.one", rule_id=rule, since=since, until=until),
                pick(names[rule].name_zh, names[rule].name_en) if rule in names else "",
            )
            for rule, counts in totals
        ],
        months=[],
        ways=[],
        bad=bad,
    )
    return render_template("pages/rule_statistics.html", page=page)


@pages.get("/rules/<rule_id>/statistics")
def one(rule_id: str) -> str:
    """One rule: by version, and by month."""
    who = require_reader()
    since, until, bad = _period(who)
    with reading() as session:
        lines = count_hits(session, since, until, rule_id)
        named = next(
            (one.rule.manifest for one in list_standing(session, who.today) if one.rule.id == rule_id), None
        )
    title = f"{rule_id} {pick(named.name_zh, named.name_en)}" if named else rule_id
    page = TuningPage(
        title=title,
        sub=_("辖区内案件的命中，按版本和月份。"),
        address=url_for("tuning.one", rule_id=rule_id),
        since=since.isoformat(),
        until=until.isoformat(),
        heads=[Link("", str(words)) for key, words in COLUMNS.items() if key != "rule"],
        rows=_versions(lines),
        months=_months(lines, since, until),
        ways=[Link(url_for("workbench.new", rule=rule_id), _("起草新版本"))] if may_design(who) else [],
        crumb=Link(url_for("tuning.show", since=since, until=until), _("命中统计")),
        bad=bad,
    )
    return render_template("pages/rule_statistics.html", page=page)


def _versions(lines: Sequence[HitLine]) -> list[CountRow]:
    numbers = sorted({line.version for line in lines}, reverse=True)
    return [
        _row(_("第 %(n)s 版", n=number), add_up(line for line in lines if line.version == number))
        for number in numbers
    ]


def _months(lines: Sequence[HitLine], since: date, until: date) -> list[CountRow]:
    found = [
        (month, add_up(line for line in lines if line.month == month)) for month in list_months(since, until)
    ]
    return [_row(f"{month:%Y-%m}", counts) for month, counts in reversed(found) if counts.hits]


def _row(name: str, counts: HitCounts, url: str = "", sub: str = "") -> CountRow:
    rate = counts.false_rate
    return CountRow(
        name=name,
        url=url,
        sub=sub,
        hits=counts.hits,
        justified=counts.justified,
        false_alarm=counts.false_alarm,
        overridden=counts.overridden,
        explained=counts.explained,
        lapsed=counts.lapsed,
        open=counts.open,
        rate=_("%(p)s%%（%(a)s/%(b)s）", p=round(100 * rate), a=counts.false_alarm, b=counts.judged)
        if rate is not None
        else "—",
        share=round(100 * rate) if rate is not None else None,
    )


def _period(who: Standing) -> tuple[date, date, str]:
    """The period asked for, else the last year; why it isn't what was asked."""
    try:
        since = date.fromisoformat(request.args.get("since", (who.today - PERIOD).isoformat()))
        until = date.fromisoformat(request.args.get("until", who.today.isoformat()))
    except ValueError:
        return who.today - PERIOD, who.today, _("请填日期，例如 2026-08-27")
    if until < since or until - since > LONGEST:
        return who.today - PERIOD, who.today, _("止日不早于起日，最长十年；下面是最近一年的。")
    return since, until, ""
