"""The register of interests: what an officer declares of himself each year, and what internal audit adds.

Subjects are kept as blind indexes and masked labels only; credit code and name of an organisation are two rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import insert, select, update

from app.kernel.duties.queries import get_candidate
from app.kernel.duties.refusals import DutyDenied
from app.kernel.duties.views import Action, deny
from app.kernel.identity.identifiers import (
    ID_NUMBER_KIND,
    IdentifierInvalid,
    mask_id_number,
    parse_id_number,
    parse_uscc,
)
from app.kernel.recusal.models import CAUSES, PersonInterest
from app.kernel.recusal.queries import canonical_of, list_person_ids
from app.kernel.recusal.refusals import InterestKnown, InterestNotFound, InterestNotYours
from app.kernel.recusal.register import CONFIRMED
from app.kernel.recusal.rules import (
    KIN_CAUSE,
    NAME_KIND,
    ORGANISATION_CAUSES,
    USCC_KIND,
    normal_name,
    subject_index,
)
from app.kernel.refusals import InvalidInput
from app.kernel.transaction.unit import Unit
from app.storage.crypto import KeyRing

FIND_JOB = "find_recusals"
LONGEST = 120


@dataclass(frozen=True)
class Declaration:
    """What was typed: kin by ID number (with the relation), organisations by name and, if known, credit code."""

    cause: str
    relation: str = ""
    id_number: str = ""
    uscc: str = ""
    name: str = ""


def declare_interest(unit: Unit, declaration: Declaration, person_id: int | None = None) -> None:
    """Enter a relation of the actor, or (internal auditors) of another person; open cases are looked through.

    Raise InvalidInput by field, InterestKnown, InterestNotYours, DutyDenied for machines.
    """
    owner, actor = _owner(unit, person_id)
    indexes, label = read_declaration(unit.kernel.keyring, declaration)
    known = unit.session.scalars(
        select(PersonInterest.id).where(
            PersonInterest.person_id.in_(list_person_ids(unit.session, owner)),
            PersonInterest.cause == declaration.cause,
            PersonInterest.subject_index == indexes[0],
            PersonInterest.ended_at.is_(None),
        )
    ).first()
    if known is not None:
        raise InterestKnown(label=label)
    for index in indexes:
        unit.session.execute(
            insert(PersonInterest).values(
                person_id=owner,
                cause=declaration.cause,
                subject_index=index,
                subject_label=label,
                declared_by=actor,
                declared_at=unit.now,
            )
        )
    unit.record("interest.declared", {"cause": declaration.cause, "label": label}, chain=f"person:{owner}")
    unit.defer(FIND_JOB, {"person_id": owner})


def end_interest(unit: Unit, interest_id: int, person_id: int | None = None) -> None:
    """End an entry (all its rows). What it recused from stays so until the head rules otherwise.

    Raise InterestNotFound, InterestNotYours.
    """
    owner, _actor = _owner(unit, person_id)
    own = list_person_ids(unit.session, owner)
    entry = unit.session.get(PersonInterest, interest_id)
    if entry is None or entry.person_id not in own or entry.ended_at is not None:
        raise InterestNotFound(interest_id=interest_id)
    unit.session.execute(
        update(PersonInterest)
        .where(
            PersonInterest.person_id == entry.person_id,
            PersonInterest.cause == entry.cause,
            PersonInterest.subject_label == entry.subject_label,
            PersonInterest.declared_at == entry.declared_at,
            PersonInterest.ended_at.is_(None),
        )
        .values(ended_at=unit.now)
    )
    unit.record(
        "interest.ended", {"cause": entry.cause, "label": entry.subject_label}, chain=f"person:{owner}"
    )


def confirm_interests(unit: Unit) -> None:
    """The actor declares for the year that his register is complete."""
    owner, _actor = _owner(unit, None)
    unit.record(CONFIRMED, {"year": unit.today.year}, chain=f"person:{owner}")


def _owner(unit: Unit, person_id: int | None) -> tuple[int, int]:
    """(whose register, who writes), canonical. Raise DutyDenied, InterestNotYours."""
    actor = unit.actor.person_id
    if actor is None:
        raise DutyDenied(deny("machine_holds_no_duty"), Action.RECUSE, None, None, None)
    owner = actor if person_id is None else canonical_of(unit.session, person_id)
    if owner == actor:
        return actor, actor
    if owner is None or "audit" not in get_candidate(unit.session, actor, unit.today).post_kinds:
        raise InterestNotYours
    return owner, actor


def read_declaration(keyring: KeyRing, declaration: Declaration) -> tuple[list[bytes], str]:
    """Blind indexes of the subject, the strictest first, and the label to show. Raise InvalidInput by field."""
    if declaration.cause not in CAUSES:
        raise InvalidInput({"cause": ("not_an_option", {})})
    if declaration.cause == KIN_CAUSE:
        return _read_kin(keyring, declaration)
    if declaration.cause not in ORGANISATION_CAUSES and declaration.id_number.strip():
        return _read_kin(keyring, declaration)
    return _read_organisation(keyring, declaration)


def _read_kin(keyring: KeyRing, declaration: Declaration) -> tuple[list[bytes], str]:
    errors: dict[str, tuple[str, Mapping[str, object]]] = {}
    relation = declaration.relation.strip()
    if not relation:
        errors["relation"] = ("required", {})
    if len(relation) > 20:
        errors["relation"] = ("too_long", {"max": 20})
    number = ""
    try:
        number = parse_id_number(declaration.id_number).number
    except IdentifierInvalid as invalid:
        code = invalid.code if declaration.id_number.strip() else "required"
        errors["id_number"] = (code, {})
    if errors:
        raise InvalidInput(errors)
    return [subject_index(keyring, ID_NUMBER_KIND, number)], f"{relation} {mask_id_number(number)}"


def _read_organisation(keyring: KeyRing, declaration: Declaration) -> tuple[list[bytes], str]:
    errors: dict[str, tuple[str, Mapping[str, object]]] = {}
    name, code = declaration.name.strip(), ""
    if len(normal_name(name)) < 4:
        errors["name"] = ("too_short", {"min": 4}) if name else ("required", {})
    if len(name) > LONGEST:
        errors["name"] = ("too_long", {"max": LONGEST})
    if declaration.uscc.strip():
        try:
            code = parse_uscc(declaration.uscc)
        except IdentifierInvalid as invalid:
            errors["uscc"] = (invalid.code, {})
    if errors:
        raise InvalidInput(errors)
    indexes = [subject_index(keyring, USCC_KIND, code)] if code else []
    return [*indexes, subject_index(keyring, NAME_KIND, name)], f"{name} {code}".strip()
