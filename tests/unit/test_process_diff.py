"""What differs between two versions of a process, as a designer reads it."""

from __future__ import annotations

from app.kernel.engine.catalogue import read_folder
from app.kernel.engine.lifecycle.diff import DiagramDiff, compare_files
from app.wiring import WORKFLOWS

KEY = "injury_recognition"
DIAGRAM = f"{KEY}/{KEY}.bpmn"
FILES = read_folder(WORKFLOWS, KEY)


def changed(old: str, new: str) -> DiagramDiff:
    """The shipped diagram with one text replaced."""
    text = FILES[DIAGRAM].decode()
    assert text.count(old) == 1, old
    (diagram,) = compare_files(FILES, {**FILES, DIAGRAM: text.replace(old, new).encode()}).diagrams
    return diagram


def task(key: str) -> str:
    """The element's own text in the shipped diagram."""
    text = FILES[DIAGRAM].decode()
    begin = text.index(f'<bpmn:userTask id="{key}"')
    return text[begin : text.index("</bpmn:userTask>", begin) + len("</bpmn:userTask>")]


def test_the_same_files_have_no_difference() -> None:
    assert not compare_files(FILES, dict(FILES))


def test_only_the_spelling_of_a_diagram_differs_is_shown_as_text() -> None:
    spaced = FILES[DIAGRAM].replace(b"</bpmn:process>", b"\n  </bpmn:process>")
    diff = compare_files(FILES, {**FILES, DIAGRAM: spaced})
    assert diff.diagrams == ()
    assert [found.file for found in diff.files] == [DIAGRAM]


def test_a_changed_duty_names_its_property_old_and_new() -> None:
    old = task("p01_06_accept")
    diagram = changed(old, old.replace('kind="intake"', 'kind="assign"'))
    (change,) = diagram.elements
    assert (change.kind, change.element, change.type) == ("changed", "p01_06_accept", "userTask")
    assert [(p.name, p.old, p.new) for p in change.properties] == [("sanshen:duty.kind", "intake", "assign")]


def test_a_renamed_and_regrouped_step_lists_both() -> None:
    old = task("p01_06_accept")
    name = old.split('name="')[1].split('"')[0]
    new = old.replace(f'name="{name}"', 'name="受理（改名）"').replace(
        'candidateGroups="rec_window"', 'candidateGroups="rec_handler"'
    )
    (change,) = changed(old, new).elements
    assert change.name == "受理（改名）"
    assert {p.name for p in change.properties} == {"name", "zeebe:assignmentDefinition.candidateGroups"}


def test_a_moved_shape_is_apart_from_what_changed() -> None:
    text = FILES[DIAGRAM].decode()
    begin = text.index('bpmnElement="p01_06_accept"')
    bounds = text[text.index("<dc:Bounds", begin) : text.index("/>", begin)]
    x = bounds.split('x="')[1].split('"')[0]
    (change,) = changed(bounds, bounds.replace(f'x="{x}"', 'x="9999"')).elements
    assert (change.kind, change.element, change.properties) == ("moved", "p01_06_accept", ())


def test_added_and_removed_elements_carry_their_properties() -> None:
    old = task("p01_06_accept")
    diagram = changed(old, old.replace("p01_06_accept", "p01_06_other"))
    kinds = {change.element: change.kind for change in diagram.elements}
    assert kinds["p01_06_accept"] == "removed"
    assert kinds["p01_06_other"] == "added"
    (added,) = [change for change in diagram.elements if change.kind == "added"]
    assert ("sanshen:duty.kind", "", "intake") in [(p.name, p.old, p.new) for p in added.properties]
    assert diagram.ids("added") == ["p01_06_other"]


def test_a_condition_is_a_property_of_its_flow() -> None:
    text = FILES[DIAGRAM].decode()
    begin = text.index("<bpmn:conditionExpression")
    condition = text[text.index(">", begin) + 1 : text.index("</bpmn:conditionExpression>", begin)]
    replaced = text.replace(
        f">{condition}</bpmn:conditionExpression>", ">=false</bpmn:conditionExpression>", 1
    )
    (diagram,) = compare_files(FILES, {**FILES, DIAGRAM: replaced.encode()}).diagrams
    (change,) = diagram.elements
    assert change.type == "sequenceFlow"
    assert [(p.name, p.new) for p in change.properties] == [("conditionExpression", "=false")]


def test_other_files_are_compared_line_by_line_and_binary_ones_by_size() -> None:
    manifest = FILES[f"{KEY}/process.toml"].replace("工伤认定".encode(), "认定".encode(), 1)
    new = {**FILES, f"{KEY}/process.toml": manifest, f"{KEY}/evidence_notice.docx": b"PK"}
    del new[f"{KEY}/p01_06_accept.form"]
    found = {diff.file: diff for diff in compare_files(FILES, new).files}
    assert any(line.startswith("-") and "工伤认定" in line for line in found[f"{KEY}/process.toml"].lines)
    docx = found[f"{KEY}/evidence_notice.docx"]
    assert (docx.kind, docx.lines, docx.new_size) == ("changed", (), 2)
    assert found[f"{KEY}/p01_06_accept.form"].kind == "removed"


def test_a_diagram_that_cannot_be_read_is_compared_as_text() -> None:
    diff = compare_files(FILES, {**FILES, DIAGRAM: b"<!DOCTYPE x><x/>"})
    assert diff.diagrams == ()
    assert diff.files[0].kind == "changed"


def test_a_new_diagram_lists_its_elements_as_added() -> None:
    (diagram,) = compare_files({}, {DIAGRAM: FILES[DIAGRAM]}).diagrams
    assert diagram.kind == "added"
    assert {change.kind for change in diagram.elements} == {"added"}
