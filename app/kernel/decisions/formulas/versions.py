"""Formulas as they stand in the database: which version on which day, read once in the life of the process."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from app.kernel.decisions.formulas.catalogue import Catalogue, read_catalogue
from app.kernel.decisions.formulas.models import FormulaFile, FormulaVersion
from app.kernel.duties.models import Founding
from app.kernel.refusals import Refusal
from app.kernel.transaction.unit import Unit

SHIPPED = "benefits"
"""The folder of shipped formulas among the workflows."""


class FormulasMissing(Refusal):
    """No formulas are in force on the day: nothing is calculated."""

    code = "formulas_missing"


def digest_of(files: Mapping[str, bytes]) -> str:
    """SHA-256 over name, NUL, length, NUL, content, in the order of names (as the database reckons it)."""
    digest = hashlib.sha256()
    for name in sorted(files):
        digest.update(f"{name}\0{len(files[name])}\0".encode() + files[name])
    return digest.hexdigest()


def read_shipped(workflows: Path) -> dict[str, bytes]:
    """The shipped files by name."""
    return {path.name: path.read_bytes() for path in sorted((workflows / SHIPPED).iterdir())}


@lru_cache(maxsize=8)
def _parsed(content: tuple[tuple[str, bytes], ...]) -> Catalogue:
    return read_catalogue(dict(content))


def parse(files: Mapping[str, bytes]) -> Catalogue:
    """The catalogue in these files, read once for the same content. Raise CatalogueInvalid."""
    return _parsed(tuple(sorted(files.items())))


def find_standing(session: Session, on: date) -> FormulaVersion | None:
    """The version of the latest first day that has come, of one day the newest."""
    newest = select(FormulaVersion).where(FormulaVersion.effective_from <= on)
    order = (FormulaVersion.effective_from.desc(), FormulaVersion.id.desc())
    return session.scalar(newest.order_by(*order).limit(1))


def find_newest(session: Session) -> FormulaVersion | None:
    """The version decided last, whether its day has come or not: the next one is made from it."""
    return session.scalar(select(FormulaVersion).order_by(FormulaVersion.id.desc()).limit(1))


def load_files(session: Session, version_id: int) -> dict[str, bytes]:
    """A version's files by name."""
    rows = session.execute(
        select(FormulaFile.name, FormulaFile.content).where(FormulaFile.version_id == version_id)
    )
    return {name: bytes(content) for name, content in sorted((row.name, row.content) for row in rows)}


_KNOWN: dict[str, Catalogue] = {}


def standing_catalogue(session: Session, on: date) -> Catalogue:
    """The formulas in force on a day. Raise FormulasMissing."""
    version = find_standing(session, on)
    if version is None:
        raise FormulasMissing
    if version.digest not in _KNOWN:
        _KNOWN[version.digest] = parse(load_files(session, version.id))
    return _KNOWN[version.digest]


def install_formulas(unit: Unit, workflows: Path, *, by: str, approval: Mapping[str, Any]) -> bool:
    """Put the shipped formulas into force, once; answers whether shipped ones differ, which only a change may bring."""
    files, newest = read_shipped(workflows), find_newest(unit.session)
    if newest is None and unit.session.scalar(select(Founding.id)) is None:
        store_formulas(unit, files, date(2004, 1, 1), by=by, approval=approval)
        return False
    stored = select(FormulaVersion.id).where(FormulaVersion.digest == digest_of(files))
    return unit.session.scalar(stored.limit(1)) is None


def store_formulas(
    unit: Unit,
    files: Mapping[str, bytes],
    effective_from: date,
    *,
    by: str,
    approval: Mapping[str, Any],
    change_id: int | None = None,
) -> int:
    """Keep a version with its files; answers its number. The fence wants a decided change behind it."""
    number = (unit.session.scalar(select(func.max(FormulaVersion.version))) or 0) + 1
    digest = digest_of(files)
    identity = unit.session.execute(
        insert(FormulaVersion)
        .values(
            version=number,
            digest=digest,
            effective_from=effective_from,
            created_at=unit.now,
            created_by=by,
            approval=dict(approval),
            change_id=change_id,
        )
        .returning(FormulaVersion.id)
    ).scalar_one()
    rows = [{"version_id": identity, "name": name, "content": data} for name, data in sorted(files.items())]
    unit.session.execute(insert(FormulaFile), rows)
    told = {"version": number, "digest": digest, "from": effective_from.isoformat(), "change": change_id}
    unit.record("formulas.kept", told, chain="system")
    return number
