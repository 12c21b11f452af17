"""Files made elsewhere, written out for a simulation: what the standard implies becomes explicit, and what only
its own system could compute (conditions, scripts, unknown timers) becomes the player's choice.

Each such reading is a warning `foreign-reading`. What has no reading stays as it is and is refused by the checks.
"""

import copy
from collections.abc import Iterator, Mapping

from lxml import etree

from app.kernel.engine.check.findings import Finding
from app.kernel.engine.dialect import local_name
from app.kernel.engine.normal.foreign_events import inline_definitions, read_events
from app.kernel.engine.normal.foreign_flows import write_out
from app.kernel.engine.normal.foreign_nodes import read_nodes
from app.kernel.engine.normal.multiples import take_apart
from app.kernel.engine.normal.notes import Notes
from app.kernel.engine.normal.termination import shut_in
from app.kernel.engine.normal.tree import flows_of, nodes_of, removed, scopes_of, tag, unset
from app.kernel.engine.vocabulary import FLOW_NODES, FOREIGN_NODES, ZEEBE

Roots = Mapping[str, etree._Element]


def playable_processes(roots: Roots) -> tuple[str, ...]:
    """Ids of the processes with anything in them, in file order: each pool of a diagram is played by itself."""
    return tuple(
        process.get("id", "")
        for root in roots.values()
        for process in root.iterchildren(tag("process"))
        if process.get("id") and any(local_name(node) in FLOW_NODES | FOREIGN_NODES for node in process)
    )


def foreign_form(roots: Roots, process_id: str) -> tuple[dict[str, etree._Element], list[Finding]]:
    """The files reduced to `process_id` and what it calls, written out; the given trees stay as they are."""
    needed = _called(roots, process_id)
    forms: dict[str, etree._Element] = {}
    findings: list[Finding] = []
    for file, root in roots.items():
        copied = copy.deepcopy(root)
        removed(node for node in copied.iterchildren(tag("process")) if node.get("id") not in needed)
        if next(copied.iterchildren(tag("process")), None) is None:
            continue
        notes = Notes(file, copied)
        _read(copied, notes, needed)
        forms[file] = copied
        findings += notes.findings
    return forms, findings


def _read(root: etree._Element, notes: Notes, known: set[str]) -> None:
    for process in root.iterchildren(tag("process")):
        if process.get("isExecutable") == "false":
            notes.add(
                process, "流程标为不可执行，仍可模拟", "marked as not executable, simulated all the same"
            )
        unset(process, "isExecutable")
    _identify(root)
    read_nodes(root, notes, known)
    for scope in scopes_of(root):
        _bring_home(scope)
    inline_definitions(root)
    for scope in scopes_of(root):
        take_apart(scope)
    read_events(root, notes)
    for scope in scopes_of(root):
        write_out(scope, notes)
    for scope in scopes_of(root):
        shut_in(scope)


def _called(roots: Roots, process_id: str) -> set[str]:
    processes = {
        process.get("id", ""): process
        for root in roots.values()
        for process in root.iterchildren(tag("process"))
    }
    seen, waiting = set[str](), [process_id]
    while waiting:
        key = waiting.pop()
        if key in processes and key not in seen:
            seen.add(key)
            waiting += [
                callee for call in processes[key].iter(tag("callActivity")) for callee in callees(call)
            ]
    return seen


def callees(call: etree._Element) -> Iterator[str]:
    """What a call activity names: Zeebe's way, else the standard's (a name with or without a prefix)."""
    for element in call.iter(f"{{{ZEEBE}}}calledElement"):
        yield element.get("processId", "")
    yield call.get("calledElement", "").rpartition(":")[2]


def _identify(root: etree._Element) -> None:
    """An id for each node and flow without one."""
    for scope in scopes_of(root):
        for number, node in enumerate([*nodes_of(scope), *flows_of(scope)]):
            if not node.get("id"):
                node.set("id", f"{scope.get('id', '')}.{number}")


def _bring_home(scope: etree._Element) -> None:
    """A flow drawn in an outer scope belongs where both its ends stand."""
    here = {node.get("id") for node in nodes_of(scope)}
    outer = [node for node in scope.iterancestors() if local_name(node) in ("process", "subProcess")]
    for flow in [flow for around in outer for flow in flows_of(around)]:
        if flow.get("sourceRef") in here and flow.get("targetRef") in here:
            scope.append(flow)


__all__ = ["foreign_form", "playable_processes"]
