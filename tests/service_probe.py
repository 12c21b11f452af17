"""A made-up process that issues a notice and serves it through the shipped service block."""

from __future__ import annotations

import io

import docx

from app.kernel.engine.catalogue import deploy, read_folder
from app.kernel.transaction import Unit
from app.wiring import WORKFLOWS

KEY = "service_probe"
MANIFEST = """
[process]
key = "service_probe"
title_zh = "送达试验"
title_en = "Service probe"
authority = "hrss_department"
region_level = "city"
risk = "normal"
intake_post = "rec_window"
callees = ["service_block"]

[[fact_group]]
key = "all"
zh = "全部"
en = "All"

[fact.worker_name]
type = "string"
label_zh = "职工姓名"
label_en = "Worker"
group = "all"
required_for = "application"

[fact.served_worker_at]
type = "datetime"
label_zh = "职工收到"
label_en = "Worker served"
group = "all"
check = "not_future"

[fact.served_employer_at]
type = "date"
label_zh = "单位收到"
label_en = "Employer served"
group = "all"

[index]
subject_name = "worker_name"

[document.decision]
title_zh = "试验通知书"
title_en = "Probe notice"
number_format = "{prefix}试〔{year}〕{serial}号"
docx = "decision.docx"
print = "decision.html"
effect = "notice"
"""
PAGE = """<div class="paper"><p class="paper-authority">{{ authority }}</p><h1 class="paper-title">{{ title }}</h1>
<p class="paper-number">{{ number }}</p><p class="paper-line">{{ facts.worker_name }}</p></div>"""
MODEL = """<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"
                  xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" xmlns:sanshen="urn:sanshen:bpmn:1"
                  id="definitions_service_probe" targetNamespace="urn:sanshen:process:service_probe">
  <bpmn:process id="service_probe" name="送达试验" isExecutable="true">
    <bpmn:startEvent id="start" name="开始"><bpmn:outgoing>f1</bpmn:outgoing></bpmn:startEvent>
    <bpmn:serviceTask id="issue" name="发出">
      <bpmn:extensionElements>
        <zeebe:taskDefinition type="issue_document" />
        <sanshen:document ref="decision" />
      </bpmn:extensionElements>
      <bpmn:incoming>f1</bpmn:incoming><bpmn:outgoing>f2</bpmn:outgoing>
    </bpmn:serviceTask>
    <bpmn:callActivity id="serve_all" name="送达">
      <bpmn:extensionElements>
        <zeebe:calledElement processId="service_block" propagateAllChildVariables="false" />
        <zeebe:ioMapping>
          <zeebe:input source='="worker;employer"' target="service_parties" />
          <zeebe:input source='="decision"' target="service_document" />
          <zeebe:input source='="rec_clerk"' target="service_group" />
          <zeebe:output source="=service_result" target="service_result" />
        </zeebe:ioMapping>
      </bpmn:extensionElements>
      <bpmn:incoming>f2</bpmn:incoming><bpmn:outgoing>f3</bpmn:outgoing>
    </bpmn:callActivity>
    <bpmn:endEvent id="end" name="结束"><bpmn:incoming>f3</bpmn:incoming></bpmn:endEvent>
    <bpmn:sequenceFlow id="f1" sourceRef="start" targetRef="issue" />
    <bpmn:sequenceFlow id="f2" sourceRef="issue" targetRef="serve_all" />
    <bpmn:sequenceFlow id="f3" sourceRef="serve_all" targetRef="end" />
  </bpmn:process>
</bpmn:definitions>
"""


def deploy_probe(unit: Unit) -> None:
    """Before the founding is closed, as the other processes of the tests."""
    block = {
        path: data
        for path, data in read_folder(WORKFLOWS, "service_block").items()
        if path.startswith("service_block/")
    }
    files = {
        f"{KEY}/process.toml": MANIFEST.encode(),
        f"{KEY}/{KEY}.bpmn": MODEL.encode(),
        f"{KEY}/decision.html": PAGE.encode(),
        f"{KEY}/decision.docx": _word(),
        **block,
    }
    deploy(unit, KEY, files, by="tests", approval={"kind": "bootstrap"})


def _word() -> bytes:
    paper, target = docx.Document(), io.BytesIO()
    for line in ("{{ authority }}", "{{ title }}", "{{ number }}", "{{ facts.worker_name }}"):
        paper.add_paragraph(line)
    paper.save(target)
    return target.getvalue()
