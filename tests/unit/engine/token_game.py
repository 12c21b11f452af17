"""Plays every game of a small random model with tokens, the plain way: the oracle of the proof.

It knows neither nets nor reductions: a state is what stands where, nested as scopes are, and every state that can
follow is looked at. It shares no code with the proof.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

from tests.unit.engine.grown_models import Arrow, Model, Part, Step

MOST_STATES = 2_500
MOST_ITEMS = 7
AGAIN = 3
"""How often "again and again" is played."""

Item = tuple[Any, ...]
State = tuple[tuple[Item, ...], tuple[tuple[str, int], ...]]
Ops = tuple[tuple[Any, ...], ...]
JOINS = ("parallelGateway", "inclusiveGateway")
ENDS_ALL = "everything"


class TooBig(Exception):
    """More states or tokens than are played."""


@dataclass
class Outcome:
    unguarded: set[str] = field(default_factory=set)
    guarded: set[str] = field(default_factory=set)
    happened: set[str] = field(default_factory=set)
    can_be_stuck: bool = False


@dataclass
class Move:
    """Something that happens in a part: `state` after it, None when the part has ended; `thrown` isn't caught yet."""

    ops: Ops
    state: State | None
    names: tuple[str, ...]
    thrown: tuple[str, str] | None = None


