"""Activities of foreign files: each becomes a kind the engine runs."""

from collections.abc import Callable

from lxml import etree

from app.kernel.engine.dialect import local_name
from app.kernel.engine.normal.notes import Notes
from app.kernel.engine.normal.tree import (
    ADDED,
    arriving,
    defines,
    definitions_of,
    leaving,
    nodes_of,
    removed,
    scopes_of,
    tag,
    unset,
)
from app.kernel.engine.vocabulary import (
    BPMN,
    DECORATION,
    FLOW_NODES,
    FOREIGN_NODES,
    STRUCTURE,
    ZEEBE,
)

MOST_ROUNDS = 10
INSTANCES = 2
_AUTOMATIC = ("serviceTask", "businessRuleTask")
_LOOPS = ("multiInstanceLoopCharacteristics", "standardLoopCharacteristics")


def read_nodes(root: etree._Element, notes: Notes, known: set[str]) -> None:
    """Rewrite the activities of every scope; `known` are the processes that can be called."""
    for name, read in _RENAMED.items():
        for node in list(root.iter(tag(name))):
            read(node, notes)
    for scope in scopes_of(root):
        _drop_handlers(scope, notes)
        _drop_unknown(scope)
        for node in nodes_of(scope):
            _strip(node)
            _read_loop(node, notes)
    for call in list(root.iter(tag("callActivity"))):
        _read_call(call, notes, known)
    _read_automatic(root, notes)


def _renamed(name: str) -> Callable[[etree._Element, Notes], None]:
    def rename(node: etree._Element, notes: Notes) -> None:
        node.tag = tag(name)

    return rename


def _read_ad_hoc(node: etree._Element, notes: Notes) -> None:
    zh, en = "随意子流程：每个活动模拟一次", "ad-hoc sub-process: each activity is simulated once"
    notes.add(node, zh, en)
    removed(node.iterchildren(tag("completionCondition")))
    node.tag = tag("subProcess")


def _read_transaction(node: etree._Element, notes: Notes) -> None:
    """A sub-process; cancelling it ends it by an error of its own. What was done isn't undone."""
    key = node.get("id", "")
    ends = [event for event in node.iter(tag("endEvent")) if defines(event, "cancel")]
    around = [
        event for event in node.getroottree().iter(tag("boundaryEvent")) if event.get("attachedToRef") == key
    ]
    cancelling = [*ends, *(event for event in around if defines(event, "cancel"))]
    for event in cancelling:
        notes.add(
            event, "取消按中断模拟，不补偿", "cancelling is simulated as interrupting, nothing is undone"
        )
        removed(definitions_of(event))
        etree.SubElement(event, tag("errorEventDefinition"), errorRef=f"{key}{ADDED}cancel")
    if cancelling:
        error = etree.Element(tag("error"), {"id": f"{key}{ADDED}cancel", "name": f"{key}{ADDED}cancel"})
        node.getroottree().getroot().insert(0, error)
    node.tag = tag("subProcess")


def _read_complex(node: etree._Element, notes: Notes) -> None:
    """A complex gateway splits and joins like an inclusive one: what it really waits for only its own system knows."""
    scope, key = node.getparent(), node.get("id")
    if scope is not None and (len(leaving(scope, key)) > 1 or len(arriving(scope, key)) > 1):
        node.tag = tag("inclusiveGateway")
        removed(node.iterchildren(tag("activationCondition")))
        notes.add(node, "复杂网关按包容网关模拟", "the complex gateway is simulated as an inclusive one")


_RENAMED: dict[str, Callable[[etree._Element, Notes], None]] = {
    "task": _renamed("manualTask"),
    "transaction": _read_transaction,
    "adHocSubProcess": _read_ad_hoc,
    "complexGateway": _read_complex,
}


