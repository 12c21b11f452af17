"""Pieces the models of the corpus are made of; ids of flows are `f_<source>_<target>`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tests.unit.engine.diagrams import diagram, end, flow, node, sequence, start


@dataclass(frozen=True)
class Model:
    """Files and their verdict: deployable without `errors`, else exactly these rules with their elements.

    `through` must lie on the counterexample in this order; `skips` must not.
    """

    name: str
    files: Mapping[str, bytes]
    errors: frozenset[tuple[str, str | None]] = frozenset()
    through: tuple[str, ...] = ()
    skips: tuple[str, ...] = ()


def safe(name: str, *parts: str, **options: object) -> Model:
    return Model(name, {"p.bpmn": process(*parts, **options)})


def bypass(
    name: str,
    *parts: str,
    at: str | tuple[str, ...] = "pay",
    through: tuple[str, ...] = (),
    skips: tuple[str, ...] = (),
    **options: object,
) -> Model:
    data = process(*parts, **options)
    errors = frozenset(("duty-bypass", element) for element in ((at,) if isinstance(at, str) else at))
    return Model(name, {"p.bpmn": data}, errors, through=through, skips=skips)


def wrong(name: str, *parts: str, errors: Mapping[str, str], **options: object) -> Model:
    """`errors` gives the element by rule."""
    return Model(name, {"p.bpmn": process(*parts, **options)}, frozenset(errors.items()))


def process(*parts: str, **options: object) -> bytes:
    """A process with start and end, a clock and a document; a model adds the rest."""
    return diagram(start(), *parts, end(), **options)  # type: ignore[arg-type]


def person(key: str, duty: str, inner: str = "", group: str = "rec_handler", **marks: str) -> str:
    """A user task with a duty; `marks` are further attributes of the duty."""
    attributes = "".join(f' {name}="{value}"' for name, value in marks.items())
    extensions = (
        f'<zeebe:assignmentDefinition candidateGroups="{group}"/><zeebe:formDefinition formId="{key}"/>'
        f'<sanshen:duty kind="{duty}"{attributes}/>'
    )
    return node("userTask", key, inner, extensions)


def initial(key: str = "initial", **marks: str) -> str:
    return person(key, "initial_review", **marks)


def recheck(key: str = "recheck", **marks: str) -> str:
    return person(key, "recheck", **marks)


def final(key: str = "final", **marks: str) -> str:
    return person(key, "final_review", **marks)


def pay(
    key: str = "pay",
    requires: str = "initial_review recheck final_review",
    kind: str = "paid",
    tag: str = "serviceTask",
) -> str:
    """A guarded step, the same duties for every risk class."""
    same = "".join(f' {name}="{requires}"' for name in ("requires", "requires-normal", "requires-routed"))
    kind_of_task = '<zeebe:taskDefinition type="pay"/>' if tag.endswith("Task") else ""
    return node(
        tag,
        key,
        "",
        f'{kind_of_task}<sanshen:effect kind="{kind}"{same if requires else ""}/>'
        '<sanshen:clock ref="C" action="start"/><sanshen:document ref="letter"/>',
    )


def gateway(key: str, default: str | None = None, tag: str = "exclusiveGateway") -> str:
    return node(tag, key, default=default) if default else node(tag, key)


def timed(tag: str, key: str, **attributes: str) -> str:
    inner = (
        "<bpmn:timerEventDefinition><bpmn:timeDuration>P1D</bpmn:timeDuration></bpmn:timerEventDefinition>"
    )
    return node(tag, key, inner, **attributes)


def event(tag: str, key: str, definition: str, **attributes: str) -> str:
    return node(tag, key, definition, **attributes)


def body(*parts: str, key: str = "sub", **attributes: str) -> str:
    """An embedded sub-process; its nodes have ids of their own."""
    return node("subProcess", key, "".join(parts), **attributes)


def reviews(*, last: str = "pay") -> str:
    """The three reviews and the payment, one after the other."""
    return initial() + recheck() + final() + pay() + sequence("start", "initial", "recheck", "final", last)


LINE = initial() + recheck() + final() + pay()
MANY = (
    "<bpmn:multiInstanceLoopCharacteristics><bpmn:extensionElements><zeebe:loopCharacteristics "
    "inputCollection='=[&quot;a&quot;, &quot;b&quot;]' inputElement='item'/></bpmn:extensionElements>"
    "</bpmn:multiInstanceLoopCharacteristics>"
)
THREE = (
    "<bpmn:multiInstanceLoopCharacteristics><bpmn:loopCardinality>3</bpmn:loopCardinality>"
    "</bpmn:multiInstanceLoopCharacteristics>"
)
SIGNAL = '<bpmn:signalEventDefinition signalRef="alarm"/>'
MESSAGE = '<bpmn:messageEventDefinition messageRef="alarm"/>'
ESCALATION = '<bpmn:escalationEventDefinition escalationRef="up"/>'
ERROR = '<bpmn:errorEventDefinition errorRef="bad"/>'
CONDITION = "<bpmn:conditionalEventDefinition><bpmn:condition>=a = 1</bpmn:condition></bpmn:conditionalEventDefinition>"
ROOT = (
    '<bpmn:signal id="alarm" name="alarm"/><bpmn:escalation id="up" name="up" escalationCode="up"/>'
    '<bpmn:error id="bad" name="bad" errorCode="bad"/>'
)


def chosen(*targets: str, source: str = "choice") -> str:
    """Flows out of a gateway: the first is the default."""
    first, *others = targets
    return flow(source, first) + "".join(flow(source, other, f'to = "{other}"') for other in others)


def inner(*parts: str, key: str = "sub", loop: str = "", **attributes: str) -> str:
    return body(
        node("startEvent", f"{key}_start"),
        *parts,
        node("endEvent", f"{key}_end"),
        loop,
        key=key,
        **attributes,
    )
