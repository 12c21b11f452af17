"""The list of parameters and one parameter, as printed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import groupby
from typing import Literal
from urllib.parse import urlencode

from flask import url_for
from sqlalchemy.orm import Session

from app.faces.translation import Lazy, _, _l
from app.faces.web.acting import Standing
from app.faces.web.language import pick
from app.faces.web.pages.changes_access import may_propose, may_read
from app.faces.web.pages.parameters_view import (
    EditionView,
    Mark,
    ParameterPage,
    ParameterRowView,
    ParametersPage,
    TopicView,
    ValueRow,
)
from app.faces.web.parts import Choice, Link
from app.faces.web.words import moment
from app.kernel.decisions.parameters.definitions import UNITS, Definition, Row
from app.kernel.decisions.parameters.installing import target_of
from app.kernel.decisions.parameters.lookup import get_definition
from app.kernel.decisions.parameters.queries import EditionLine, Overview, list_editions, list_overview
from app.kernel.identity.regions import list_region_names, list_regions
from app.kernel.local_time import period_words

TAGS: Mapping[str, tuple[Lazy, str]] = {
    "V": (_l("已见原文"), "ok"),
    "E": (_l("已见摘录"), "ok"),
    "K": (_l("未核实"), "soon"),
    "D": (_l("本系统选定"), "soon"),
    "TEST": (_l("测试值"), "over"),
}
FLAGS: Mapping[str, Lazy] = {
    "": _l("全部"),
    "missing": _l("缺值"),
    "provisional": _l("暂用上期"),
    "unverified": _l("未核实"),
    "test": _l("测试值"),
}
SHOWN_VALUES = 4
APPROVALS: Mapping[str, Lazy] = {
    "founding": _l("设立时在见证人面前装入"),
    "demonstration": _l("演示用虚构值"),
    "change": _l("受控变更"),
}


def tag_mark(tag: str) -> Mark:
    """How far a value can be relied on."""
    words, tone = TAGS[tag]
    return Mark(f"{tag} {words}", tone)


def region_choices(session: Session, chosen: str | None) -> list[Choice]:
    """The country and every region, indented by level."""
    choices = [Choice("", _("全国"), chosen is None)]
    for one in list_regions(session):
        depth = one.path.count("/")
        choices.append(
            Choice(one.code, f"{'　' * depth}{pick(one.name_zh, one.name_en)}", one.code == chosen)
        )
    return choices


def chosen_region(session: Session, who: Standing, args: Mapping[str, str]) -> str | None:
    """The region asked for; by default the officer's own, for an unknown code the country."""
    known = {one.code for one in list_regions(session)}
    if "region" in args:
        return args["region"] if args["region"] in known else None
    return next((post.region_code for post in who.posts if post.region_code in known), None)


