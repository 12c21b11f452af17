"""Diagrams as other tools export them, and somebody who plays one at random."""

import random
from collections.abc import Mapping
from dataclasses import dataclass

from app.kernel.engine.engine_data import Data
from app.kernel.engine.parsing import parse_foreign
from app.kernel.engine.specs import Spec, dump_spec, load_spec, spec_digest
from app.kernel.engine.stepping import Instance
from app.kernel.engine.workflow import ServiceCall
from tests.process.drive import BEGINNING


def foreign_spec(data: bytes, process_id: str | None = None) -> Spec:
    stored = dump_spec(parse_foreign({"f.bpmn": data}, process_id))
    return load_spec(spec_digest(stored), stored)


def nothing(_type: str, _call: ServiceCall, _data: Data) -> Mapping[str, object]:
    return {}


@dataclass
class Player:
    """Chooses among what is open, sends what is waited for, lets time pass; saves and restores before each move."""

    spec: Spec
    rng: random.Random
    most: int = 200

    def play(self) -> Instance:
        """Play until the end, or until nothing can be done any more."""
        self.now = BEGINNING
        self.instance = Instance.start(self.spec, {})
        self.instance.advance(nothing, self.now)
        self.done: list[str] = []
        for _ in range(self.most):
            self.done += [
                event.step_key for event in self.instance.take_events() if event.change == "completed"
            ]
            self.instance = Instance.restore(self.spec, self.instance.dump())
            if self.instance.is_completed() or not self._move():
                break
        return self.instance

    def _move(self) -> bool:
        tasks, due = self.instance.ready_tasks(), self.instance.next_due()
        messages = [one.name for one in self.instance.waiting_messages()]
        signals = [one.name for one in self.instance.waiting_signals()]
        if tasks and (self.rng.random() < 0.7 or not (messages or signals or due)):
            task = self.rng.choice(tasks)
            given = (
                {task.step.choice: self._choice(task.step.scope, task.step_key)} if task.step.choice else {}
            )
            self.instance.complete(task.engine_task_id, given, nothing, self.now)
        elif messages and self.rng.random() < 0.5:
            self.instance.deliver_message(self.rng.choice(messages), {}, nothing, self.now)
        elif signals and self.rng.random() < 0.5:
            self.instance.deliver_signal(self.rng.choice(signals), {}, nothing, self.now)
        elif due is not None:
            self.now = max(self.now, due)
            self.instance.advance(nothing, self.now)
        return bool(tasks or messages or signals or due)

    def _choice(self, scope: str, step_key: str) -> str:
        fork = step_key.removesuffix("~choice") + "~fork"
        flows = [flow for flow in self.spec.flows if (flow.scope, flow.source) == (scope, fork)]
        picked = self.rng.sample(range(1, len(flows) + 1), self.rng.randint(1, len(flows)))
        return " ".join(["", *map(str, picked), ""])
