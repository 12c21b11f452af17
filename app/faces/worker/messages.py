"""Messages between cases: each delivery has a job of its own; a sweep catches what such a job left."""

import logging
from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from typing import Any

from app.kernel.engine.messages.delivering import deliver, find_receiver, list_late
from app.kernel.kernel import Kernel
from app.kernel.transaction import run, system_actor
from app.kernel.transaction.unit import EVERY_REGION

logger = logging.getLogger(__name__)

LATE = timedelta(minutes=2)
BATCH = 200


def deliver_case_message(kernel: Kernel, job_id: int, args: Mapping[str, Any]) -> bool:
    """Carry out the delivery `delivery_id`, once: its row is finished in the transaction that moved the case."""
    delivery_id = int(args["delivery_id"])
    with kernel.database.session() as session:
        kernel.database.scope(session, EVERY_REGION)
        receiver = find_receiver(session, delivery_id)
    return run(kernel, partial(deliver, delivery_id=delivery_id), system_actor(), case_id=receiver)


def sweep_messages(kernel: Kernel, job_id: int, args: Mapping[str, Any]) -> int:
    """Try deliveries again that still wait: after a hold, an incident, or a lost job; returns how many got there."""
    with kernel.database.session() as session:
        kernel.database.scope(session, EVERY_REGION)
        late = list_late(session, kernel.clock() - LATE, BATCH)
    done = 0
    for delivery_id in late:
        try:
            done += deliver_case_message(kernel, job_id, {"delivery_id": delivery_id})
        except Exception:
            # One case in trouble must not hold up the others.
            logger.exception("message delivery %s failed", delivery_id)
    return done
