"""The dialect read into frozen step specifications: what every flow node of a process means to the kernel."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from lxml import etree

from app.kernel.decisions.expressions import feel
from app.kernel.engine.vocabulary import ADDED, BPMN, FLOW_NODES, SANSHEN, SIGNING_DUTIES, ZEEBE

Kind = Literal[
    "start", "end", "catch", "throw", "boundary", "user", "manual", "service", "send", "receive", "script",
    "rule", "call", "subprocess", "gateway",
]  # fmt: skip

_KINDS: dict[str, Kind] = {
    "startEvent": "start",
    "endEvent": "end",
    "intermediateCatchEvent": "catch",
    "intermediateThrowEvent": "throw",
    "boundaryEvent": "boundary",
    "userTask": "user",
    "manualTask": "manual",
    "serviceTask": "service",
    "sendTask": "send",
    "receiveTask": "receive",
    "scriptTask": "script",
    "businessRuleTask": "rule",
    "callActivity": "call",
    "subProcess": "subprocess",
}


@dataclass(frozen=True, slots=True)
class ClockAction:
    """A statutory clock (`ref`) and what the step does to it; `length`, a number or the key of a fact, for how long
    it extends or shifts."""

    ref: str
    action: str
    length: str | None = None


@dataclass(frozen=True, slots=True)
class Effect:
    """A guarded point; empty `requires…` tuples mean "not said here"."""

    kind: str
    requires: tuple[str, ...] = ()
    requires_normal: tuple[str, ...] = ()
    requires_routed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Assignment:
    """Variable `target` becomes `source`: an expression after "=", else the text itself."""

    target: str
    source: str


@dataclass(frozen=True, slots=True)
class RaisedError:
    """An error (`code`, as of `bpmn:error errorCode`) an automatic step may end with: when its handler says so, or
    when `condition` ("=…") holds of what the step has set.
    """

    code: str
    condition: str | None = None


@dataclass(frozen=True, slots=True)
class LoopSpec:
    """How often an activity is done. Exactly one of `cardinality` (a number or "=…"), `collection` ("=…", a list)
    and, for `kind` "loop", `condition` or `maximum` says it; `element` names the variable that holds an
    instance's item, `output` what is collected of each instance into the text `output_collection`.
    """

    kind: Literal["parallel", "sequential", "loop"]
    cardinality: str | None = None
    collection: str | None = None
    element: str | None = None
    output: str | None = None
    output_collection: str | None = None
    condition: str | None = None
    maximum: int | None = None
    test_before: bool = False


@dataclass(frozen=True, slots=True)
class StepSpec:
    """One flow node. `step_key` is its BPMN id, `scope` the process or sub-process it stands in.

    `drawn` is false for a node that only the normal form has; `choice` is the variable with which the player of
    a foreign file chooses at such a node: the numbers of flows of the fork beside it, each between blanks.
    """

    step_key: str
    scope: str
    process: str
    kind: Kind
    element: str
    name: str
    name_en: str | None = None
    lane: str | None = None
    duty: str | None = None
    signs: bool = False
    resets: bool = False
    persons: int = 1
    persons_from: str | None = None
    candidate_group: str | None = None
    form_id: str | None = None
    due_date: str | None = None
    priority: str | None = None
    clocks: tuple[ClockAction, ...] = ()
    document: str | None = None
    effect: Effect | None = None
    rules: str | None = None
    task_type: str | None = None
    retries: int = 3
    called: str | None = None
    inputs: tuple[Assignment, ...] = ()
    outputs: tuple[Assignment, ...] = ()
    script: tuple[Assignment, ...] = ()
    message: str | None = None
    attached_to: str | None = None
    interrupting: bool = True
    events: tuple[str, ...] = ()
    signal: str | None = None
    condition: str | None = None
    errors: tuple[RaisedError, ...] = ()
    loop: LoopSpec | None = None
    drawn: bool = True
    choice: str | None = None


@dataclass(frozen=True, slots=True)
class FlowSpec:
    """A sequence flow; `risk` empty means every class, `condition` is an expression without "="."""

    id: str
    scope: str
    source: str
    target: str
    condition: str | None = None
    risk: tuple[str, ...] = ()
    default: bool = False
    name: str | None = None


@dataclass(frozen=True, slots=True)
class ProcessPolicy:
    """Name of a process and the duties its guarded effects require unless they say otherwise."""

    process: str
    name: str
    requires: tuple[str, ...] = ()
    has_dialect: bool = False


def required_duties(effect: Effect | None, policy: ProcessPolicy, risk: str) -> tuple[str, ...]:
    """The signing duties, in order, that must be complete before `effect` in a case of class `risk`.

    Normal risk: the first and last of `requires` suffice; routed: a risk review is added before the last.
    """
    if effect is None or effect.kind == "notice":
        return ()
    base = effect.requires or policy.requires
    if risk == "normal":
        return effect.requires_normal or (base if len(base) < 2 else (base[0], base[-1]))
    if risk == "routed":
        return effect.requires_routed or _with_risk_review(base)
    return base


def _with_risk_review(base: tuple[str, ...]) -> tuple[str, ...]:
    return base if "risk_review" in base or not base else (*base[:-1], "risk_review", base[-1])


def read_steps(process: etree._Element) -> tuple[StepSpec, ...]:
    """Every flow node of `process`, those of its embedded sub-processes included, in file order."""
    lanes = _lanes(process)
    return tuple(
        _step(node, process.get("id", ""), lanes) for node in process.iter() if local_name(node) in FLOW_NODES
    )


def read_flows(process: etree._Element) -> tuple[FlowSpec, ...]:
    return tuple(_flow(node) for node in process.iter(f"{{{BPMN}}}sequenceFlow"))


def read_policy(process: etree._Element) -> ProcessPolicy:
    policy = extension(process, SANSHEN, "policy")
    key = process.get("id", "")
    requires = _words(policy, "requires")
    dialect = f"{{{SANSHEN}}}"
    has_dialect = any(
        str(node.tag).startswith(dialect) or any(str(name).startswith(dialect) for name in node.attrib)
        for node in process.iter()
    )
    return ProcessPolicy(key, process.get("name") or key, requires, has_dialect)


def _step(node: etree._Element, process: str, lanes: dict[str, str]) -> StepSpec:
    key, element = node.get("id", ""), local_name(node)
    duty = extension(node, SANSHEN, "duty")
    duty_kind = _value(duty, "kind")
    return StepSpec(
        step_key=key,
        scope=_scope(node),
        process=process,
        kind=_KINDS.get(element, "gateway"),
        element=element,
        name=node.get("name") or key,
        name_en=node.get(f"{{{SANSHEN}}}nameEn") or _value(extension(node, SANSHEN, "name"), "en"),
        lane=lanes.get(key),
        duty=duty_kind,
        signs=_flag(duty, "signs", default=duty_kind in SIGNING_DUTIES),
        resets=_flag(duty, "resets", default=False),
        persons=_integer(_value(duty, "persons"), 1),
        persons_from=_expression(_value(duty, "persons")),
        candidate_group=_value(extension(node, ZEEBE, "assignmentDefinition"), "candidateGroups"),
        form_id=_value(extension(node, ZEEBE, "formDefinition"), "formId"),
        due_date=_value(extension(node, ZEEBE, "taskSchedule"), "dueDate"),
        priority=_value(extension(node, ZEEBE, "priorityDefinition"), "priority"),
        clocks=tuple(
            ClockAction(clock.get("ref", ""), clock.get("action", "start"), clock.get("length") or None)
            for clock in extensions(node, SANSHEN, "clock")
        ),
        document=_value(extension(node, SANSHEN, "document"), "ref"),
        effect=_effect(node),
        rules=_value(extension(node, SANSHEN, "rules"), "set"),
        task_type=_task_type(node),
        retries=_integer(_value(extension(node, ZEEBE, "taskDefinition"), "retries"), 3),
        called=_called(node),
        inputs=_assignments(node, "input"),
        outputs=_assignments(node, "output"),
        script=_script(node),
        message=_message(node),
        attached_to=node.get("attachedToRef"),
        interrupting=node.get("cancelActivity", "true") == "true",
        events=tuple(local_name(child) for child in node if local_name(child).endswith("EventDefinition")),
        signal=_signal(node),
        condition=_condition(node),
        errors=tuple(
            RaisedError(error.get("code", ""), error.get("when") or None)
            for error in extensions(node, SANSHEN, "error")
        ),
        loop=read_loop(node),
        drawn=ADDED not in key,
        choice=node.get("choice") if ADDED in key else None,
    )


def _effect(node: etree._Element) -> Effect | None:
    effect = extension(node, SANSHEN, "effect")
    if effect is None:
        return None
    return Effect(
        effect.get("kind", ""),
        _words(effect, "requires"),
        _words(effect, "requires-normal"),
        _words(effect, "requires-routed"),
    )


def _task_type(node: etree._Element) -> str | None:
    """The registered handler: a task definition's type, or what a business rule task evaluates."""
    declared = _value(extension(node, ZEEBE, "taskDefinition"), "type")
    if declared or local_name(node) != "businessRuleTask":
        return declared
    return _value(extension(node, ZEEBE, "calledDecision"), "decisionId") or (
        "rules" if extension(node, SANSHEN, "rules") is not None else None
    )


