"""What a kind of controlled change answers: its form, what stands now, what it would touch, and putting it into force.

A kind lives with the package whose data it changes and is registered in `registry.py` (kernel) or through
`Ports.change_kinds` (domain). It never commits, never imports the engine, and reads the clock from what it is given.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal, Protocol, runtime_checkable

from sqlalchemy.orm import Session

from app.kernel.changes.fields import FieldSpec, Option
from app.kernel.transaction.unit import Unit

Payload = Mapping[str, Any]
"""Canonical values by field key, JSON-native (see fields.py)."""


@dataclass(frozen=True)
class Moment:
    """When a question is asked: the instant (UTC) and the day in Asia/Shanghai."""

    now: datetime
    today: date


@dataclass(frozen=True)
class Difference:
    """One line of the comparison; empty texts mean "nothing there"."""

    label_zh: str
    label_en: str
    old_zh: str
    old_en: str
    new_zh: str
    new_en: str

    @property
    def changed(self) -> bool:
        return (self.old_zh, self.old_en) != (self.new_zh, self.new_en)


Severity = Literal["violation", "blocked", "restricted", "relieved", "info"]
"""violation: existing acts would collide; blocked: an open task would lose its last eligible person;
restricted: somebody loses eligibility; relieved: somebody gains it; info: anything else."""


@dataclass(frozen=True)
class Touched:
    """An open case that the change would touch, and what would change for it, in both languages."""

    case_id: int
    case_no: str
    severity: Severity
    zh: str
    en: str


@dataclass(frozen=True)
class Change:
    """A decided change at its application. `case_id` is what rows in force name as `change_id`."""

    case_id: int
    kind: str
    target: str
    payload: Payload
    reason: str
    ground: str
    prepared_by: int | None
    approved_by: int | None
    """Canonical person who approved: the signer of rule_approve."""
    effective_at: datetime | None = None


class ChangeKind(Protocol):
    """One kind of controlled change. Target: the text by which the fence finds the change (see design notes)."""

    @property
    def key(self) -> str: ...

    @property
    def title_zh(self) -> str: ...

    @property
    def title_en(self) -> str: ...

    def form(self, session: Session, at: Moment) -> Sequence[FieldSpec]:
        """The fields with their options; what depends on the target is checked in `read`."""

    def read(self, session: Session, payload: Payload, at: Moment) -> dict[str, Any]:
        """Checks beyond the form's own on canonical values; answers the payload to keep (may add what follows
        from the values, e.g. the number of a new set). Raise InvalidInput by field key."""

    def target(self, payload: Payload) -> str:
        """What is changed, e.g. a set's key."""

    def subject(self, session: Session, payload: Payload) -> tuple[str, str]:
        """The target in words, (zh, en), for lists."""

    def current(self, session: Session, target: str, at: Moment) -> dict[str, Any] | None:
        """What stands now, shaped like a payload; None when the change adds something new.

        Anything that makes an approved change inapplicable must show in it: the change is made from exactly
        this, and is refused (back to editing) when it differs at the application.
        """

    def prefill(self, session: Session, target: str, at: Moment) -> dict[str, Any]:
        """What a new form for this target begins with (usually `current`)."""

    def differences(
        self, session: Session, current: Payload | None, payload: Payload, at: Moment
    ) -> Sequence[Difference]:
        """Old beside new; `differences_by_field` does it from the form."""

    def what_if(self, session: Session, payload: Payload, at: Moment) -> Iterable[Touched]:
        """The open cases touched. Regions are not limited: the session sees them all. Set-based, please."""

    def apply(self, unit: Unit, change: Change) -> None:
        """Write what is decided, in the unit's transaction; rows carry change_id=change.case_id.

        Raise ChangeOutdated when it can't be applied any more. Record an audit event.
        """


@runtime_checkable
class ListsTargets(Protocol):
    """A kind whose targets can be chosen from a list, to begin from what stands there."""

    def targets(self, session: Session, at: Moment) -> Sequence[Option]:
        """What can be changed, by target."""


@runtime_checkable
class NamesCases(Protocol):
    """A kind whose content is about certain cases: who is barred from one of them reads nothing of the change."""

    def cases(self, session: Session, payload: Payload) -> Collection[int]:
        """Ids of the cases that the content names."""


def differences_by_field(
    fields: Sequence[FieldSpec], current: Payload | None, payload: Payload
) -> list[Difference]:
    """Every field of the form, old beside new, options by their words; fields empty on both sides are left out."""
    old = current or {}
    rows = []
    for field in (field for field in fields if not field.hidden):
        before, after = old.get(field.key), payload.get(field.key)
        if before in (None, "", []) and after in (None, "", []):
            continue
        rows.append(
            Difference(
                field.label_zh,
                field.label_en,
                *(words_of(field, before, lang) for lang in ("zh", "en")),
                *(words_of(field, after, lang) for lang in ("zh", "en")),
            )
        )
    return rows


def words_of(field: FieldSpec, value: Any, language: str) -> str:
    """A field's value in words: options by name, a table as one line per row."""
    if value is None or value == "":
        return ""
    if field.type == "rows":
        return "\n".join(_row(field.columns, row, language) for row in value)
    if field.type == "many":
        return ("、" if language == "zh" else ", ").join(_option(field, item, language) for item in value)
    if field.type in ("choice", "person"):
        return _option(field, value, language)
    return str(value)


def _row(columns: Sequence[FieldSpec], row: Payload, language: str) -> str:
    cells = [words_of(column, row.get(column.key), language) for column in columns]
    return " · ".join(cell for cell in cells if cell)


def _option(field: FieldSpec, value: Any, language: str) -> str:
    found = next((option for option in field.options if option.value == str(value)), None)
    if found is None:
        return str(value)
    return found.zh if language == "zh" else found.en
