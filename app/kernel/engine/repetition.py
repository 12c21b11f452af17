"""Activities done several times: instances beside or after one another, and loops.

The library evaluates a cardinality as a truth, lets an instance overwrite what another has set with the value it
began with, and leaves sub-processes of cancelled instances alive. Here each instance has its own copy of the
variables, its item and `loopCounter` (from 1); what it changed goes back, the latest last.
"""

from decimal import Decimal
from typing import Any, Final

from SpiffWorkflow.bpmn.specs.bpmn_task_spec import BpmnTaskSpec
from SpiffWorkflow.bpmn.specs.mixins.bpmn_spec_mixin import BpmnSpecMixin
from SpiffWorkflow.bpmn.specs.mixins.multiinstance_task import LoopTask
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from app.kernel.decisions.expressions import feel, why_null
from app.kernel.engine.dialect import LoopSpec
from app.kernel.engine.engine_data import Scalar, from_expression
from app.kernel.engine.values import changes
from app.kernel.engine.workflow import clock_of, holds, known_step, value_of

MOST_INSTANCES: Final = 30
MOST_ROUNDS: Final = 100
SEPARATOR: Final = ";"
"""Between the items of a collection that is a text, and of a collected output."""

_COUNTER: Final = "loopCounter"


class RepeatedTask(BpmnSpecMixin, LoopTask):  # type: ignore[misc]
    """Stands for the activity; `task_spec` names the specification that each of its instances has."""

    def __init__(self, wf_spec: Any, bpmn_id: str, task_spec: str, **arguments: Any) -> None:
        super().__init__(wf_spec, bpmn_id, **arguments)
        self.task_spec = task_spec

    def _update_hook(self, my_task: Task) -> bool:
        BpmnTaskSpec._update_hook(self, my_task)
        loop = _loop(my_task)
        items = _items(loop, my_task)
        my_task.internal_data.update(
            items=items, done=0, created=0, changed={}, results={}, shadowed=_shadowed(loop, my_task)
        )
        if not self._wants_another(my_task, loop, my_task.data):
            self._finish(my_task, loop)
            return True
        my_task._set_state(TaskState.STARTED)
        for _ in range(len(items) if loop.kind == "parallel" else 1):
            self._create(my_task, loop)
        return False

    def _wants_another(self, my_task: Task, loop: LoopSpec, data: dict[str, Any]) -> bool:
        """Whether one more instance is to begin, seen with the variables of the last."""
        created = my_task.internal_data["created"]
        if loop.kind != "loop":
            return bool(created < len(my_task.internal_data["items"]))
        if loop.maximum is not None and created >= loop.maximum:
            return False
        if created >= MOST_ROUNDS:
            raise LookupError(f"more than {MOST_ROUNDS} rounds")
        asked = loop.condition is not None and (created > 0 or loop.test_before)
        return not asked or holds(loop.condition or "", data, clock_of(my_task))

    def _create(self, my_task: Task, loop: LoopSpec) -> None:
        my_task.internal_data["created"] += 1
        self._begin(my_task, loop, my_task.internal_data["created"])

    def _begin(self, my_task: Task, loop: LoopSpec, number: int) -> None:
        child = my_task._add_child(self._wf_spec.task_specs[self.task_spec], TaskState.WAITING)
        child.triggered = True
        child.internal_data["instance"] = number
        local: dict[str, Scalar] = {_COUNTER: number}
        if loop.element and loop.kind != "loop":
            local[loop.element] = my_task.internal_data["items"][number - 1]
        # An instance inherits from here, and a sub-process begins while it is updated.
        my_task.data.update(local)
        child.task_spec._update(child)
        for name in local:
            my_task.data.pop(name, None)

    def merge_child(self, workflow: Any, child: Task) -> None:
        """An instance is completed: keep what it changed, then begin the next, wait, or go on."""
        my_task = child.parent
        if my_task is None or my_task.task_spec is not self:
            return
        loop, inner = _loop(my_task), my_task.internal_data
        inner["done"] += 1
        local = {_COUNTER, loop.element}
        changed = {k: v for k, v in changes(my_task.data, child.data).items() if k not in local}
        (inner["changed"] if loop.kind == "parallel" else my_task.data).update(changed)
        if loop.output:
            value = value_of(loop.output, child.data, clock_of(my_task))
            inner["results"][str(child.internal_data["instance"])] = from_expression("output", value)
        self._go_on(my_task, loop, child)

    def _go_on(self, my_task: Task, loop: LoopSpec, child: Task) -> None:
        inner = my_task.internal_data
        over = (
            loop.kind != "loop"
            and loop.condition is not None
            and holds(loop.condition, _counted(my_task, child), clock_of(my_task))
        )
        if not over and loop.kind != "parallel" and self._wants_another(my_task, loop, child.data):
            _forget_earlier(my_task, child)
            self._create(my_task, loop)
        elif over or inner["done"] == inner["created"]:
            self._finish(my_task, loop)
            my_task._set_state(TaskState.READY)

    def pass_over(self, my_task: Task, child: Task) -> None:
        """An instance that is open ends undone: it leaves no result and isn't counted as completed."""
        loop, inner = _loop(my_task), my_task.internal_data
        child.cancel()
        inner["done"] += 1
        inner["skipped"] = [*inner.get("skipped", ()), child.internal_data["instance"]]
        if loop.kind != "parallel" and self._wants_another(my_task, loop, my_task.data):
            self._create(my_task, loop)
        elif inner["done"] == inner["created"]:
            self._finish(my_task, loop)
            my_task._set_state(TaskState.READY)

    def do_again(self, my_task: Task, number: int) -> None:
        """Of instances beside one another, one that is over is open again: what it left is not counted any more."""
        inner = my_task.internal_data
        inner["done"] -= 1
        inner["results"].pop(str(number), None)
        inner["skipped"] = [other for other in inner.get("skipped", ()) if other != number]
        self._begin(my_task, _loop(my_task), number)

    def _finish(self, my_task: Task, loop: LoopSpec) -> None:
        for other in self._instances(my_task):
            if not other.has_state(TaskState.FINISHED_MASK):
                other.cancel()
        inner = my_task.internal_data
        my_task.data.update({**inner["shadowed"], **inner["changed"]})
        if loop.output_collection:
            my_task.data[loop.output_collection] = _collected(inner["results"])
        for name in ("items", "changed", "results", "shadowed", "skipped"):
            inner.pop(name, None)


