"""Carrying out decided migrations and modifications: one transaction per case, whatever happens to the others."""

import logging
from collections.abc import Mapping
from functools import partial
from typing import Any

from app.kernel.engine.running.operations import carry_out, give_up
from app.kernel.kernel import Kernel
from app.kernel.transaction import run, system_actor

logger = logging.getLogger(__name__)


def carry_out_change(kernel: Kernel, job_id: int, args: Mapping[str, Any]) -> int:
    """The cases `case_ids` of change `change_id` that still wait; returns how many were done.

    Killed in the middle and run again, it goes on with those that wait.
    """
    change_id, done = args["change_id"], 0
    for case_id in args["case_ids"]:
        try:
            answer = run(kernel, partial(carry_out, change_id=change_id), system_actor(), case_id=case_id)
            done += answer == "done"
        except Exception:
            logger.exception("change %s could not be carried out on case %s", change_id, case_id)
            run(kernel, partial(give_up, change_id=change_id), system_actor(), case_id=case_id)
    return done
