"""Writes of awards: drafts, payables of a sealed award, and what freezes, stops or supersedes them.

An amount is never changed: another reckoning is another draft, another award makes other payables.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import uuid4

from sqlalchemy import insert

from app.domain.benefits.models import Entitlement, Payable, PayableEvent
from app.domain.benefits.queries import get_decision, last_draft, list_granted, list_lines, list_payables
from app.domain.benefits.reckoning import digest_of
from app.kernel.cases.models import Case
from app.kernel.transaction import Unit


def write_draft(unit: Unit, case: Case, rows: Sequence[Mapping[str, Any]]) -> tuple[int, str]:
    """Keep the lines of a draft; answers its number and its digest. What is the same as the latest isn't kept again."""
    digest = digest_of(rows)
    last = last_draft(unit.session, case.id)
    standing = list_lines(unit.session, case.id, last)
    if standing and standing[0].draft_digest == digest:
        return last, digest
    number = last + 1
    common = {"case_id": case.id, "draft": number, "draft_digest": digest, "at": unit.now}
    unit.session.execute(insert(Entitlement), [{**row, **common} for row in rows])
    unit.record("award.drafted", {"draft": number, "lines": len(rows), "digest": digest}, case_id=case.id)
    return number, digest


def grant_payables(unit: Unit, case: Case, draft: int) -> list[Payable]:
    """What the sealed award grants becomes payable, line by line; nothing of it where there is no sealed award.

    The fence checks each once more (SD051). Raise LookupError for a case without a decision.
    """
    decision = get_decision(unit.session, case.id)
    if decision is None:
        raise LookupError(f"case {case.id} has no decision")
    payables = [
        Payable(
            uid=uuid4(),
            entitlement_id=line.id,
            case_id=case.id,
            decision_id=decision.id,
            item=line.item,
            payer=line.payer,
            payee=line.payee,
            cycle=line.cycle,
            amount=line.amount,
            period_from=line.period_from,
            period_to=line.period_to,
            at=unit.now,
        )
        for line in list_lines(unit.session, case.id, draft)
        if line.amount > 0
    ]
    unit.session.add_all(payables)
    unit.session.flush()
    told = [{"item": one.item, "payer": one.payer, "amount": str(one.amount)} for one in payables]
    unit.record("award.payables_ready", {"draft": draft, "payables": told}, case_id=case.id)
    return payables


def supersede_monthly(unit: Unit, case: Case, items: Iterable[str]) -> int:
    """A new award takes the place of the running payments of these items that other cases of the chain granted."""
    decision = get_decision(unit.session, case.id)
    wanted = set(items)
    running = [
        one for one in list_granted(unit.session, case) if one.cycle == "monthly" and one.item in wanted
    ]
    return _happen(unit, running, "supersede", "recalculated", decision.id if decision else None)


def freeze_payables(unit: Unit, chain_id: int, reason: str) -> int:
    """Nothing more is paid of a chain until people have looked at it; answers how many were frozen.

    `reason` is a ground of `payable_event`, e.g. `recognition_revoked`.
    """
    return _happen(unit, list_payables(unit.session, chain_id, "ready"), "freeze", reason)


def stop_payables(unit: Unit, chain_id: int, reason: str, decision_id: int | None = None) -> int:
    """End what is ready or frozen in a chain. But for a revocation a decision must say so (SD052)."""
    standing = list_payables(unit.session, chain_id, "ready", "frozen")
    return _happen(unit, standing, "stop", reason, decision_id)


def _happen(
    unit: Unit, payables: Sequence[Payable], event: str, ground: str, decision_id: int | None = None
) -> int:
    for one in payables:
        row = insert(PayableEvent).values(
            payable_id=one.id,
            event=event,
            ground=ground,
            effective_on=unit.today,
            decision_id=decision_id,
            person_id=unit.actor.person_id,
            at=unit.now,
        )
        unit.session.execute(row)
        unit.session.expire(one)
        told = {"payable": str(one.uid), "item": one.item, "event": event, "ground": ground}
        unit.record("payable.changed", told, case_id=one.case_id)
    return len(payables)
