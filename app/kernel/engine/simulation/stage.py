"""One move under way: the case it changes, the answers given so far, and what the engine asks on the way.

Stands in for the handlers and the data of a real case. Every question goes through `ask`, so that the list of
answers alone makes the same move again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from app.kernel.decisions.expressions import FeelError, to_host
from app.kernel.engine.dialect import FlowSpec
from app.kernel.engine.engine_data import Scalar
from app.kernel.engine.simulation.case import SimulatedCase
from app.kernel.engine.simulation.gateways import flow_of
from app.kernel.engine.simulation.model import Model, names_in
from app.kernel.engine.simulation.questions import ChoiceInvalid, Option, Question, Unanswered
from app.kernel.engine.workflow import holds, value_of

Answer = Mapping[str, Any]
Data = Mapping[str, Scalar]

NO_VALUE: Final = {"ClockedDuration": "PT1H", "ClockedCycle": "R1/PT1H"}
"""What a timer waits for when its expression gives nothing; a date is now then."""


class Stage:
    """What a move changes. `asking_rules`: each run of rules is a question (all paths), else what was assumed."""

    def __init__(
        self, model: Model, case: SimulatedCase, answers: Sequence[Answer], *, asking_rules: bool = False
    ) -> None:
        self.model = model
        self.case = case
        self.asking_rules = asking_rules
        self._answers = list(answers)
        self._used = 0
        self._taken: dict[object, frozenset[str]] = {}

    def ask(self, question: Question) -> Answer:
        """The answer given to this question. Raise Unanswered, or ChoiceInvalid when it is one to another."""
        if self._used == len(self._answers):
            raise Unanswered(question)
        answer = self._answers[self._used]
        if answer.get("step") != question.step_key:
            raise ChoiceInvalid("other_question", step=question.step_key)
        self._used += 1
        return answer

    def check_used(self) -> None:
        """Every answer was to a question. Raise ChoiceInvalid."""
        if self._used < len(self._answers):
            raise ChoiceInvalid("nothing_asked", step=str(self._answers[self._used].get("step")))

    # -- what the engine asks

    def condition(self, task: Any, expression: str, data: Data) -> bool:
        """Whether a gateway takes a flow; a condition of anything else is evaluated, unknown ones are false."""
        flow = flow_of(expression)
        if flow is None:
            return self._holds(expression, data) is True
        if task.id not in self._taken:
            self._taken[task.id] = self._choose(task)
        return flow in self._taken[task.id]

    def timer(self, task: Any, text: str) -> object:
        """What a timer's text gives; where it gives nothing, an hour from now, and the history says so."""
        computed = text.lstrip().startswith("=")
        known = not computed or self.knows(text, task.data)
        value = to_host(value_of(text, task.data, self.case.now)) if known else None
        if isinstance(value, str):
            return value
        self.case = self.case.noted("timer_without_value", task.task_spec.bpmn_id or "")
        kind = type(task.task_spec.event_definition).__name__
        return NO_VALUE.get(kind) or self.case.now.isoformat()

    def knows(self, expression: str, data: Data) -> bool:
        """Did somebody say something about every variable that the expression reads?"""
        return all(
            name not in self.case.open_names and (data.get(name) is not None or name in self.model.settled)
            for name in names_in(expression)
        )

    def _holds(self, expression: str, data: Data) -> bool | None:
        """True or false, None where it reads what nobody said or is in another language."""
        try:
            true = holds(expression, data, self.case.now)
        except FeelError:
            return None
        return true if self.knows(expression, data) else None

    # -- gateways

    def _choose(self, task: Any) -> frozenset[str]:
        """Flows taken from a gateway: by what they say, else by the player."""
        flows = self.model.leaving[task.workflow.spec.name, task.task_spec.bpmn_id]
        held = {flow.id: self._said(flow, task.data) for flow in flows if not flow.default}
        default = next((flow for flow in flows if flow.default), None)
        if not hasattr(task.task_spec, "default_task_spec"):
            return self._choose_several(task, flows, held, default)
        for key, taken in held.items():
            if taken is None:
                offered = [flow for flow in flows if held.get(flow.id) is not False]
                return self._ask_branch(task, offered)
            if taken:
                return frozenset({key})
        return self._otherwise(task, flows, default)

    def _said(self, flow: FlowSpec, data: Data) -> bool | None:
        """Risk classes and condition of a flow; None where only the player can say."""
        if flow.risk and data.get("risk") not in flow.risk:
            return False
        if flow.condition is None:
            return True if flow.risk else None
        return self._holds(flow.condition, data)

    def _otherwise(self, task: Any, flows: Sequence[FlowSpec], default: FlowSpec | None) -> frozenset[str]:
        if default is not None and (not default.risk or task.data.get("risk") in default.risk):
            return frozenset({default.id})
        return self._ask_branch(task, flows, stuck=True)

    def _choose_several(
        self,
        task: Any,
        flows: Sequence[FlowSpec],
        held: Mapping[str, bool | None],
        default: FlowSpec | None,
    ) -> frozenset[str]:
        """An inclusive gateway takes every flow that holds; of those nobody said, what the player says."""
        certain = frozenset(key for key, holds in held.items() if holds)
        unsaid = [flow for flow in flows if held.get(flow.id, False) is None]
        if unsaid:
            offered = unsaid if certain or default is None else [*unsaid, default]
            return certain | self._ask_branch(task, offered, several=True, none=bool(certain))
        return certain or self._otherwise(task, flows, default)

    def _ask_branch(
        self,
        task: Any,
        flows: Sequence[FlowSpec],
        *,
        stuck: bool = False,
        several: bool = False,
        none: bool = False,
    ) -> frozenset[str]:
        step = self.model.spec.steps[task.workflow.spec.name][task.task_spec.bpmn_id]
        question = Question(
            "branches" if several else "branch",
            step.step_key,
            step.name,
            tuple(Option(flow.id, flow.target) for flow in flows),
            stuck,
        )
        answer = self.ask(question)
        taken = answer.get("flows", ())
        offered = {flow.id for flow in flows}
        fits = isinstance(taken, list) and offered.issuperset(str(key) for key in taken)
        if not fits or (len(taken) != 1 and not several) or not (taken or none):
            raise ChoiceInvalid("not_a_branch", step=step.step_key)
        self.case = self.case.noted("branch", step.step_key, flows=" ".join(taken))
        return frozenset(taken)
