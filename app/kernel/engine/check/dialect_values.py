"""Checks of what the dialect adds: expressions, scripts, timers, duties, forms and groups."""

import re
from collections.abc import Iterator

from lxml import etree

from app.kernel.decisions.expressions import compile_expression, feel, find_faults
from app.kernel.engine.check.findings import Finding, Severity
from app.kernel.engine.check.flow_conditions import condition_of, written_condition
from app.kernel.engine.check.structure import found, scopes
from app.kernel.engine.dialect import (
    StepSpec,
    extension,
    extensions,
    local_name,
    read_policy,
    read_steps,
)
from app.kernel.engine.timers import parse_cycle, parse_duration, parse_instant
from app.kernel.engine.vocabulary import (
    BPMN,
    CLOCK_ACTIONS,
    CONDITIONAL,
    DUTIES,
    EFFECT_KINDS,
    RISK_CLASSES,
    SANSHEN,
    ZEEBE,
)

SHOWN = 200
"""Characters of an expression that a finding repeats."""
_NAME = re.compile(r"[^\W\d]\w*")


def conditions(file: str, root: etree._Element) -> Iterator[Finding]:
    """Flows leaving a conditional gateway have a condition each, but for the default and an only one."""
    for scope in scopes(root):
        defaults = {node.get("id"): node.get("default") for node in scope if local_name(node) in CONDITIONAL}
        edges = list(scope.iterchildren(f"{{{BPMN}}}sequenceFlow"))
        for edge in edges:
            yield from _compiles(file, edge, written_condition(edge), condition=True)
            yield from _risk(file, edge)
            source = edge.get("sourceRef")
            alone = sum(1 for other in edges if other.get("sourceRef") == source) == 1
            needed = source in defaults and not alone and defaults[source] != edge.get("id")
            if needed and condition_of(edge) is None:
                zh, en = "网关的出线缺少条件", "a flow leaving the gateway has no condition"
                yield found("expression-invalid", file, edge, zh, en)


def _risk(file: str, edge: etree._Element) -> Iterator[Finding]:
    for name in (edge.get(f"{{{SANSHEN}}}risk") or "").split():
        if name not in RISK_CLASSES:
            yield found(
                "expression-invalid", file, edge, f"未知风险等级“{name}”", f"unknown risk class {name!r}"
            )


def expressions(file: str, root: etree._Element) -> Iterator[Finding]:
    """Every text of the dialect that begins with "=" compiles, every mapping has a target."""
    for node in root.iter(f"{{{ZEEBE}}}input", f"{{{ZEEBE}}}output"):
        if not _NAME.fullmatch(node.get("target", "")):
            yield found(
                "expression-invalid", file, node, "映射的目标不是变量名", "the target is not a variable name"
            )
        of_task = node.tag == f"{{{ZEEBE}}}input" and _is_of_task(node)
        yield from (_timeless if of_task else _value)(file, node, node.get("source"))
    for tag, attribute in (
        ("assignmentDefinition", "candidateGroups"),
        ("taskSchedule", "dueDate"),
        ("priorityDefinition", "priority"),
    ):
        for node in root.iter(f"{{{ZEEBE}}}{tag}"):
            yield from _timeless(file, node, node.get(attribute))
    for node in root.iter(f"{{{SANSHEN}}}rules"):
        yield from _timeless(file, node, node.get("set"))
    for node in root.iter(f"{{{SANSHEN}}}error"):
        yield from _compiles(
            file, node, feel(node.get("when", "")) if node.get("when") else None, condition=True
        )


def _is_of_task(mapping: etree._Element) -> bool:
    return any(local_name(around) in ("userTask", "manualTask") for around in mapping.iterancestors())


def _value(file: str, node: etree._Element, text: str | None) -> Iterator[Finding]:
    if text is not None and text.lstrip().startswith("="):
        yield from _compiles(file, node, feel(text))