def _drop_handlers(scope: etree._Element, notes: Notes) -> None:
    """Nothing is undone: handlers of compensation are decoration, what throws it goes on."""
    for node in nodes_of(scope):
        on_border = local_name(node) == "boundaryEvent" and defines(node, "compensate")
        if on_border or node.get("isForCompensation") == "true":
            notes.add(node, "补偿不模拟", "compensation isn't simulated")
            removed([node])
        elif defines(node, "compensate") and local_name(node) in ("intermediateThrowEvent", "endEvent"):
            notes.add(node, "不补偿，照常继续", "nothing is undone: it goes on")
            removed(one for one in definitions_of(node) if local_name(one) == "compensateEventDefinition")


def _drop_unknown(scope: etree._Element) -> None:
    """Other systems' children of a scope that move no token."""
    kept = FLOW_NODES | STRUCTURE | DECORATION | FOREIGN_NODES
    known = {f"{{{BPMN}}}{name}" for name in kept}
    removed(node for node in scope if str(node.tag) not in known)


def _strip(node: etree._Element) -> None:
    """Keep the group and the form where they are plain names; expressions of another system aren't ours to run."""
    for holder in node.iterchildren(tag("extensionElements")):
        removed(child for child in holder if not _is_plain(child))
    if local_name(node) in ("sendTask", "serviceTask"):
        unset(node, "messageRef")


def _is_plain(child: etree._Element) -> bool:
    wanted = {"assignmentDefinition": "candidateGroups", "formDefinition": "formId"}
    namespace, _, name = str(child.tag).rpartition("}")
    value = child.get(wanted[name], "") if name in wanted else ""
    return namespace == f"{{{ZEEBE}" and bool(value) and not value.lstrip().startswith("=")


def _read_loop(node: etree._Element, notes: Notes) -> None:
    loop = next((child for child in node if local_name(child) in _LOOPS), None)
    if loop is None:
        return
    name, maximum = local_name(loop), loop.get("loopMaximum", "")
    removed(child for child in loop)
    if name == "standardLoopCharacteristics":
        rounds = min(int(maximum), MOST_ROUNDS) if maximum.isdecimal() and int(maximum) else INSTANCES
        loop.set("loopMaximum", str(rounds))
    else:
        rounds = INSTANCES
        etree.SubElement(loop, tag("loopCardinality")).text = str(rounds)
    notes.add(node, f"循环模拟 {rounds} 次", f"simulated {rounds} times")


def _read_call(call: etree._Element, notes: Notes, known: set[str]) -> None:
    callee = call.get("calledElement", "").rpartition(":")[2]
    if callee in known and not _calls_itself(call, callee):
        call.set("calledElement", callee)
        return
    call.tag = tag("manualTask")
    notes.add(
        call,
        "被调用的流程不在文件中，按一个步骤模拟",
        "the called process isn't here: one step stands for it",
    )


def _calls_itself(call: etree._Element, callee: str) -> bool:
    root = call.getroottree().getroot()
    process = next(node for node in call.iterancestors() if local_name(node) == "process")
    waiting, seen = [callee], set[str]()
    while waiting:
        key = waiting.pop()
        if key == process.get("id"):
            return True
        if key not in seen:
            seen.add(key)
            inner = [node for node in root.iterchildren(tag("process")) if node.get("id") == key]
            waiting += [
                other.get("calledElement", "").rpartition(":")[2]
                for node in inner
                for other in node.iter(tag("callActivity"))
            ]
    return False


def _read_automatic(root: etree._Element, notes: Notes) -> None:
    """Service, rule and script tasks ask a handler of the type `foreign`, or its own type where it is plain."""
    for node in list(root.iter(tag("scriptTask"))):
        notes.add(node, "脚本不执行", "the script isn't run")
        removed(node.iterchildren(tag("script")))
        node.tag = tag("serviceTask")
    for name in _AUTOMATIC:
        for node in root.iter(tag(name)):
            holder = node.find(tag("extensionElements"))
            if holder is None:
                holder = etree.Element(tag("extensionElements"))
                node.insert(0, holder)
            etree.SubElement(holder, f"{{{ZEEBE}}}taskDefinition", {"type": "foreign"})
