"""The list of rules, one rule, and what statistical rules found, as printed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from flask import url_for
from sqlalchemy.orm import Session

from app.faces.translation import Lazy, _, _l
from app.faces.web.acting import Standing
from app.faces.web.language import pick
from app.faces.web.pages.case_dossier import hit_handling
from app.faces.web.pages.changes_access import may_propose, may_read
from app.faces.web.pages.designer_access import may_read_designs
from app.faces.web.pages.rules_view import (
    CaseRow,
    ContractRow,
    Mark,
    PastHit,
    RuleLine,
    RulePage,
    RulesPage,
    SourceRow,
    VersionRow,
)
from app.faces.web.pages.workbench_words import compare_url
from app.faces.web.parts import Choice, Link
from app.faces.web.signin import kernel
from app.faces.web.words import day, moment
from app.kernel.decisions.catalogue import CaseResult, Rule, run_cases
from app.kernel.decisions.catalogue import vocabulary as words
from app.kernel.decisions.catalogue.binding import Supply
from app.kernel.decisions.catalogue.describing import decisions_of, properties_of
from app.kernel.decisions.catalogue.facts import to_kept
from app.kernel.decisions.catalogue.manifest import FactContract
from app.kernel.decisions.catalogue.queries import (
    Bearing,
    VersionLine,
    case_numbers,
    count_hits,
    find_bearing,
    list_rule_hits,
    list_versions,
)
from app.kernel.decisions.catalogue.reports import list_reckoned
from app.kernel.decisions.catalogue.rule import filled, said
from app.kernel.decisions.catalogue.versions import find_version, list_standing
from app.kernel.decisions.catalogue.vocabulary import EVERYWHERE, Words
from app.kernel.engine.catalogue import list_in_force

STATES: Final[Mapping[str, tuple[Lazy, str]]] = {
    "bound": (_l("已绑定"), "ok"),
    "report": (_l("定期统计"), "acc"),
    "elsewhere": (_l("由其他部件执行"), "ok"),
    "unbound": (_l("未绑定"), "soon"),
}
RECKONED: Final[Mapping[str, Lazy]] = {"report": _l("统计得出"), "elsewhere": _l("由其他部件算出")}
TONES: Final = {"low": "", "medium": "soon", "high": "soon", "critical": "over"}
ACTION_TONES: Final = {"block": "over", "warn": "soon", "route": "acc", "audit": "acc", "alert": "over"}
RESULTS: Final[Mapping[str, Lazy]] = {
    "hit": _l("命中"),
    "no_hit": _l("不命中"),
    "missing": _l("缺事实，不作判断"),
}
HITS_SHOWN: Final = 20


def supplies_of(session: Session) -> list[tuple[str, Supply]]:
    """What the processes in force tell rules, by their titles."""
    return [
        (pick(one.title_zh, one.title_en), one.supply)
        for one in list_in_force(session)
        if one.supply is not None
    ]


def rules_page(session: Session, who: Standing, args: Mapping[str, str]) -> RulesPage:
    """The rules that stand today, filtered."""
    supplies, hits = supplies_of(session), count_hits(session)
    reckoned = list_reckoned(kernel().ports)
    known = [
        (one.rule, find_bearing(one.rule, supplies, reckoned)) for one in list_standing(session, who.today)
    ]
    query, state = args.get("q", "").strip()[:60], args.get("state", "")
    chosen = {name: args.get(name, "") for name in ("kind", "severity", "action")}
    matching = [(rule, bearing) for rule, bearing in known if _matches(rule, query, chosen)]
    rows = [
        _line(rule, bearing, hits.get(rule.id, 0))
        for rule, bearing in matching
        if state not in STATES or bearing.state == state
    ]
    return RulesPage(
        query=query,
        state=state,
        tabs=_tabs(matching, state, {"q": query, **chosen}),
        kinds=_choices(words.KINDS, chosen["kind"], _("全部类别")),
        severities=_choices(words.SEVERITIES, chosen["severity"], _("全部严重程度")),
        actions=_choices(words.ACTIONS, chosen["action"], _("全部处置")),
        rows=rows,
        filtered=bool(query or state or any(chosen.values())),
        reports_url=url_for("rules.reports"),
        propose_url=url_for("workbench.new") if may_propose(who) else "",
        drafts_url=url_for("workbench.show") if may_read_designs(who) else "",
    )


def _matches(rule: Rule, query: str, chosen: Mapping[str, str]) -> bool:
    one = rule.manifest
    text = " ".join((one.id, one.name_zh, one.name_en, one.ground_zh, one.ground_en, one.message_zh)).lower()
    wanted = (("kind", one.kind), ("severity", one.severity), ("action", one.action))
    return query.lower() in text and all(chosen[name] in ("", value) for name, value in wanted)


def _tabs(matching: Sequence[tuple[Rule, Bearing]], state: str, kept: Mapping[str, str]) -> list[Link]:
    given: dict[str, Any] = {name: value for name, value in kept.items() if value}
    tabs = [Link(url_for("rules.show", **given), _("全部"), state not in STATES, len(matching))]
    for key, (label, _tone) in STATES.items():
        count = sum(bearing.state == key for _rule, bearing in matching)
        tabs.append(Link(url_for("rules.show", **{**given, "state": key}), str(label), state == key, count))
    return tabs


def _choices(known: Words, chosen: str, everything: str) -> list[Choice]:
    return [
        Choice("", everything, chosen not in known),
        *(Choice(key, pick(*pair), key == chosen) for key, pair in known.items()),
    ]


def _line(rule: Rule, bearing: Bearing, hits: int) -> RuleLine:
    one = rule.manifest
    return RuleLine(
        url=url_for("rules.one", rule_id=one.id),
        rule=one.id,
        title=pick(one.name_zh, one.name_en),
        kind=pick(*words.KINDS[one.kind]),
        severity=Mark(pick(*words.SEVERITIES[one.severity]), TONES[one.severity]),
        action=Mark(pick(*words.ACTIONS[one.action]), ACTION_TONES[one.action]),
        bearing=_bearing_mark(bearing),
        where=_("、").join(bearing.processes),
        hits=hits,
    )


def _bearing_mark(bearing: Bearing) -> Mark:
    label, tone = STATES[bearing.state]
    return Mark(str(label), tone)


def rule_page(session: Session, who: Standing, rule_id: str) -> RulePage | None:
    """Everything of a rule; None for one there never was. A retired rule shows its last version."""
    lines = list_versions(session, rule_id)
    standing = next((one for one in list_standing(session, who.today) if one.rule.id == rule_id), None)
    shown = standing or (find_version(session, rule_id, lines[0].version) if lines else None)
    if shown is None:
        return None
    rule, manifest = shown.rule, shown.rule.manifest
    supplies = supplies_of(session)
    bearing = find_bearing(rule, supplies, list_reckoned(kernel().ports))
    results = run_cases(rule)
    return RulePage(
        rule=rule_id,
        title=pick(manifest.name_zh, manifest.name_en),
        message=_message(rule),
        marks=[_bearing_mark(bearing)] if standing else [Mark(_("已停用"), "over")],
        note=_note(rule, bearing),
        facts=[
            (pick(one.label_zh, one.label_en), pick(one.zh, one.en))
            for one in properties_of(manifest)
            if not one.label_en.startswith(("Fact ", "Parameter ", "Name", "Message", "Legal source"))
        ],
        sources=[
            SourceRow(
                pick(one.zh, one.en), Mark(f"{one.tag} {pick(*words.TAGS[one.tag])}", _tag_tone(one.tag))
            )
            for one in manifest.sources
        ],
        contract=_contract(rule, supplies, RECKONED.get(bearing.state)),
        parameters=_parameters(rule),
        decisions=[
            replace(one, title=pick(one.title, one.id.replace("_", " ").capitalize()))
            for one in decisions_of(rule)
        ],
        cases=[_case(one, manifest.facts) for one in results],
        cases_remark=_("%(n)s 个用例，%(p)s 个通过", n=len(results), p=sum(one.passed for one in results)),
        versions=_versions(session, who, lines, manifest.version if standing else 0),
        hits=_hits(session, who, rule_id),
        propose_url=url_for("workbench.new", rule=rule_id) if may_propose(who) else "",
        ways=_ways(who, rule_id, manifest.version),
    )


def _ways(who: Standing, rule_id: str, version: int) -> list[Link]:
    """What the workbench knows of the rule."""
    if not may_read_designs(who):
        return []
    ways = [Link(url_for("tuning.one", rule_id=rule_id), _("命中统计"))]
    if version > 1:
        ways.append(Link(compare_url(rule_id, version - 1, version), _("比较版本")))
    if may_propose(who):
        ways.append(Link(url_for("rule_release.show", rule_id=rule_id), _("恢复、停用")))
    return ways


def _message(rule: Rule) -> str:
    """What the officer reads, with the names of facts and the values of parameters where they stand in it."""
    manifest = rule.manifest
    named = {key: f"〔{pick(fact.zh, fact.en)}〕" for key, fact in manifest.facts.items()}
    valued = {key: str(to_kept(one.value)) for key, one in manifest.parameters.items()}
    return filled(pick(manifest.message_zh, manifest.message_en), {**named, **valued})


def _tag_tone(tag: str) -> str:
    return "ok" if tag in ("V", "E") else "soon"


def _note(rule: Rule, bearing: Bearing) -> str:
    if bearing.state == "bound":
        return _("在这些业务中判断每一件案件：%(where)s", where=_("、").join(bearing.processes))
    if bearing.state == "elsewhere":
        return pick(rule.manifest.carried_by_zh, rule.manifest.carried_by_en)
    if bearing.state == "report":
        return _("后台每天按办理记录统计一次，结果在“统计规则”中处置。")
    contract = rule.manifest.facts
    named = [pick(contract[key].zh, contract[key].en) for key in bearing.lacking if key in contract]
    return _(
        "未绑定：还没有业务或登记提供%(facts)s。规则只按给定事实检验，不判断案件。", facts=_("、").join(named)
    )


def _contract(rule: Rule, supplies: Sequence[tuple[str, Supply]], reckoned: Lazy | None) -> list[ContractRow]:
    """The facts with their places; `reckoned` where no process supplies them because something else does."""
    nearest = [supply for _title, supply in supplies if supply.business in rule.manifest.business]
    rows = []
    for fact in rule.manifest.facts.values():
        places = [place for supply in nearest if (place := supply.place_of(fact.key, fact.type)) is not None]
        always = fact.key in EVERYWHERE
        rows.append(
            ContractRow(
                words=pick(fact.zh, fact.en),
                key=fact.key,
                kind=pick(*words.TYPES[fact.type]),
                registry=pick(*words.REGISTRIES[fact.registry]),
                need=_("可缺") if fact.optional else _("必需"),
                place=_("系统日期")
                if always
                else _looked_up(fact) or str(reckoned or "") or (places[0] if places else ""),
            )
        )
    return rows


def _looked_up(fact: FactContract) -> str:
    """Where a value of the parameter tables comes from; empty for a fact that a process supplies."""
    if fact.lookup is None:
        return ""
    return _("参数表：%(name)s", name=fact.lookup.named)


def _parameters(rule: Rule) -> list[ContractRow]:
    rows = []
    for one in rule.manifest.parameters.values():
        value = to_kept(one.value)
        shown = (
            _("、").join(map(str, value))
            if isinstance(value, list)
            else f"{value} {pick(*words.UNITS[one.unit])}"
        )
        tag, _sign, code = one.source.partition(":")
        told = f"{pick(*words.TAGS[tag])}{_('：') if code else ''}{code}"
        rows.append(ContractRow(pick(one.zh, one.en), one.key, shown, told, "", ""))
    return rows


def _case(result: CaseResult, contract: Mapping[str, FactContract]) -> CaseRow:
    outcome = str(RESULTS[result.judgement.outcome])
    return CaseRow(
        name=result.case.name,
        expect=str(RESULTS[result.case.expect]),
        result=Mark(outcome, "ok" if result.passed else "over"),
        given=[_given(contract.get(key), key, value) for key, value in result.case.facts.items()],
    )


def _given(fact: FactContract | None, key: str, value: object) -> str:
    """A fact of a case in the words of the contract; what it doesn't know as it stands."""
    kept = to_kept(value)
    if fact is None:
        return f"{key} = {_value(kept)}"
    zh, en = (said(fact, kept, 0), said(fact, kept, 1)) if _is_plain(kept) else (_value(kept), _value(kept))
    return pick(f"{fact.zh}：{zh}", f"{fact.en}: {en}")


