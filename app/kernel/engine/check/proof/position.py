"""The proof once more, from where a case stands: its tokens, what still waits on borders, and the duties it has done.

A version as a whole is proved from its start; a case that changes over in the middle, or whose token was moved, has
not come by the version's own way.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from app.kernel.engine.check.proof.diagram import Node, Process
from app.kernel.engine.check.proof.exploration import Act, Walk
from app.kernel.engine.check.proof.flows import TooManyWays
from app.kernel.engine.check.proof.frames import Frame, times, trigger_of
from app.kernel.engine.check.proof.net import BEGIN, Net, TooManyStates, Transition
from app.kernel.engine.check.proof.reduction import reduced
from app.kernel.engine.check.proof.translation import NetTooLarge, build_position_net
from app.kernel.engine.check.proof.verdicts import acting, required_at

SECONDS: Final = 2.0

Path = tuple[tuple[str, int], ...]
"""Ids of the activities around, outermost first, each with which of its instances: 0, or 1 for another beside it."""

How = Literal["before", "at", "run", "done", "after", "arrived", "begun"]


@dataclass(frozen=True, slots=True, order=True)
class Standing:
    """A token. `before` a node, `at` it (an activity: it runs), `after` it; `run` and `done`: instance `number` of
    a repeated task is open, over; `arrived`: at a join, from the node `by`; `begun`: an event sub-process starts.
    """

    path: Path
    node: str
    how: How = "at"
    number: int = 0
    by: str = ""


@dataclass(frozen=True, slots=True)
class Marking:
    """Where a case stands; `armed`: boundary events and event sub-processes (path, id) that still wait."""

    standings: tuple[Standing, ...]
    armed: frozenset[tuple[Path, str]] = frozenset()


@dataclass(frozen=True, slots=True)
class Ahead:
    """What may come from a marking: `gap`, an effect that can be reached without the duty `missing`; `stuck`, a node
    where the case can be stuck; `path` is the way there. `known` is False when it is too much to look through.
    """

    gap: Node | None = None
    missing: str = ""
    stuck: str | None = None
    path: tuple[str, ...] = ()
    known: bool = True

    @property
    def is_clear(self) -> bool:
        return self.known and self.gap is None and self.stuck is None


_ActOf = Callable[[Transition], Act | None]


class Unplaced(LookupError):
    """The process has no such place to stand: the id of the node."""


class PositionProof:
    """A process as a net that a case may be put into anywhere; for one risk class. Raises NetTooLarge, TooManyWays."""

    def __init__(self, process: Process, processes: Mapping[str, Process], risk: str) -> None:
        self.process = process
        self.processes = processes
        self.risk = risk
        self.net, self.root = build_position_net(process, processes, risk)

    def look_ahead(self, marking: Marking, earned: Sequence[str], seconds: float = SECONDS) -> Ahead:
        """What may come; `earned` are the duties whose signatures count, in the order of signing. Raises Unplaced."""
        begun = Transition((BEGIN,), tuple(self._places(marking)), ())
        net = Net(self.net.nodes, [begun, *self.net.transitions], self.net.latent)
        deadline = time.thread_time() + seconds
        try:
            return self._gap(net, earned, deadline) or self._stuck(net, deadline)
        except (TooManyStates, NetTooLarge, TooManyWays, RecursionError):
            return Ahead(known=False)

    def _gap(self, net: Net, earned: Sequence[str], deadline: float) -> Ahead | None:
        needed = {self._required(transition) for transition in net.transitions if transition.node}
        for requires in sorted(needed - {()}):
            act = self._acts(requires)
            small = _visible(net, act, deadline)
            walk = Walk(small, requires, act, deadline, done=_done(earned, requires))
            for effect in sorted(walk.unguarded):
                state, number = walk.unguarded[effect]
                node = next((one.node for one in net.transitions if one.node and one.node.id == effect), None)
                path = (*walk.path_to(state), *small.transitions[number].labels)
                return Ahead(node, walk.missing_at(effect), path=path)
        return None

    def _acts(self, requires: tuple[str, ...]) -> _ActOf:
        return lambda transition: acting(transition.node, self._required(transition), requires)

    def _required(self, transition: Transition) -> tuple[str, ...]:
        return required_at(transition, self.process, self.processes, self.risk)

    def _stuck(self, net: Net, deadline: float) -> Ahead:
        small = reduced(net, lambda _: False, deadline)
        walk = Walk(small, (), lambda _: None, deadline, keep_edges=True)
        state = walk.stuck()
        if state is None:
            return Ahead()
        return Ahead(stuck=(walk.standing(state) or [""])[0], path=tuple(walk.path_to(state)))

    # ---- places

    def _places(self, marking: Marking) -> Iterable[int]:
        running = {()} | {
            one.path[:length] for one in marking.standings for length in range(len(one.path) + 1)
        }
        for path in sorted(running):
            frame = self._frame(path)
            yield from () if frame.active is None else (frame.active,)
        for standing in marking.standings:
            yield from self._tokens(self._frame(standing.path), standing)
        for path, key in sorted(marking.armed):
            yield from self._armed(self._frame(path), key)

    def _frame(self, path: Path) -> Frame:
        frame = self.root
        for host, number in path:
            if host in frame.handlers:
                frame = frame.handlers[host]
                continue
            shell = frame.shells.get(host)
            if shell is None or number >= len(shell.bodies):
                raise Unplaced(host)
            frame = shell.bodies[number]
        return frame

    def _tokens(self, frame: Frame, standing: Standing) -> Iterable[int]:
        key, shell = standing.node, frame.shells.get(standing.node)
        if key not in frame.scope.nodes:
            raise Unplaced(key)
        if key in frame.handlers:
            return [] if standing.how == "at" else [frame.begins[key]]
        match standing.how:
            case "arrived":
                return [self._arrived(frame, standing)]
            case "after":
                return [frame.after[key]]
            case "run" | "done" if shell is not None:
                places = shell.runs if standing.how == "run" else shell.ends
                return [places[standing.number]]
            case "at" if shell is not None:
                return [shell.active] if frame.scope.boundaries(key) else []
        return [frame.before[key]]

    def _arrived(self, frame: Frame, standing: Standing) -> int:
        flows = [flow.id for flow in frame.scope.entering(standing.node) if flow.source == standing.by]
        if not flows:
            raise Unplaced(standing.node)
        return frame.waiting.get(flows[0], frame.before[standing.node])

    def _armed(self, frame: Frame, key: str) -> Iterable[int]:
        node = frame.scope.nodes.get(key)
        if node is None:
            raise Unplaced(key)
        if key in frame.armed:
            return [frame.armed[key]] * times(trigger_of(node) or node)
        shell = frame.shells.get(node.attached or "")
        ready = shell.ready.get(key) if shell is not None else None
        return () if ready is None else [ready] * times(node)


def _visible(net: Net, act: _ActOf, deadline: float) -> Net:
    return reduced(net, lambda transition: act(transition) is not None, deadline)


def _done(earned: Sequence[str], requires: Sequence[str]) -> int:
    """How many of `requires` are done in order: done again it makes those after it void, out of turn it is nothing."""
    done = 0
    for duty in earned:
        place = requires.index(duty) if duty in requires else done + 1
        done = place + 1 if place <= done else done
    return done