def _compiles(
    file: str, node: etree._Element, source: str | None, *, condition: bool = False
) -> Iterator[Finding]:
    """What will certainly be null or false, with its place within the expression."""
    for fault in find_faults(source, condition=condition) if source is not None else ():
        shown = fault.source if len(fault.source) <= SHOWN else fault.source[:SHOWN] + "…"
        zh = f"表达式“{shown}”有误（第 {fault.line} 行第 {fault.column} 字）：{fault.message_zh}"
        en = f"in the expression {shown!r}, line {fault.line}, column {fault.column}: {fault.message_en}"
        yield found("expression-invalid", file, node, zh, en)


def _timeless(file: str, node: etree._Element, text: str | None) -> Iterator[Finding]:
    """What is evaluated each time an open task is looked at must not depend on when that is."""
    yield from _value(file, node, text)
    if text is None or not text.lstrip().startswith("=") or find_faults(feel(text)):
        return
    if compile_expression(feel(text)).reads_clock:
        zh = "此处不能用 now()、today()：待办的岗位、人数、规则集和输入不随时间改变"
        en = "no now() or today() here: group, persons, rule set and inputs of a task don't change by themselves"
        yield found("expression-invalid", file, node, zh, en)


def scripts(file: str, root: etree._Element) -> Iterator[Finding]:
    """A script is assignments of expressions; no other language."""
    for process in root.iterchildren(f"{{{BPMN}}}process"):
        nodes = {node.get("id", ""): node for node in process.iter(f"{{{BPMN}}}scriptTask")}
        for step in read_steps(process):
            if step.kind == "script":
                yield from _script(file, nodes[step.step_key], step)


def _script(file: str, node: etree._Element, step: StepSpec) -> Iterator[Finding]:
    language = (node.get("scriptFormat") or "feel").lower()
    plain = extension(node, ZEEBE, "script") is None
    forbidden = plain and language not in ("feel", "application/feel", "application/x-feel")
    if forbidden or not step.script or not all(_NAME.fullmatch(entry.target) for entry in step.script):
        zh, en = "脚本只能是“变量 = 表达式”", "a script may only be lines of `name = expression`"
        yield found("script-forbidden", file, node, zh, en)
        return
    for entry in step.script:
        yield from _value(file, node, entry.source)


def timers(file: str, root: etree._Element) -> Iterator[Finding]:
    for definition in root.iter(f"{{{BPMN}}}timerEventDefinition"):
        texts = [(local_name(child), (child.text or "").strip()) for child in definition if local_name(child)]
        if len(texts) != 1:
            yield found("expression-invalid", file, definition, "定时器没有时间", "the timer has no time")
        for tag, text in texts:
            yield from _value(file, definition, text)
            yield from _timer(file, definition, tag, text)


def _timer(file: str, node: etree._Element, tag: str, text: str) -> Iterator[Finding]:
    if tag == "timeCycle" and text.startswith("="):
        zh, en = "重复次数须直接写明", "a repetition must be written out to be bounded"
        yield found("timer-unbounded", file, node, zh, en)
    if text.startswith("="):
        return
    parsers = {"timeDate": parse_instant, "timeDuration": parse_duration, "timeCycle": parse_cycle}
    try:
        parsers[tag](text)
    except (KeyError, ValueError):
        unbounded = tag == "timeCycle" and text.startswith("R")
        rule = "timer-unbounded" if unbounded else "expression-invalid"
        yield found(rule, file, node, f"定时器“{text}”无效或无限重复", f"invalid or unbounded timer {text!r}")


def loops(file: str, root: etree._Element) -> Iterator[Finding]:
    """What says how often an activity is done compiles; variables it sets have names."""
    for name, children in (
        ("multiInstanceLoopCharacteristics", ("loopCardinality", "completionCondition")),
        ("standardLoopCharacteristics", ("loopCondition",)),
    ):
        for node in root.iter(f"{{{BPMN}}}{name}"):
            for child in children:
                text = (node.findtext(f"{{{BPMN}}}{child}") or "").strip()
                yield from _compiles(
                    file, node, feel(text) if text else None, condition=child != "loopCardinality"
                )
            ours = extension(node, ZEEBE, "loopCharacteristics")
            if ours is not None:
                yield from _zeebe_loop(file, ours)