class Game:
    def __init__(self, model: Model, risk: str) -> None:
        self.model = model
        self.risk = risk

    def play(self) -> Outcome:
        effects = {
            step.id: self.required(step) for step in self.model.every_step() if step.requires is not None
        }
        outcome = Outcome()
        before: dict[Any, list[Any]] = {}
        progress = tuple((wanted, 0) for wanted in sorted(set(effects.values())))
        seen = {(state, progress) for state in self.fresh(self.model.main)}
        for state in seen:
            outcome.happened.update(item[1] for item in state[0][0])
        waiting = list(seen)
        ended = set()
        while waiting:
            node = waiting.pop()
            for move in self.moves(self.model.main, node[0]):
                outcome.happened.update(move.names)
                after: Any = (move.state, self.performed(move.ops, node[1], effects, outcome))
                if move.thrown is not None and move.thrown[0] == "error":
                    after = (None, after[1])
                if after[0] is None:
                    after = (None, ())
                    ended.add(after)
                before.setdefault(after, []).append(node)
                if after not in seen:
                    seen.add(after)
                    if len(seen) > MOST_STATES or (after[0] and size(after[0]) > MOST_ITEMS):
                        raise TooBig
                    if after[0] is not None:
                        waiting.append(after)
        outcome.can_be_stuck = bool(seen - can_reach(ended, before))
        outcome.guarded -= outcome.unguarded
        return outcome

    def required(self, step: Step) -> tuple[str, ...]:
        if step.requires:
            return step.requires
        return {
            "normal": ("initial_review", "final_review"),
            "high": ("initial_review", "recheck", "final_review"),
            "routed": ("initial_review", "recheck", "risk_review", "final_review"),
        }[self.risk]

    def performed(
        self, ops: Ops, progress: Any, effects: dict[str, tuple[str, ...]], outcome: Outcome
    ) -> Any:
        done = dict(progress)
        for op, *what in ops:
            if op == "effect":
                wanted = effects[what[0]]
                (outcome.guarded if done[wanted] == len(wanted) else outcome.unguarded).add(what[0])
            if op in ("effect", "reset"):
                done = dict.fromkeys(done, 0)
            if op == "duty":
                done = {
                    wanted: count + (count < len(wanted) and wanted[count] == what[0])
                    for wanted, count in done.items()
                }
        return tuple(sorted(done.items()))

    # ---- parts

    def fresh(self, part: Part) -> Iterator[State]:
        armed = tuple((step.id, limit(trigger(step))) for step in part.steps.values() if is_handler(step))
        for step in part.steps.values():
            if step.tag == "startEvent":
                yield ((("at", step.id),), armed)

    def moves(self, part: Part, state: State) -> Iterator[Move]:
        items, armed = state
        for index, item in enumerate(items):
            if item in items[:index]:
                continue
            rest = items[:index] + items[index + 1 :]
            for move in self.item_moves(part, item, rest, armed):
                yield from self.caught(part, move, item)
        yield from self.joins(part, items, armed)
        yield from self.handlers(part, items, armed)

    def item_moves(self, part: Part, item: Item, rest: tuple[Item, ...], armed: Any) -> Iterator[Move]:
        kind, key = item[0], item[1]
        step = part.steps.get(key)
        if kind == "at" and step is not None:
            if self.runs(part, step):
                yield from self.begun(part, step, rest, armed)
            else:
                yield from self.passed(part, step, rest, armed)
        elif kind == "run" and step is not None:
            yield from self.running(part, step, item, rest, armed)

    def passed(self, part: Part, step: Step, rest: tuple[Item, ...], armed: Any) -> Iterator[Move]:
        ops = operations(step)
        if step.event == "terminate":
            yield Move(ops, None, (step.id,))
        elif step.event in ("error", "escalation") and step.tag in ("endEvent", "intermediateThrowEvent"):
            for gives in self.ways(part, step) if step.tag != "endEvent" else [()]:
                yield Move(ops, ended_or((*rest, *gives), armed), (step.id,), (step.event, step.id))
        else:
            for gives in self.ways(part, step):
                yield Move(ops, ended_or((*rest, *gives), armed), (step.id,))
            if step.raises:
                yield Move(raising(step), ended_or(rest, armed), (step.id,), ("error", step.id))

    def runs(self, part: Part, step: Step) -> bool:
        return bool(step.loop or step.inner or step.called or self.boundaries(part, step))

    def boundaries(self, part: Part, step: Step) -> list[Step]:
        return [other for other in part.steps.values() if other.host == step.id]

    def begun(self, part: Part, step: Step, rest: tuple[Item, ...], armed: Any) -> Iterator[Move]:
        inner = self.inner(step)
        one: list[Any] = [("work",)] if inner is None else list(self.fresh(inner))
        counts = {"parallel": (0, 1, 2), "sequential": (0, 1)}.get(step.loop, (1,))
        for count in counts:
            for child in one:
                item = ("run", step.id, (child,) * count, ())
                if count:
                    yield Move((), settled((*rest, item), armed), (step.id,))
                else:
                    for gives in self.ways(part, step):
                        yield Move((), ended_or((*rest, *gives), armed), (step.id,))

    def inner(self, step: Step) -> Part | None:
        return step.inner or self.model.parts.get(step.called)

    def running(
        self, part: Part, step: Step, item: Item, rest: tuple[Item, ...], armed: Any
    ) -> Iterator[Move]:
        _, key, children, fired = item
        inner = self.inner(step)
        for index, child in enumerate(children):
            others = children[:index] + children[index + 1 :]
            inside = self.worked(step) if child == ("work",) else self.moves(inner, child)  # type: ignore[arg-type]
            for move in inside:
                yield from self.child_moved(part, step, (key, others, fired), move, rest, armed)
        for boundary in self.boundaries(part, step):
            if step.raises and boundary.event == "error":
                continue
            if (
                boundary.event in ("error", "escalation")
                and inner is not None
                and throws(self.model, inner, boundary.event)
            ):
                continue
            yield from self.left(part, item, boundary, rest, armed)

    def worked(self, step: Step) -> Iterator[Move]:
        yield Move(operations(step), None, (step.id,))
        if step.raises:
            yield Move(raising(step), None, (step.id,), ("error", step.id))

    def child_moved(
        self,
        part: Part,
        step: Step,
        place: tuple[str, Any, Any],
        move: Move,
        rest: tuple[Item, ...],
        armed: Any,
    ) -> Iterator[Move]:
        key, others, fired = place
        after = others if move.state is None else (*others, move.state)
        if move.thrown is not None:
            for boundary in self.boundaries(part, step):
                if boundary.event == move.thrown[0]:
                    yield from self.thrown_at(part, boundary, (key, after, fired), move, rest, armed)
                    return
        if move.thrown is not None and move.thrown[0] == "error":
            yield Move(move.ops, settled(rest, armed), move.names, move.thrown)
            return
        yield from self.child_done(part, step, (key, after, fired), move, rest, armed)

    def child_done(
        self,
        part: Part,
        step: Step,
        place: tuple[str, Any, Any],
        move: Move,
        rest: tuple[Item, ...],
        armed: Any,
    ) -> Iterator[Move]:
        key, after, fired = place
        if after:
            item = ("run", key, tuple(sorted(after, key=repr)), fired)
            yield Move(move.ops, settled((*rest, item), armed), move.names, move.thrown)
            return
        for gives in [()] if is_handler(step) else self.ways(part, step):
            yield Move(move.ops, ended_or((*rest, *gives), armed), move.names, move.thrown)
        if step.loop == "sequential":
            inner = self.inner(step)
            for child in [("work",)] if inner is None else self.fresh(inner):
                item = ("run", key, (child,), fired)
                yield Move(move.ops, settled((*rest, item), armed), move.names, move.thrown)

    def thrown_at(
        self,
        part: Part,
        boundary: Step,
        place: tuple[str, Any, Any],
        move: Move,
        rest: tuple[Item, ...],
        armed: Any,
    ) -> Iterator[Move]:
        caught = Move(move.ops, move.state, (*move.names, boundary.id))
        for gives in self.ways(part, boundary):
            if boundary.interrupting or move.thrown is None or move.thrown[0] == "error":
                yield Move(caught.ops, ended_or((*rest, *gives), armed), caught.names)
            else:
                step = part.steps[place[0]]
                yield from self.child_done(part, step, place, caught, (*rest, *gives), armed)

    def left(
        self, part: Part, item: Item, boundary: Step, rest: tuple[Item, ...], armed: Any
    ) -> Iterator[Move]:
        _, key, children, fired = item
        names = (boundary.id,)
        for gives in self.ways(part, boundary):
            if boundary.interrupting:
                yield Move((), ended_or((*rest, *gives), armed), names)
                continue
            count = dict(fired).get(boundary.id, 0)
            if count < limit(boundary):
                again = tuple(sorted({**dict(fired), boundary.id: count + 1}.items()))
                yield Move((), settled((*rest, ("run", key, children, again), *gives), armed), names)

    # ---- events of a part

    def handlers(self, part: Part, items: tuple[Item, ...], armed: Any) -> Iterator[Move]:
        for key, left in armed:
            start = trigger(part.steps[key])
            thrown = start.event in ("error", "escalation") and throws(self.model, part, start.event)
            if left and not thrown:
                yield from self.handled(part, key, Move((), (items, armed), ()))

    def handled(self, part: Part, key: str, move: Move) -> Iterator[Move]:
        """The event sub-process `key` begins in the state after `move`."""
        step = part.steps[key]
        start = trigger(step)
        items, armed = move.state or ((), ())
        error = move.thrown is not None and move.thrown[0] == "error"
        for child in self.fresh(step.inner) if step.inner else ():
            item = ("run", key, (child,), ())
            if start.interrupting or error:
                yield Move(move.ops, settled((item,), ()), (*move.names, key))
            else:
                used = move.thrown is None
                rest = tuple((other, left - (used and other == key)) for other, left in armed)
                yield Move(move.ops, settled((*items, item), rest), (*move.names, key))

    def caught(self, part: Part, move: Move, item: Item) -> Iterator[Move]:
        """What is thrown in `part` goes to its event sub-process, else further out."""
        if move.thrown is not None:
            for step in part.steps.values():
                if is_handler(step) and trigger(step).event == move.thrown[0] and item[1] != step.id:
                    kept = (
                        move
                        if move.state is not None
                        else Move(move.ops, ((), armed_of(part)), move.names, move.thrown)
                    )
                    yield from self.handled(part, step.id, kept)
                    return
        yield move

    # ---- flows

    def ways(self, part: Part, step: Step) -> list[tuple[Item, ...]]:
        if step.event == "link" and step.tag == "intermediateThrowEvent":
            return [
                (("at", other.id),) for other in part.steps.values()
                if other.tag == "intermediateCatchEvent" and other.event == "link" and other.code == step.code
            ]  # fmt: skip
        drawn = [arrow for arrow in part.arrows if arrow.source == step.id]
        if not drawn:
            return [()]
        arrows = [arrow for arrow in drawn if not arrow.risk or self.risk in arrow.risk]
        chosen: list[tuple[Arrow, ...]] = [tuple(arrows)] if arrows else []
        if step.tag in ("exclusiveGateway", "eventBasedGateway"):
            chosen = [(arrow,) for arrow in arrows]
        if step.tag == "inclusiveGateway":
            chosen = [some for size in range(1, len(arrows) + 1) for some in combinations(arrows, size)]
        return [tuple(self.arrival(part, arrow) for arrow in some) for some in chosen]

    def arrival(self, part: Part, arrow: Arrow) -> Item:
        if part.steps[arrow.target].tag in JOINS and len(entering(part, arrow.target)) > 1:
            return ("wait", arrow.id)
        return ("at", arrow.target)

    def joins(self, part: Part, items: tuple[Item, ...], armed: Any) -> Iterator[Move]:
        for step in part.steps.values():
            arrows = entering(part, step.id)
            if step.tag not in JOINS or len(arrows) < 2:
                continue
            there = [("wait", arrow.id) for arrow in arrows if ("wait", arrow.id) in items]
            rest = list(items)
            for item in there:
                rest.remove(item)
            ready = (
                len(there) == len(arrows)
                if step.tag == "parallelGateway"
                else self.ready(part, step, there, rest)
            )
            for gives in self.ways(part, step) if there and ready else ():
                yield Move((), ended_or((*rest, *gives), armed), (step.id,))

    def ready(self, part: Part, step: Step, there: list[Any], rest: list[Item]) -> bool:
        """No token elsewhere has a way to an entering flow without a token, unless to one with a token too.

        Conditions on the way don't count, nor whether the activity where the token stands can ever end.
        """
        marked = {item[1] for item in there}
        own = {("wait", arrow.id) for arrow in entering(part, step.id)}
        for item in rest:
            if item in own:
                continue
            reached = self.reached(part, item, step)
            if reached - marked and not reached & marked:
                return False
        return True

    def reached(self, part: Part, item: Item, join: Step) -> set[str]:
        first = next(a.target for a in part.arrows if a.id == item[1]) if item[0] == "wait" else item[1]
        found, seen, waiting = set[str](), {first}, [first]
        while waiting:
            key = waiting.pop()
            step = part.steps[key]
            follow = [other.id for other in self.boundaries(part, step)]
            if step.event == "link" and step.tag == "intermediateThrowEvent":
                follow += [key for gives in self.ways(part, step) for _, key in gives]
            for arrow in (arrow for arrow in part.arrows if arrow.source == key):
                if arrow.target == join.id:
                    found.add(arrow.id)
                else:
                    follow.append(arrow.target)
            waiting += [other for other in follow if other not in seen]
            seen.update(follow)
        return found


