"""Lending the engine its handlers, and what becomes of a step that fails on the way.

A refusal (a closed gate, a changed target) takes back what led to it. A fault doesn't: what a person did is kept,
the automatic part is left out and becomes an incident (docs/decisions/0012-incidents-keep-the-act.md).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError

from app.kernel.engine.context import CaseContext
from app.kernel.engine.engine_data import Data
from app.kernel.engine.handlers import call_handler
from app.kernel.engine.incidents.recording import CompletionFailed, Failure, note_failure
from app.kernel.engine.stepping import Instance, StepFailed
from app.kernel.engine.workflow import Handler, ServiceCall
from app.kernel.refusals import Refusal
from app.kernel.transaction import SetAside, Unit
from app.kernel.transaction.run import is_of_fence, is_passing

RETRIES = 3
"""Attempts in all at a step that names no number."""


@contextmanager
def moving(
    context: CaseContext, instance: Instance, kind: str, task_id: int | None = None
) -> Iterator[Handler]:
    """Lend the engine the handlers for one move of `kind` (see incidents.models.KINDS).

    Raise SetAside for what failed behind a person's act or in the machine's own moves, CompletionFailed when the
    person's step itself can't be completed; refusals and passing troubles of the database come out as themselves.
    """

    def handle(task_type: str, call: ServiceCall, data: Data) -> Mapping[str, object]:
        return call_handler(context, task_type, call, data)

    try:
        yield handle
    except StepFailed as failed:
        _raise_passing(context, failed)
        failure = failure_of(context, failed, kind, task_id)
        if failure.kind == "completion":
            raise CompletionFailed(context.case.id, failure) from failed
        raise SetAside(failure) from failed
    except Refusal as refusal:
        if not _by_machine(context.unit):
            raise
        stopped = StepFailed(instance.stopped_at, refusal)
        raise SetAside(failure_of(context, stopped, kind, task_id)) from refusal


def failure_of(context: CaseContext, failed: StepFailed, kind: str, task_id: int | None = None) -> Failure:
    """A `completion` that got beyond the person's own step failed in what follows: `automatic`."""
    step = context.deployed.steps.get(failed.element)
    if kind == "completion" and failed.passed > 0:
        kind = "automatic"
    attempts = step.retries if step else RETRIES
    titles = (step.name, step.name_en or step.name) if step else None
    return Failure.of(failed, kind, attempts, task_id if kind == "completion" else None, titles)


def note_aside(context: CaseContext) -> dict[str, int]:
    """Note the failure this attempt leaves aside; {"incident": its number}, empty when there is none."""
    failure = context.unit.aside
    if failure is None:
        return {}
    return {"incident": note_failure(context.unit, context.case, failure)}


def _raise_passing(context: CaseContext, failed: StepFailed) -> None:
    """Raise the database's own error where trying again helps, or where the fence refused a person."""
    if not isinstance(failed.cause, DBAPIError):
        return
    if is_passing(failed.cause) or (is_of_fence(failed.cause) and not _by_machine(context.unit)):
        raise failed.cause from failed


def _by_machine(unit: Unit) -> bool:
    return unit.actor.account_id is None
