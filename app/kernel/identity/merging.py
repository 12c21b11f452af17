"""Late merge: two records turn out to be one natural person. What was done keeps its names; nothing is moved.

The database moves canonical id, holds and bindings and notes every collision (migrations, 0002_people.sql). Here
the merged record's claims are given back, its sessions end, and both audit chains get the report.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import insert, select, update
from sqlalchemy.orm import aliased

from app.kernel.audit.chain import person_chain
from app.kernel.cases.models import Case
from app.kernel.duties.records import permit_system
from app.kernel.duties.views import Action
from app.kernel.grants.alerts import list_watchers, tell
from app.kernel.identity.models import Account, IdentityDoubt, Person, PersonAlias
from app.kernel.identity.refusals import MergeImpossible
from app.kernel.identity.sessions import revoke_sessions
from app.kernel.transaction.unit import Unit
from app.kernel.violations.models import SodViolation
from app.kernel.violations.operations import announce_violations, newest_violation
from app.kernel.worklist.claims import reconsider_later
from app.kernel.worklist.models import Task
from app.kernel.worklist.reconsidering import release


@dataclass(frozen=True)
class MergeReport:
    """What a merge came to: new violations' ids, cases whose claims were given back, sessions ended, doubts settled."""

    violations: tuple[int, ...]
    released: tuple[int, ...]
    sessions: int
    doubts: tuple[int, ...]


def merge_person(
    unit: Unit, person_id: int, canonical_id: int, *, reason: str, change_id: int
) -> MergeReport:
    """Record that `person_id` is `canonical_id`, on an approved change (fence: SD014, SD018).

    Raise MergeImpossible when either record was merged already, or both are one.
    """
    _require_canonical(unit, person_id, canonical_id)
    since = newest_violation(unit.session)
    records = unit.session.scalars(select(Person.id).where(Person.canonical_id == person_id)).all()
    released = _release_claims(unit, records)
    unit.session.execute(
        insert(PersonAlias).values(
            person_id=person_id, canonical_id=canonical_id, reason=reason, change_id=change_id, at=unit.now
        )
    )
    violations = announce_violations(unit, since)
    reconsider_later(unit, "merged", persons=[canonical_id])
    report = MergeReport(
        tuple(violations), released, _end_sessions(unit, records), _settle_doubts(unit, change_id)
    )
    _tell(unit, person_id, canonical_id, reason, change_id, report)
    return report


def mark_distinct(unit: Unit, doubt_id: int, *, change_id: int) -> None:
    """Settle a doubt: the records are two persons. Only on an approved change (fence: SD014)."""
    row = unit.session.execute(
        update(IdentityDoubt)
        .where(IdentityDoubt.id == doubt_id, IdentityDoubt.cleared_at.is_(None))
        .values(cleared_at=unit.now, verdict="distinct", change_id=change_id)
        .returning(IdentityDoubt.person_id, IdentityDoubt.other_id)
    ).one()
    for record in (row.person_id, row.other_id):
        if record is not None:
            payload = {"doubt": doubt_id, "change": change_id}
            unit.record("identity.distinct", payload, chain=person_chain(record))


def _require_canonical(unit: Unit, person_id: int, canonical_id: int) -> None:
    found = dict(
        unit.session.execute(
            select(Person.id, Person.canonical_id).where(Person.id.in_([person_id, canonical_id]))
        ).all()
    )
    if person_id == canonical_id or found != {person_id: person_id, canonical_id: canonical_id}:
        raise MergeImpossible(person_id=person_id, canonical_id=canonical_id)


def _release_claims(unit: Unit, records: Sequence[int]) -> tuple[int, ...]:
    """Give back what the duplicate had claimed; dossiers that were opened stay bound. Cases are locked in order."""
    case_ids = unit.session.scalars(
        select(Task.case_id)
        .where(Task.claimed_by.in_(records), Task.state == "open")
        .distinct()
        .order_by(Task.case_id)
    ).all()
    for case_id in case_ids:
        case = unit.session.scalars(
            select(Case).where(Case.id == case_id).with_for_update().execution_options(populate_existing=True)
        ).one()
        tasks = unit.session.scalars(
            select(Task)
            .where(Task.case_id == case_id, Task.claimed_by.in_(records), Task.state == "open")
            .execution_options(populate_existing=True)
        ).all()
        permit_system(unit, Action.SYSTEM, case_id)
        for task in tasks:
            release(unit, case, task, "merged")
        if unit.case is None or unit.case.id != case_id:
            case.version += 1
    return tuple(case_ids)


def _end_sessions(unit: Unit, records: Sequence[int]) -> int:
    """Who is logged in under a merged record logs in again as who he is."""
    accounts = unit.session.scalars(select(Account.id).where(Account.person_id.in_(records))).all()
    return sum(revoke_sessions(unit, account_id) for account_id in accounts)


def _settle_doubts(unit: Unit, change_id: int) -> tuple[int, ...]:
    """Open doubts whose two records are one person now."""
    one, other = aliased(Person), aliased(Person)
    settled = unit.session.scalars(
        select(IdentityDoubt.id)
        .join(one, one.id == IdentityDoubt.person_id)
        .join(other, other.id == IdentityDoubt.other_id)
        .where(IdentityDoubt.cleared_at.is_(None), one.canonical_id == other.canonical_id)
    ).all()
    if settled:
        unit.session.execute(
            update(IdentityDoubt)
            .where(IdentityDoubt.id.in_(settled))
            .values(cleared_at=unit.now, verdict="merged", change_id=change_id)
        )
    return tuple(settled)


def _tell(
    unit: Unit, person_id: int, canonical_id: int, reason: str, change_id: int, report: MergeReport
) -> None:
    """The report goes to both chains; auditors hear of it."""
    payload = {
        "person": person_id,
        "canonical": canonical_id,
        "reason": reason,
        "change": change_id,
        "violations": _violations(unit, report.violations),
        "released_cases": list(report.released),
        "sessions_ended": report.sessions,
        "doubts": list(report.doubts),
    }
    for record in (person_id, canonical_id):
        unit.record("person.merged", payload, chain=person_chain(record))
    name = unit.session.get_one(Person, canonical_id).name
    told = {"name": name, "person": canonical_id, "violations": len(report.violations)}
    tell(unit, list_watchers(unit), "person_merged", f"merge:{person_id}", told)


def _violations(unit: Unit, ids: tuple[int, ...]) -> list[dict[str, object]]:
    rows = unit.session.scalars(
        select(SodViolation).where(SodViolation.id.in_(ids)).order_by(SodViolation.id)
    )
    return [
        {
            "id": row.id,
            "rule": row.rule,
            "scope": row.scope,
            "scope_id": row.scope_id,
            "members": row.members,
            "performances": row.performance_ids,
        }
        for row in rows
    ]
