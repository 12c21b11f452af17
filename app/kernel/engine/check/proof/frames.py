"""Scopes and activities that run, while a net is built of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from app.kernel.engine.check.proof.diagram import Event, Node, Process, Scope

THROWN: Final = frozenset({"error", "escalation"})
THROWING: Final = ("endEvent", "intermediateThrowEvent")
_QUIET: Final = ("startEvent", "endEvent", "userTask", "serviceTask", "exclusiveGateway")
_DIVIDING: Final = frozenset({"parallelGateway", "inclusiveGateway", "complexGateway"})


@dataclass(slots=True, eq=False)
class Shell:
    """An activity that runs: `active` holds a token as long as it does, `ready` one for each event that may come.

    `inside` are the places that are emptied when the activity is left by an event. For each run drawn: `runs` holds
    a token when it begins, `ends` when it is over, `bodies` is what runs.
    """

    active: int
    inside: set[int] = field(default_factory=set)
    ready: dict[str, int] = field(default_factory=dict)
    runs: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    bodies: "list[Frame]" = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Frame:
    """A scope that runs: the process, or what the sub-process, call or event sub-process `host` of `parent` holds.

    `active` marks that it runs, where an event or several tokens make that matter; `done` gets its tokens when
    it has come to its end. `before` and `after` are places by node, `waiting` by flow into a join, `inside` all
    of them and those of everything within; `standing` says at which node of the scope a token in them is.
    `handlers` are the event sub-processes by node.
    """

    scope: Scope
    process: Process
    done: tuple[int, ...] = ()
    parent: "Frame | None" = None
    host: Node | None = None
    active: int | None = None
    inside: set[int] = field(default_factory=set)
    standing: dict[int, str] = field(default_factory=dict)
    before: dict[str, int] = field(default_factory=dict)
    after: dict[str, int] = field(default_factory=dict)
    waiting: dict[str, int] = field(default_factory=dict)
    armed: dict[str, int] = field(default_factory=dict)
    begins: dict[str, int] = field(default_factory=dict)
    shells: dict[str, Shell] = field(default_factory=dict)
    handlers: "dict[str, Frame]" = field(default_factory=dict)

    def around(self) -> Iterable["Frame"]:
        frame: Frame | None = self
        while frame is not None:
            yield frame
            frame = frame.parent

    def hold(self, place: int, node: Node | None) -> None:
        """Count `place` to this frame and to every frame and shell around it; a token there stands at `node`."""
        for frame in self.around():
            frame.inside.add(place)
            if node is not None:
                frame.standing[place] = node.id
            node = frame.host
            shell = frame.parent.shells.get(frame.host.id) if frame.parent and frame.host else None
            if shell is not None:
                shell.inside.add(place)


@dataclass(frozen=True, slots=True)
class Catcher:
    """Who catches what is thrown: the boundary event `node` of `host`, or the event sub-process `node`."""

    frame: Frame
    node: Node
    host: Node | None


def divides(scope: Scope) -> bool:
    """Whether more than one token may be in `scope` at a time, those inside its sub-processes aside."""
    several = any(
        len(scope.leaving(node.id)) > 1 and (node.tag in _DIVIDING or not node.tag.endswith("Gateway"))
        for node in scope.nodes.values()
    )
    beside = any(node.tag == "boundaryEvent" and not node.interrupting for node in scope.nodes.values())
    return several or beside or (len(scope.starts()) > 1 and not has_start(scope))


def has_start(scope: Scope) -> bool:
    return any(node.tag == "startEvent" for node in scope.nodes.values())


def trigger_of(event_scope: Node) -> Node | None:
    """The start event of an event sub-process."""
    scope = event_scope.inner
    return next((node for node in scope.starts() if node.event), None) if scope else None


def times(node: Node) -> int:
    """How often an event may come while what it belongs to runs; 2 stands for "again and again"."""
    once = node.event is None or (node.event.kind == "timer" and not node.event.repeats)
    return 1 if node.interrupting or once else 2


def happens_aside(event_scope: Node, start: Node) -> tuple[str, ...]:
    """The nodes of an event sub-process that leaves everything else as it is, () for any other.

    It doesn't interrupt, holds one token that always comes to its end, signs, decides and throws nothing. All it does
    to the case is to last; and whatever else may come while it lasts may come as well before the rest is done.
    """
    scope = event_scope.inner
    if scope is None or start.interrupting or start.event is None or start.event.kind in THROWN:
        return ()
    nodes = scope.nodes.values()
    if not all(_is_quiet(node) for node in nodes if node is not start) or not _ends_always(scope):
        return ()
    return tuple(node.id for node in nodes)


def _is_quiet(node: Node) -> bool:
    if node.tag not in _QUIET or node.event is not None or node.loop is not None:
        return False
    step = node.step
    return step is None or not (step.signs or step.resets or step.effect or step.errors)


def _ends_always(scope: Scope) -> bool:
    """Whether from each node a flow leads on until an end."""
    ending = {node.id for node in scope.nodes.values() if node.tag == "endEvent"}
    waiting = list(ending)
    while waiting:
        for flow in scope.entering(waiting.pop()):
            if flow.source not in ending:
                ending.add(flow.source)
                waiting.append(flow.source)
    return ending == scope.nodes.keys() and not divides(scope)


def matches(catching: Event | None, thrown: Event | None) -> bool:
    if catching is None or thrown is None or catching.kind != thrown.kind:
        return False
    return catching.code is None or thrown.code is None or catching.code == thrown.code


def errors_of(node: Node) -> list[Event]:
    """Errors that an automatic step itself may end with."""
    return [Event("error", error.code) for error in node.step.errors] if node.step else []


def is_raised_at(node: Node, event: Event | None) -> bool:
    """Whether the step itself may end with what `event` catches."""
    return any(matches(event, error) for error in errors_of(node))


def is_thrown_in(scope: Scope, event: Event, processes: Mapping[str, Process]) -> bool:
    """Whether a node in `scope`, or in what it calls, throws what `event` catches."""
    seen, waiting = set[str](), [scope]
    while waiting:
        for node in waiting.pop().everything():
            if (node.tag in THROWING and matches(event, node.event)) or is_raised_at(node, event):
                return True
            if node.called in processes and node.called not in seen:
                seen.add(node.called)
                waiting.append(processes[node.called].scope)
    return False


def catcher_of(frame: Frame, thrown: Event | None, source: Node | None = None) -> Catcher | None:
    """The nearest boundary event or event sub-process that catches what is thrown in `frame`.

    `source`: the activity that ends with it; its own boundary events come first.
    """
    if source is not None and (own := _on_border(frame, source, thrown)) is not None:
        return own
    left: Node | None = None
    for inner in frame.around():
        for event_scope in inner.scope.event_scopes():
            start = trigger_of(event_scope)
            if event_scope is not left and start is not None and matches(start.event, thrown):
                return Catcher(inner, event_scope, None)
        left = inner.host
        if inner.parent is None or left is None or (left.inner is not None and left.inner.triggered):
            continue
        if (found := _on_border(inner.parent, left, thrown)) is not None:
            return found
    return None


def _on_border(frame: Frame, host: Node, thrown: Event | None) -> Catcher | None:
    """Of several boundary events of `host` that catch, the one that names the code."""
    found = [one for one in frame.scope.boundaries(host.id) if matches(one.event, thrown)]
    named = sorted(found, key=lambda one: one.event is None or one.event.code is None)
    return Catcher(frame, named[0], host) if named else None
