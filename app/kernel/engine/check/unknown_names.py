"""Names in expressions that nothing in a set of process folders ever sets: most often a slip of the pen.

A warning: such a name is null, which may be meant. Nothing is said where a handler that isn't the kernel's own may
set variables the files don't name.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from lxml import etree

from app.kernel.decisions.expressions import FeelError, compile_expression, feel
from app.kernel.engine.check.findings import Finding
from app.kernel.engine.check.structure import found
from app.kernel.engine.dialect import StepSpec, read_steps
from app.kernel.engine.vocabulary import BPMN, HANDLER_RESULTS, SANSHEN, ZEEBE

Manifest = Mapping[str, Any]

EVERYWHERE: Final = frozenset(
    {
        "risk", "procedure", "outcome", "return_to", "votes", "votes_for", "required_outcome", "task_assignee",
        "change_outdated", "notice_until", "loopCounter", "numberOfInstances", "numberOfCompletedInstances",
        "numberOfActiveInstances",
    }
)  # fmt: skip
"""What the engine itself carries."""
_CONDITIONS: Final = (
    "conditionExpression",
    "condition",
    "loopCardinality",
    "completionCondition",
    "loopCondition",
)
_MARKED: Final = ("timeDate", "timeDuration")
_OURS: Final = (f"{{{ZEEBE}}}", f"{{{SANSHEN}}}")


def unknown_names(
    roots: Mapping[str, etree._Element], manifests: Iterable[Manifest], files: Iterable[str]
) -> Iterator[Finding]:
    """One warning for each expression of `files` and each name in it; `roots` are all diagrams of the set."""
    processes = [process for root in roots.values() for process in root.iterchildren(f"{{{BPMN}}}process")]
    steps = [step for process in processes for step in read_steps(process)]
    if any(_may_set_anything(step) for step in steps):
        return
    known = EVERYWHERE | set(_set_by(steps)) | set(_declared(manifests))
    for file in files:
        for node, source in _expressions(roots[file]):
            yield from _unknown(file, node, source, known)


def _unknown(file: str, node: etree._Element, source: str, known: Iterable[str]) -> Iterator[Finding]:
    try:
        places = compile_expression(source).places
    except FeelError:
        return  # told already
    for path, position in places.items():
        name = path.partition(".")[0]
        if name not in known:
            place = FeelError(source, position, "", "")
            zh = f"“{name}”从未被赋值，始终为空（表达式第 {place.line} 行第 {place.column} 字）"
            en = f"nothing ever sets {name!r}, it is always null (line {place.line}, column {place.column})"
            yield found("name-unknown", file, node, zh, en, "warning")


def _attributes(node: etree._Element) -> list[tuple[str, str]]:
    return [(str(name), str(text)) for name, text in node.attrib.items()]


def _is_source(attribute: str, text: str) -> bool:
    return attribute == "when" or text.lstrip().startswith("=")


def _may_set_anything(step: StepSpec) -> bool:
    asked = step.kind in ("service", "send", "rule") and step.task_type is not None
    return asked and step.task_type not in (*HANDLER_RESULTS, "check_change") and not step.outputs


def _set_by(steps: Iterable[StepSpec]) -> Iterator[str]:
    for step in steps:
        yield from HANDLER_RESULTS.get(step.task_type or "", ())
        yield from (one.target for one in (*step.inputs, *step.outputs, *step.script))
        if step.loop is not None:
            yield from (name for name in (step.loop.element, step.loop.output_collection) if name)


def _declared(manifests: Iterable[Manifest]) -> Iterator[str]:
    """Routing facts, and what a folder says it is called with."""
    for manifest in manifests:
        for key, fact in _table(manifest, "fact").items():
            if isinstance(fact, dict) and fact.get("routing"):
                yield key
        for names in (_table(manifest, "interface").get(key) for key in ("inputs", "outputs")):
            yield from (str(name) for name in names) if isinstance(names, list) else ()


def _table(manifest: Manifest, name: str) -> Manifest:
    table = manifest.get(name)
    return table if isinstance(table, dict) else {}


def _expressions(root: etree._Element) -> Iterator[tuple[etree._Element, str]]:
    for node in root.iter():
        tag = str(node.tag)
        if tag.startswith(_OURS):
            if tag != f"{{{ZEEBE}}}script":
                yield from ((node, feel(text)) for name, text in _attributes(node) if _is_source(name, text))
            continue
        text, name = (node.text or "").strip(), tag.rpartition("}")[2]
        if text and (name in _CONDITIONS or (name in _MARKED and text.startswith("="))):
            yield node, feel(text)
    for process in root.iterchildren(f"{{{BPMN}}}process"):
        nodes = {node.get("id"): node for node in process.iter(f"{{{BPMN}}}scriptTask")}
        for step in read_steps(process):
            yield from ((nodes[step.step_key], feel(one.source)) for one in step.script)
