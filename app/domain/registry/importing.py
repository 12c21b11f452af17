"""A file put up for the register: read, weighed line by line, kept sealed, proposed, and let in once it is decided."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any
from uuid import uuid4

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from app.domain.registry.kinds import KINDS, Kind
from app.domain.registry.models import RegistryFile, RegistryImport
from app.domain.registry.reading import FileUnreadable, Line, read_lines
from app.domain.registry.recording import Plan, Recorded, Result, plan_lines, write_plan
from app.kernel.engine.changes import Proposal, propose_weighed
from app.kernel.engine.drafting.permission import require_editor
from app.kernel.identity.identifiers import ID_NUMBER_KIND, IdNumber
from app.kernel.identity.models import Region
from app.kernel.refusals import InvalidInput, Refusal
from app.kernel.transaction.unit import EVERY_REGION, Unit
from app.storage.crypto import KeyRing

CHANGE_KIND = "registry_import"
LONGEST_NAME = 120


class RegistryFileNotFound(Refusal):
    """No such file was put up."""

    code = "registry_file_not_found"


@dataclass(frozen=True)
class Upload:
    """A file as it came: what kind of lines it holds, its name, its bytes."""

    kind: str
    name: str
    content: bytes


def weigh_file(
    session: Session, keyring: KeyRing, upload: Upload, regions: Sequence[str], today: date
) -> Plan:
    """What the file would do now, nothing of it written. Raise InvalidInput (`kind`, `file`)."""
    kind = get_kind(upload.kind)
    scope = _scope(session, regions)
    return plan_lines(session, keyring, kind, _read(kind, upload.content, scope, today), scope)


def put_up(unit: Unit, upload: Upload) -> int:
    """Keep a file with what it would do now; answers its id. A file that was put up earlier is weighed anew.

    Raise InvalidInput (`kind`, `file`), DutyDenied for who is no rule editor.
    """
    person_id = require_editor(unit)
    kind = get_kind(upload.kind)
    digest = hashlib.sha256(upload.content).hexdigest()
    scope = _scope(unit.session, unit.actor.regions)
    lines = _read(kind, upload.content, scope, unit.today)
    plan = plan_lines(unit.session, unit.kernel.keyring, kind, lines, scope)
    uid = uuid4()
    sealed = unit.kernel.keyring.seal(
        upload.content.decode("utf-8-sig"), table="registry_file", column="content", row=str(uid)
    )
    row = RegistryFile(
        uid=uid,
        kind=kind.key,
        name=upload.name[:LONGEST_NAME] or kind.key,
        digest=digest,
        content_sealed=sealed,
        preview={**told(plan), "regions": sorted(scope)},
        subjects=_subjects(unit.kernel.keyring, lines),
        uploaded_by=person_id,
        uploaded_at=unit.now,
    )
    unit.session.add(row)
    unit.session.flush()
    unit.record(
        "registry.file_put_up", {"kind": kind.key, "digest": digest, "counts": plan.counts}, chain="system"
    )
    return row.id


def propose_import(unit: Unit, file_id: int, *, reason: str, ground: str) -> dict[str, Any]:
    """Propose that a file is let in; answers {"case_id", "case_no"}. Raise InvalidInput by field, DutyDenied."""
    return propose_weighed(unit, Proposal(CHANGE_KIND, {"file": str(file_id)}, reason, ground))


def let_in(unit: Unit, file_id: int, change_id: int) -> Mapping[str, int]:
    """Write the lines of a decided file as they are now; answers counts by status. The fence stamps the moment."""
    row = get_file(unit.session, file_id)
    kind = KINDS[row.kind]
    text = unit.kernel.keyring.open(
        row.content_sealed, table="registry_file", column="content", row=str(row.uid)
    )
    scope = frozenset(row.preview["regions"])
    lines = read_lines(kind, text.encode(), scope, unit.today)
    plan = plan_lines(unit.session, unit.kernel.keyring, kind, lines, scope)
    at = unit.session.execute(
        insert(RegistryImport)
        .values(change_id=change_id, file_id=row.id, results=told(plan), at=unit.now)
        .returning(RegistryImport.at)
    ).scalar_one()
    write_plan(unit.session, kind, plan, at, change_id)
    unit.record("registry.imported", {"kind": kind.key, "digest": row.digest, "counts": plan.counts})
    return plan.counts


def load_first(unit: Unit, kind_key: str, lines: Sequence[Line], recorded_at: Recorded) -> dict[str, int]:
    """The register an office begins with, recorded at a moment that is past: lawful until the founding is closed, by
    the owner afterwards. Raise ValueError for a line that would be refused.
    """
    kind = get_kind(kind_key)
    scope = _scope(unit.session, EVERY_REGION)
    plan = plan_lines(unit.session, unit.kernel.keyring, kind, lines, scope)
    wrong = [result for result in plan.results if result.faults]
    if wrong:
        raise ValueError(f"{kind_key}: {wrong[:3]}")
    write_plan(unit.session, kind, plan, recorded_at, None)
    unit.record("registry.loaded", {"kind": kind_key, "counts": plan.counts}, chain="system")
    return plan.counts


def get_kind(key: str) -> Kind:
    """Raise InvalidInput (`kind`)."""
    kind = KINDS.get(key)
    if kind is None:
        raise InvalidInput({"kind": ("not_an_option", {})})
    return kind


def get_file(session: Session, file_id: int) -> RegistryFile:
    """Raise RegistryFileNotFound."""
    row = session.get(RegistryFile, file_id)
    if row is None:
        raise RegistryFileNotFound(file=file_id)
    return row


def told(plan: Plan) -> dict[str, Any]:
    """Counts and results by line, as they are kept and shown: nobody's data."""
    return {"counts": plan.counts, "lines": [_told(result) for result in plan.results]}


def _told(result: Result) -> dict[str, Any]:
    line: dict[str, Any] = {"number": result.number, "status": result.status}
    return {**line, "faults": [asdict(fault) for fault in result.faults]} if result.faults else line


def _read(kind: Kind, content: bytes, regions: frozenset[str], today: date) -> list[Line]:
    try:
        return read_lines(kind, content, regions, today)
    except FileUnreadable as unreadable:
        raise InvalidInput({"file": (unreadable.code, unreadable.params)}) from None


def _scope(session: Session, regions: Sequence[str]) -> frozenset[str]:
    if tuple(regions) == EVERY_REGION:
        return frozenset(session.scalars(select(Region.code)))
    return frozenset(regions)


def _subjects(keyring: KeyRing, lines: Sequence[Line]) -> list[bytes]:
    """Blind indexes of the people the lines speak of: the change shows whose open cases it touches."""
    numbers = {
        value.number for line in lines for value in line.values.values() if isinstance(value, IdNumber)
    }
    return sorted(keyring.blind_index(ID_NUMBER_KIND, number) for number in numbers)
