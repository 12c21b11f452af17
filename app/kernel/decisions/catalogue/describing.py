"""A rule in words: its properties in order, and its decisions as anybody can read them. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from app.kernel.decisions.catalogue import vocabulary as words
from app.kernel.decisions.catalogue.manifest import Manifest
from app.kernel.decisions.catalogue.rule import Rule
from app.kernel.decisions.dmn import model
from app.kernel.local_time import period_words


@dataclass(frozen=True, slots=True)
class Property:
    """One property, label and value in both languages."""

    label_zh: str
    label_en: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class DecisionText:
    """A decision as read: a literal's text, or a table's columns and rows (the result last)."""

    id: str
    title: str
    text: str
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


def properties_of(manifest: Manifest) -> list[Property]:
    """What people decide about a rule beside its decision, in the order of the manifest."""
    return [*_names(manifest), *_effects(manifest), *_contract(manifest)]


def _names(one: Manifest) -> Iterator[Property]:
    yield Property("版本", "Version", str(one.version), str(one.version))
    yield Property("名称", "Name", one.name_zh, one.name_en)
    yield Property("类别", "Kind", *words.KINDS[one.kind])
    yield Property("严重程度", "Severity", *_severity(one))


def _severity(one: Manifest) -> tuple[str, str]:
    zh, en = words.SEVERITIES[one.severity]
    if one.severity_rises_to is None:
        return zh, en
    more_zh, more_en = words.SEVERITIES[one.severity_rises_to]
    return f"{zh}，可升至{more_zh}", f"{en}, up to {more_en.lower()}"


def _effects(one: Manifest) -> Iterator[Property]:
    also = [words.ALSO[key] for key in one.also]
    action = [words.ACTIONS[one.action], *also]
    yield Property("处置", "Action", "；".join(zh for zh, _ in action), "; ".join(en for _, en in action))
    if one.override is not None:
        yield Property("可由谁放行", "Set aside by", *words.OVERRIDES[one.override])
    if one.approval_levels > 1:
        yield Property("审批", "Approval", "二级审批", "second-level approval")
    yield Property("业务", "Business", *_listed(words.BUSINESSES, one.business))
    yield Property("何时", "When", *_listed(words.TRIGGERS, one.triggers))
    yield Property("有效期", "In force", *period_words(one.effective_from, one.effective_to))
    yield Property("主管", "Owner", *words.OWNERS[one.owner])
    yield Property("提示", "Message", one.message_zh, one.message_en)
    yield Property("依据", "Legal source", one.ground_zh, one.ground_en)


def _contract(one: Manifest) -> Iterator[Property]:
    for parameter in one.parameters.values():
        value = f"{_shown(parameter.value)} [{parameter.source}]"
        yield Property(f"参数 {parameter.key}", f"Parameter {parameter.key}", value, value)
    for fact in one.facts.values():
        type_zh, type_en = words.TYPES[fact.type]
        from_zh, from_en = words.REGISTRIES[fact.registry]
        need_zh, need_en = ("可缺", "optional") if fact.optional else ("必需", "required")
        if fact.lookup is not None:
            from_zh, from_en = f"{from_zh} {fact.lookup.named}", f"{from_en} {fact.lookup.named}"
        yield Property(
            f"事实 {fact.key}",
            f"Fact {fact.key}",
            f"{fact.zh}（{type_zh}，{need_zh}，{from_zh}）",
            f"{fact.en} ({type_en}, {need_en}, {from_en})",
        )


def _listed(known: words.Words, keys: tuple[str, ...]) -> tuple[str, str]:
    return "、".join(known[key][0] for key in keys), ", ".join(known[key][1] for key in keys)


def _shown(value: object) -> str:
    return "、".join(map(str, value)) if isinstance(value, list) else str(value)


def decisions_of(rule: Rule) -> list[DecisionText]:
    """The decisions of a rule, the one that hits first."""
    found = [one for one in rule.graph.main.elements.values() if isinstance(one, model.Decision)]
    labels = {**{key: fact.zh for key, fact in rule.manifest.facts.items()}}
    found.sort(key=lambda one: one.id != "hit")
    return [_decision(one, labels) for one in found]


def _decision(one: model.Decision, labels: Mapping[str, str]) -> DecisionText:
    if isinstance(one.expression, model.Table):
        table = one.expression
        columns = (*(_column(item, labels) for item in table.inputs), one.name)
        rows = tuple(
            (*(cell.source for cell in row.inputs), *(cell.source for cell in row.outputs))
            for row in table.rules
        )
        return DecisionText(one.id, one.label or one.name, "", columns, rows)
    text = one.expression.text.source if isinstance(one.expression, model.Literal) else ""
    return DecisionText(one.id, one.label or one.name, " ".join(text.split()))


def _column(item: model.TableInput, labels: Mapping[str, str]) -> str:
    source = " ".join(item.expression.source.split())
    return f"{labels[source]} {source}" if source in labels else source


def as_text(rule: Rule) -> str:
    """All decisions as lines, to compare two versions."""
    lines = []
    for one in decisions_of(rule):
        lines.append(f"{one.id}: {one.text}" if one.text else f"{one.id}: {' | '.join(one.columns)}")
        lines += [" | ".join(row) for row in one.rows]
    return "\n".join(lines)