def _loop(my_task: Task) -> LoopSpec:
    loop = known_step(my_task).loop
    if loop is None:
        raise LookupError(f"{my_task.task_spec.name} has no loop")
    return loop


def _items(loop: LoopSpec, my_task: Task) -> list[Scalar]:
    """What each instance has in hand: an item of the collection, or nothing but its number."""
    if loop.kind == "loop":
        return []
    if loop.collection is not None:
        found = value_of(loop.collection, my_task.data, clock_of(my_task))
        if isinstance(found, str):
            found = [item.strip() for item in found.split(SEPARATOR) if item.strip()]
        if found is not None and not isinstance(found, list):
            raise LookupError(f"{my_task.task_spec.name}: the collection is no list")
        items = [from_expression("item", item) for item in found or ()]
    else:
        number = _number(loop.cardinality or "", my_task)
        items = list(range(1, number + 1))
    if len(items) > MOST_INSTANCES:
        raise LookupError(f"{my_task.task_spec.name}: more than {MOST_INSTANCES} instances")
    return items


def _number(text: str, my_task: Task) -> int:
    value = value_of("=" + feel(text), my_task.data, clock_of(my_task))
    if (
        not isinstance(value, Decimal)
        or value != value.to_integral_value()
        or not 0 <= value <= MOST_INSTANCES
    ):
        reason = why_null("=" + feel(text), my_task.data, clock_of(my_task))
        raise LookupError(
            f"{my_task.task_spec.name}: {value!r} is no number of instances up to {MOST_INSTANCES}{reason}"
        )
    return int(value)


def _shadowed(loop: LoopSpec, my_task: Task) -> dict[str, Scalar]:
    """Variables of the same names outside, which come back when all instances are done."""
    return {
        name: my_task.data.pop(name) for name in (_COUNTER, loop.element) if name and name in my_task.data
    }


def _counted(my_task: Task, child: Task) -> dict[str, Any]:
    """The variables a completion condition sees, with the standard's counters."""
    inner = my_task.internal_data
    total = len(inner["items"])
    return {
        **child.data,
        "numberOfInstances": total,
        "numberOfCompletedInstances": inner["done"] - len(inner.get("skipped", ())),
        "numberOfActiveInstances": inner["created"] - inner["done"],
    }


def _collected(results: dict[str, Scalar]) -> str:
    """Outputs in the order of the instances, as one text: lists aren't carried, the library merges them wrongly."""
    texts = ["" if results[key] is None else str(results[key]) for key in sorted(results, key=int)]
    if any(SEPARATOR in text for text in texts):
        raise ValueError(f"a collected output may hold no {SEPARATOR!r}")
    collected = from_expression("output", SEPARATOR.join(texts))
    return str(collected)


def _forget_earlier(my_task: Task, child: Task) -> None:
    """Finished instances before this one leave the tree: a hundred rounds weigh no more than two."""
    for other in my_task.children:
        if (
            other is not child
            and "instance" in other.internal_data
            and other.has_state(TaskState.FINISHED_MASK)
        ):
            my_task.workflow._remove_task(other.id)


def repeat(spec: Any, name: str) -> None:
    """Put a RepeatedTask where the task `name` of a parsed specification stands, and the task inside it."""
    original = spec.task_specs.pop(name)
    inner = f"{name} [child]"
    outer = RepeatedTask(spec, name, inner, lane=original.lane, bpmn_name=original.bpmn_name)
    outer._inputs, outer._outputs = original._inputs, original._outputs
    original._inputs, original._outputs, original.name = [name], [], inner
    spec.task_specs[inner] = original
    # Once, here: threads share the specification. One that is loaded gets this from the library's converter.
    original.completed_event.connect(outer.merge_child)
