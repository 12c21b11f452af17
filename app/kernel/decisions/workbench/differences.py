"""Two versions of a rule compared: entries of the manifest, rows of decision tables, expressions, test cases."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Final, Literal

from app.kernel.decisions.catalogue.reading import CASES, MANIFEST, MODEL
from app.kernel.decisions.dmn import model
from app.kernel.decisions.dmn.errors import ModelInvalid
from app.kernel.decisions.dmn.reader import read_definitions
from app.kernel.decisions.workbench.cases import list_cases, show_fact
from app.kernel.decisions.workbench.properties import ORDER, read_properties
from app.kernel.decisions.workbench.toml_text import literal

Sign = Literal["added", "removed", "changed", "same"]
Files = Mapping[str, bytes]
ROWS: Final = {"source": "zh", "fact": None, "parameter": None}


@dataclass(frozen=True, slots=True)
class PropertyChange:
    """An entry of the manifest; rows are `fact.grade`, sources are numbered. Empty: not there."""

    key: str
    old: str
    new: str

    @property
    def sign(self) -> Sign:
        return "added" if not self.old else "removed" if not self.new else "changed"


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a row: what it read and what it reads."""

    old: str
    new: str

    @property
    def changed(self) -> bool:
        return self.old != self.new


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a decision table: its numbers before and after, None where it isn't there."""

    sign: Sign
    old: int | None
    new: int | None
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class DecisionChange:
    """A decision's logic: of tables the columns and all rows; `old` and `new` are expressions that are none."""

    name: str
    sign: Sign
    columns: tuple[Cell, ...]
    rows: tuple[Row, ...]
    old: str = ""
    new: str = ""


@dataclass(frozen=True, slots=True)
class CaseChange:
    """A test case by name: what it says, before and after."""

    name: str
    sign: Sign
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Differences:
    """Everything that differs; `unreadable` names files of either side that can't be compared."""

    properties: tuple[PropertyChange, ...]
    decisions: tuple[DecisionChange, ...]
    cases: tuple[CaseChange, ...]
    unreadable: tuple[str, ...]

    @property
    def none(self) -> bool:
        return not (self.properties or self.decisions or self.cases or self.unreadable)


def compare_rules(old: Files, new: Files) -> Differences:
    """Compare the files (by name) of two versions; a side may be empty. Never raises."""
    unreadable: list[str] = []
    manifests = [_manifest(side, unreadable) for side in (old, new)]
    models = [_model(side, unreadable) for side in (old, new)]
    cases = [_cases(side, unreadable) for side in (old, new)]
    return Differences(
        tuple(_property_changes(*manifests)),
        tuple(_decision_changes(*models)),
        tuple(_case_changes(*cases)),
        tuple(dict.fromkeys(unreadable)),
    )


def _manifest(files: Files, unreadable: list[str]) -> dict[str, str]:
    table = read_properties(files.get(MANIFEST, b""))
    if table is None:
        unreadable.append(MANIFEST)
        return {}
    entries: dict[str, str] = {}
    for key in [*ORDER, *(key for key in table if key not in ORDER)]:
        value = table.get(key)
        if key in ("fact", "parameter") and isinstance(value, Mapping):
            entries |= {f"{key}.{name}": _row_shown(row) for name, row in value.items()}
        elif key == "source" and isinstance(value, list):
            entries |= {f"source.{number}": _row_shown(row) for number, row in enumerate(value, 1)}
        elif value is not None and key != "version":
            entries[key] = _shown(value)
    return entries


def _row_shown(row: Mapping[str, Any]) -> str:
    return "; ".join(f"{key} = {_shown(value)}" for key, value in row.items())


def _shown(value: Any) -> str:
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return ", ".join(value)
    return value if isinstance(value, str) else literal(value)


