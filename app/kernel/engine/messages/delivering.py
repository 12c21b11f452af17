"""Delivery: a message is spread to whoever waits in the chain, then handed over to each in a transaction of its own."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.kernel.cases.facts import load_facts
from app.kernel.cases.models import Case, CaseState
from app.kernel.duties.records import permit_system
from app.kernel.duties.views import Action
from app.kernel.engine.catalogue import Deployed, get_deployed, list_latest
from app.kernel.engine.chain_facts import Copied, note_origins, readable
from app.kernel.engine.context import CaseContext
from app.kernel.engine.incidents.recording import list_open_ids
from app.kernel.engine.messages.manifest import EACH, Receives, expected, named_for
from app.kernel.engine.messages.models import CaseMessage, CaseMessageDelivery
from app.kernel.engine.messages.sending import Opening, is_meant, lock_messages, queue_delivery, told_by
from app.kernel.engine.operations import CaseStart, deliver_message, start_case
from app.kernel.engine.progress import restore
from app.kernel.engine.reopening import carried_facts, carry_materials
from app.kernel.engine.stepping import Instance
from app.kernel.holds.queries import find_process_hold, is_held
from app.kernel.identity.regions import get_lineage, get_region
from app.kernel.transaction import Unit


def spread_message(unit: Unit, message_id: int) -> None:
    """Queue a delivery to each open case of the chain that waits for the message, and to each process it opens.

    Where a case of such a process waits for the message already, no other is opened.
    """
    message = unit.session.get_one(CaseMessage, message_id)
    sender = unit.session.get_one(Case, message.case_id)
    lock_messages(unit, sender.chain_id)
    served = set()
    for case in _others(unit.session, sender):
        deployed = get_deployed(unit.session, case.definition_id)
        receives = expected(deployed.receives, opens=False).get(message.name)
        if receives is None or not _waits(unit.session, deployed, case, message.name):
            continue
        if is_meant(unit, receives, told_by(message, sender), case):
            served.add(case.process_key)
            queue_delivery(unit, message.id, receiver_id=case.id)
    for deployed in list_latest(unit.session):
        opening = expected(deployed.receives, opens=True).get(message.name)
        if opening is None or deployed.key in served:
            continue
        if opening.means(told_by(message, sender), {}):
            queue_delivery(unit, message.id, opens=deployed.key)


def _others(session: Session, sender: Case) -> list[Case]:
    query = select(Case).where(Case.chain_id == sender.chain_id, Case.id != sender.id, Case.status == "open")
    return list(session.scalars(query.order_by(Case.id)))


def _waits(session: Session, deployed: Deployed, case: Case, name: str) -> bool:
    state = session.scalar(select(CaseState.state).where(CaseState.case_id == case.id))
    if state is None:
        return False
    instance = Instance.restore(deployed.spec, state)
    return any(waiting.name == name for waiting in instance.waiting_messages())


def find_receiver(session: Session, delivery_id: int) -> int | None:
    """The case to lock for a delivery; None when it is one still to be opened, or there is no such delivery."""
    return session.scalar(
        select(CaseMessageDelivery.receiver_id).where(CaseMessageDelivery.id == delivery_id)
    )


def deliver(unit: Unit, delivery_id: int) -> bool:
    """Hand a message over, once; False when it was, or when it has to wait (a hold, an incident, another step).

    The unit has locked the receiving case, or none when the message opens one.
    """
    delivery = unit.session.scalar(
        select(CaseMessageDelivery)
        .where(CaseMessageDelivery.id == delivery_id, CaseMessageDelivery.state == "waiting")
        .with_for_update()
    )
    if delivery is None:
        return False
    message = unit.session.get_one(CaseMessage, delivery.message_id)
    if unit.case is None:
        return _open(unit, delivery, message)
    return _hand_over(unit, delivery, message, unit.case)


def _hand_over(unit: Unit, delivery: CaseMessageDelivery, message: CaseMessage, case: Case) -> bool:
    if case.status != "open":
        return _finish(unit, delivery, message, "missed", case)
    if is_held(unit.session, case) or list_open_ids(unit.session, case.id):
        return False
    deployed = get_deployed(unit.session, case.definition_id)
    receives = expected(deployed.receives, opens=False).get(message.name)
    context = CaseContext(unit, case, deployed)
    if receives is None or all(one.name != message.name for one in restore(context).waiting_messages()):
        # What is kept comes again when the case waits again.
        return receives is not None and not receives.kept and _finish(unit, delivery, message, "missed", case)
    permit_system(unit, Action.DELIVER, case.id)
    copied = _copied(unit, deployed, receives, message)
    sender = unit.session.get_one(Case, message.case_id)
    deliver_message(unit, message.name, {one.fact: one.value for one in copied}, source=sender.case_no)
    note_origins(unit, case.id, copied)
    return _finish(unit, delivery, message, "done", case)


def _open(unit: Unit, delivery: CaseMessageDelivery, message: CaseMessage) -> bool:
    """Open a case of the process `delivery.opens` in the sender's chain, by the system, which performs nothing."""
    sender = unit.session.get_one(Case, message.case_id)
    deployed = next((one for one in list_latest(unit.session) if one.key == delivery.opens), None)
    receives = expected(deployed.receives, opens=True).get(message.name) if deployed else None
    if deployed is None or receives is None:
        return _finish(unit, delivery, message, "missed", None)
    region = region_for(unit.session, deployed, sender)
    if find_process_hold(unit.session, deployed.key, deployed.id, region) is not None:
        return False
    copied = _copied(unit, deployed, receives, message)
    again = receives.role != "first" and deployed.key == sender.process_key
    first = _first_facts(unit, deployed, sender) if again else {}
    opened = start_case(
        unit,
        CaseStart(
            process_key=deployed.key,
            region_code=region,
            facts={**first, **receives.sets, **{one.fact: one.value for one in copied}},
            chain_id=sender.chain_id,
            case_role=receives.role,
            opening=Opening(message.name, delivery.id),
        ),
    )
    note_origins(unit, opened["case_id"], copied)
    if again:
        carry_materials(unit, sender)
    return _finish(unit, delivery, message, "done", unit.case)


