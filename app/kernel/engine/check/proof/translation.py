"""A process and all it calls as one net, for cases of one risk class.

Each node has a place before it and one after it, a join a place for each flow that meets there. What can be
interrupted, repeated or entered gets a shell (`frames`) as long as it runs.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Final

from app.kernel.engine.check.proof.diagram import EMBEDDED, Event, Node, Process
from app.kernel.engine.check.proof.flows import JOINING, ways_out
from app.kernel.engine.check.proof.frames import (
    THROWING,
    THROWN,
    Catcher,
    Frame,
    Shell,
    catcher_of,
    divides,
    happens_aside,
    has_start,
    is_raised_at,
    is_thrown_in,
    times,
    trigger_of,
)
from app.kernel.engine.check.proof.net import BEGIN, Join, Net, Transition
from app.kernel.engine.check.proof.reach import reach_of

# Callees are drawn in where they are called, each time anew.
MOST_PLACES: Final = 12_000

Places = Callable[[], Iterable[int]]


class NetTooLarge(Exception):
    """The process with everything it calls has more places than MOST_PLACES."""


def build_net(process: Process, processes: Mapping[str, Process], risk: str) -> Net:
    """The net of `process`; callees come from `processes`, an unknown one is a step without a duty.

    Raises NetTooLarge, and TooManyWays of `flows`.
    """
    return _Translation(processes, risk).net_of(process)


def build_position_net(process: Process, processes: Mapping[str, Process], risk: str) -> tuple[Net, Frame]:
    """The same net without a beginning, and its outermost frame: whoever puts tokens into it says where.

    Raises NetTooLarge, and TooManyWays of `flows`.
    """
    translation = _Translation(processes, risk)
    root = Frame(process.scope, process)
    return translation.net_of(process, root, translation.net.place("")), root


class _Translation:
    def __init__(self, processes: Mapping[str, Process], risk: str) -> None:
        self.processes = processes
        self.risk = risk
        self.net = Net()
        # Which places a step empties is known only when all of them are there.
        self.late: list[tuple[int, Places, Places]] = []
        self.joins: list[tuple[int, Frame, Node]] = []

    def net_of(self, process: Process, root: Frame | None = None, entry: int = BEGIN) -> Net:
        self.enter(root or Frame(process.scope, process), entry)
        for index, clears, empty in self.late:
            self.net.transitions[index] = replace(
                self.net.transitions[index], clears=frozenset(clears()), empty=frozenset(empty())
            )
        for index, frame, node in self.joins:
            self._see(index, reach_of(frame, node))
        return self.net

    def _see(self, index: int, reach: dict[int, frozenset[int]]) -> None:
        transition = self.net.transitions[index]
        if transition.join is not None:
            seen = {place: goals for place, goals in reach.items() if place not in self.net.latent}
            self.net.transitions[index] = replace(transition, join=replace(transition.join, reach=seen))

    def place(
        self,
        frame: Frame,
        node: Node,
        shell: Shell | None = None,
        *,
        latent: bool = False,
        aside: bool = False,
    ) -> int:
        """A new place of `node`; with `aside` a token there is none that stands anywhere in the scope."""
        if len(self.net.nodes) >= MOST_PLACES:
            raise NetTooLarge
        place = self.net.place(node.id, latent=latent)
        frame.hold(place, None if aside else node)
        if shell is not None:
            shell.inside.add(place)
        return place

    def step(
        self,
        takes: Iterable[int],
        gives: Iterable[int],
        *labels: str,
        node: Node | None = None,
        frame: Frame | None = None,
        clears: Places = tuple,
        empty: Places = tuple,
        join: Join | None = None,
        urgent: bool = False,
    ) -> None:
        """Add a transition; with `node` it performs that node's duty and effect."""
        acting = node if node is not None and node.step and (node.step.duty or node.step.effect) else None
        process = frame.process.id if frame else ""
        self.late.append((len(self.net.transitions), clears, empty))
        self.net.transitions.append(
            Transition(
                tuple(takes),
                tuple(gives),
                labels,
                frozenset(labels),
                node=acting,
                process=process,
                join=join,
                urgent=urgent,
            )
        )

    # ---- scopes

    def enter(self, frame: Frame, entry: int, *labels: str) -> None:
        """Build all of `frame`, which begins with a token in `entry`."""
        scope, host = frame.scope, frame.host
        events = [event for event in scope.event_scopes() if trigger_of(event) is not None]
        nodes = list(scope.nodes.values())
        if (events or (divides(scope) and frame.done)) and nodes:
            frame.active = self.place(frame, host or nodes[0], aside=True)
        for node in nodes:
            frame.before[node.id], frame.after[node.id] = self.place(frame, node), self.place(frame, node)
            entering = scope.entering(node.id)
            if node.tag in JOINING and len(entering) > 1:
                frame.waiting.update({flow.id: self.place(frame, node) for flow in entering})
        given = [] if frame.active is None else [frame.active]
        for event in events:
            frame.armed[event.id] = self.place(frame, event, latent=True)
            frame.begins[event.id] = self.place(frame, event)
            given += [frame.armed[event.id]] * times(trigger_of(event) or event)
        starts = [frame.before[start.id] for start in scope.starts()]
        for begun in [[start] for start in starts] if has_start(scope) else [starts]:
            self.step([entry], [*begun, *given], *labels)
        for node in nodes:
            if node.inner is None or not node.inner.triggered:
                self.node(frame, node)
        for event in events:
            self.event_scope(frame, event)
        if frame.active is not None:
            watched = frame.parent is not None and host is not None and frame.parent.scope.boundaries(host.id)
            self.step(
                [frame.active], frame.done, clears=frame.armed.values, empty=lambda: self._tokens(frame),
                urgent=bool(events or watched),
            )  # fmt: skip

    def _tokens(self, frame: Frame) -> Iterable[int]:
        return frame.inside - self.net.latent - {frame.active}

    def _contents(self, frame: Frame) -> Iterable[int]:
        return frame.inside - {frame.active}

    def event_scope(self, frame: Frame, event: Node) -> None:
        """An event sub-process: begun by its start event as long as `frame` runs."""
        start, active = trigger_of(event), frame.active
        if start is None or start.event is None or active is None or event.inner is None:
            return
        begin = frame.begins[event.id]
        frame.handlers[event.id] = Frame(event.inner, frame.process, (), frame, event)
        self.enter(frame.handlers[event.id], begin, event.id)
        if start.event.kind in THROWN and is_thrown_in(frame.scope, start.event, self.processes):
            return
        if aside := happens_aside(event, start):
            # Nothing that is looked at depends on how far it is: it happens at once, whenever it happens.
            self.step([active], [active], event.id, *aside)
            return
        clears: Places = (lambda: self._contents(frame)) if start.interrupting else tuple
        self.step([frame.armed[event.id], active], [active, begin], event.id, clears=clears)

    # ---- nodes

    def node(self, frame: Frame, node: Node) -> None:
        self.leave(frame, node)
        before, after = frame.before[node.id], frame.after[node.id]
        self._join(frame, node)
        if node.tag == "boundaryEvent":
            return
        if node.loop or node.tag in EMBEDDED or node.tag == "callActivity":
            self.composite(frame, node)
        elif frame.scope.boundaries(node.id):
            self.interruptible(frame, node)
        elif node.event and node.event.kind in THROWN and node.tag in THROWING:
            self.throw(frame, node)
        elif node.event and node.event.kind == "terminate":
            alone = frame.active is None and frame.parent is not None and bool(frame.done)
            clears: Places = tuple if alone else (lambda: self._contents(frame))
            self.step([before], frame.done if alone else [], node.id, node=node, frame=frame, clears=clears)
        else:
            self.step([before], [after], node.id, node=node, frame=frame)
            self.raises(frame, node, before)

    def leave(self, frame: Frame, node: Node) -> None:
        after = frame.after[node.id]
        if node.tag == "intermediateThrowEvent" and node.event and node.event.kind == "link":
            for other in frame.scope.nodes.values():
                if other.tag == "intermediateCatchEvent" and other.event == node.event:
                    self.step([after], [frame.before[other.id]])
            return
        ended = frame.done if frame.active is None else ()
        for flows in ways_out(frame.scope, node, self.risk):
            gives = [frame.waiting.get(flow.id, frame.before[flow.target]) for flow in flows]
            self.step([after], gives if flows else ended, *(flow.id for flow in flows))

    def _join(self, frame: Frame, node: Node) -> None:
        inputs = [
            frame.waiting[flow.id] for flow in frame.scope.entering(node.id) if flow.id in frame.waiting
        ]
        if not inputs:
            return
        if node.tag == "parallelGateway":
            self.step(inputs, [frame.before[node.id]], node.id)
        else:
            self.joins.append((len(self.net.transitions), frame, node))
            self.step([], [frame.before[node.id]], node.id, join=Join(tuple(inputs), {}))

    # ---- activities

    def interruptible(self, frame: Frame, node: Node) -> None:
        """A task with boundary events: active as long as its token stands before it."""
        active = self.place(frame, node)
        shell = frame.shells[node.id] = Shell(active)
        ready = self._ready(frame, node, shell)
        self.step([frame.before[node.id]], [active, *ready])
        after = [frame.after[node.id]]
        self.step([active], after, node.id, node=node, frame=frame, clears=shell.ready.values)
        self.raises(frame, node, active)
        for boundary in frame.scope.boundaries(node.id):
            self.boundary(frame, node, boundary)

    def composite(self, frame: Frame, node: Node) -> None:
        """An activity with a body, run once or several times; boundary events can end all of it."""
        active = self.place(frame, node)
        shell = frame.shells[node.id] = Shell(active)
        ready = self._ready(frame, node, shell)
        simple = not frame.scope.boundaries(node.id)
        whole = None if self._is_task(node) else node
        copies = 2 if node.loop and not node.loop.sequential and not node.loop.single else 1
        runs = shell.runs = [self.place(frame, node, shell) for _ in range(copies)]
        ends = shell.ends = [self.place(frame, node, shell) for _ in range(copies)]
        held = [] if simple else [active]
        entry = [frame.before[node.id]]
        self.step(entry, [*held, *ready, *runs], node.id, node=whole, frame=frame)
        for number, (run, end) in enumerate(zip(runs, ends, strict=True)):
            self._run(frame, node, run, end)
            if node.loop and (number or not node.loop.least):
                self.step([run], [end])
            if node.loop and node.loop.sequential and not node.loop.single:
                self.step([end], [run])
        self.step([*held, *ends], [frame.after[node.id]], clears=shell.ready.values, urgent=not simple)
        for boundary in frame.scope.boundaries(node.id):
            self.boundary(frame, node, boundary)

    def _is_task(self, node: Node) -> bool:
        return node.inner is None and node.tag != "callActivity"

    def _run(self, frame: Frame, node: Node, run: int, end: int) -> None:
        callee = self.processes.get(node.called) if node.tag == "callActivity" else None
        above = {outer.process.id for outer in frame.around()}
        body = None
        if node.inner is not None:
            body = Frame(node.inner, frame.process, (end,), frame, node)
        elif callee is not None and callee.id not in above:
            body = Frame(callee.scope, callee, (end,), frame, node)
        if body is not None:
            frame.shells[node.id].bodies.append(body)
            self.enter(body, run)
        else:
            self.step([run], [end], node.id, node=node if self._is_task(node) else None, frame=frame)
            self.raises(frame, node, run)

    def _ready(self, frame: Frame, node: Node, shell: Shell) -> list[int]:
        given = []
        for boundary in frame.scope.boundaries(node.id):
            if not boundary.interrupting:
                place = shell.ready[boundary.id] = self.place(frame, boundary, shell, latent=True)
                given += [place] * times(boundary)
        return given

    # ---- events

    def boundary(self, frame: Frame, host: Node, node: Node) -> None:
        """What happens to `host` when its boundary event `node` comes; it earns nothing."""
        shell, inner = frame.shells[host.id], host.inner
        callee = self.processes.get(host.called)
        scope = inner or (callee.scope if callee else None)
        thrown = node.event if node.event and node.event.kind in THROWN else None
        if thrown and scope is not None and is_thrown_in(scope, thrown, self.processes):
            return
        if is_raised_at(host, thrown):
            return
        if node.interrupting:
            takes, gives, clears = [shell.active], [], self._emptied(shell)
        else:
            takes, gives, clears = [shell.active, shell.ready[node.id]], [shell.active], tuple
        gives = [*gives, frame.after[node.id]]
        self.step(takes, gives, host.id, node.id, node=node, frame=frame, clears=clears)

    def _emptied(self, shell: Shell) -> Places:
        return lambda: shell.inside - {shell.active}

    def throw(self, frame: Frame, node: Node) -> None:
        """An error ends what it is caught around; an escalation may go on beside its catcher."""
        after, thrown = frame.after[node.id], self.place(frame, node)
        self.step([frame.before[node.id]], [thrown], node.id, node=node, frame=frame)
        goes_on = [] if node.event and node.event.kind == "error" else [after]
        self._caught(catcher_of(frame, node.event), thrown, goes_on)

    def raises(self, frame: Frame, node: Node, running: int) -> None:
        """The errors an automatic step declares; one with a condition comes when the step has done its work."""
        for error in node.step.errors if node.step else ():
            thrown = self.place(frame, node)
            self.step([running], [thrown], node.id, node=node if error.condition else None, frame=frame)
            catcher = catcher_of(frame, Event("error", error.code), node)
            shell = catcher.frame.shells[catcher.host.id] if catcher and catcher.host else None
            left_already = shell is not None and shell.active == running
            self._caught(catcher, thrown, [], held=not left_already)

    def _caught(self, catcher: Catcher | None, thrown: int, goes_on: list[int], *, held: bool = True) -> None:
        """A token in `thrown` goes to its catcher; `held`: what the catcher stands at is still active."""
        if catcher is None:
            clears: Places = tuple if goes_on else (lambda: range(1, len(self.net.nodes)))
            self.step([thrown], goes_on, clears=clears)
        elif catcher.host is None:
            self._to_event_scope(catcher.frame, catcher.node, thrown, goes_on)
        else:
            shell, to = catcher.frame.shells[catcher.host.id], catcher.frame.after[catcher.node.id]
            if catcher.node.interrupting or not goes_on:
                clears, goes_on, stays = self._emptied(shell), [], []
            else:
                clears, stays = tuple, [shell.active]
            self.step(
                [thrown, *([shell.active] if held else [])], [*stays, *goes_on, to], catcher.node.id,
                node=catcher.node, frame=catcher.frame, clears=clears,
            )  # fmt: skip

    def _to_event_scope(self, frame: Frame, event: Node, thrown: int, goes_on: list[int]) -> None:
        start, active = trigger_of(event), frame.active
        if start is None or active is None:
            return
        stops = start.interrupting or not goes_on
        clears: Places = (lambda: self._contents(frame)) if stops else tuple
        kept = [] if stops else goes_on
        self.step([thrown, active], [active, frame.begins[event.id], *kept], event.id, clears=clears)