def _zeebe_loop(file: str, node: etree._Element) -> Iterator[Finding]:
    for attribute in ("inputCollection", "outputElement"):
        yield from _value(file, node, node.get(attribute))
    for attribute in ("inputElement", "outputCollection"):
        if node.get(attribute) and not _NAME.fullmatch(node.get(attribute, "")):
            zh, en = f"{attribute} 不是变量名", f"{attribute} is not a variable name"
            yield found("expression-invalid", file, node, zh, en)


def conditional_events(file: str, root: etree._Element) -> Iterator[Finding]:
    for node in root.iter(f"{{{BPMN}}}conditionalEventDefinition"):
        text = (node.findtext(f"{{{BPMN}}}condition") or "").strip()
        if not text:
            yield found("expression-invalid", file, node, "条件事件没有条件", "the event has no condition")
        yield from _compiles(file, node, feel(text) if text else None, condition=True)


def values(file: str, root: etree._Element) -> Iterator[Finding]:
    """Duties, effects, clocks and numbers are of the known vocabulary."""
    for tag, attribute, known in (
        ("duty", "kind", DUTIES),
        ("effect", "kind", EFFECT_KINDS),
        ("clock", "action", CLOCK_ACTIONS),
    ):
        for node in root.iter(f"{{{SANSHEN}}}{tag}"):
            yield from _known(file, node, attribute, known)
    for tag in ("effect", "policy"):
        for node in root.iter(f"{{{SANSHEN}}}{tag}"):
            yield from _requirements(file, node)
    for node in root.iter(f"{{{SANSHEN}}}duty"):
        if (node.get("persons") or "").startswith("="):
            yield from _timeless(file, node, node.get("persons"))
        else:
            yield from _number(file, node, "persons")
    for node in root.iter(f"{{{ZEEBE}}}taskDefinition"):
        yield from _number(file, node, "retries")


def _known(file: str, node: etree._Element, attribute: str, known: tuple[str, ...]) -> Iterator[Finding]:
    value = node.get(attribute)
    if value not in known:
        rule = "duty-unknown" if known is DUTIES else "unsupported-element"
        yield found(rule, file, node, f"{attribute} 的值“{value}”未知", f"unknown {attribute} {value!r}")


def _requirements(file: str, node: etree._Element) -> Iterator[Finding]:
    for attribute in ("requires", "requires-normal", "requires-routed"):
        for duty in (node.get(attribute) or "").split():
            if duty not in DUTIES:
                yield found("duty-unknown", file, node, f"未知职责“{duty}”", f"unknown duty {duty!r}")


def _number(file: str, node: etree._Element, attribute: str) -> Iterator[Finding]:
    value = node.get(attribute)
    if value is not None and not (value.isdecimal() and 1 <= int(value) <= 10):
        zh, en = f"{attribute} 应为 1 至 10 的整数", f"{attribute} must be a whole number from 1 to 10"
        yield found("unsupported-element", file, node, zh, en)


def user_tasks(file: str, root: etree._Element) -> Iterator[Finding]:
    """Every user task has duty, form and candidate group; in files made elsewhere this is a warning."""
    for process in root.iterchildren(f"{{{BPMN}}}process"):
        severity: Severity = "error" if read_policy(process).has_dialect else "warning"
        for node in process.iter(f"{{{BPMN}}}userTask"):
            for rule, namespace, name, zh, en in _WANTED:
                if next(extensions(node, namespace, name), None) is None:
                    yield found(rule, file, node, zh, en, severity)


_WANTED = (
    ("duty-missing", SANSHEN, "duty", "人工任务没有职责", "the user task has no duty"),
    ("missing-form", ZEEBE, "formDefinition", "人工任务没有表单", "the user task has no form"),
    (
        "missing-candidate-group",
        ZEEBE,
        "assignmentDefinition",
        "人工任务没有候选岗位",
        "the user task has no candidate group",
    ),
)
