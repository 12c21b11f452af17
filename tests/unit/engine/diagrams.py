"""Small diagrams for engine tests, written as a list of nodes and arrows."""

from collections.abc import Iterable
from itertools import pairwise

HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" '
    'xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" xmlns:sanshen="urn:sanshen:bpmn:1" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" id="definitions" targetNamespace="urn:test">\n'
)


def flow(source: str, target: str, condition: str = "", risk: str = "") -> str:
    text = condition.replace("&", "&amp;").replace("<", "&lt;")
    inner = f"<bpmn:conditionExpression>={text}</bpmn:conditionExpression>" if condition else ""
    mark = f' sanshen:risk="{risk}"' if risk else ""
    key = f"f_{source}_{target}"
    ends = f'sourceRef="{source}" targetRef="{target}"'
    return f'<bpmn:sequenceFlow id="{key}" {ends}{mark}>{inner}</bpmn:sequenceFlow>\n'


def node(tag: str, key: str, inner: str = "", extensions: str = "", **attributes: str) -> str:
    marks = "".join(f' {name}="{value}"' for name, value in attributes.items())
    holder = f"<bpmn:extensionElements>{extensions}</bpmn:extensionElements>" if extensions else ""
    return f'<bpmn:{tag} id="{key}" name="{key}"{marks}>{holder}{inner}</bpmn:{tag}>\n'


def user(key: str, group: str = "rec_handler", duty: str = "intake", extra: str = "") -> str:
    extensions = (
        f'<zeebe:assignmentDefinition candidateGroups="{group}"/><zeebe:formDefinition formId="{key}"/>'
        f'<sanshen:duty kind="{duty}"/>{extra}'
    )
    return node("userTask", key, extensions=extensions)


def service(key: str, task_type: str = "work", extra: str = "") -> str:
    return node("serviceTask", key, extensions=f'<zeebe:taskDefinition type="{task_type}"/>{extra}')


def call(
    key: str, process: str, inputs: Iterable[tuple[str, str]] = (), outputs: Iterable[tuple[str, str]] = ()
) -> str:
    entries = "".join(f"<zeebe:input source='{source}' target='{target}'/>" for target, source in inputs)
    entries += "".join(f"<zeebe:output source='{source}' target='{target}'/>" for target, source in outputs)
    extensions = f'<zeebe:calledElement processId="{process}"/><zeebe:ioMapping>{entries}</zeebe:ioMapping>'
    return node("callActivity", key, extensions=extensions)


def timer(tag: str, text: str) -> str:
    return f"<bpmn:timerEventDefinition><bpmn:{tag}>{text}</bpmn:{tag}></bpmn:timerEventDefinition>"


def message(key: str) -> str:
    return f'<bpmn:messageEventDefinition messageRef="{key}"/>'


def start() -> str:
    return node("startEvent", "start")


def end(key: str = "end", inner: str = "") -> str:
    return node("endEvent", key, inner)


def diagram(*parts: str, key: str = "p", messages: Iterable[str] = (), root: str = "") -> bytes:
    """One process `key`; `messages` are ids that are names at once."""
    declared = "".join(f'<bpmn:message id="{name}" name="{name}"/>' for name in messages)
    body = f'<bpmn:process id="{key}" isExecutable="true">\n{"".join(parts)}</bpmn:process>\n'
    return (HEAD + declared + root + body + "</bpmn:definitions>").encode()


def sequence(*keys: str) -> str:
    return "".join(flow(source, target) for source, target in pairwise(keys))


REVIEW_LOOP = diagram(
    start(),
    user("initial", duty="initial_review"),
    node("exclusiveGateway", "risk_split"),
    user("recheck", duty="recheck"),
    node("exclusiveGateway", "rechecked", default="f_rechecked_initial"),
    user("final", duty="final_review"),
    node("exclusiveGateway", "decided", default="f_decided_initial"),
    service("seal", "seal"),
    end(),
    sequence("start", "initial", "risk_split"),
    flow("risk_split", "recheck", risk="high routed"),
    flow("risk_split", "final", risk="normal"),
    sequence("recheck", "rechecked"),
    flow("rechecked", "final", 'outcome = "agree"'),
    flow("rechecked", "initial"),
    sequence("final", "decided"),
    flow("decided", "seal", 'outcome = "approve"'),
    flow("decided", "recheck", 'outcome = "return_recheck" and risk != "normal"'),
    flow("decided", "initial"),
    sequence("seal", "end"),
    key="review",
)
