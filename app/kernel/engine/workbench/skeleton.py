"""What a draft of a new rule begins with: one fact, a table that hits when it is true, three cases; ready to edit."""

from __future__ import annotations

from datetime import date

from app.kernel.decisions.catalogue.reading import CASES, MANIFEST, MODEL

_MANIFEST = """id = "{rule_id}"
version = 1
name_zh = "{rule_id}"
name_en = "{rule_id}"
kind = "risk"
severity = "medium"
action = "warn"
business = ["recognition"]
triggers = ["intake", "duty", "gate", "change"]
effective_from = {today}
owner = "hrss_department"
approver = "rule_approver"
message_zh = "{rule_id}"
message_en = "{rule_id}"

[[source]]
tag = "D"
zh = "内部控制的设计要求"
en = "design requirement of internal control"

[fact.amount]
type = "number"
zh = "金额"
en = "Amount"
registry = "application"
"""

_MODEL = """<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/"
    xmlns:dmndi="https://www.omg.org/spec/DMN/20191111/DMNDI/" xmlns:dc="http://www.omg.org/spec/DMN/20180521/DC/"
    xmlns:di="http://www.omg.org/spec/DMN/20180521/DI/" id="rule" name="{rule_id}"
    namespace="urn:sanshen:rule:{rule_id}">
  <decision id="hit" name="{rule_id}">
    <variable id="hit_variable" name="hit" typeRef="boolean" />
    <informationRequirement id="requirement_1">
      <requiredInput href="#input_amount" />
    </informationRequirement>
    <decisionTable id="hit_table" hitPolicy="FIRST">
      <input id="hit_in_1" label="金额">
        <inputExpression id="hit_expr_1" typeRef="number">
          <text>amount</text>
        </inputExpression>
      </input>
      <output id="hit_out" name="hit" typeRef="boolean" />
      <rule id="hit_rule_1">
        <inputEntry id="hit_1_in_1">
          <text>&gt; 100000</text>
        </inputEntry>
        <outputEntry id="hit_1_out">
          <text>true</text>
        </outputEntry>
      </rule>
      <rule id="hit_rule_2">
        <inputEntry id="hit_2_in_1">
          <text>-</text>
        </inputEntry>
        <outputEntry id="hit_2_out">
          <text>false</text>
        </outputEntry>
      </rule>
    </decisionTable>
  </decision>
  <inputData id="input_amount" name="金额">
    <variable id="input_amount_variable" name="amount" typeRef="number" />
  </inputData>
  <dmndi:DMNDI>
    <dmndi:DMNDiagram id="diagram">
      <dmndi:DMNShape id="shape_hit" dmnElementRef="hit">
        <dc:Bounds height="60" width="180" x="160" y="80" />
      </dmndi:DMNShape>
      <dmndi:DMNShape id="shape_input_amount" dmnElementRef="input_amount">
        <dc:Bounds height="45" width="180" x="160" y="240" />
      </dmndi:DMNShape>
      <dmndi:DMNEdge id="edge_1" dmnElementRef="requirement_1">
        <di:waypoint x="250" y="240" />
        <di:waypoint x="250" y="140" />
      </dmndi:DMNEdge>
    </dmndi:DMNDiagram>
  </dmndi:DMNDI>
</definitions>
"""

_CASES = """[[case]]
name = "大额"
expect = "hit"
[case.facts]
amount = 200000

[[case]]
name = "小额"
expect = "no_hit"
[case.facts]
amount = 1

[[case]]
name = "不知金额"
expect = "missing"
[case.facts]
"""


def make_rule_skeleton(rule_id: str, today: date) -> dict[str, bytes]:
    """The three files by name."""
    texts = {MANIFEST: _MANIFEST, MODEL: _MODEL, CASES: _CASES}
    return {name: text.format(rule_id=rule_id, today=today).encode() for name, text in texts.items()}
