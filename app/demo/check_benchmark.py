"""Processes of a given size for measuring the check: reviews with returns, forks, reminders, sub-processes, effects."""

from itertools import pairwise
from typing import Final

HEAD: Final = (
    '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" '
    'xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" xmlns:sanshen="urn:sanshen:bpmn:1" '
    'id="definitions" targetNamespace="urn:sanshen:process:bench_check">'
)
SECTION_NODES: Final = 20


def process_of(nodes: int) -> bytes:
    """A deployable process with about `nodes` flow nodes, in sections of SECTION_NODES, each with its own decision."""
    sections = max(1, round((nodes - 2) / SECTION_NODES))
    parts = ['<bpmn:startEvent id="start"/>']
    before = "start"
    for number in range(sections):
        section = _Section(f"s{number}_")
        parts += [section.body(), section.flow(before, section.first, whole=True)]
        before = section.last
    parts += [
        '<bpmn:endEvent id="end"/>',
        f'<bpmn:sequenceFlow id="last" sourceRef="{before}" targetRef="end"/>',
    ]
    policy = (
        '<bpmn:extensionElements><sanshen:policy requires="initial_review recheck final_review"/>'
        "</bpmn:extensionElements>"
    )
    process = f'<bpmn:process id="bench_check" isExecutable="true">{policy}{"".join(parts)}</bpmn:process>'
    return f"{HEAD}{process}</bpmn:definitions>".encode()


class _Section:
    """Reviews with returns and a reminder, a decision, two letters side by side, service inside a sub-process."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self.first, self.last = f"{prefix}initial", f"{prefix}served"

    def body(self) -> str:
        line = ["initial", "split", "recheck", "checked", "risk", "final", "decided", "seal", "fork"]
        nodes = [
            self.user("initial", "initial_review", ' resets="true"'), self.gateway("split", "recheck"),
            self.user("recheck", "recheck"), self.gateway("checked", "risk"), self.user("risk", "risk_review"),
            self.user("final", "final_review"), self.gateway("decided", "seal"), self.effect("seal"),
            self.node("parallelGateway", "fork"), self.service("letter"), self.service("notice"),
            self.node("parallelGateway", "join"), self.reminder("recheck"), self.service("remind"),
            self.node("endEvent", "reminded"), self.within("served"),
        ]  # fmt: skip
        flows = [self.flow(one, other) for one, other in pairwise(line[1:])]
        flows += [
            self.flow("initial", "split"), self.flow("fork", "letter"), self.flow("fork", "notice"),
            self.flow("letter", "join"), self.flow("notice", "join"), self.flow("join", "served"),
            self.flow("late", "remind"), self.flow("remind", "reminded"),
            self.asked("split", "initial"), self.asked("checked", "initial"), self.asked("decided", "recheck"),
        ]  # fmt: skip
        return "".join([*nodes, *flows])

    def node(self, tag: str, key: str, inner: str = "", marks: str = "") -> str:
        return f'<bpmn:{tag} id="{self.prefix}{key}" name="{key}"{marks}>{inner}</bpmn:{tag}>'

    def user(self, key: str, duty: str, marks: str = "") -> str:
        return self.node(
            "userTask", key,
            f'<bpmn:extensionElements><sanshen:duty kind="{duty}"{marks}/><zeebe:formDefinition formId="{key}"/>'
            '<zeebe:assignmentDefinition candidateGroups="rec_handler"/></bpmn:extensionElements>',
        )  # fmt: skip

    def service(self, key: str, inner: str = "") -> str:
        work = f'<bpmn:extensionElements><zeebe:taskDefinition type="run_rules"/>{inner}</bpmn:extensionElements>'
        return self.node("serviceTask", key, work)

    def effect(self, key: str) -> str:
        papers = '<sanshen:clock ref="CR06" action="stop"/><sanshen:document ref="letter"/>'
        return self.service(key, f'<sanshen:effect kind="decided"/>{papers}')

    def gateway(self, key: str, default: str) -> str:
        return self.node("exclusiveGateway", key, marks=f' default="{self.prefix}{key}_{default}"')

    def reminder(self, host: str) -> str:
        timer = "<bpmn:timerEventDefinition><bpmn:timeDuration>P3D</bpmn:timeDuration></bpmn:timerEventDefinition>"
        marks = f' attachedToRef="{self.prefix}{host}" cancelActivity="false"'
        return self.node("boundaryEvent", "late", timer, marks)

    def within(self, key: str) -> str:
        inside = [
            self.node("startEvent", "begin"), self.user("serve", "serve"), self.service("file"),
            self.node("endEvent", "filed"), self.flow("begin", "serve"), self.flow("serve", "file"),
            self.flow("file", "filed"),
        ]  # fmt: skip
        return self.node("subProcess", key, "".join(inside))

    def flow(self, source: str, target: str, *, whole: bool = False) -> str:
        one, other = (source, target) if whole else (self.prefix + source, self.prefix + target)
        key = f"to_{other}" if whole else f"{self.prefix}{source}_{target}"
        return f'<bpmn:sequenceFlow id="{key}" sourceRef="{one}" targetRef="{other}"/>'

    def asked(self, source: str, target: str) -> str:
        """A return: taken when the outcome says so."""
        condition = f'<bpmn:conditionExpression>=outcome = "return_{target}"</bpmn:conditionExpression>'
        return self.flow(source, target).replace("/>", f">{condition}</bpmn:sequenceFlow>")