def chosen_day(who: Standing, text: str) -> date:
    """The day asked for, else today."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return who.today


def parameters_page(session: Session, who: Standing, args: Mapping[str, str]) -> ParametersPage:
    """The list for a region and a day, searched and filtered as the address says."""
    region, day = chosen_region(session, who, args), chosen_day(who, args.get("on", ""))
    flag = args.get("flag", "") if args.get("flag", "") in FLAGS else ""
    query = args.get("q", "").strip()[:60]
    found = [one for one in list_overview(session, region, day) if _matches(one, query)]
    kept = {"q": query, "on": day.isoformat(), "region": region or ""}
    names = list_region_names(session, {v.region for one in found for v in one.values if v.region})
    shown = [one for one in found if _flagged(one, flag)]
    return ParametersPage(
        query=query,
        day=day.isoformat(),
        regions=region_choices(session, region),
        tabs=[_tab(name, flag, kept, found) for name in FLAGS],
        flag=flag,
        topics=[
            TopicView(title, [_line(one, names) for one in group])
            for title, group in groupby(shown, key=lambda one: _topic(one.definition))
        ],
        propose_url=url_for("changes.new", kind="parameter") if may_propose(who) else "",
    )


def _topic(one: Definition) -> str:
    return pick(one.topic_zh, one.topic_en)


def _matches(one: Overview, query: str) -> bool:
    texts = [one.definition.key, one.definition.title_zh, one.definition.title_en]
    texts += [value.source for value in one.values]
    return all(any(word in text.lower() for text in texts) for word in query.lower().split())


def _flagged(one: Overview, flag: str) -> bool:
    if flag == "test":
        return "TEST" in one.tags
    if flag == "missing":
        return one.missing
    if flag == "provisional":
        return one.provisional
    return one.unverified if flag == "unverified" else True


def _tab(name: str, flag: str, kept: Mapping[str, str], found: Sequence[Overview]) -> Link:
    address = f"{url_for('parameters.show')}?{urlencode({**kept, 'flag': name})}"
    return Link(address, str(FLAGS[name]), name == flag, sum(_flagged(one, name) for one in found))


def _line(one: Overview, names: Mapping[str, tuple[str, str]]) -> ParameterRowView:
    values = [_value_text(one.definition, value.slot, value.words_zh, value.words_en) for value in one.values]
    if len(values) > SHOWN_VALUES:
        values = [*values[:SHOWN_VALUES], _("……共 %(n)s 档", n=len(values))]
    places = {_place(value.region, names) for value in one.values}
    periods = {_period(value.valid_from, value.valid_to) for value in one.values}
    sources = list(dict.fromkeys(value.source for value in one.values))
    return ParameterRowView(
        url_for("parameters.one", key=one.definition.key),
        pick(one.definition.title_zh, one.definition.title_en),
        one.definition.key,
        values or [_("没有有效值")],
        _("、").join(sorted(places)),
        _("；").join(sorted(periods)),
        _("；").join(sources[:2]) + (_("等文件") if len(sources) > 2 else ""),
        _marks(one),
    )


def _marks(one: Overview) -> list[Mark]:
    if not one.values:
        return [Mark(_("缺值，不能计算"), "over") if one.missing else Mark(_("没有这项规定"), "")]
    marks = [tag_mark(tag) for tag in one.tags]
    return [*marks, Mark(_("暂用上期"), "soon")] if one.provisional else marks


def _value_text(definition: Definition, slot: str, zh: str, en: str) -> str:
    slot_words = pick(*definition.slot_words(slot))
    value = pick(zh, en)
    return f"{slot_words} {value}" if slot_words else value


def _place(region: str | None, names: Mapping[str, tuple[str, str]]) -> str:
    return pick(*names.get(region, (region, region))) if region else _("全国")


def _period(since: date, until: date | None) -> str:
    return pick(*period_words(since, until))


def parameter_page(session: Session, who: Standing, key: str) -> ParameterPage:
    """One parameter with all its editions. Raise ParameterUnknown."""
    definition = get_definition(session, key)
    editions = list_editions(session, key)
    names = list_region_names(session, {one.region for one in editions if one.region})
    newest: dict[str | None, int] = {}
    for one in editions:
        newest.setdefault(one.region, one.id)
    return ParameterPage(
        title=pick(definition.title_zh, definition.title_en),
        key=definition.key,
        facts=_facts(definition),
        note=pick(definition.note_zh, definition.note_en),
        editions=[
            _edition(definition, one, names, standing=newest[one.region] == one.id, may_open=may_read(who))
            for one in editions
        ],
        proposals=_proposals(session, definition, newest) if may_propose(who) else [],
    )


def _facts(definition: Definition) -> list[tuple[str, str]]:
    facts = [(_("代号"), definition.key), (_("分类"), _topic(definition))]
    unit = pick(*UNITS[definition.unit])
    if unit:
        facts.append((_("计量单位"), unit))
    for one in definition.dimensions:
        facts.append((_("分档"), pick(one.title_zh, one.title_en)))
    if definition.options:
        facts.append((_("可选"), _("；").join(pick(zh, en) for _value, zh, en in definition.options)))
    if definition.carries_over:
        facts.append((_("没有公布时"), _("暂用上一期的值（%(ground)s）", ground=definition.carry_ground)))
    return facts


def _edition(
    definition: Definition,
    one: EditionLine,
    names: Mapping[str, tuple[str, str]],
    *,
    standing: bool,
    may_open: bool,
) -> EditionView:
    rows = sorted(one.rows, key=lambda row: (definition.place_of(row.slot), row.valid_from))
    rests_on = one.case_no or str(APPROVALS.get(one.approved, one.approved))
    return EditionView(
        title=_("%(place)s　第 %(n)s 版", place=_place(one.region, names), n=one.edition),
        since=moment(one.active_from),
        rests_on=rests_on,
        url=url_for("changes.one", case_id=one.case_id) if one.case_id is not None and may_open else "",
        reason=one.reason,
        rows=[_value_row(definition, row) for row in rows],
        standing=standing,
    )


def _value_row(definition: Definition, row: Row) -> ValueRow:
    return ValueRow(
        pick(*definition.slot_words(row.slot)),
        pick(*definition.value_words(row.value)),
        _period(row.valid_from, row.valid_to),
        row.source,
        [tag_mark(row.tag)],
    )


def _proposals(session: Session, definition: Definition, known: Mapping[str | None, int]) -> list[Link]:
    """A change begins from what stands in a region; what only the region decides begins there."""
    root = next(one.code for one in list_regions(session) if one.parent_code is None)
    places: list[str | None] = list(known) or [root if definition.regional else None]
    names = list_region_names(session, [one for one in places if one])
    return [
        Link(
            url_for("changes.new", kind="parameter", target=target_of(definition.key, place)),
            _("提出变更：%(kind)s", kind=_place(place, names)),
        )
        for place in places
    ]


def language() -> Literal["zh", "en"]:
    """The reader's, as derivations name it."""
    return "en" if pick("zh", "en") == "en" else "zh"
