"""Calculating an item: parameters looked up, the decision traced, and what keeps the result from being final."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from app.kernel.decisions.dmn.tracing import Step
from app.kernel.decisions.feel.errors import Diagnostic
from app.kernel.decisions.feel.hosting import to_host
from app.kernel.decisions.feel.values import Value
from app.kernel.decisions.formulas.catalogue import Catalogue, Input, Item, ParameterRef
from app.kernel.decisions.formulas.inputs import model_values, read_inputs
from app.kernel.decisions.formulas.sources import ParameterSource
from app.kernel.decisions.parameters.definitions import SLOT_SEPARATOR
from app.kernel.decisions.parameters.uses import Looked
from app.kernel.decisions.parameters.values import ParameterValue

Status = Literal["done", "no_parameter", "not_computed"]
"""no_parameter: a value that is needed isn't valid anywhere; not_computed: a result came to null."""


@dataclass(frozen=True)
class UsedParameter:
    """A parameter of the item: `value` None where there is none, `needed` False where the case doesn't need it."""

    ref: ParameterRef
    title_zh: str
    title_en: str
    on: date | None
    value: ParameterValue | None
    needed: bool

    @property
    def missing(self) -> bool:
        """Whether the calculation can't go on without it."""
        return self.needed and self.value is None and not self.ref.optional


@dataclass(frozen=True)
class Calculation:
    """A result with its whole derivation; `results` are the answers, (name, value), empty unless `done`."""

    item: Item
    region: str | None
    digest: str
    inputs: tuple[tuple[Input, Any], ...]
    parameters: tuple[UsedParameter, ...]
    steps: tuple[Step, ...]
    results: tuple[tuple[str, Value], ...]
    details: tuple[tuple[str, Value], ...]
    status: Status
    diagnostics: tuple[Diagnostic, ...]

    @property
    def missing(self) -> list[UsedParameter]:
        return [one for one in self.parameters if one.missing]

    @property
    def provisional(self) -> list[UsedParameter]:
        """Parameters for which a preceding value stands in: to be calculated again once theirs is published."""
        return [one for one in self.parameters if one.value is not None and one.value.provisional]

    @property
    def unverified(self) -> list[UsedParameter]:
        """Parameters whose source was not seen, or that are made up."""
        return [one for one in self.parameters if one.value is not None and not one.value.verified]

    @property
    def looked_up(self) -> list[Looked]:
        """What `record_uses` keeps for a case."""
        return [
            Looked(self.region, one.on, one.value)
            for one in self.parameters
            if one.value is not None and one.on is not None
        ]

    def result(self, name: str) -> Value:
        """Raise KeyError."""
        return dict(self.results)[name]


def calculate(
    catalogue: Catalogue,
    key: str,
    raw: Mapping[str, Any],
    source: ParameterSource,
    now: datetime | None = None,
) -> Calculation:
    """Calculate an item from inputs by their keys. Raise InvalidInput by field, KeyError for an unknown item.

    Without a valid parameter nothing is calculated: `status` says so and `missing` which. Never a guess.
    """
    item = catalogue.items[key]
    inputs = catalogue.inputs_of(item)
    canonical = read_inputs(catalogue, item, raw)
    values = model_values(inputs, canonical)
    day = _day(item.on.evaluate(values)) if item.on is not None else None
    parameters = tuple(_look_up(one, day, values, source) for one in catalogue.parameters_of(item))
    given = tuple((one, canonical.get(one.key)) for one in inputs)
    if any(one.missing for one in parameters):
        return Calculation(
            item, source.region, catalogue.digest, given, parameters, (), (), (), "no_parameter", ()
        )
    found = {one.ref.name: one.value.value if one.value is not None else None for one in parameters}
    decided = catalogue.graph_of(item).trace(item.decision, {**values, **found}, now)
    steps = tuple(step for step in decided.steps if step.kind == "decision")
    results, details = _split(catalogue, item, decided.value)
    done = bool(results) and all(value is not None for _name, value in results)
    return Calculation(
        item,
        source.region,
        catalogue.digest,
        given,
        parameters,
        steps,
        results if done else (),
        details if done else (),
        "done" if done else "not_computed",
        decided.diagnostics,
    )


Named = tuple[tuple[str, Value], ...]


def _split(catalogue: Catalogue, item: Item, value: Value) -> tuple[Named, Named]:
    """Answers, and what else the decision's context tells."""
    told = tuple(value.items()) if isinstance(value, dict) else ((item.decision, value),)
    results = tuple(one for one in told if one[0] in catalogue.results or not isinstance(value, dict))
    return results, tuple(one for one in told if one not in results)


def _look_up(
    ref: ParameterRef, day: date | None, values: Mapping[str, object], source: ParameterSource
) -> UsedParameter:
    """The value on its day. Not needed: its condition is false, or the case falls in none of its categories."""
    definition = source.definition(ref.key)
    on = _day(ref.on.evaluate(values)) if ref.on is not None else day
    told = {key: expression.evaluate(values) for key, expression in ref.dimensions.items()}
    dimensions = {key: value for key, value in told.items() if isinstance(value, str)}
    slot = SLOT_SEPARATOR.join(dimensions.get(one.key, "") for one in definition.dimensions)
    needed = definition.covers(slot) and (ref.when is None or ref.when.evaluate(values) is True)
    found = source.find(ref.key, on, dimensions) if needed and on is not None else None
    return UsedParameter(ref, definition.title_zh, definition.title_en, on, found, needed)


def _day(value: Value) -> date | None:
    written = to_host(value)
    try:
        return date.fromisoformat(written) if isinstance(written, str) else None
    except ValueError:
        return None
