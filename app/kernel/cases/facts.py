"""Reading and writing a case's facts: sensitive ones sealed, the content hash over what is decided."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date
from typing import Any

import orjson
from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.orm import Session

from app.kernel.cases.models import Case, CaseFacts, Material
from app.kernel.cases.schema import FactSchema
from app.kernel.identity.identifiers import ID_NUMBER_KIND
from app.kernel.identity.names import pinyin_key
from app.kernel.transaction.unit import Unit
from app.storage.core import execute, table
from app.storage.crypto import KeyRing

_FACTS = table(CaseFacts)
_LOAD = select(_FACTS.c.facts, _FACTS.c.sealed).where(_FACTS.c.case_id == bindparam("case"))


def load_facts(session: Session, keyring: KeyRing, case: Case) -> dict[str, Any]:
    """All facts of a case, sensitive ones opened: for operations; pages mask what they show."""
    row = execute(session, _LOAD, {"case": case.id}).one()
    return open_facts(keyring, case, row.facts, row.sealed)


def open_facts(keyring: KeyRing, case: Case, facts: Mapping[str, Any], sealed: bytes) -> dict[str, Any]:
    """Stored facts with the sealed ones opened."""
    opened = keyring.open(sealed, table="case_facts", column="sealed", row=str(case.uid))
    return {**facts, **orjson.loads(opened)}


def insert_facts(unit: Unit, case: Case, schema: FactSchema, facts: Mapping[str, Any]) -> None:
    """Write the first facts of a new case and set its content hash and list columns."""
    unit.session.execute(
        insert(CaseFacts).values(
            case_id=case.id,
            region_code=case.region_code,
            updated_at=unit.now,
            **_split(unit, case, schema, facts),
        )
    )


def change_facts(
    unit: Unit, case: Case, schema: FactSchema, current: Mapping[str, Any], changes: Mapping[str, Any]
) -> dict[str, Any]:
    """Merge changes, recompute hash and list columns; answers the new facts. Nothing changed, nothing written.

    The audit event names the changed keys with old and new values, sensitive ones only by key.
    """
    merged = {**current, **changes}
    changed = [key for key in changes if current.get(key) != merged[key]]
    if not changed:
        return merged
    unit.session.execute(
        update(CaseFacts)
        .where(CaseFacts.case_id == case.id)
        .values(updated_at=unit.now, **_split(unit, case, schema, merged))
    )
    visible = [key for key in changed if not schema.facts[key].sensitive]
    unit.record(
        "case.facts_changed",
        {
            "changed": changed,
            "old": {key: current.get(key) for key in visible},
            "new": {key: merged[key] for key in visible},
        },
        case_id=case.id,
    )
    fill_columns(unit, case, schema, merged)
    refresh_content_hash(unit, case, schema, merged)
    return merged


def _split(unit: Unit, case: Case, schema: FactSchema, facts: Mapping[str, Any]) -> dict[str, Any]:
    sensitive = {key: value for key, value in facts.items() if schema.facts[key].sensitive}
    plain = {key: value for key, value in facts.items() if not schema.facts[key].sensitive}
    sealed = unit.kernel.keyring.seal(
        orjson.dumps(sensitive, option=orjson.OPT_SORT_KEYS).decode(),
        table="case_facts",
        column="sealed",
        row=str(case.uid),
    )
    return {"facts": plain, "sealed": sealed}


def content_hash(
    schema: FactSchema, facts: Mapping[str, Any], digests: list[str], outcome: str | None
) -> bytes:
    """SHA-256 over the drafted outcome, the decided facts and the digests of materials.

    Never over opinions or clocks: they are about the content, not part of it.
    """
    content = {"outcome": outcome, "facts": schema.decided(facts), "materials": sorted(digests)}
    return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).digest()


def refresh_content_hash(unit: Unit, case: Case, schema: FactSchema, facts: Mapping[str, Any]) -> None:
    """Recompute the hash after facts or materials changed; a changed content makes signatures stale."""
    unit.session.flush()
    digests = unit.session.scalars(select(Material.digest).where(Material.case_id == case.id)).all()
    case.content_hash = content_hash(schema, facts, list(digests), case.outcome)


def fill_columns(unit: Unit, case: Case, schema: FactSchema, facts: Mapping[str, Any]) -> None:
    """Copy the indexed facts into the neutral columns that lists and searches use."""
    columns = index_columns(unit.kernel.keyring, schema, facts)
    for name, value in columns.items():
        if getattr(case, name) != value:
            setattr(case, name, value)


def index_columns(keyring: KeyRing, schema: FactSchema, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Values of subject_name, subject_pinyin, subject_index, organisation, event_on."""

    index = schema.index_of(facts)

    def fact(column: str) -> Any:
        return facts.get(index.get(column, ""))

    name = fact("subject_name") or ""
    number = fact("subject_id")
    event = fact("event_date")
    return {
        "subject_name": name,
        "subject_pinyin": pinyin_key(name),
        "subject_index": keyring.blind_index(ID_NUMBER_KIND, number) if number else None,
        "organisation": fact("organisation") or "",
        "event_on": date.fromisoformat(event[:10]) if event else None,
    }
