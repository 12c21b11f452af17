"""Names in expressions that nothing sets are told, with their place; names that something sets are not."""

import pytest
from lxml import etree

from app.kernel.engine.check.report import check_files
from app.kernel.engine.check.unknown_names import unknown_names
from app.wiring import WORKFLOWS
from tests.unit.engine.diagrams import (
    diagram,
    end,
    flow,
    node,
    sequence,
    service,
    start,
    timer,
    user,
)

MANIFEST = {
    "interface": {"inputs": ["given"]},
    "fact": {"routed": {"routing": True}, "kept": {"routing": False}},
}


def told(*parts: str) -> list[tuple[str | None, str]]:
    root = etree.fromstring(diagram(start(), *parts, end()))
    found = list(unknown_names({"p/p.bpmn": root}, [MANIFEST], ["p/p.bpmn"]))
    assert {(one.rule, one.severity, one.file) for one in found} <= {("name-unknown", "warning", "p/p.bpmn")}
    return [(one.element, one.message_en) for one in found]


def nothing_sets(name: str, line: int = 1, column: int = 1) -> str:
    return f"nothing ever sets {name!r}, it is always null (line {line}, column {column})"


def mapped(tag: str, key: str, mapping: str) -> str:
    return node(tag, key, extensions=f"<zeebe:ioMapping>{mapping}</zeebe:ioMapping>")


SCRIPT = node("scriptTask", "s", "<bpmn:script>made = routed\nother = made + given</bpmn:script>")


@pytest.mark.parametrize(
    ("part", "element", "message"),
    [
        (
            flow("start", "end", 'outcome = "a" and oucome = "b"'),
            "f_start_end",
            nothing_sets("oucome", 1, 19),
        ),
        (flow("start", "end", "kept"), "f_start_end", nothing_sets("kept")),
        (flow("start", "end", "true or\n missing.deep"), "f_start_end", nothing_sets("missing", 2, 2)),
        (user("x", group="=nobody"), "x", nothing_sets("nobody")),
        (user("x", extra='<sanshen:rules set="=nothing"/>'), "x", nothing_sets("nothing")),
        (node("intermediateCatchEvent", "t", timer("timeDuration", "=later")), "t", nothing_sets("later")),
        (node("scriptTask", "s", "<bpmn:script>a = b</bpmn:script>"), "s", nothing_sets("b")),
        (mapped("callActivity", "c", '<zeebe:input source="=from" target="to"/>'), "c", nothing_sets("from")),
    ],
)
def test_a_name_that_nothing_sets_is_told_with_its_place(part: str, element: str, message: str) -> None:
    assert told(part) == [(element, message)]


@pytest.mark.parametrize(
    "part",
    [
        SCRIPT + flow("start", "end", "made > other"),
        flow("start", "end", 'risk = "high" and procedure != null and routed and given = votes'),
        flow("start", "end", "some x in [1, 2] satisfies x > 1"),
        service("r", "run_rules") + flow("start", "end", "block"),
        mapped("callActivity", "c", '<zeebe:output source="=given" target="back"/>') + flow("start", "end", "back"),
        node("receiveTask", "w", "<bpmn:multiInstanceLoopCharacteristics><bpmn:completionCondition>=loopCounter = "
             "numberOfInstances</bpmn:completionCondition></bpmn:multiInstanceLoopCharacteristics>"),
        service("h", "somebodys_handler") + flow("start", "end", "whatever"),
        flow("start", "end", "not an expression ("),
    ],
)  # fmt: skip
def test_names_that_something_sets_and_what_is_told_elsewhere_are_not_told(part: str) -> None:
    assert told(part) == []


def test_what_a_called_folder_says_it_is_called_with_is_known() -> None:
    folder = WORKFLOWS / "review_block"
    files = {f"review_block/{path.name}": path.read_bytes() for path in folder.iterdir()}
    assert [one.message_en for one in check_files(files).findings if one.rule == "name-unknown"] == []


def test_a_whole_folder_is_told_of_its_slips_and_may_be_deployed() -> None:
    bpmn = diagram(
        start(), user("x", duty="intake"), node("exclusiveGateway", "g"), end(), user("y"),
        sequence("start", "x", "g"), flow("g", "end", 'outcom = "done"'), flow("g", "y", 'outcome = "more"'),
        sequence("y", "end"),
    )  # fmt: skip
    files = {
        "p/p.bpmn": bpmn,
        "p/process.toml": b'[process]\nkey = "p"\ntitle_zh = "a"\ntitle_en = "a"\n',
        "p/x.form": b'{"components": []}',
        "p/y.form": b'{"components": []}',
    }
    report = check_files(files)
    assert report.deployable, report.findings
    (slip,) = [one for one in report.findings if one.rule == "name-unknown"]
    assert slip.element == "f_g_end"
    assert slip.line