def _called(node: etree._Element) -> str | None:
    if local_name(node) != "callActivity":
        return None
    return _value(extension(node, ZEEBE, "calledElement"), "processId") or node.get("calledElement")


def called_in(root: etree._Element) -> set[str]:
    """Ids of the processes that a file's call activities name."""
    return {called for node in root.iter(f"{{{BPMN}}}callActivity") if (called := _called(node))}


def _assignments(node: etree._Element, direction: str) -> tuple[Assignment, ...]:
    mapping = extension(node, ZEEBE, "ioMapping")
    if mapping is None:
        return ()
    return tuple(
        Assignment(entry.get("target", ""), entry.get("source", ""))
        for entry in mapping.iterchildren(f"{{{ZEEBE}}}{direction}")
    )


def _script(node: etree._Element) -> tuple[Assignment, ...]:
    """A script task's assignments: `zeebe:script`, or lines `name = expression` of a BPMN script."""
    if local_name(node) != "scriptTask":
        return ()
    short = extension(node, ZEEBE, "script")
    if short is not None:
        return (Assignment(short.get("resultVariable", ""), "=" + feel(short.get("expression", ""))),)
    body = node.findtext(f"{{{BPMN}}}script") or ""
    lines = [line.partition("=") for line in body.splitlines() if line.strip()]
    return tuple(Assignment(name.strip(), "=" + source.strip()) for name, _, source in lines)


