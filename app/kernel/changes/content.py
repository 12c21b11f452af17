"""The content of a change: checked values, what they were made from, and the digest all three signatures cover."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.kernel.changes.fields import read_fields
from app.kernel.changes.kinds import ChangeKind, Moment, Payload
from app.kernel.changes.models import ControlledChange
from app.kernel.changes.refusals import ChangeNotFound, ChangesNothing

PROCESS = "controlled_change"
OWN_NUMBERS = 1000
"""Sets and exclusions made in the application are numbered from here: below are those of shipped files."""


@dataclass(frozen=True)
class Content:
    """What a change wants (`values`) and what stood when it was made (`before`, None for something new)."""

    kind: str
    target: str
    values: Payload
    before: Payload | None

    @property
    def stored(self) -> dict[str, Any]:
        """As `controlled_change.payload` keeps it."""
        return {"values": dict(self.values), "before": self.before}

    @property
    def written(self) -> bytes:
        """Kind, target, values and what they were made from, in their one spelling."""
        return canonical({"kind": self.kind, "target": self.target, "payload": self.stored})

    @property
    def digest(self) -> bytes:
        """SHA-256 over `written`."""
        return hashlib.sha256(self.written).digest()

    @classmethod
    def of(cls, row: ControlledChange) -> Content:
        return cls(row.kind, row.target, row.payload["values"], row.payload["before"])


def canonical(value: Any) -> bytes:
    """One spelling for one value, whatever order its keys came in."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def prepare(session: Session, kind: ChangeKind, raw: Mapping[str, Any], at: Moment) -> Content:
    """Check what was entered. Raise InvalidInput by field, ChangesNothing when it is what stands already."""
    values = kind.read(session, read_fields(kind.form(session, at), raw), at)
    target = kind.target(values)
    before = kind.current(session, target, at)
    if not any(line.changed for line in kind.differences(session, before, values, at)):
        raise ChangesNothing
    return Content(kind.key, target, values, before)


def still_stands(session: Session, kind: ChangeKind, content: Content, at: Moment) -> bool:
    """Whether the change's target is as it was when the change was made."""
    return canonical(kind.current(session, content.target, at)) == canonical(content.before)


def hold_target(session: Session, kind: str, target: str) -> None:
    """Nobody else puts a change of this target into force until the transaction ends."""
    name = f"change:{kind}:{target}"
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0))))


def get_change(session: Session, case_id: int, *, lock: bool = False) -> ControlledChange:
    """Raise ChangeNotFound."""
    query = select(ControlledChange).where(ControlledChange.case_id == case_id)
    row = session.scalar(query.with_for_update() if lock else query)
    if row is None:
        raise ChangeNotFound
    return row
