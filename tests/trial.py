"""A small process in several versions: a draft, an automatic step that may fail, an approval, the guarded decision.

Two people suffice (risk normal): `handler` drafts, `approver` approves.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import orjson

from app.kernel.engine.catalogue import deploy, read_folder
from app.kernel.engine.models import ProcessDefinition
from app.kernel.engine.operations import CaseStart, start_case
from app.kernel.transaction import Unit, run, system_actor
from app.wiring import WORKFLOWS
from tests.office import CITY, Office, id_number, uscc

KEY = "trial"
HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"
  xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
  xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI" xmlns:dc="http://www.omg.org/spec/DD/20100524/DC"
  xmlns:di="http://www.omg.org/spec/DD/20100524/DI"
  xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" xmlns:sanshen="urn:sanshen:bpmn:1"
  id="definitions_trial" targetNamespace="urn:sanshen:process:trial">
  <bpmn:message id="m_papers" name="papers_received" />
  <bpmn:process id="trial" name="试验" isExecutable="true">
"""
MANIFEST = """[process]
key = "trial"
title_zh = "试验"
title_en = "Trial"
authority = "platform"
region_level = "city"
high_risk = []
risk = "normal"
callees = [{callees}]

[index]
subject_name = "worker_name"
subject_id = "worker_id_no"
organisation = "employer_name"

[[fact_group]]
key = "case"
zh = "案情"
en = "Case"
"""
FACT = """
[fact.{key}]
type = "{type}"
label_zh = "{key}"
label_en = "{key}"
group = "case"
decided = {decided}
{more}
"""
FACTS: tuple[tuple[str, str, bool, str], ...] = (
    ("worker_name", "string", True, 'required_for = "application"'),
    ("worker_id_no", "string", True, 'required_for = "application"\nsensitive = true\ncheck = "id_number"'),
    ("employer_name", "string", True, 'required_for = "application"'),
    ("computed", "string", False, ""),
)


@dataclass(frozen=True)
class Node:
    """A flow node: element, id, extension elements, definitions inside, further attributes."""

    element: str
    id: str
    inside: str = ""
    more: str = ""

    def xml(self, flows: Iterable[tuple[str, str, str]]) -> str:
        extension, _, body = self.inside.partition("|")
        wrapped = f"<bpmn:extensionElements>{extension}</bpmn:extensionElements>" if extension else ""
        inner = f"<bpmn:{self.element} id='{self.id}' name='{self.id}' {self.more}>{wrapped}"
        for number, (source, target, _condition) in enumerate(flows):
            if target == self.id:
                inner += f"<bpmn:incoming>f{number}</bpmn:incoming>"
            if source == self.id:
                inner += f"<bpmn:outgoing>f{number}</bpmn:outgoing>"
        return f"{inner}{body}</bpmn:{self.element}>\n"


def user(key: str, duty: str, group: str, form: str = "trial", **attributes: str) -> Node:
    said = " ".join(f'{name}="{value}"' for name, value in attributes.items())
    return Node(
        "userTask",
        key,
        f'<zeebe:assignmentDefinition candidateGroups="{group}"/><zeebe:formDefinition formId="{form}"/>'
        f'<sanshen:duty kind="{duty}" {said}/>',
    )


def service(key: str, handler: str, *, retries: int | None = None, more: str = "") -> Node:
    tries = f' retries="{retries}"' if retries else ""
    return Node("serviceTask", key, f'<zeebe:taskDefinition type="{handler}"{tries}/>{more}')


DRAFT = user("draft", "initial_review", "rec_handler", resets="true")
COMPUTE = service("compute", "trial_compute", retries=3)
APPROVE = user("approve", "final_review", "rec_approver")
SIGN_CHECK = service("sign_check", "check_signatures")
GATE = Node("exclusiveGateway", "gate", more='default="f6"')


def seal(*requires: str) -> Node:
    """The guarded decision, demanding the same of every risk class."""
    said = " ".join(requires or ("initial_review", "final_review"))
    effect = f'<sanshen:effect kind="decided" requires="{said}" requires-normal="{said}" requires-routed="{said}"/>'
    return service("seal", "seal_decision", more=effect)


