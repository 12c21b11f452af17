"""Process files from untrusted hands: refused with rule, element and line, or run as drawn."""

import os
from pathlib import Path

import pytest

from app.kernel.engine.check.findings import DefinitionInvalid, Finding
from app.kernel.engine.check.xml_safety import LARGEST_FILE
from app.kernel.engine.parsing import parse
from tests.unit.engine.diagrams import (
    REVIEW_LOOP,
    call,
    diagram,
    end,
    flow,
    message,
    node,
    sequence,
    service,
    start,
    timer,
    user,
)


def findings_of(data: bytes, key: str = "p") -> tuple[Finding, ...]:
    with pytest.raises(DefinitionInvalid) as refused:
        parse({"p.bpmn": data}, key)
    return refused.value.findings


def rules_of(data: bytes) -> set[str]:
    return {finding.rule for finding in findings_of(data) if finding.severity == "error"}


def split(edge: str) -> bytes:
    """A gateway x with one flow to the end and `edge` to y."""
    return around(node("exclusiveGateway", "x"), user("y"), edge, flow("y", "end"))


def around(*parts: str, **options: object) -> bytes:
    """A process start → x → end whose middle is `parts`, which must hold the node x."""
    return diagram(start(), *parts, end(), sequence("start", "x", "end"), **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (b"<a><b></a>", "xml-invalid"),
        (b"", "xml-invalid"),
        (b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', "xml-unsafe"),
        (b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', "xml-unsafe"),
        (b'<?xml version="1.0"?><!DoCtYpE a><a/>', "xml-unsafe"),
        ('<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE a><a/>'.encode("utf-16"), "xml-unsafe"),
        (b'<?xml version="1.0" encoding="UTF-7"?>+ADwAIQ-DOCTYPE a+AD4-<a/>', "xml-unsafe"),
        (b'<?xml version="1.0" encoding="GBK"?><a/>', "xml-unsafe"),
        (b"<a>\xff</a>", "xml-unsafe"),
        (b'<?xml version="1.0" encoding="ISO-8859-1"?><!DOCTYPE a><a/>', "xml-unsafe"),
        ('<?xml version="1.0" encoding="ISO-8859-1"?><a/>'.encode("utf-16"), "xml-unsafe"),
        (b"<a>" + b" " * LARGEST_FILE + b"</a>", "too-large"),
        (b"<a>" + b"<b/>" * 20_001 + b"</a>", "too-large"),
        (b"<a>" * 5_000 + b"</a>" * 5_000, "xml-invalid"),
    ],
)
def test_unsafe_files_are_refused_before_they_are_understood(data: bytes, rule: str) -> None:
    assert rules_of(data) == {rule}


def test_entities_reach_no_file(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret")
    data = f'<!DOCTYPE a [<!ENTITY x SYSTEM "{secret.as_uri()}">]><a>&x;</a>'.encode()
    assert "secret" not in " ".join(finding.message_en for finding in findings_of(data))


def test_a_drawing_without_numbers_is_refused_and_no_crash() -> None:
    drawn = (
        '<di:BPMNDiagram xmlns:di="http://www.omg.org/spec/BPMN/20100524/DI" '
        'xmlns:dc="http://www.omg.org/spec/DD/20100524/DC"><di:BPMNPlane><di:BPMNShape bpmnElement="x">'
        '<dc:Bounds x="left" y="1" width="1" height="1"/></di:BPMNShape></di:BPMNPlane></di:BPMNDiagram>'
    )
    data = around(user("x")).replace(b"</bpmn:definitions>", drawn.encode() + b"</bpmn:definitions>")
    assert rules_of(data) == {"unsupported-element"}


def test_a_script_task_without_an_id_is_refused_and_no_crash() -> None:
    data = around(user("x"), "<bpmn:scriptTask><bpmn:script>a = 1</bpmn:script></bpmn:scriptTask>")
    assert "xml-invalid" in rules_of(data)


def test_only_bytes_are_read() -> None:
    with pytest.raises(TypeError):
        parse({"p.bpmn": "<a/>"}, "p")  # type: ignore[dict-item]


LINK = "<bpmn:linkEventDefinition name='l'/>"


@pytest.mark.parametrize(
    ("data", "rule", "element"),
    [
        (around(node("intermediateThrowEvent", "x", LINK)), "unsupported-element", "x"),
        (around(node("intermediateThrowEvent", "x", "<bpmn:compensateEventDefinition/>")), "unsupported-element", "x"),
        (around(node("intermediateCatchEvent", "x", "<bpmn:signalEventDefinition/>")), "xml-invalid", "x"),
        (around(node("intermediateCatchEvent", "x", "<bpmn:cancelEventDefinition/>")), "unsupported-element", "x"),
        (around(node("intermediateCatchEvent", "x")), "unsupported-element", "x"),
        (around(node("transaction", "x")), "unsupported-element", "x"),
        (around(node("adHocSubProcess", "x")), "unsupported-element", "x"),
        (around(node("complexGateway", "x")), "unsupported-element", "x"),
        (around(node("userTask", "x", "<bpmn:multiInstanceLoopCharacteristics/>")), "unsupported-element", "x"),
        (around(node("subProcess", "x", start(), triggeredByEvent="true")), "unsupported-element", "x"),
        (around(node("intermediateCatchEvent", "x", message("none"))), "xml-invalid", "x"),
        (around(node("receiveTask", "x")), "xml-invalid", "x"),
        (around(node("scriptTask", "x", "<bpmn:script>import os</bpmn:script>")), "script-forbidden", "x"),
        (
            around(node("scriptTask", "x", "<bpmn:script>a = 1</bpmn:script>", scriptFormat="python")),
            "script-forbidden",
            "x",
        ),
        (around(node("scriptTask", "x", "<bpmn:script>a = f(1)</bpmn:script>")), "expression-invalid", "x"),
        (around(node("intermediateCatchEvent", "x", timer("timeCycle", "R/PT1H"))), "timer-unbounded", "x"),
        (around(node("intermediateCatchEvent", "x", timer("timeCycle", "=a"))), "timer-unbounded", "x"),
        (around(node("intermediateCatchEvent", "x", timer("timeDuration", "soon"))), "expression-invalid", "x"),
        (around(call("x", "nowhere")), "unknown-callee", "x"),
        (around(call("x", "p")), "unknown-callee", "x"),
        (around(user("x", duty="minister")), "duty-unknown", "x"),
        (around(user("x", group="=1 +")), "expression-invalid", "x"),
        (around(user("x", group="=if today() &gt; due then a else b")), "expression-invalid", "x"),
        (around(user("x", extra="<sanshen:rules set='=string(now())'/>")), "expression-invalid", "x"),
        (split(flow("x", "y", "is defined(a)")), "expression-invalid", "f_x_y"),
        (split(flow("x", "y", "substring(a) = 1")), "expression-invalid", "f_x_y"),
        (split(flow("x", "y", '"text"')), "expression-invalid", "f_x_y"),
        (split(flow("x", "y", "a) or (true", risk="normal")), "expression-invalid", "f_x_y"),
        (split(flow("x", "y", "a /* rest", risk="normal")), "expression-invalid", "f_x_y"),
        (around(service("x", extra='<sanshen:effect kind="mystery"/>')), "unsupported-element", "x"),
        (around(node("userTask", "x", extensions='<sanshen:duty kind="intake"/>')), "missing-form", "x"),
        (diagram(start(), user("x"), end(), sequence("start", "x")), "no-completion", "x"),
        (diagram(user("x"), end(), sequence("x", "end")), "xml-invalid", "p"),
        (around(user("x"), user("y"), flow("x", "y"), flow("y", "end")), "unsupported-element", "x"),
        (around(user("x"), user("x")), "xml-invalid", "x"),
        (diagram(start(), user("x"), user("y"), end(), sequence("start", "x", "y", "x")), "unsupported-element", "x"),
        (around(node("eventBasedGateway", "x")), "unsupported-element", "x"),
        (split(flow("x", "y", "1 <")), "expression-invalid", "f_x_y"),
        (split(flow("x", "y", "a")), "expression-invalid", "f_x_end"),
        (split(flow("x", "y", risk="low")), "expression-invalid", "f_x_y"),
        (diagram(start(), user("x"), end(), flow("start", "x"), flow("x", "end", "a")), "unsupported-element",
         "f_x_end"),
        (diagram(start(), user("x"), end(), sequence("start", "x", "nowhere"), flow("x", "end")), "xml-invalid",
         "f_x_nowhere"),
    ],
)  # fmt: skip
def test_what_cannot_run_right_is_refused_with_element_and_line(data: bytes, rule: str, element: str) -> None:
    matching = [
        f for f in findings_of(data) if f.rule == rule and f.element == element and f.severity == "error"
    ]
    assert matching
    assert matching[0].file == "p.bpmn"
    assert matching[0].line is not None
    assert matching[0].line > 1
    assert matching[0].message_zh
    assert matching[0].message_en


def test_all_findings_come_at_once() -> None:
    data = around(node("intermediateThrowEvent", "x", LINK), user("y", duty="minister"), flow("y", "end"))
    assert {"unsupported-element", "duty-unknown"} <= rules_of(data)


def test_files_made_elsewhere_get_warnings_only() -> None:
    parsed = parse({"p.bpmn": around(node("userTask", "x"))}, "p")
    assert {finding.rule for finding in parsed.findings} == {
        "duty-missing",
        "missing-form",
        "missing-candidate-group",
    }
    assert {finding.severity for finding in parsed.findings} == {"warning"}


def line_of(count: int) -> bytes:
    keys = ["start", *[f"s{number}" for number in range(count - 2)], "end"]
    return diagram(start(), *[service(key) for key in keys[1:-1]], end(), sequence(*keys))


def test_three_hundred_nodes_in_a_line_parse() -> None:
    assert len(parse({"p.bpmn": line_of(300)}, "p").steps) == 300


def test_a_thousand_nodes_in_a_line_are_refused_and_break_nothing() -> None:
    assert rules_of(line_of(1000)) == {"too-large"}


def test_an_unknown_process_is_refused() -> None:
    assert {finding.rule for finding in findings_of(REVIEW_LOOP, "nobody")} == {"xml-invalid"}


def test_processes_that_call_each_other_in_a_circle_are_refused() -> None:
    files = {
        "a.bpmn": diagram(start(), call("x", "b"), end(), sequence("start", "x", "end"), key="a"),
        "b.bpmn": diagram(start(), call("y", "a"), end(), sequence("start", "y", "end"), key="b"),
    }
    with pytest.raises(DefinitionInvalid, match="unknown-callee"):
        parse(files, "a")


def test_parsing_again_after_an_error_gives_the_whole_process() -> None:
    rules_of(around(node("intermediateThrowEvent", "x", LINK)))
    parsed = parse({"p.bpmn": REVIEW_LOOP}, "review")
    assert {step.step_key for step in parsed.steps} >= {"initial", "recheck", "final", "seal"}


def test_python_in_a_file_never_runs(tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    attack = f"__import__(&quot;os&quot;).system(&quot;touch {mark}&quot;)"
    places = [
        node("scriptTask", "x", f"<bpmn:script>{attack}</bpmn:script>"),
        node("scriptTask", "x", f"<bpmn:script>a = {attack}</bpmn:script>"),
        node("intermediateCatchEvent", "x", timer("timeDuration", "=" + attack)),
        user("x", group="=" + attack),
    ]
    for place in places:
        assert rules_of(around(place)) & {"script-forbidden", "expression-invalid"}
    assert not os.path.exists(mark)
