"""Trials of rules on past cases: batch by batch, until they are through, cancelled, or can't go on."""

import logging
from collections.abc import Mapping
from functools import partial
from typing import Any

from app.kernel.engine.workbench.trials import advance_trial, fail_trial
from app.kernel.kernel import Kernel
from app.kernel.transaction import run, system_actor

logger = logging.getLogger(__name__)


def try_rule(kernel: Kernel, job_id: int, args: Mapping[str, Any]) -> int:
    """Carry on trial `trial_id`; returns in how many batches. Killed and run again, it goes on where it was."""
    trial_id, batches = args["trial_id"], 0
    try:
        while run(kernel, partial(advance_trial, trial_id=trial_id), system_actor()):
            batches += 1
    except Exception:
        logger.exception("trial %s of a rule can't go on", trial_id)
        run(kernel, partial(fail_trial, trial_id=trial_id), system_actor())
    return batches
