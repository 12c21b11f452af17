"""What the walks through a process say: effects proved or by-passed, dead nodes, ends that can't be reached."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from app.kernel.duties.vocabulary import DUTY_TITLES
from app.kernel.engine.check.findings import Finding
from app.kernel.engine.check.proof.diagram import ACTIVITIES, Node, Process, Scope
from app.kernel.engine.check.proof.exploration import Act, Walk, without_repeats
from app.kernel.engine.check.proof.flows import TooManyWays
from app.kernel.engine.check.proof.net import Net, TooManyStates, Transition
from app.kernel.engine.check.proof.reduction import reduced
from app.kernel.engine.check.proof.translation import NetTooLarge, build_net
from app.kernel.engine.dialect import required_duties
from app.kernel.engine.vocabulary import RISK_CLASSES, RISK_TITLES


@dataclass(frozen=True, slots=True)
class Proved:
    """On every path of `process` to `effect`, in a case of class `risk`, the duties `requires` are complete."""

    process: str
    effect: str
    risk: str
    requires: tuple[str, ...]


@dataclass(slots=True)
class Proof:
    """Findings and proved effects of one process with all it calls; `alive` are the nodes that can happen.

    `complete` is False when the walk was given up: then nothing is known of the rest.
    """

    findings: list[Finding] = field(default_factory=list)
    proved: list[Proved] = field(default_factory=list)
    alive: set[str] = field(default_factory=set)
    complete: bool = True


@dataclass(frozen=True, slots=True)
class _Bypass:
    risk: str
    requires: tuple[str, ...]
    missing: str
    path: tuple[str, ...]


def prove(process: Process, processes: Mapping[str, Process], deadline: float) -> Proof:
    """Walk `process` once for each risk class. `deadline` counts in seconds of `time.thread_time`."""
    proof = Proof()
    try:
        _Prover(process, processes, deadline, proof).run()
    except (TooManyStates, NetTooLarge, TooManyWays, RecursionError) as bound:
        proof.complete = False
        proof.proved.clear()
        proof.findings.append(_given_up(process, bound))
    return proof


def _given_up(process: Process, bound: Exception) -> Finding:
    late = isinstance(bound, TooManyStates)
    zh = "可能的状态过多，无法证明；请拆分流程" if late else "流程连同被调用的流程过大，无法证明；请拆分流程"
    en = (
        "too many states to prove anything: divide the process"
        if late
        else "too large with what it calls to prove anything: divide the process"
    )
    return Finding("too-large", "error", process.file, process.line, process.id, zh, en)


class _Prover:
    def __init__(
        self, process: Process, processes: Mapping[str, Process], deadline: float, proof: Proof
    ) -> None:
        self.process = process
        self.processes = processes
        self.deadline = deadline
        self.proof = proof
        self.nodes = {node.id: (one, node) for one in processes.values() for node in one.scope.everything()}
        self.nodes.update({node.id: (process, node) for node in process.scope.everything()})
        self.bypasses: dict[str, list[_Bypass]] = {}
        self.stuck: tuple[str, tuple[str, ...]] | None = None

    def run(self) -> None:
        classes = RISK_CLASSES if self._has_risk_flows() else RISK_CLASSES[:1]
        nets = {risk: build_net(self.process, self.processes, risk) for risk in classes}
        for risk in classes:
            self._complete(nets[risk])
        for risk in RISK_CLASSES:
            self._guarded(nets.get(risk, nets[RISK_CLASSES[0]]), risk)
        self.proof.findings += [self._bypassed(effect, found) for effect, found in self.bypasses.items()]
        if self.stuck is not None:
            self.proof.findings.append(self._uncompleted(*self.stuck))

    def _has_risk_flows(self) -> bool:
        scopes = [
            scope for one in self.processes.values() for scope in (one.scope, *_inner(one.scope.everything()))
        ]
        return any(flow.risk for scope in scopes for flow in scope.flows)

    # ---- completion

    def _complete(self, net: Net) -> None:
        walk = Walk(
            reduced(net, lambda _: False, self.deadline), (), lambda _: None, self.deadline, keep_edges=True
        )
        self.proof.alive |= walk.covered()
        state = walk.stuck()
        if state is not None and self.stuck is None:
            standing = walk.standing(state)
            self.stuck = (standing[0], without_repeats(walk.path_to(state)))

    def _uncompleted(self, element: str, path: tuple[str, ...]) -> Finding:
        process, node = self.nodes.get(element, (self.process, None))
        name = node.name if node else element
        return Finding(
            "no-completion", "error", process.file, node.line if node else process.line, element,
            f"案件可能停在“{name}”，再也到不了结束", f"a case can be stuck at {name!r} and never reach an end", path,
        )  # fmt: skip

    # ---- guarded effects

    def _requires(self, transition: Transition, risk: str) -> tuple[str, ...]:
        return required_at(transition, self.process, self.processes, risk)

    def _guarded(self, net: Net, risk: str) -> None:
        needed = {self._requires(transition, risk) for transition in net.transitions if transition.node}
        for requires in sorted(needed - {()}):
            self._walk(net, risk, requires)

    def _walk(self, net: Net, risk: str, requires: tuple[str, ...]) -> None:
        def act_of(transition: Transition) -> Act | None:
            return acting(transition.node, self._requires(transition, risk), requires)

        small = reduced(net, lambda transition: act_of(transition) is not None, self.deadline)
        walk = Walk(small, requires, act_of, self.deadline)
        for effect in sorted(walk.reached):
            if effect in walk.unguarded:
                found = _Bypass(risk, requires, walk.missing_at(effect), walk.bypass(effect))
                self.bypasses.setdefault(effect, []).append(found)
            else:
                self.proof.proved.append(Proved(self.process.id, effect, risk, requires))

    def _bypassed(self, effect: str, found: list[_Bypass]) -> Finding:
        process, node = self.nodes[effect]
        first, classes = found[0], [one.risk for one in found]
        missing, *required = (DUTY_TITLES.get(duty, duty) for duty in (first.missing, *first.requires))
        risks = "、".join(RISK_TITLES[risk] for risk in classes)
        zh = f"有路径到达“{node.name}”而未按序完成{' → '.join(required)}：缺少{missing}（风险等级{risks}）"
        en = (
            f"a path reaches {node.name!r} without {' → '.join(first.requires)} in order: {first.missing} is "
            f"missing (risk {', '.join(classes)})"
        )
        return Finding("duty-bypass", "error", process.file, node.line, effect, zh, en, first.path)


def required_at(
    transition: Transition, process: Process, processes: Mapping[str, Process], risk: str
) -> tuple[str, ...]:
    """The duties that a step of the net requires as an effect; `process` is where the case began."""
    node, owner = transition.node, processes.get(transition.process, process)
    effect = node.step.effect if node and node.step else None
    return required_duties(effect, owner.policy, risk)


def acting(node: Node | None, required: tuple[str, ...], requires: tuple[str, ...]) -> Act | None:
    """What a node does to the duties `requires`; None when that is nothing."""
    if node is None or node.step is None:
        return None
    step, human = node.step, node.tag == "userTask"
    duty = step.duty if human and step.signs and step.duty in requires else None
    resets = human and step.resets
    if not (required or resets or duty):
        return None
    return Act(node.id if required == requires and required else None, bool(required), resets, duty)


def _inner(nodes: Iterable[Node]) -> Iterator[Scope]:
    return (node.inner for node in nodes if node.inner is not None)


def dead_nodes(process: Process, alive: set[str]) -> Iterator[Finding]:
    """Activities and events of `process` that no case ever comes to."""
    for node in process.scope.everything():
        shown = node.tag in ACTIVITIES or node.tag in (
            "endEvent",
            "intermediateCatchEvent",
            "intermediateThrowEvent",
        )
        if shown and node.id not in alive:
            yield Finding(
                "dead-task", "error", process.file, node.line, node.id,
                f"没有案件会到达“{node.name}”", f"no case ever comes to {node.name!r}",
            )  # fmt: skip
