"""A submitted form: read, split by where its values go, checked against facts, choices and votes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from app.kernel.engine.context import CaseContext
from app.kernel.engine.stepping import ReadyTask
from app.kernel.refusals import InvalidInput
from app.kernel.transaction import Unit
from app.kernel.worklist.forms import validate
from app.kernel.worklist.models import Task

OUTCOME, OPINION, ASSIGNEE, RETURN_TO = "outcome", "opinion", "task_assignee", "return_to"
KERNEL_KEYS = frozenset({OUTCOME, OPINION, RETURN_TO})
"""Keys of a form that are the step's own and no fact of the case."""
AGREEING = ("submit", "agree", "approve")
"""Outcomes that begin so agree with the draft; any other one earns no signature (fails closed)."""
RETURNING = "return"
"""Outcomes that begin so send the case back; `return_to` names the duty it goes back to."""
REQUIRED_OUTCOME = "required_outcome"
"""Input of a task whose outcome was settled by a vote before (collective discussion)."""


@dataclass(frozen=True)
class Submission:
    """A form that passed its checks, split by where its values go."""

    outcome: str
    opinion: str | None
    return_to: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    own: Mapping[str, Any] = field(default_factory=dict)

    @property
    def agrees(self) -> bool:
        return self.outcome.startswith(AGREEING)

    @property
    def returns(self) -> bool:
        return self.outcome.startswith(RETURNING)


def read_form(context: CaseContext, task: Task, submitted: Mapping[str, str | list[str]]) -> Submission:
    """Raise InvalidInput by field."""
    form = validate(context.deployed.forms[task.form_id or ""], submitted)
    if form.errors:
        raise InvalidInput(dict(form.errors))
    own = {key: value for key, value in form.values.items() if key.startswith("task_")}
    facts = {key: value for key, value in form.values.items() if key not in own and key not in KERNEL_KEYS}
    return Submission(
        outcome=str(form.values.get(OUTCOME) or "done"),
        opinion=form.values.get(OPINION),
        return_to=form.values.get(RETURN_TO),
        facts=context.deployed.schema.parse(facts, today=context.unit.today),
        own=own,
    )


def check_required(context: CaseContext, task: Task, submission: Submission) -> None:
    """Facts that this outcome of this step demands (`required_at` of process.toml) must be there."""
    step = task.form_id if "." in (task.form_id or "") else task.step_key
    purpose = context.deployed.required_at.get(f"{step}.{submission.outcome}")
    missing = context.deployed.schema.missing(context.facts, purpose) if purpose else []
    if missing:
        raise InvalidInput({key: ("required_for_outcome", {"field": key}) for key in missing})


def check_return(unit: Unit, task: Task, submission: Submission) -> None:
    """A case goes back only to a duty somebody did in it. Raise InvalidInput on `return_to`."""
    if submission.return_to is None:
        return
    done = select(Task.id).where(
        Task.case_id == task.case_id, Task.duty == submission.return_to, Task.state == "completed"
    )
    if unit.session.scalar(done.limit(1)) is None:
        raise InvalidInput({RETURN_TO: ("not_an_option", {"field": RETURN_TO})})


def check_vote(ready: ReadyTask, submission: Submission) -> None:
    """What the voters decided binds whoever signs for them. Raise InvalidInput on `outcome`."""
    wanted = ready.data.get(REQUIRED_OUTCOME)
    if isinstance(wanted, str) and submission.outcome != wanted:
        raise InvalidInput({OUTCOME: ("outcome_voted", {"wanted": wanted})})


def count_votes(task: Task, submission: Submission) -> dict[str, int]:
    """Engine variables after the last of several people: how many acted, how many of them agreed."""
    if task.persons_required == 1:
        return {}
    outcomes = [part.get(OUTCOME, "") for part in (task.result or {}).get("parts", [])]
    outcomes.append(submission.outcome)
    return {"votes": len(outcomes), "votes_for": sum(one.startswith(AGREEING) for one in outcomes)}


def as_typed(task: Task) -> dict[str, Any]:
    """What a completed task's form held beside the facts: the draft of whoever takes the step back."""
    own = {key: value for key, value in (task.result or {}).items() if key.startswith("task_")}
    back = (task.result or {}).get(RETURN_TO)
    typed = {OUTCOME: task.outcome, OPINION: task.opinion, RETURN_TO: back, **own}
    return {key: value for key, value in typed.items() if value is not None}