def _is_plain(kept: object) -> bool:
    return not isinstance(kept, dict) and not (isinstance(kept, list) and any(map(_is_row, kept)))


def _is_row(item: object) -> bool:
    return isinstance(item, dict | list)


def _value(value: object) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(_value(one) for one in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_value(one)}" for key, one in value.items()) + "}"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _versions(
    session: Session, who: Standing, lines: Sequence[VersionLine], standing: int
) -> list[VersionRow]:
    numbers = case_numbers(session, (one.change_id for one in lines if one.change_id is not None))
    readable = may_read(who)
    return [
        VersionRow(
            number=_("第 %(n)s 版", n=one.version),
            since=day(one.from_day, who.today) if one.from_day else "",
            rests_on=numbers.get(one.change_id, _("受控变更")) if one.change_id else _("设立时装入"),
            url=url_for("changes.one", case_id=one.change_id) if one.change_id and readable else "",
            digest=one.digest[:16],
            standing=one.version == standing,
        )
        for one in lines
    ]


def _hits(session: Session, who: Standing, rule_id: str) -> list[PastHit]:
    return [
        PastHit(
            case=Link(url_for("case.show", case_id=one.case_id), one.case_no),
            when=moment(one.at, who.today),
            version=str(one.version),
            message=pick(one.message_zh, one.message_en),
            handling=hit_handling(one.disposition, one.reason),
        )
        for one in list_rule_hits(session, rule_id, HITS_SHOWN, reader=who.person_id)
    ]
