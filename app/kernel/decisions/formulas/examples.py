"""`examples.toml`: worked examples of the formulas, and how they come out. Pure over a source of parameters.

A `[parameters.<set>]` holds made-up values (a text, or texts by category) that stand before those of the source; an
`[[example]]` names the item, a set, its inputs and the answers by name.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from app.kernel.decisions.formulas.calculating import Calculation, calculate
from app.kernel.decisions.formulas.catalogue import Catalogue
from app.kernel.decisions.formulas.sources import ParameterSource
from app.kernel.decisions.parameters.definitions import SLOT_SEPARATOR, Definition, Row
from app.kernel.decisions.parameters.lookup import Chosen, value_of
from app.kernel.decisions.parameters.models import ParameterEdition
from app.kernel.decisions.parameters.values import ParameterValue
from app.kernel.refusals import InvalidInput

EXAMPLES: Final = "examples.toml"
_ENTRIES: Final = {"number", "item", "parameters", "inputs", "answers"}
_LONG_AGO: Final = date(2004, 1, 1)
Made = Mapping[str, Mapping[str, str]]
"""Made-up values by parameter and slot."""


@dataclass(frozen=True)
class Example:
    """`number` as in the department's list, 0 for one of its own."""

    number: int
    item: str
    made_up: str
    inputs: Mapping[str, Any]
    answers: Mapping[str, str]


@dataclass(frozen=True)
class Examples:
    """All examples with the sets of made-up parameters they use."""

    sets: Mapping[str, Made]
    examples: tuple[Example, ...]


@dataclass(frozen=True)
class Failure:
    """An example that comes out otherwise: `name` of the answer, what was wanted and what came."""

    example: Example
    name: str
    wanted: str
    got: str


class ExamplesInvalid(ValueError):
    """The file can't be read; the text says why."""


def read_examples(data: bytes) -> Examples:
    """Raise ExamplesInvalid."""
    try:
        document = tomllib.loads(data.decode("utf-8"))
        sets = {
            key: {name: _slots(values) for name, values in one.items()}
            for key, one in document.get("parameters", {}).items()
        }
        examples = tuple(_example(entry, sets) for entry in document["example"])
    except (UnicodeDecodeError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise ExamplesInvalid(f"{EXAMPLES}: {error}") from error
    return Examples(sets, examples)


def _slots(values: Any) -> dict[str, str]:
    given = values if isinstance(values, Mapping) else {"": values}
    if not all(isinstance(one, str) for one in given.values()):
        raise ValueError("made-up values are texts")
    return dict(given)


def _example(entry: Mapping[str, Any], sets: Mapping[str, Made]) -> Example:
    unknown = set(entry) - _ENTRIES
    if unknown:
        raise ValueError(f"unknown entries {sorted(unknown)}")
    if entry["parameters"] not in sets:
        raise ValueError(f"there is no set {entry['parameters']!r}")
    answers = {str(name): str(value) for name, value in entry["answers"].items()}
    if not answers:
        raise ValueError(f"an example of {entry['item']} has no answers")
    return Example(int(entry["number"]), str(entry["item"]), entry["parameters"], entry["inputs"], answers)


class MadeUp:
    """A source whose made-up values stand before those of another, since long ago."""

    def __init__(self, source: ParameterSource, made: Made) -> None:
        self._source, self._made = source, made

    @property
    def region(self) -> str | None:
        return self._source.region

    def definition(self, key: str) -> Definition:
        return self._source.definition(key)

    def find(self, key: str, on: date, dimensions: Mapping[str, str]) -> ParameterValue | None:
        definition = self.definition(key)
        slot = SLOT_SEPARATOR.join(dimensions.get(one.key, "") for one in definition.dimensions)
        value = self._made.get(key, {}).get(slot)
        if value is None or on < _LONG_AGO:
            return self._source.find(key, on, dimensions)
        head = ParameterEdition(
            id=1, key=key, region_code=self.region, edition=1, active_from=datetime(2004, 1, 1, tzinfo=UTC)
        )
        row = Row(slot, value, _LONG_AGO, None, "examples.toml", "TEST")
        return value_of(definition, head, Chosen(self.region, row, provisional=False))


def work(catalogue: Catalogue, examples: Examples, one: Example, source: ParameterSource) -> Calculation:
    """An example calculated. Raise InvalidInput, KeyError for an unknown item."""
    return calculate(catalogue, one.item, one.inputs, MadeUp(source, examples.sets[one.made_up]))


def run_examples(catalogue: Catalogue, examples: Examples, source: ParameterSource) -> list[Failure]:
    """Every answer that comes out otherwise."""
    return [failure for one in examples.examples for failure in _failures(catalogue, examples, one, source)]


def _failures(
    catalogue: Catalogue, examples: Examples, one: Example, source: ParameterSource
) -> Iterator[Failure]:
    try:
        found = work(catalogue, examples, one, source)
    except KeyError:
        yield Failure(one, one.item, "", "no such item")
        return
    except InvalidInput as invalid:
        yield Failure(one, ", ".join(invalid.errors), "", "invalid input")
        return
    told = dict((*found.results, *found.details))
    for name, wanted in one.answers.items():
        got = told.get(name) if found.status == "done" else None
        if not same_answer(got, wanted):
            yield Failure(one, name, wanted, "—" if got is None else str(got))


def same_answer(got: object, wanted: str) -> bool:
    """Amounts by their value, anything else by its words."""
    if isinstance(got, Decimal):
        try:
            return got == Decimal(wanted)
        except InvalidOperation:
            return False
    return got is not None and str(got).lower() == wanted.lower()