def _property_changes(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[PropertyChange]:
    for key in [*old, *(key for key in new if key not in old)]:
        if old.get(key, "") != new.get(key, ""):
            yield PropertyChange(key, old.get(key, ""), new.get(key, ""))


def _model(files: Files, unreadable: list[str]) -> dict[str, model.Decision | model.KnowledgeModel]:
    if MODEL not in files:
        return {}
    try:
        elements = read_definitions(MODEL, files[MODEL]).elements
    except ModelInvalid:
        unreadable.append(MODEL)
        return {}
    return {
        key: element
        for key, element in elements.items()
        if isinstance(element, model.Decision | model.KnowledgeModel)
    }


_Logic = model.Decision | model.KnowledgeModel


def _decision_changes(old: Mapping[str, _Logic], new: Mapping[str, _Logic]) -> Iterator[DecisionChange]:
    for key in [*old, *(key for key in new if key not in old)]:
        before, after = old.get(key), new.get(key)
        name = (after or before or old[key]).name
        change = _logic_change(name, _expression(before), _expression(after))
        if change.sign != "same":
            yield change


def _expression(element: _Logic | None) -> object:
    if element is None:
        return None
    return element.expression if isinstance(element, model.Decision) else element.logic


def _logic_change(name: str, old: object, new: object) -> DecisionChange:
    sign: Sign = "added" if old is None else "removed" if new is None else "changed"
    tables = [one if isinstance(one, model.Table) else None for one in (old, new)]
    columns, rows = _columns(*tables), tuple(_table_rows(*tables))
    before, after = _source(old), _source(new)
    same = before == after and not any(cell.changed for cell in columns)
    same = same and all(row.sign == "same" for row in rows)
    return DecisionChange(name, "same" if same else sign, columns, rows, before, after)


_UNSAID: Final = frozenset({"type_ref", "language", "line", "kind"})


def _source(expression: object) -> str:
    """A boxed expression as text: its names and FEEL, part by part."""
    if isinstance(expression, model.Text):
        return expression.source
    if isinstance(expression, tuple):
        return "\n".join(filter(None, (_source(one) for one in expression)))
    if isinstance(expression, model.BOXED):
        parts = (_source(getattr(expression, name)) for name in expression.__slots__ if name not in _UNSAID)
        return "\n".join(filter(None, parts))
    return expression if isinstance(expression, str) else ""


def _columns(old: model.Table | None, new: model.Table | None) -> tuple[Cell, ...]:
    """Hit policy, then the inputs' expressions, then the outputs' names."""
    sides = [_heads(table) for table in (old, new)]
    return tuple(_paired(*sides))


def _heads(table: model.Table | None) -> list[str]:
    if table is None:
        return []
    inputs = [column.expression.source for column in table.inputs]
    return [table.hit_policy, *inputs, *(column.name or "" for column in table.outputs)]


def _table_rows(old: model.Table | None, new: model.Table | None) -> Iterator[Row]:
    """Rows paired as a text's lines are: equal ones in order, what was replaced cell by cell."""
    before, after = _cells_of(old), _cells_of(new)
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for kind, first, last, start, end in matcher.get_opcodes():
        common = min(last - first, end - start)
        for step in range(common):
            cells = tuple(_paired(before[first + step], after[start + step]))
            sign: Sign = "same" if kind == "equal" else "changed"
            yield Row(sign, first + step + 1, start + step + 1, cells)
        for number in range(first + common, last):
            yield Row("removed", number + 1, None, tuple(Cell(text, "") for text in before[number]))
        for number in range(start + common, end):
            yield Row("added", None, number + 1, tuple(Cell("", text) for text in after[number]))


def _cells_of(table: model.Table | None) -> list[tuple[str, ...]]:
    if table is None:
        return []
    return [tuple(cell.source for cell in (*rule.inputs, *rule.outputs)) for rule in table.rules]


def _paired(old: Sequence[str], new: Sequence[str]) -> Iterator[Cell]:
    for index in range(max(len(old), len(new))):
        yield Cell(old[index] if index < len(old) else "", new[index] if index < len(new) else "")


def _cases(files: Files, unreadable: list[str]) -> dict[str, str]:
    cases = list_cases(files.get(CASES, b""))
    if cases is None:
        unreadable.append(CASES)
        return {}
    return {str(case.get("name", "")): _case_shown(case) for case in cases}


def _case_shown(case: Mapping[str, Any]) -> str:
    said = " ".join(str(case[key]) for key in ("expect", "severity") if key in case)
    facts = "; ".join(f"{key} = {show_fact(value)}" for key, value in case.get("facts", {}).items())
    return f"{said}: {facts}"


def _case_changes(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[CaseChange]:
    for name in [*old, *(name for name in new if name not in old)]:
        before, after = old.get(name, ""), new.get(name, "")
        if before != after:
            sign: Sign = "added" if not before else "removed" if not after else "changed"
            yield CaseChange(name, sign, before, after)