SEAL = seal()
NODES = (
    Node("startEvent", "begin"),
    DRAFT,
    COMPUTE,
    APPROVE,
    SIGN_CHECK,
    GATE,
    SEAL,
    Node("endEvent", "done"),
)
FLOWS: tuple[tuple[str, str, str], ...] = (
    ("begin", "draft", ""),
    ("draft", "compute", ""),
    ("compute", "approve", ""),
    ("approve", "sign_check", ""),
    ("sign_check", "gate", ""),
    ("gate", "seal", 'missing = "none"'),
    ("gate", "draft", ""),
    ("seal", "done", ""),
)


def bpmn(nodes: Iterable[Node] = NODES, flows: Iterable[tuple[str, str, str]] = FLOWS) -> bytes:
    """The diagram, with shapes in a row."""
    nodes, flows = list(nodes), list(flows)
    text = HEAD + "".join(node.xml(flows) for node in nodes)
    for number, (source, target, condition) in enumerate(flows):
        inner = (
            f'<bpmn:conditionExpression xsi:type="bpmn:tFormalExpression">={condition}</bpmn:conditionExpression>'
            if condition
            else ""
        )
        flow = f'id="f{number}" sourceRef="{source}" targetRef="{target}"'
        text += f"<bpmn:sequenceFlow {flow}>{inner}</bpmn:sequenceFlow>"
    return (text + "</bpmn:process></bpmn:definitions>").encode()


def form() -> bytes:
    outcomes = ("submit_positive", "approve", "return")
    values = [{"label": key, "value": key, "properties": {"label_en": key}} for key in outcomes]
    components = [
        {
            "id": "o",
            "type": "radio",
            "key": "outcome",
            "label": "结论",
            "values": values,
            "validate": {"required": True},
        },
        {"id": "p", "type": "textarea", "key": "opinion", "label": "意见", "validate": {"required": True}},
    ]
    return orjson.dumps({"type": "default", "id": "trial", "schemaVersion": 18, "components": components})


def manifest(facts: Iterable[tuple[str, str, bool, str]] = FACTS, callees: str = "") -> bytes:
    text = MANIFEST.format(callees=callees)
    for key, kind, decided, more in facts:
        text += FACT.format(key=key, type=kind, decided=str(decided).lower(), more=more)
    return text.encode()


def files(**changed: bytes) -> dict[str, bytes]:
    """The folder; `bpmn`, `toml` and `form` replace a file, other names add `<name>.form`."""
    made = {
        "trial/trial.bpmn": changed.pop("bpmn", None) or bpmn(),
        "trial/process.toml": changed.pop("toml", None) or manifest(),
        "trial/trial.form": changed.pop("form", None) or form(),
    }
    return {**made, **{f"trial/{name}.form": content for name, content in changed.items()}}


def with_review_block(made: Mapping[str, bytes]) -> dict[str, bytes]:
    return {
        **made,
        **{
            k: v
            for k, v in read_folder(WORKFLOWS, "injury_recognition").items()
            if k.startswith("review_block/")
        },
    }


def put(office: Office, made: Mapping[str, bytes]) -> int:
    """Deploy a version; answers its id."""

    def deployment(unit: Unit) -> int:
        row: ProcessDefinition = deploy(unit, KEY, made, by="tests", approval={"kind": "bootstrap"})
        return row.id

    return run(office.kernel, deployment, system_actor())


def compute(office: Office, answer: Any) -> None:
    """What the automatic step does: a mapping of facts, or an exception to raise, or a function of the facts."""

    def handle(unit: Unit, case: Any, facts: Mapping[str, Any]) -> Mapping[str, Any]:
        if isinstance(answer, Exception):
            raise answer
        return answer(facts) if callable(answer) else answer

    office.kernel.ports.service_handlers["trial_compute"] = handle


def begin(office: Office, by: str | None = None, number: int = 700, region: str = CITY) -> int:
    """A case; answers its id."""
    facts = {
        "worker_name": f"试验员{number}",
        "worker_id_no": id_number(number),
        "employer_name": f"试验单位 {uscc(number)}",
    }
    actor = office.actors[by] if by else system_actor()
    return int(run(office.kernel, partial(start_case, start=CaseStart(KEY, region, facts)), actor)["case_id"])
