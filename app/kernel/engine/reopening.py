"""Doing a decided case again: a new case of the same process in the same chain, with what the first began with.

A decided case is never opened in place. The conflict sets of the chain keep its signers away from the new one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from sqlalchemy import insert, or_, select
from sqlalchemy.orm import Session

from app.kernel.cases.facts import load_facts, refresh_content_hash
from app.kernel.cases.models import Case, Material
from app.kernel.chains.permission import require_case_supervisor
from app.kernel.chains.refusals import CaseAlreadyReopened, CaseNotDecided, CaseRoleUnknown
from app.kernel.duties.models import Performance, Signature
from app.kernel.duties.operations import require_intake
from app.kernel.duties.refusals import DutyDenied
from app.kernel.duties.views import Action, Decision
from app.kernel.engine.catalogue import Deployed, get_deployed, get_latest
from app.kernel.engine.operations import CaseStart, start_case
from app.kernel.identity.models import Person
from app.kernel.transaction import Unit
from app.kernel.worklist.refusals import ReasonMissing

AGAIN_ROLES = ("redo", "review", "reassessment", "reconsideration")
"""What a case may be in its chain beside the first (case_roles of the conflict sets)."""


def roles_again(deployed: Deployed) -> tuple[str, ...]:
    """The roles in which a case of this process may be done again (`again_roles` of process.toml)."""
    return tuple(deployed.process.get("again_roles", AGAIN_ROLES))


def list_signers(session: Session, case_id: int) -> list[str]:
    """Names of those who signed in a case, principals of whoever signed for them included."""
    names = session.scalars(
        select(Person.name)
        .join(Performance, or_(Performance.person_id == Person.id, Performance.on_behalf_of == Person.id))
        .join(Signature, Signature.performance_id == Performance.id)
        .where(Signature.case_id == case_id)
        .order_by(Signature.id)
    )
    return list(dict.fromkeys(names))


def reopen_case(unit: Unit, role: str, reason: str) -> dict[str, Any]:
    """Start a case that does the locked, decided one again; answers {"case_id", "case_no"} of the new one.

    Ordered by the supervisor of its region, who performs nothing, or registered by who holds its intake post.
    Raise CaseNotDecided, CaseRoleUnknown, CaseAlreadyReopened, ReasonMissing, DutyDenied.
    """
    case = unit.case
    if case is None:
        raise LookupError("the operation needs a locked case")
    if not reason.strip():
        raise ReasonMissing(field="reason")
    deployed = get_deployed(unit.session, case.definition_id)
    _require_redoable(unit, case, deployed, role)
    order = _permit(unit, deployed, case)
    facts = load_facts(unit.session, unit.kernel.keyring, case)
    told = {"role": role, "reason": reason.strip()}
    unit.record("case.reopening_ordered", told, case_id=case.id)
    started = start_case(unit, _start(unit, case, role, facts, order))
    carry_materials(unit, case)
    unit.record("case.reopened", {**told, "first": case.case_no, "new": started["case_no"]}, case_id=case.id)
    return started


def _require_redoable(unit: Unit, case: Case, deployed: Deployed, role: str) -> None:
    if role not in roles_again(deployed):
        raise CaseRoleUnknown(field="role", role=role)
    if case.decided_at is None:
        raise CaseNotDecided(case_no=case.case_no)
    other = unit.session.scalars(
        select(Case.case_no).where(
            Case.chain_id == case.chain_id,
            Case.process_key == case.process_key,
            Case.case_role == role,
            Case.status == "open",
        )
    ).first()
    if other is not None:
        raise CaseAlreadyReopened(case_no=other)


def _permit(unit: Unit, deployed: Deployed, case: Case) -> Decision | None:
    """The supervisor's decision, or None when the actor registers the new case by his intake post."""
    try:
        return require_case_supervisor(unit, Action.REOPEN, case)
    except DutyDenied as denied:
        if denied.decision.reason != "not_supervisor":
            raise
        require_intake(unit, deployed.intake_post, case.region_code, case)
        return None


def _start(unit: Unit, case: Case, role: str, facts: Mapping[str, Any], order: Decision | None) -> CaseStart:
    latest = get_latest(unit.session, case.process_key)
    return CaseStart(
        process_key=case.process_key,
        region_code=case.region_code,
        facts=carried_facts(latest, facts),
        chain_id=case.chain_id,
        case_role=role,
        ordered=order,
    )


def carried_facts(deployed: Deployed, facts: Mapping[str, Any]) -> dict[str, Any]:
    """What a case done again begins with, of the first one's facts (`carried_groups` of process.toml)."""
    groups = deployed.process.get("carried_groups")
    return {
        key: value
        for key, value in facts.items()
        if value is not None
        and key in deployed.schema.facts
        and (groups is None or deployed.schema.facts[key].group in groups)
    }


def carry_materials(unit: Unit, first: Case) -> None:
    """The files of the first case lie before the new one too; the content is in the store once."""
    new = unit.case
    if new is None or new.id == first.id:
        raise LookupError("start_case left no new case")
    rows = unit.session.scalars(select(Material).where(Material.case_id == first.id)).all()
    for row in rows:
        unit.session.execute(
            insert(Material).values(
                uid=uuid4(),
                case_id=new.id,
                region_code=new.region_code,
                kind=row.kind,
                filename=row.filename,
                media_type=row.media_type,
                size=row.size,
                digest=row.digest,
                source="carried",
                received_at=unit.now,
                uploaded_by=row.uploaded_by,
            )
        )
    if rows:
        deployed = get_deployed(unit.session, new.definition_id)
        facts = load_facts(unit.session, unit.kernel.keyring, new)
        refresh_content_hash(unit, new, deployed.schema, facts)
        unit.record("case.materials_carried", {"from": first.case_no, "count": len(rows)}, case_id=new.id)
