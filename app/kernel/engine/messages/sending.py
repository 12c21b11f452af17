"""Sending: messages a case threw go to the outbox, and what was kept for it is called for when it comes to wait.

Both sides lock the chain's messages: a message and a case that comes to wait for it at the same moment can't miss
each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import and_, insert, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert

from app.kernel.cases.facts import load_facts
from app.kernel.cases.models import Case
from app.kernel.engine.context import CaseContext
from app.kernel.engine.messages.manifest import SENDER, Receives, expected
from app.kernel.engine.messages.models import CaseMessage, CaseMessageDelivery
from app.kernel.engine.views import SentMessage, WaitingMessage
from app.kernel.transaction import Unit

TOPIC: Final = "case_message"
DELIVER_JOB: Final = "deliver_case_message"
_LOCK = text("SELECT pg_advisory_xact_lock(hashtext('case_message'), CAST(:chain AS integer))")


@dataclass(frozen=True)
class Opening:
    """The message that opens a case, and its delivery."""

    message: str
    delivery_id: int


def mark_opened(unit: Unit, opening: Opening, case_id: int) -> None:
    """Tie a delivery to the case it opened, before that case waits for anything: it doesn't get the message twice."""
    unit.session.execute(
        update(CaseMessageDelivery)
        .where(CaseMessageDelivery.id == opening.delivery_id)
        .values(receiver_id=case_id, state="done", finished_at=unit.now)
    )


def send_messages(context: CaseContext, sent: Iterable[SentMessage]) -> None:
    """Keep each thrown message that the process sends to its chain, with its facts as they are now, once for each item
    of the list it is sent for."""
    unit, case = context.unit, context.case
    for message in sent:
        spec = context.deployed.sends.get(message.name)
        if spec is None:
            continue
        for payload in spec.payloads(context.facts):
            send_message(unit, case, message.name, payload)


def send_message(unit: Unit, case: Case, name: str, payload: Mapping[str, Any]) -> int:
    """Keep a message of a case to its chain and hand it to the outbox; answers its number."""
    row = insert(CaseMessage).values(case_id=case.id, name=name, payload=dict(payload), sent_at=unit.now)
    message_id: int = unit.session.execute(row.returning(CaseMessage.id)).scalar_one()
    unit.record("case.message_sent", {"message": name, "id": message_id}, case_id=case.id)
    unit.send(TOPIC, f"{TOPIC}:{message_id}", {"message_id": message_id})
    return message_id


def call_for_kept(context: CaseContext, waiting: Iterable[WaitingMessage]) -> None:
    """Queue the delivery of what the chain keeps for the messages this case waits for now."""
    heard = expected(context.deployed.receives, opens=False)
    names = {item.name for item in waiting if item.name in heard}
    if not names:
        return
    unit, case = context.unit, context.case
    lock_messages(unit, case.chain_id)
    for message, sender, begun in _undelivered(unit, case, names):
        receives = heard[message.name]
        if begun or (receives.kept and is_meant(unit, receives, told_by(message, sender), case)):
            queue_delivery(unit, message.id, receiver_id=case.id)


def told_by(message: CaseMessage, sender: Case) -> dict[str, Any]:
    """What a message tells, with the number of the case that sent it."""
    return {**message.payload, SENDER: sender.case_no}


def is_meant(unit: Unit, receives: Receives, told: Mapping[str, Any], case: Case) -> bool:
    """Whether a waiting case is meant; its facts are read only where that depends on them."""
    if not receives.when:
        return True
    own = load_facts(unit.session, unit.kernel.keyring, case)
    return receives.means(told, {**own, "case_no": case.case_no})


def _undelivered(unit: Unit, case: Case, names: Iterable[str]) -> list[tuple[CaseMessage, Case, bool]]:
    """Messages of the chain by these names, oldest first, that the case hasn't got or missed: each with its sender,
    and whether a delivery to the case was begun before."""
    rows = unit.session.execute(
        select(CaseMessage, Case, CaseMessageDelivery.id.is_not(None))
        .join(Case, Case.id == CaseMessage.case_id)
        .outerjoin(
            CaseMessageDelivery,
            and_(
                CaseMessageDelivery.message_id == CaseMessage.id,
                CaseMessageDelivery.receiver_id == case.id,
            ),
        )
        .where(
            Case.chain_id == case.chain_id,
            Case.id != case.id,
            CaseMessage.name.in_(sorted(names)),
            or_(CaseMessageDelivery.id.is_(None), CaseMessageDelivery.state == "waiting"),
        )
        .order_by(CaseMessage.id)
    )
    return [(message, sender, begun) for message, sender, begun in rows]


def lock_messages(unit: Unit, chain_id: int) -> None:
    """One at a time spreads a message in a chain or comes to wait for one."""
    unit.session.execute(_LOCK, {"chain": chain_id % 2**31})


def queue_delivery(
    unit: Unit, message_id: int, *, receiver_id: int | None = None, opens: str | None = None
) -> None:
    """A delivery, there once however often it is asked for, and a job that carries it out."""
    row = upsert(CaseMessageDelivery).values(
        message_id=message_id, receiver_id=receiver_id, opens=opens, created_at=unit.now
    )
    unit.session.execute(row.on_conflict_do_nothing())
    receiver = (
        CaseMessageDelivery.opens == opens
        if receiver_id is None
        else CaseMessageDelivery.receiver_id == receiver_id
    )
    found = unit.session.scalar(
        select(CaseMessageDelivery.id).where(
            CaseMessageDelivery.message_id == message_id, receiver, CaseMessageDelivery.state == "waiting"
        )
    )
    if found is not None:
        unit.defer(DELIVER_JOB, {"delivery_id": found})
