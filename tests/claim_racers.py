"""One process of the claim race: an account tries to claim, open and complete everything, in its own order."""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from app.kernel.duties.refusals import DutyDenied
from app.kernel.engine.operations import complete_task
from app.kernel.kernel import Kernel
from app.kernel.refusals import FenceRefused, Refusal
from app.kernel.transaction import Actor, Unit, run
from app.kernel.worklist.operations import claim_task, open_task, release_task
from app.wiring import build_kernel
from config import Settings

PASSES, STRETCH = 6, 12
AGREED = {"outcome": "agree", "opinion": "已核对，同意。"}


@dataclass(frozen=True)
class Racer:
    """`tasks`: (case, task) pairs; every racer has all of them."""

    data_dir: Path
    app_url: str
    actor: Actor
    tasks: tuple[tuple[int, int], ...]
    seed: str


@dataclass
class Tally:
    """What became of the attempts: outcome → count; and which (case, reason) were denied by duty."""

    outcomes: Counter[str] = field(default_factory=Counter)
    denied: set[int] = field(default_factory=set)


def race(racer: Racer) -> Tally:
    kernel = build_kernel(Settings(data_dir=racer.data_dir, database_url=racer.app_url))
    rng, tally = random.Random(racer.seed), Tally()
    left = list(racer.tasks)
    for _ in range(PASSES):
        left = [task for task in _shuffled(left, rng) if not settled(kernel, racer.actor, task, tally)]
    kernel.database.dispose()
    return tally


def _shuffled(tasks: list[tuple[int, int]], rng: random.Random) -> Iterator[tuple[int, int]]:
    """Everybody works through the same stretch at the same time: that is where they meet."""
    for start in range(0, len(tasks), STRETCH):
        yield from rng.sample(tasks[start : start + STRETCH], k=len(tasks[start : start + STRETCH]))


def settled(kernel: Kernel, actor: Actor, task: tuple[int, int], tally: Tally) -> bool:
    """Attempt a task; True when this racer need not come back to it (done, or never for this person)."""
    outcome = attempt(kernel, actor, *task, tally)
    tally.outcomes[outcome] += 1
    return outcome in ("done", "task_already_completed", "conflicting_duty")


def attempt(kernel: Kernel, actor: Actor, case_id: int, task_id: int, tally: Tally) -> str:
    """Do the whole task in three transactions; answer `done` or the code of the refusal that ended it."""
    try:
        for operation in (claim_task, open_task, partial(complete_task, submitted=AGREED)):
            run(kernel, partial(_on, operation=operation, task_id=task_id), actor, case_id=case_id)
    except DutyDenied as denied:
        tally.denied.add(case_id)
        give_back(kernel, actor, case_id, task_id)
        return denied.decision.reason
    except FenceRefused as refused:
        return f"fence {refused.params['sqlstate']}"
    except Refusal as refusal:
        return refusal.code
    return "done"


def give_back(kernel: Kernel, actor: Actor, case_id: int, task_id: int) -> None:
    """Two accounts of one person may both have claimed; the one that may not open lets go, if it has the task."""
    with suppress(Refusal):
        run(kernel, partial(_on, operation=release_task, task_id=task_id), actor, case_id=case_id)


def _on(unit: Unit, operation: Callable[[Unit, int], object], task_id: int) -> None:
    operation(unit, task_id)
