"""Late links and splits, in the transaction of the controlled change that decided them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, insert, select

from app.kernel.cases.models import Case, CaseChain, ChainLink
from app.kernel.changes.refusals import ChangeOutdated
from app.kernel.transaction.unit import Unit
from app.kernel.violations.operations import announce_violations, newest_violation
from app.kernel.worklist.reconsidering import reconsider_tasks


@dataclass(frozen=True)
class Ground:
    """The change that decided, and why."""

    change_id: int
    reason: str


def link_chains(unit: Unit, retiring: int, survivor: int, ground: Ground) -> list[int]:
    """Move every case of `retiring` into `survivor`; answers the ids of violations that came to light.

    Raise ChangeOutdated when either chain was given up meanwhile.
    """
    since = newest_violation(unit.session)
    moving = lock_members(unit, [retiring])
    _require_alive(unit, [retiring, survivor])
    if not moving:
        raise ChangeOutdated(target=str(retiring))
    _move(unit, "link", moving, survivor, ground)
    return _settle(unit, lock_members(unit, [survivor]), since, "chain_linked")


def split_chain(unit: Unit, chain_id: int, leaving: Collection[int], ground: Ground) -> tuple[int, int]:
    """Give the leaving cases a chain of their own and the others a fresh one; answers both, leaving first.

    No binding has to be taken back: nothing stays in the former chain. Raise ChangeOutdated when the chain
    changed meanwhile, or when nobody would leave or stay.
    """
    since = newest_violation(unit.session)
    members = lock_members(unit, [chain_id])
    _require_alive(unit, [chain_id])
    gone = [case for case in members if case.id in leaving]
    kept = [case for case in members if case.id not in leaving]
    if len(gone) != len(leaving) or not gone or not kept:
        raise ChangeOutdated(target=str(chain_id))
    fresh = [
        unit.session.execute(
            insert(CaseChain).values(created_at=unit.now).returning(CaseChain.id)
        ).scalar_one()
        for _ in range(2)
    ]
    places = {case.id: fresh[0] if case.id in leaving else fresh[1] for case in members}
    for case in members:
        _move(unit, "split", [case], places[case.id], ground)
    _settle(unit, lock_members(unit, fresh), since, "chain_split")
    return fresh[0], fresh[1]


def lock_members(unit: Unit, chain_ids: Sequence[int]) -> list[Case]:
    """The chains' cases, locked in the order of their ids."""
    return list(
        unit.session.scalars(
            select(Case)
            .where(Case.chain_id.in_(bindparam("chains", expanding=True)))
            .order_by(Case.id)
            .with_for_update()
            .execution_options(populate_existing=True),
            {"chains": list(chain_ids)},
        )
    )


def _require_alive(unit: Unit, chain_ids: Sequence[int]) -> None:
    given_up = unit.session.scalars(
        select(CaseChain.id).where(CaseChain.id.in_(chain_ids), CaseChain.retired_at.is_not(None))
    ).first()
    if given_up is not None:
        raise ChangeOutdated(target=str(given_up))


def _move(unit: Unit, kind: str, cases: Sequence[Case], to_chain: int, ground: Ground) -> None:
    """One row per case, in the order of their ids; its trigger moves the case and binds again."""
    for case in cases:
        former = case.chain_id
        unit.session.execute(
            insert(ChainLink).values(
                case_id=case.id,
                from_chain_id=former,
                to_chain_id=to_chain,
                kind=kind,
                reason=ground.reason,
                change_id=ground.change_id,
                at=unit.now,
            )
        )
        told = {"from": former, "to": to_chain, "change": ground.change_id, "reason": ground.reason}
        unit.record(f"case.chain_{kind}", told, case_id=case.id)


def _settle(unit: Unit, cases: Sequence[Case], since: int, cause: str) -> list[int]:
    found = announce_violations(unit, since)
    for case in cases:
        unit.views.pop(case.id, None)
    reconsider_tasks(unit, [case for case in cases if case.status == "open"], cause=cause)
    return found
