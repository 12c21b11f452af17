"""Delivery of the outbox to its channels. Each channel gets the key and ignores a repeated one."""

import logging
import os
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy.dialects.postgresql import insert

from app.kernel.engine.messages.delivering import spread_message
from app.kernel.engine.messages.sending import TOPIC as CASE_MESSAGE
from app.kernel.kernel import Kernel
from app.kernel.transaction import Unit, run, system_actor
from app.kernel.worklist.models import Notification
from app.storage import outbox

logger = logging.getLogger(__name__)

Channel = Callable[[Unit, str, Mapping[str, Any]], None]
"""(unit, idempotency key, payload): deliver once however often it is called."""


class ChannelUnknown(LookupError):
    """A topic without a channel."""


def channels(outgoing: Path) -> dict[str, Channel]:
    """The local channels: `notification` to a person's bell, `file` into the outgoing directory, `case_message` to
    the other cases of a chain."""
    return {"notification": notify, "file": partial(write_file, outgoing), CASE_MESSAGE: spread}


def notify(unit: Unit, key: str, payload: Mapping[str, Any]) -> None:
    """Payload: person_id, code, params, case_id (or None)."""
    statement = insert(Notification).values(
        person_id=payload["person_id"],
        key=key,
        code=payload["code"],
        params=payload["params"],
        case_id=payload.get("case_id"),
        at=unit.now,
    )
    unit.session.execute(statement.on_conflict_do_nothing())


def spread(unit: Unit, key: str, payload: Mapping[str, Any]) -> None:
    """Payload: message_id. A delivery is queued to each receiver once, whatever the key comes how often."""
    spread_message(unit, int(payload["message_id"]))


def write_file(outgoing: Path, unit: Unit, key: str, payload: Mapping[str, Any]) -> None:
    """Payload: digest (of the blob), name (of the file). The file appears whole or not at all."""
    name = Path(payload["name"]).name
    target = outgoing / f"{payload['digest'][:16]}-{name}"
    outgoing.mkdir(parents=True, exist_ok=True)
    partial_file = target.with_name(f".{target.name}.{os.getpid()}")
    partial_file.write_bytes(unit.kernel.blobs.get(payload["digest"]))
    partial_file.replace(target)


def deliver_due(kernel: Kernel, known: Mapping[str, Channel]) -> int:
    """Deliver what is due, one transaction each; returns how many were claimed."""
    claimed = run(kernel, lambda unit: outbox.claim(unit.session, unit.now), system_actor())
    for outbox_id in claimed:
        _deliver(kernel, known, outbox_id)
    return len(claimed)


def _deliver(kernel: Kernel, known: Mapping[str, Channel], outbox_id: int) -> None:
    try:
        run(kernel, lambda unit: _deliver_one(unit, known, outbox_id), system_actor())
    except Exception as error:
        # Whatever a channel raises, the row stays and is tried again, at last given up.
        logger.exception("outbox row %s was not delivered", outbox_id)
        reason = type(error).__name__
        run(
            kernel,
            lambda unit: outbox.mark_failed(unit.session, outbox_id, reason, unit.now),
            system_actor(),
        )


def _deliver_one(unit: Unit, known: Mapping[str, Channel], outbox_id: int) -> None:
    row = outbox.locked(unit.session, outbox_id)
    if row is None:
        return
    if row.topic not in known:
        raise ChannelUnknown(row.topic)
    known[row.topic](unit, row.key, row.payload)
    outbox.mark_sent(unit.session, outbox_id, unit.now)
    unit.record("outbox.delivered", {"topic": row.topic, "key": row.key})