def settled(items: tuple[Item, ...], armed: Any) -> State:
    return tuple(sorted(items, key=repr)), armed


def ended_or(items: tuple[Item, ...], armed: Any) -> State | None:
    return settled(items, armed) if items else None


def operations(step: Step) -> Ops:
    ops: list[tuple[Any, ...]] = []
    if step.requires is not None:
        ops.append(("effect", step.id))
    if step.resets:
        ops.append(("reset",))
    if step.duty and step.signs:
        ops.append(("duty", step.duty))
    return tuple(ops)


def raising(step: Step) -> Ops:
    """What is done when the step ends with its error."""
    return operations(step) if step.raises == "after" else ()


def entering(part: Part, key: str) -> list[Arrow]:
    return [arrow for arrow in part.arrows if arrow.target == key]


def is_handler(step: Step) -> bool:
    return step.inner is not None and step.inner.triggered


def trigger(handler: Step) -> Step:
    assert handler.inner is not None
    return next(step for step in handler.inner.steps.values() if step.tag == "startEvent")


def limit(step: Step) -> int:
    return 1 if step.interrupting or step.event == "timer" else AGAIN


def armed_of(part: Part) -> Any:
    return tuple((step.id, limit(trigger(step))) for step in part.steps.values() if is_handler(step))


def throws(model: Model, part: Part, event: str) -> bool:
    waiting, seen = [part], set[str]()
    while waiting:
        for step in waiting.pop().steps.values():
            if step.event == event and step.tag in ("endEvent", "intermediateThrowEvent"):
                return True
            if step.raises and event == "error":
                return True
            waiting += [step.inner] if step.inner else []
            if step.called and step.called not in seen:
                seen.add(step.called)
                waiting.append(model.parts[step.called])
    return False


def size(state: State) -> int:
    return sum(
        1 + (sum(size(child) for child in item[2] if child != ("work",)) if item[0] == "run" else 0)
        for item in state[0]
    )


def can_reach(ended: set[Any], before: dict[Any, list[Any]]) -> set[Any]:
    found, waiting = set(ended), list(ended)
    while waiting:
        for node in before.get(waiting.pop(), ()):
            if node not in found:
                found.add(node)
                waiting.append(node)
    return found
