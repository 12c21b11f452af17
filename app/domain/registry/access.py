"""Reading somebody's entry in the register: for a purpose, and kept in the audit log (个人信息保护法 28; RSK-26)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from app.domain.registry.models import InsuredPerson, InsuredPersonDetail
from app.domain.registry.search import CASE_NO
from app.kernel.cases.models import Case
from app.kernel.identity.identifiers import mask_id_number
from app.kernel.recusal.queries import barring
from app.kernel.refusals import Refusal
from app.kernel.transaction.unit import Unit

SHORTEST, LONGEST = 4, 100


class PurposeMissing(Refusal):
    """A reading needs a purpose: a case, or what the officer is about."""

    code = "registry_purpose_missing"


class PurposeCaseUnknown(Refusal):
    """The case named as purpose isn't in the officer's regions, or is closed to him."""

    code = "registry_purpose_case_unknown"


class PersonElsewhere(Refusal):
    """The person is registered outside the officer's regions, and the purpose is no case of this person."""

    code = "registry_person_elsewhere"


@dataclass(frozen=True)
class Purpose:
    """What somebody reads for; `case_id` where it is a case."""

    text: str
    case_id: int | None = None


def read_purpose(unit: Unit, typed: str) -> Purpose:
    """The purpose as typed: the number of a case the actor may read, or some words. Raise PurposeMissing,
    PurposeCaseUnknown."""
    text = typed.strip()[:LONGEST]
    if CASE_NO.fullmatch(text):
        case_id = unit.session.scalar(
            select(Case.id).where(Case.case_no == text, ~barring(Case.id, unit.actor.person_id or 0))
        )
        if case_id is None:
            raise PurposeCaseUnknown(case_no=text, field="purpose")
        return Purpose(text, case_id)
    if len(text) < SHORTEST:
        raise PurposeMissing(field="purpose", minimum=SHORTEST)
    return Purpose(text)


def note_search(unit: Unit, typed: str, how: str, found: int) -> None:
    """Keep that somebody looked for people: by what, never for whom. Raise as `read_purpose`."""
    _keep(unit, "registry.searched", read_purpose(unit, typed), {"by": how, "found": found})


def open_person(unit: Unit, person_id: int, typed: str) -> str:
    """Keep that the entry was read; answers the masked ID number.

    Raise as `read_purpose`, PersonElsewhere, LookupError.
    """
    purpose = read_purpose(unit, typed)
    person = unit.session.get(InsuredPerson, person_id)
    if person is None:
        raise LookupError(person_id)
    if not _within_reach(unit, person, purpose):
        raise PersonElsewhere(field="purpose")
    _keep(unit, "registry.person_read", purpose, {"insured_person_id": person_id})
    keyring, row = unit.kernel.keyring, str(person.uid)
    return mask_id_number(
        keyring.open(person.id_number_sealed, table="insured_person", column="id_number", row=row)
    )


def _within_reach(unit: Unit, person: InsuredPerson, purpose: Purpose) -> bool:
    """Registered in the actor's regions, or the subject of the case that is the purpose."""
    here = select(InsuredPersonDetail.id).where(InsuredPersonDetail.person_id == person.id).limit(1)
    if unit.session.scalar(here) is not None:
        return True
    subject = select(Case.subject_index).where(Case.id == purpose.case_id)
    return purpose.case_id is not None and unit.session.scalar(subject) == person.id_number_index


def _keep(unit: Unit, event: str, purpose: Purpose, payload: dict[str, Any]) -> None:
    """In the reader's own chain: whom he looks at is about him."""
    chain = f"person:{unit.actor.person_id}"
    told = {**payload, "purpose": purpose.text, "purpose_case_id": purpose.case_id}
    unit.record(event, told, chain=chain)