def _first_facts(unit: Unit, deployed: Deployed, sender: Case) -> dict[str, Any]:
    return carried_facts(deployed, load_facts(unit.session, unit.kernel.keyring, sender))


def _copied(unit: Unit, deployed: Deployed, receives: Receives, message: CaseMessage) -> list[Copied]:
    sender = unit.session.get_one(Case, message.case_id)
    told = {**told_by(message, sender), **_unsealed(unit, message, sender, receives)}
    named = {receives.facts[key]: value for key, value in told.items() if key in receives.facts}
    theirs = {mine: key for key, mine in receives.facts.items()}
    taken = readable(deployed.schema, named, unit.today)
    return [Copied(fact, value, message.case_id, theirs[fact], message.id) for fact, value in taken.items()]


def _unsealed(unit: Unit, message: CaseMessage, sender: Case, receives: Receives) -> Mapping[str, Any]:
    """Sensitive facts of the sender that the message names and the receiver asks for, by their name in it."""
    spec = get_deployed(unit.session, sender.definition_id).sends.get(message.name)
    if spec is None or not spec.sealed.keys() & receives.facts.keys():
        return {}
    facts = load_facts(unit.session, unit.kernel.keyring, sender)
    return {name: facts.get(fact) for name, fact in named_for(spec.sealed, message.payload.get(EACH)).items()}


def _finish(
    unit: Unit, delivery: CaseMessageDelivery, message: CaseMessage, state: str, case: Case | None
) -> bool:
    unit.session.execute(
        update(CaseMessageDelivery)
        .where(CaseMessageDelivery.id == delivery.id)
        .values(state=state, finished_at=unit.now)
    )
    told = {"message": message.name, "id": message.id, "state": state, "to": case.case_no if case else None}
    unit.record("case.message_delivered", told, case_id=message.case_id)
    return state == "done"


def region_for(session: Session, deployed: Deployed, sender: Case) -> str:
    """Where a process handles the injury: the nearest region upwards of the level it is done at. A sender above that
    level (the region's committee) knows no office below it: the injury's first case does."""
    level = deployed.process.get("region_level")
    of_chain = select(Case.region_code).where(Case.chain_id == sender.chain_id).order_by(Case.id)
    for region in (sender.region_code, *session.scalars(of_chain)):
        for code in reversed(get_lineage(session, region)):
            if get_region(session, code).level == level:
                return code
    return sender.region_code


def list_late(session: Session, before: datetime, limit: int) -> list[int]:
    """Deliveries that wait since before an instant, oldest first: their job was lost, or came too early."""
    query = (
        select(CaseMessageDelivery.id)
        .where(CaseMessageDelivery.state == "waiting", CaseMessageDelivery.created_at <= before)
        .order_by(CaseMessageDelivery.created_at)
        .limit(limit)
    )
    return list(session.scalars(query))
