"""Everything about duties and ways through a set of processes: the proof, and what stands beside it."""

import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from lxml import etree

from app.kernel.engine.check.findings import Finding, Severity
from app.kernel.engine.check.loops import endless_loops
from app.kernel.engine.check.proof.diagram import Node, Process, read_processes
from app.kernel.engine.check.proof.verdicts import Proved, dead_nodes, prove
from app.kernel.engine.check.raising import list_unheard
from app.kernel.engine.dialect import required_duties
from app.kernel.engine.vocabulary import RISK_CLASSES

_EFFECTIVE: Final = frozenset({"endEvent", "serviceTask", "sendTask"})
_DECIDING: Final = frozenset({"decided", "paid"})


@dataclass(frozen=True, slots=True)
class Guarding:
    findings: tuple[Finding, ...]
    proved: tuple[Proved, ...]


def check_guarding(
    roots: Mapping[str, etree._Element],
    checked: Collection[str],
    deadline: float,
    parts: Collection[str] = (),
) -> Guarding:
    """Check the processes of the files `checked`; the other `roots` hold callees only.

    Ids and references of all files are known to be right. `parts` are processes no case is started of by
    itself: clocks and documents are their caller's matter. `deadline` is a time of `time.thread_time`.
    """
    processes: dict[str, Process] = {}
    own: list[Process] = []
    for file in sorted(roots, key=lambda file: file in checked):
        read = list(read_processes(file, roots[file]))
        processes.update({process.id: process for process in read})
        own += read if file in checked else []
    return _check(own, processes, deadline, parts)


def _check(
    own: list[Process], processes: Mapping[str, Process], deadline: float, parts: Collection[str]
) -> Guarding:
    findings: list[Finding] = []
    proved: list[Proved] = []
    alive, complete = set[str](), True
    told = set[tuple[str, str | None, str]]()
    for process in sorted(own, key=lambda process: _calls(process, own)):
        if _is_called_beside(process, own):
            continue
        proof = prove(process, processes, deadline)
        # What is wrong inside a block is told once, with the way through the block itself.
        fresh = [one for one in proof.findings if (one.rule, one.element, one.message_zh) not in told]
        told.update((one.rule, one.element, one.message_zh) for one in fresh)
        findings += fresh
        proved += proof.proved
        alive |= proof.alive
        complete = complete and proof.complete
    for process in own:
        if complete:
            findings += dead_nodes(process, alive)
        if time.thread_time() < deadline:
            findings += endless_loops(process, processes)
        findings += list_unheard(process, processes)
        findings += _misplaced(process)
        findings += _unguarded(process)
        if process.id not in parts:
            findings += _without_papers(process, processes)
    return Guarding(tuple(dict.fromkeys(findings)), tuple(dict.fromkeys(proved)))


def _calls(process: Process, own: list[Process]) -> int:
    """How deep the calls of `process` go among `own`: what others call comes first. At most their number."""
    called = {process.id: {node.called for node in process.scope.everything()} for process in own}
    depth, reached = 0, called.get(process.id, set()) & called.keys()
    while reached and depth < len(own):
        depth, reached = depth + 1, set().union(*(called[key] for key in reached)) & called.keys()
    return depth


def _is_called_beside(process: Process, own: list[Process]) -> bool:
    """Whether another process of the same file calls it: then cases begin in that one."""
    return any(
        node.called == process.id
        for other in own
        if other.file == process.file and other.id != process.id
        for node in other.scope.everything()
    )


def _misplaced(process: Process) -> Iterator[Finding]:
    for node in process.scope.everything():
        if node.step and node.step.duty and node.tag != "userTask":
            yield _at(
                process, node, "duty-misplaced", "warning",
                "只有人工任务上的职责才算完成", "a duty on anything but a user task earns nothing",
            )  # fmt: skip
        if node.step and node.step.effect and node.tag not in _EFFECTIVE:
            yield _at(
                process, node, "effect-misplaced", "warning",
                "效果应标在结束事件、服务任务或发送任务上",
                "an effect belongs on an end event, a service task or a send task",
            )  # fmt: skip


def _unguarded(process: Process) -> Iterator[Finding]:
    """An effect that requires nobody: neither it nor the process says which duties come before."""
    for node in process.scope.everything():
        effect = node.step.effect if node.step else None
        if effect is None or effect.kind == "notice":
            continue
        if not any(required_duties(effect, process.policy, risk) for risk in RISK_CLASSES):
            severity: Severity = "warning" if effect.kind == "issued" else "error"
            yield _at(
                process, node, "effect-unguarded", severity,
                f"效果 {effect.kind} 没有要求任何职责（requires）",
                f"the effect {effect.kind!r} requires no duty",
            )  # fmt: skip


def _without_papers(process: Process, processes: Mapping[str, Process]) -> Iterator[Finding]:
    """A decision or payment has a statutory clock and a document somewhere in the process or what it calls."""
    nodes = list(_with_callees(process, processes))
    steps = [node.step for node in nodes if node.step]
    for node in process.scope.everything():
        effect = node.step.effect if node.step else None
        if effect is None or effect.kind not in _DECIDING:
            continue
        if not any(step.clocks for step in steps):
            yield _at(
                process, node, "missing-clock", "warning",
                "流程没有法定时限", "the process has no statutory clock",
            )  # fmt: skip
        if not any(step.document for step in steps):
            yield _at(
                process, node, "missing-document", "warning",
                "流程没有文书", "the process issues no document",
            )  # fmt: skip


def _with_callees(process: Process, processes: Mapping[str, Process]) -> Iterator[Node]:
    seen, waiting = {process.id}, [process]
    while waiting:
        for node in waiting.pop().scope.everything():
            yield node
            if node.called in processes and node.called not in seen:
                seen.add(node.called)
                waiting.append(processes[node.called])


def _at(process: Process, node: Node, rule: str, severity: Severity, zh: str, en: str) -> Finding:
    return Finding(rule, severity, process.file, node.line, node.id, zh, en)
