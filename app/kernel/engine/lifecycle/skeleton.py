"""What a draft of a new process begins with: start, one step of a named post, end; ready for the modeler."""

from __future__ import annotations

import json

MANIFEST = """# {key}
[process]
key = "{key}"
title_zh = "{key}"
title_en = "{key}"
authority = "platform"
region_level = "region"
risk = "high"
callees = []

[index]
subject_name = "subject"
organisation = "subject"

[fact.subject]
type = "string"
label_zh = "事项"
label_en = "Subject"
required_for = "application"
max_length = 60
"""

DIAGRAM = """<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"
    xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI" xmlns:dc="http://www.omg.org/spec/DD/20100524/DC"
    xmlns:di="http://www.omg.org/spec/DD/20100524/DI" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0"
    xmlns:sanshen="urn:sanshen:bpmn:1" id="definitions_{key}" targetNamespace="urn:sanshen:process">
  <bpmn:process id="{key}" name="{key}" isExecutable="true">
    <bpmn:startEvent id="start" name="开始"><bpmn:outgoing>flow_1</bpmn:outgoing></bpmn:startEvent>
    <bpmn:userTask id="{key}_intake" name="受理">
      <bpmn:extensionElements>
        <zeebe:assignmentDefinition candidateGroups="rec_window" />
        <zeebe:formDefinition formId="{key}_intake" />
        <sanshen:duty kind="intake" />
      </bpmn:extensionElements>
      <bpmn:incoming>flow_1</bpmn:incoming><bpmn:outgoing>flow_2</bpmn:outgoing>
    </bpmn:userTask>
    <bpmn:endEvent id="end" name="结束"><bpmn:incoming>flow_2</bpmn:incoming></bpmn:endEvent>
    <bpmn:sequenceFlow id="flow_1" sourceRef="start" targetRef="{key}_intake" />
    <bpmn:sequenceFlow id="flow_2" sourceRef="{key}_intake" targetRef="end" />
  </bpmn:process>
  <bpmndi:BPMNDiagram id="diagram"><bpmndi:BPMNPlane id="plane" bpmnElement="{key}">
    <bpmndi:BPMNShape id="start_di" bpmnElement="start">
      <dc:Bounds x="180" y="160" width="36" height="36" /></bpmndi:BPMNShape>
    <bpmndi:BPMNShape id="{key}_intake_di" bpmnElement="{key}_intake">
      <dc:Bounds x="270" y="138" width="100" height="80" /></bpmndi:BPMNShape>
    <bpmndi:BPMNShape id="end_di" bpmnElement="end">
      <dc:Bounds x="430" y="160" width="36" height="36" /></bpmndi:BPMNShape>
    <bpmndi:BPMNEdge id="flow_1_di" bpmnElement="flow_1">
      <di:waypoint x="216" y="178" /><di:waypoint x="270" y="178" /></bpmndi:BPMNEdge>
    <bpmndi:BPMNEdge id="flow_2_di" bpmnElement="flow_2">
      <di:waypoint x="370" y="178" /><di:waypoint x="430" y="178" /></bpmndi:BPMNEdge>
  </bpmndi:BPMNPlane></bpmndi:BPMNDiagram>
</bpmn:definitions>
"""


def make_skeleton(key: str) -> dict[str, bytes]:
    """Files by `folder/name`."""
    form = {
        "type": "default",
        "id": f"{key}_intake",
        "components": [
            {
                "id": "outcome",
                "type": "radio",
                "key": "outcome",
                "label": "结论",
                "values": [{"label": "完成", "value": "complete"}],
                "validate": {"required": True},
            }
        ],
    }
    return {
        f"{key}/process.toml": MANIFEST.format(key=key).encode(),
        f"{key}/{key}.bpmn": DIAGRAM.format(key=key).encode(),
        f"{key}/{key}_intake.form": json.dumps(form, ensure_ascii=False, indent=2).encode(),
    }
