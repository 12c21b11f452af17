"""What the other cases of an injury say to the committee: the recognition, earlier conclusions, terminations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import Session

from app.domain.registry.as_of import everywhere
from app.kernel.cases.facts import load_facts
from app.kernel.cases.models import Case, CaseFacts, CaseTakeOver
from app.kernel.documents.models import Document
from app.kernel.engine.catalogue import get_deployed
from app.kernel.engine.messages.models import CaseMessage
from app.kernel.engine.paperwork import labels_of
from app.storage.crypto import KeyRing

RECOGNITION, ASSESSMENT = "injury_recognition", "capacity_assessment"
POSITIVE = "approved_positive"
REVOKED = "recognition.revoked"
CONCLUSIONS = ("assessment_conclusion", "dependant_conclusion")
STATED = {RECOGNITION: "decision_number", ASSESSMENT: "conclusion_no"}
"""The fact that holds the number of a decision made elsewhere."""
TERMINATION = "assessment_termination_notice"
DEPENDANT = "dependant"
"""`assessment_kind` of a relative's assessment; every other one is the worker's."""


@dataclass(frozen=True)
class Decided:
    """A decided case of the chain: its facts, their words, the number of its document."""

    case_id: int
    facts: Mapping[str, Any]
    labels: Mapping[str, str]
    number: str
    decided_at: datetime | None


def find_recognition(session: Session, keyring: KeyRing, case: Case) -> Decided | None:
    """The chain's positive recognition that wasn't revoked; the latest when there are several."""
    revoked = exists().where(CaseMessage.case_id == Case.id, CaseMessage.name == REVOKED)
    return _find(session, keyring, case, RECOGNITION, (~revoked,))


def find_previous(session: Session, keyring: KeyRing, case: Case, facts: Mapping[str, Any]) -> Decided | None:
    """The latest other conclusion of the committee on the same person in the chain, made here or on paper."""
    told = exists().where(Document.case_id == Case.id, Document.template.in_(CONCLUSIONS))
    on_paper = exists().where(CaseTakeOver.case_id == Case.id, CaseTakeOver.kind == "decided")
    return _find(session, keyring, case, ASSESSMENT, (or_(told, on_paper), same_person(facts)))


def is_of_dependant(facts: Mapping[str, Any]) -> bool:
    """Whether a case with these facts assesses a relative of a worker who died."""
    return facts.get("assessment_kind") == DEPENDANT


def same_person(facts: Mapping[str, Any]) -> ColumnElement[bool]:
    """Assessments, with their facts joined, of the person whom a case with these facts assesses: the injury's worker,
    or the relative of this name."""
    kind: ColumnElement[str] = CaseFacts.facts["assessment_kind"].as_string()
    if not is_of_dependant(facts):
        return kind.is_distinct_from(DEPENDANT)
    name = CaseFacts.facts["dependant_name"].as_string()
    return and_(kind == DEPENDANT, name == facts.get("dependant_name"))


def _find(
    session: Session, keyring: KeyRing, case: Case, process: str, conditions: Iterable[Any]
) -> Decided | None:
    query = (
        select(Case)
        .join(CaseFacts, CaseFacts.case_id == Case.id)
        .where(
            Case.chain_id == case.chain_id,
            Case.id != case.id,
            Case.process_key == process,
            Case.outcome == POSITIVE,
            Case.decided_at.is_not(None),
            *conditions,
        )
    )
    with everywhere(session):
        found = session.scalars(query.order_by(Case.decided_at.desc(), Case.id.desc()).limit(1)).first()
        if found is None:
            return None
        facts = load_facts(session, keyring, found)
        labels = labels_of(get_deployed(session, found.definition_id), facts)
        guarded = select(Document.number).where(
            Document.case_id == found.id, Document.decision_id.is_not(None)
        )
        number = session.scalars(guarded.order_by(Document.id.desc()).limit(1)).first()
    known = number or facts.get(STATED[process]) or ""
    return Decided(found.id, facts, labels, str(known), found.decided_at)


def count_terminations(session: Session, case: Case, facts: Mapping[str, Any]) -> int:
    """Assessments of the same person for this injury that were terminated for want of cooperation."""
    query = (
        select(func.count(func.distinct(Document.case_id)))
        .join(Case, Case.id == Document.case_id)
        .join(CaseFacts, CaseFacts.case_id == Case.id)
    )
    with everywhere(session):
        of_chain = query.where(
            Case.chain_id == case.chain_id, Document.template == TERMINATION, same_person(facts)
        )
        return session.scalar(of_chain) or 0


def has_reassessment(session: Session, case: Case, facts: Mapping[str, Any]) -> bool:
    """Whether a party applied for a reassessment of this case's conclusion that is still open."""
    query = select(Case.id).join(CaseFacts, CaseFacts.case_id == Case.id)
    with everywhere(session):
        found = session.scalars(
            query.where(
                Case.chain_id == case.chain_id,
                Case.process_key == ASSESSMENT,
                Case.status == "open",
                Case.id > case.id,
                CaseFacts.facts["assessment_type"].as_string() == "reassessment",
                same_person(facts),
            ).limit(1)
        ).first()
    return found is not None