def _message(node: etree._Element) -> str | None:
    """Name of the message the node waits for or sends."""
    holder = next((child for child in node if local_name(child) == "messageEventDefinition"), node)
    return _named(holder, "message")


def _signal(node: etree._Element) -> str | None:
    holder = next((child for child in node if local_name(child) == "signalEventDefinition"), None)
    return _named(holder, "signal") if holder is not None else None


def _named(holder: etree._Element, kind: str) -> str | None:
    """Name of the root element that `holder` refers to."""
    reference = holder.get(f"{kind}Ref")
    if reference is None:
        return None
    known = holder.getroottree().getroot().iterchildren(f"{{{BPMN}}}{kind}")
    return next((node.get("name") for node in known if node.get("id") == reference), None)


def _condition(node: etree._Element) -> str | None:
    """What a conditional event waits to become true."""
    definition = node.find(f"{{{BPMN}}}conditionalEventDefinition")
    text = definition.findtext(f"{{{BPMN}}}condition") if definition is not None else None
    return (text or "").strip() or None


def read_loop(node: etree._Element) -> LoopSpec | None:
    """How often an activity is done; None for once."""
    standard = node.find(f"{{{BPMN}}}standardLoopCharacteristics")
    if standard is not None:
        return LoopSpec(
            "loop",
            condition=_text(standard, "loopCondition"),
            maximum=_integer(standard.get("loopMaximum"), 0) or None,
            test_before=standard.get("testBefore") == "true",
        )
    instances = node.find(f"{{{BPMN}}}multiInstanceLoopCharacteristics")
    if instances is None:
        return None
    ours = extension(instances, ZEEBE, "loopCharacteristics")
    return LoopSpec(
        "sequential" if instances.get("isSequential") == "true" else "parallel",
        cardinality=_text(instances, "loopCardinality"),
        collection=_value(ours, "inputCollection"),
        element=_value(ours, "inputElement"),
        output=_value(ours, "outputElement"),
        output_collection=_value(ours, "outputCollection"),
        condition=_text(instances, "completionCondition"),
    )


