"""What must hold of a set of process files before the library's parser sees it.

The library drops what it doesn't know (link and compensation events, conditions on task outputs) without a
word, and the case stalls later: whatever isn't known to run right is refused here, with element and line.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping

from lxml import etree

from app.kernel.engine.check import dialect_values, raising, structure, unleft
from app.kernel.engine.check.findings import Finding
from app.kernel.engine.check.structure import found
from app.kernel.engine.dialect import local_name, read_policy, read_steps
from app.kernel.engine.vocabulary import BPMN, FLOW_NODES

Check = Callable[[str, etree._Element], Iterator[Finding]]

_CHECKS: tuple[Check, ...] = (
    structure.identifiers,
    structure.size,
    structure.elements,
    structure.events,
    structure.links,
    structure.references,
    structure.flows,
    unleft.unleft_loops,
    unleft.chosen_events,
    dialect_values.conditions,
    dialect_values.expressions,
    dialect_values.scripts,
    dialect_values.timers,
    dialect_values.loops,
    dialect_values.conditional_events,
    dialect_values.values,
    dialect_values.user_tasks,
    raising.declared_errors,
)


MOST_SET_NODES = 3_000
MOST_FLOWS = 1_000


def check_set(roots: Mapping[str, etree._Element], process_id: str) -> list[Finding]:
    """All findings over the files of one deployment set, errors and warnings; only its size if it is too large."""
    if too_large := list(_too_large(roots)):
        return too_large
    findings = [finding for file, root in roots.items() for check in _CHECKS for finding in check(file, root)]
    findings += _processes(roots, process_id)
    return findings if any(f.severity == "error" for f in findings) else [*findings, *_callees(roots)]


def _too_large(roots: Mapping[str, etree._Element]) -> Iterator[Finding]:
    """The checks compare nodes and flows with one another: their number is bounded before anything else."""
    total = 0
    for file, root in roots.items():
        for process in root.iterchildren(f"{{{BPMN}}}process"):
            names = Counter(local_name(node) for node in process.iter())
            total += sum(count for name, count in names.items() if name in FLOW_NODES)
            if names["sequenceFlow"] > MOST_FLOWS:
                zh, en = f"流程的连线超过 {MOST_FLOWS} 条", f"more than {MOST_FLOWS} flows"
                yield found("too-large", file, process, zh, en)
    if total > MOST_SET_NODES:
        zh, en = f"一组流程的节点超过 {MOST_SET_NODES} 个", f"more than {MOST_SET_NODES} nodes in the set"
        yield found("too-large", file, root, zh, en)


def _processes(roots: Mapping[str, etree._Element], process_id: str) -> Iterator[Finding]:
    places: dict[str, str] = {}
    for file, scope in _scopes(roots):
        key = scope.get("id", "")
        if key in places:
            yield found(
                "xml-invalid", file, scope, f"流程标识“{key}”重复", f"process id {key!r} is used twice"
            )
        places[key] = file
    if process_id not in places:
        file = next(iter(roots), "")
        yield Finding(
            "xml-invalid",
            "error",
            file,
            None,
            process_id,
            f"没有流程“{process_id}”",
            f"no process {process_id!r}",
        )


def _scopes(roots: Mapping[str, etree._Element]) -> Iterator[tuple[str, etree._Element]]:
    for file, root in roots.items():
        for node in root.iter(f"{{{BPMN}}}process", f"{{{BPMN}}}subProcess"):
            yield file, node


def _callees(roots: Mapping[str, etree._Element]) -> Iterator[Finding]:
    calls: dict[str, set[str]] = {}
    nodes: list[tuple[str, etree._Element, str, str | None]] = []
    for file, root in roots.items():
        for process in root.iterchildren(f"{{{BPMN}}}process"):
            key = process.get("id", "")
            called = {step.step_key: step.called for step in read_steps(process) if step.kind == "call"}
            calls[key] = {callee for callee in called.values() if callee}
            nodes += [
                (file, node, key, called[node.get("id", "")])
                for node in process.iter(f"{{{BPMN}}}callActivity")
            ]
    for file, node, caller, callee in nodes:
        if callee is None or callee not in calls:
            yield found(
                "unknown-callee", file, node, f"没有被调用的流程“{callee}”", f"no process {callee!r} to call"
            )
        elif caller in _reached(calls, callee):
            yield found("unknown-callee", file, node, "流程调用自身", "a process can't call itself")


def _reached(calls: Mapping[str, set[str]], start: str) -> set[str]:
    seen, waiting = set[str](), [start]
    while waiting:
        key = waiting.pop()
        if key not in seen:
            seen.add(key)
            waiting += calls.get(key, ())
    return seen


def uses_dialect(root: etree._Element) -> bool:
    """Whether any process of the file carries an element or attribute of ours."""
    return any(read_policy(process).has_dialect for process in root if local_name(process) == "process")
