"""Open steps of people as the player sees them: who could do each, which outcomes there are, which fields."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from app.kernel.duties.views import TaskView
from app.kernel.engine.dialect import FlowSpec
from app.kernel.engine.engine_data import Scalar
from app.kernel.engine.simulation.case import Part, SimulatedCase
from app.kernel.engine.simulation.model import Model
from app.kernel.engine.simulation.office import Office, Possible, list_possible
from app.kernel.engine.simulation.questions import ChoiceInvalid
from app.kernel.engine.stepping import ReadyTask
from app.kernel.engine.submission import OUTCOME, REQUIRED_OUTCOME, RETURN_TO
from app.kernel.engine.vocabulary import ADDED
from app.kernel.worklist.form_schema import Field, Option, input_fields


@dataclass(frozen=True)
class OpenStep:
    """A task of people. `nth` counts open tasks of the same step; `people`: everybody of the post, able ones first."""

    key: str
    nth: int
    ready: ReadyTask
    task_id: int
    post: str | None
    people: tuple[Possible, ...]
    parts: tuple[Part, ...]
    fields: tuple[Field, ...]
    outcomes: tuple[Option, ...]
    required_outcome: str | None
    branches: tuple[FlowSpec, ...] = ()
    """Flows to choose from where the step stands for a gateway of a file made elsewhere."""
    takes_several: bool = False

    @property
    def duty(self) -> str | None:
        """The duty that doing the step binds."""
        return self.ready.step.duty

    @property
    def able(self) -> tuple[Possible, ...]:
        """Who may do it."""
        return tuple(one for one in self.people if one.decision.allowed)


def list_open(
    model: Model, case: SimulatedCase, office: Office, ready: Sequence[ReadyTask]
) -> Iterator[OpenStep]:
    """The open steps, outermost process first."""
    seen: dict[str, int] = {}
    for task in ready:
        nth = seen[task.step_key] = seen.get(task.step_key, -1) + 1
        parts = case.parts.get(task.engine_task_id, ())
        fields = tuple(input_fields(model.forms.get(task.step.form_id or "", ())))
        task_id = len(case.acts) * 100 + len(seen)
        view = TaskView(
            task_id,
            task.step.duty or "",
            task.candidate_group or "",
            case.region,
            acted_by=frozenset(part.person_id for part in parts),
        )
        required = task.data.get(REQUIRED_OUTCOME)
        yield OpenStep(
            key=task.step_key,
            nth=nth,
            ready=task,
            task_id=task_id,
            post=task.candidate_group,
            people=list_possible(office, case.view(), view, task.candidate_group),
            parts=parts,
            fields=fields,
            outcomes=_outcomes(fields, required if isinstance(required, str) else None),
            required_outcome=required if isinstance(required, str) else None,
            **_branches(model, task),
        )


FORK: Final = ADDED + "fork"


def _branches(model: Model, task: ReadyTask) -> dict[str, Any]:
    """Of a choosing step: the flows of the fork behind it (app/kernel/engine/normal/foreign_flows.py)."""
    if task.step.choice is None:
        return {}
    fork = task.step_key.removesuffix(ADDED + "choice") + FORK
    element = model.spec.steps[task.step.scope][fork].element
    flows = model.leaving.get((task.step.scope, fork), ())
    return {"branches": flows, "takes_several": element == "inclusiveGateway"}


def chosen_branches(step: OpenStep, taken: object) -> dict[str, Scalar]:
    """The variable by which the fork takes these flows. Raise ChoiceInvalid."""
    keys = [flow.id for flow in step.branches]
    fits = isinstance(taken, list) and taken and all(key in keys for key in taken)
    if not fits or not isinstance(taken, list) or (len(taken) > 1 and not step.takes_several):
        raise ChoiceInvalid("not_a_branch", step=step.key)
    numbers = (str(number) for number, key in enumerate(keys, 1) if key in taken)
    return {step.ready.step.choice or "": f" {' '.join(numbers)} "}


def _outcomes(fields: Sequence[Field], required: str | None) -> tuple[Option, ...]:
    options = next((field.options for field in fields if field.key == OUTCOME), ())
    return tuple(option for option in options if required is None or option.value == required)


def return_options(step: OpenStep, case: SimulatedCase) -> tuple[Option, ...]:
    """Duties a return may name: those of the form that were done in the case."""
    done = {act.duty for act in case.acts}
    options = next((field.options for field in step.fields if field.key == RETURN_TO), ())
    return tuple(option for option in options if option.value in done)


def variables_of(model: Model, step: OpenStep, values: Mapping[str, object]) -> dict[str, Scalar]:
    """What a form's values are to the engine: routing facts; without a manifest, every flat value."""
    own = {OUTCOME, RETURN_TO, "opinion"}
    wanted = set(model.routing) if model.schema.facts else {field.key for field in step.fields} - own
    return {
        key: value
        for key, value in values.items()
        if key in wanted and isinstance(value, str | int | float | bool | None)
    }