def _text(node: etree._Element, name: str) -> str | None:
    return (node.findtext(f"{{{BPMN}}}{name}") or "").strip() or None


def _flow(node: etree._Element) -> FlowSpec:
    condition = node.find(f"{{{BPMN}}}conditionExpression")
    text = (condition.text or "").strip() if condition is not None else ""
    key, source = node.get("id", ""), node.get("sourceRef", "")
    return FlowSpec(
        id=key,
        scope=_scope(node),
        source=source,
        target=node.get("targetRef", ""),
        condition=text or None,
        risk=tuple((node.get(f"{{{SANSHEN}}}risk") or "").split()),
        default=any(sibling.get("default") == key for sibling in _siblings(node)),
        name=node.get("name") or None,
    )


def _siblings(node: etree._Element) -> Iterator[etree._Element]:
    parent = node.getparent()
    return iter(()) if parent is None else parent.iterchildren()


def _lanes(process: etree._Element) -> dict[str, str]:
    lanes = {}
    for reference in process.iter(f"{{{BPMN}}}flowNodeRef"):
        lane = reference.getparent()
        if lane is not None and reference.text:
            lanes[reference.text.strip()] = lane.get("name") or lane.get("id") or ""
    return lanes


def _scope(node: etree._Element) -> str:
    scope = next(
        ancestor for ancestor in node.iterancestors() if local_name(ancestor) in ("process", "subProcess")
    )
    return scope.get("id", "")


def extensions(node: etree._Element, namespace: str, name: str) -> Iterator[etree._Element]:
    for holder in node.iterchildren(f"{{{BPMN}}}extensionElements"):
        yield from holder.iterchildren(f"{{{namespace}}}{name}")


def extension(node: etree._Element, namespace: str, name: str) -> etree._Element | None:
    return next(extensions(node, namespace, name), None)


def _value(node: etree._Element | None, attribute: str) -> str | None:
    return (node.get(attribute) or None) if node is not None else None


def _expression(text: str | None) -> str | None:
    return text if text is not None and text.startswith("=") else None


def _integer(text: str | None, default: int) -> int:
    return int(text) if text is not None and text.isdecimal() else default


def _words(node: etree._Element | None, attribute: str) -> tuple[str, ...]:
    return tuple((_value(node, attribute) or "").split())


def _flag(node: etree._Element | None, attribute: str, *, default: bool) -> bool:
    value = _value(node, attribute)
    return default if value is None else value == "true"


_BPMN_TAG: Final = f"{{{BPMN}}}"
_NAME_AT: Final = len(_BPMN_TAG)


def local_name(node: etree._Element) -> str:
    """Local name of a BPMN element, empty for comments and foreign elements."""
    tag = str(node.tag)
    return tag[_NAME_AT:] if tag.startswith(_BPMN_TAG) else ""
