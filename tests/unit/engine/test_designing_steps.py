"""The step table says what the diagram says, and its rows change the file as the canvas would."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from pathlib import Path

import pytest

from app.kernel.engine.check.report import CheckReport, check_files
from app.kernel.engine.designing import checked
from app.kernel.engine.designing.editing import StepEdit, edit_step
from app.kernel.engine.designing.steps import list_called, outline
from app.kernel.refusals import InvalidInput

ROOT = Path(__file__).resolve().parents[3]
PATH = "review_block/review_block.bpmn"
MODEL = (ROOT / "workflows" / PATH).read_bytes()
EDIT = StepEdit("复核一", "Recheck one", "final_review", "rec_checker", "rb4_risk_review")


def test_every_node_is_a_row_with_where_it_leads() -> None:
    found = outline(PATH, MODEL)
    by_key = {row.spec.step_key: row for row in found.rows}
    assert found.process == "review_block"
    assert len(found.rows) == MODEL.count(b"<bpmndi:BPMNShape") - 6  # a pool and its five lanes are no nodes
    ways = by_key["rb3_result"].ways
    assert {way.target for way in ways} == {"rb4_risk_review", "rb5_final_review", "rb_return"}
    assert [way.risk for way in ways if way.target == "rb4_risk_review"] == [("routed",)]
    assert [way.target for way in ways if way.default] == ["rb_return"]


def test_events_on_the_border_are_ways_out_of_their_step() -> None:
    timed = MODEL.replace(
        b'<bpmn:serviceTask id="rb1_run_rules"',
        b'<bpmn:boundaryEvent id="late" name="overdue" attachedToRef="rb3_recheck"/>'
        b'<bpmn:sequenceFlow id="let_through" sourceRef="late" targetRef="rb6_seal_decision"/>'
        b'<bpmn:serviceTask id="rb1_run_rules"',
        1,
    )
    by_key = {row.spec.step_key: row for row in outline(PATH, timed).rows}
    assert [(way.target, way.by) for way in by_key["rb3_recheck"].ways if way.by] == [
        ("rb6_seal_decision", "overdue")
    ]


@pytest.mark.parametrize("data", [b"", b"<bpmn", b'<!DOCTYPE x [<!ENTITY a "b">]><x/>', b"<x/>", b"\xff\xfe"])
def test_broken_bytes_have_an_empty_table(data: bytes) -> None:
    assert list(outline(PATH, data).rows) == []  # never an error: the page stands while the file is mended


def test_row_changes_name_duty_group_and_form_and_nothing_else() -> None:
    changed = outline(PATH, edit_step(PATH, MODEL, "rb3_recheck", EDIT))
    before = outline(PATH, MODEL)
    for old, new in zip(before.rows, changed.rows, strict=True):
        if old.spec.step_key != "rb3_recheck":
            assert old == new
            continue
        assert new.spec == replace(
            old.spec,
            name="复核一",
            name_en="Recheck one",
            duty="final_review",
            candidate_group="rec_checker",
            form_id="rb4_risk_review",
        )


def test_edited_file_still_passes_the_check() -> None:
    folder = ROOT / "workflows" / "review_block"
    files = {f"review_block/{path.name}": path.read_bytes() for path in folder.iterdir()}
    same = StepEdit("复核", "Recheck", "recheck", "=recheck_group", "rb3_recheck")
    files[PATH] = edit_step(PATH, MODEL, "rb3_recheck", same)
    rules = {found.rule for found in check_files(files).findings if found.severity == "error"}
    files[PATH] = MODEL
    assert rules == {found.rule for found in check_files(files).findings if found.severity == "error"}


def test_emptied_settings_leave_the_file() -> None:
    emptied = edit_step(PATH, MODEL, "rb3_recheck", StepEdit("复核", "", "", "", ""))
    spec = {row.spec.step_key: row.spec for row in outline(PATH, emptied).rows}["rb3_recheck"]
    assert (spec.duty, spec.candidate_group, spec.form_id, spec.name_en) == (None, None, None, None)
    assert spec.rules == "=rule_set"  # what the row doesn't show stays


def test_new_settings_stand_where_the_schema_wants_them() -> None:
    bare = b"""<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"><bpmn:process id="p">
      <bpmn:userTask id="t"><bpmn:documentation>why</bpmn:documentation><bpmn:incoming>f</bpmn:incoming></bpmn:userTask>
    </bpmn:process></bpmn:definitions>"""
    changed = edit_step("p.bpmn", bare, "t", StepEdit("一", "One", "intake", "rec_window", "f1")).decode()
    order = [changed.index(word) for word in ("documentation>", "<bpmn:extensionElements", "<bpmn:incoming>")]
    assert order == sorted(order)
    assert "<sanshen:duty" in changed
    assert "<zeebe:formDefinition" in changed
    assert outline("p.bpmn", changed.encode()).rows[0].spec.candidate_group == "rec_window"


@pytest.mark.parametrize(
    ("element", "edit", "field"),
    [
        ("nowhere", EDIT, "element"),
        ("flow_rb3_return", EDIT, "element"),
        ("rb3_recheck", replace(EDIT, duty="king"), "duty"),
        ("rb3_recheck", replace(EDIT, name="x" * 201), "name"),
        ("rb3_recheck", replace(EDIT, group="a\x00b"), "group"),
    ],
)
def test_senseless_rows_are_refused_by_field(element: str, edit: StepEdit, field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        edit_step(PATH, MODEL, element, edit)
    assert list(caught.value.errors) == [field]


def test_own_diagram_comes_before_those_it_calls() -> None:
    files = {"b/b.bpmn": b"", "a/a.bpmn": b"", "b/x.form": b"", "b/other.bpmn": b""}
    assert list_called(files, "b") == ["b/b.bpmn", "b/other.bpmn", "a/a.bpmn"]


def test_same_files_are_checked_once_and_changed_ones_again(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def count(files: object, *, deployed: object = None) -> CheckReport:
        asked.append(len(asked))
        return CheckReport(True, True, (), (), 0.0)

    monkeypatch.setattr(checked, "check_files", count)
    monkeypatch.setattr(checked, "_reports", OrderedDict())
    for files, deployed in (
        ({"a/a.bpmn": b"1"}, None),
        ({"a/a.bpmn": b"1"}, {}),
        ({"a/a.bpmn": b"12"}, {}),
        ({"a/a.bpmn1": b"2"}, {}),
        ({"a/a.bpmn": b"1"}, {"b/b.bpmn": b""}),
    ):
        checked.check_once(files, deployed)
    assert len(asked) == 4
    for number in range(checked.REMEMBERED + 1):
        checked.check_once({"a": b"%d" % number})
    assert len(checked._reports) == checked.REMEMBERED
