"""A calculation in words, Chinese or English: inputs, parameters, every step with its article, results."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from app.kernel.decisions.dmn.tracing import RuleHit, Step
from app.kernel.decisions.feel.hosting import to_host
from app.kernel.decisions.feel.values import Value
from app.kernel.decisions.formulas.calculating import Calculation, UsedParameter
from app.kernel.decisions.formulas.catalogue import Catalogue, Input
from app.kernel.decisions.parameters.definitions import written
from app.kernel.local_time import day_words, period_words

Language = Literal["zh", "en"]
SHOWN_DECIMALS = 10
WORDS: Mapping[str, tuple[str, str]] = {
    "yes": ("是", "yes"),
    "no": ("否", "no"),
    "none": ("无", "none"),
    "inputs": ("输入", "Inputs"),
    "parameters": ("参数", "Parameters"),
    "steps": ("计算过程", "Steps"),
    "results": ("结果", "Result"),
    "ground": ("依据", "Ground"),
    "formula": ("公式版本", "Formulas"),
    "country": ("全国", "the whole country"),
    "edition": ("第 {} 版", "edition {}"),
    "missing": ("缺少有效的参数，不能计算：{}", "No valid value, nothing is calculated: {}"),
    "not_computed": (
        "由这些输入算不出结果，没有值的是：{}",
        "These inputs give no result; without a value: {}",
    ),
    "provisional": (
        "暂按上一期的值计算，公布后应当重算并补差：{}（{}）",
        "Provisional: the preceding value stands in, to be recalculated once published: {} ({})",
    ),
    "unverified": ("未核实的参数：{}", "Unverified parameters: {}"),
    "own_decision": (
        "法律没有规定、按本系统选定：{}",
        "Where the law says nothing, this system's choice: {}",
    ),
    "made_up": ("测试值，不是规定：{}", "Made-up values, not law: {}"),
    "rule": ("规则 {}", "rule {}"),
}


@dataclass(frozen=True)
class ParameterLine:
    """A parameter as used: value in words, where and since when it holds, which edition, what it rests on."""

    name: str
    title: str
    value: str
    region: str | None
    period: str
    edition: str
    source: str
    tag: str
    verified: bool
    provisional: bool


@dataclass(frozen=True)
class HitLine:
    """A rule hit: its number, article, what it read and what it gave."""

    rule: str
    article: str
    because: str
    gives: str


@dataclass(frozen=True)
class StepLine:
    """A step: `source` is the expression where it is one, `entries` are (name, expression, value)."""

    name: str
    source: str
    value: str
    hits: tuple[HitLine, ...]
    entries: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class ResultTable:
    """A part of the result that is a list, e.g. what each dependant gets."""

    name: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Derivation:
    """Everything a page or a print shows of a calculation, in one language. `notes` are (tone, text)."""

    title: str
    ground: str
    done: bool
    results: tuple[tuple[str, str], ...]
    details: tuple[tuple[str, str], ...]
    tables: tuple[ResultTable, ...]
    notes: tuple[tuple[str, str], ...]
    inputs: tuple[tuple[str, str], ...]
    parameters: tuple[ParameterLine, ...]
    steps: tuple[StepLine, ...]
    digest: str


class Writer:
    """Words of one catalogue in one language."""

    def __init__(self, catalogue: Catalogue, calculation: Calculation, language: Language) -> None:
        self._catalogue, self._place = catalogue, 0 if language == "zh" else 1
        inputs = [column for one in catalogue.inputs.values() for column in (one, *one.columns)]
        self._answers = {value: (zh, en) for one in inputs for value, zh, en in one.options}
        for used in calculation.parameters:
            if used.value is not None and isinstance(used.value.value, str):
                self._answers[used.value.value] = (used.value.words_zh, used.value.words_en)

    def say(self, key: str, *values: object) -> str:
        return WORDS[key][self._place].format(*values)

    def name(self, name: str) -> str:
        """A name or an answer of the models; a value that somebody chose, in its words."""
        if name in self._answers:
            return self._answers[name][self._place]
        if self._place == 0:
            return name
        known: Input | Any = self._catalogue.inputs.get(name) or self._catalogue.parameters.get(name)
        return self._catalogue.names.get(name) or (known.en if known is not None else name)

    def join(self, parts: list[str]) -> str:
        return ("、", ", ")[self._place].join(parts)

    def value(self, value: Value) -> str:
        """Any value of a model."""
        if value is None:
            return self.say("none")
        if isinstance(value, bool):
            return self.say("yes" if value else "no")
        if isinstance(value, Decimal):
            return _number(value)
        if isinstance(value, str):
            return self.name(value)
        if isinstance(value, list):
            return "; ".join(self.value(item) for item in value)
        if isinstance(value, dict):
            return self.join([f"{self.name(key)} {self.value(item)}" for key, item in value.items()])
        return self.day(str(to_host(value)))

    def day(self, text: str) -> str:
        """A day in words; a text that is none, as it stands."""
        try:
            return self.pick(*day_words(date.fromisoformat(text)))
        except ValueError:
            return text

    def amount(self, value: Value) -> str:
        """A result: numbers with separators and their cents."""
        if isinstance(value, Decimal):
            decimals = max(2, -int(value.normalize().as_tuple().exponent))
            return f"{value:,.{decimals}f}"
        return self.value(value)

    def is_amount(self, name: str) -> bool:
        """Whether numbers of that name are money."""
        return name in self._catalogue.amounts

    def given(self, one: Input, canonical: Any) -> str:
        """An input as it was entered."""
        if canonical in (None, "", []):
            return self.say("none")
        if one.type == "rows":
            return "; ".join(
                self.join(
                    [
                        f"{self.title(column)} {self.given(column, row.get(column.key))}"
                        for column in one.columns
                    ]
                )
                for row in canonical
            )
        if one.type == "boolean":
            return self.say("yes" if canonical == "true" else "no")
        found = next((option for option in one.options if option[0] == canonical), None)
        if found is not None:
            return found[self._place + 1]
        return self.day(canonical) if one.type == "date" else str(canonical)

    def title(self, one: Input) -> str:
        return one.name if self._place == 0 else one.en

    def pick(self, zh: str, en: str) -> str:
        return zh if self._place == 0 else en


def describe(catalogue: Catalogue, calculation: Calculation, language: Language) -> Derivation:
    """A calculation in the words of one language."""
    writer = Writer(catalogue, calculation, language)
    item = calculation.item
    return Derivation(
        writer.pick(item.title_zh, item.title_en),
        item.ground,
        calculation.status == "done",
        tuple((writer.name(name), writer.amount(value)) for name, value in calculation.results),
        tuple(
            (writer.name(name), writer.value(value))
            for name, value in calculation.details
            if not _is_table(value)
        ),
        tuple(_table(writer, name, value) for name, value in calculation.details if _is_table(value)),
        tuple(_notes(writer, calculation)),
        tuple((writer.title(one), writer.given(one, value)) for one, value in calculation.inputs),
        tuple(_parameter(writer, one) for one in calculation.parameters if one.value is not None),
        tuple(_step(writer, step) for step in calculation.steps if _shown(calculation, step)),
        calculation.digest,
    )


def _is_table(value: Value) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, dict) for item in value)


def _table(writer: Writer, name: str, value: Value) -> ResultTable:
    items = [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
    rows = tuple(
        tuple(
            writer.amount(cell) if writer.is_amount(key) else writer.value(cell) for key, cell in item.items()
        )
        for item in items
    )
    return ResultTable(writer.name(name), tuple(writer.name(key) for key in items[0]), rows)


def _shown(calculation: Calculation, step: Step) -> bool:
    """A step that came to nothing says something only where the whole did."""
    return step.value is not None or calculation.status != "done"


def _notes(writer: Writer, calculation: Calculation) -> Iterator[tuple[str, str]]:
    def titles(found: list[UsedParameter]) -> str:
        return writer.join(list(dict.fromkeys(writer.pick(one.title_zh, one.title_en) for one in found)))

    if calculation.missing:
        yield "over", writer.say("missing", titles(calculation.missing))
    if calculation.status == "not_computed":
        empty = [writer.name(step.name) for step in calculation.steps if step.value is None]
        yield "over", writer.say("not_computed", writer.join(empty) or writer.name(calculation.item.decision))
    for one in calculation.provisional:
        ground = one.value.provisional_ground if one.value is not None else ""
        yield "soon", writer.say("provisional", titles([one]), ground)
    for tag, tone, word in (
        ("TEST", "over", "made_up"),
        ("K", "soon", "unverified"),
        ("D", "", "own_decision"),
    ):
        tagged = [one for one in calculation.unverified if one.value is not None and one.value.tag == tag]
        if tagged:
            yield tone, writer.say(word, titles(tagged))


def _parameter(writer: Writer, one: UsedParameter) -> ParameterLine:
    value = one.value
    if value is None:
        raise ValueError("only parameters with a value have a line")
    return ParameterLine(
        writer.name(one.ref.name),
        writer.pick(value.title_zh, value.title_en),
        writer.pick(value.words_zh, value.words_en),
        value.region,
        writer.pick(*period_words(value.valid_from, value.valid_to)),
        writer.say("edition", value.edition),
        value.source,
        value.tag,
        value.verified,
        value.provisional,
    )


def _step(writer: Writer, step: Step) -> StepLine:
    return StepLine(
        writer.name(step.name),
        step.source,
        "" if step.entries else writer.value(step.value),
        tuple(_hit(writer, hit) for hit in step.hits),
        tuple((writer.name(one.name), one.source, writer.value(one.value)) for one in step.entries),
    )


def _hit(writer: Writer, hit: RuleHit) -> HitLine:
    gives = [f"{writer.name(name)} {writer.value(value)}".strip() for name, value in hit.outputs]
    because = [f"{writer.name(name)} = {writer.value(value)}" for name, value in hit.inputs]
    return HitLine(
        writer.say("rule", hit.number),
        writer.join([text for _column, text in hit.annotations]),
        writer.join(because),
        writer.join(gives),
    )


def _number(value: Decimal) -> str:
    """Not more decimals than anybody reads; an ellipsis says that there are more."""
    whole = written(value)
    if -int(value.normalize().as_tuple().exponent) <= SHOWN_DECIMALS:
        return whole
    return f"{value:.{SHOWN_DECIMALS}f}…"


def as_text(told: Derivation, language: Language) -> str:
    """The derivation as plain text, a line per thing."""
    place = 0 if language == "zh" else 1
    head = {key: words[place] for key, words in WORDS.items()}
    lines = [told.title, f"{head['ground']}: {told.ground}", "", f"[{head['results']}]"]
    lines += [f"{name}: {value}" for name, value in (*told.results, *told.details)]
    for table in told.tables:
        lines += [f"{table.name}: {' | '.join(table.heads)}", *(f"  {' | '.join(row)}" for row in table.rows)]
    lines += [f"! {text}" for _tone, text in told.notes]
    lines += ["", f"[{head['inputs']}]", *(f"{name}: {value}" for name, value in told.inputs)]
    lines += ["", f"[{head['parameters']}]"]
    for one in told.parameters:
        where = one.region or head["country"]
        lines.append(
            f"{one.name} = {one.value} ({where}, {one.period}, {one.edition}; {one.source} [{one.tag}])"
        )
    lines += ["", f"[{head['steps']}]"]
    for number, step in enumerate(told.steps, 1):
        lines.append(f"{number}. {step.name}{f' = {step.value}' if step.value else ''}")
        lines += [f"   {hit.rule}: {hit.because} → {hit.gives}  {hit.article}" for hit in step.hits]
        lines += [f"   {name} = {value}" for name, _source, value in step.entries]
    return "\n".join([*lines, "", f"{head['formula']}: {told.digest[:12]}"])
