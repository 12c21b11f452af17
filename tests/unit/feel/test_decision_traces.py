"""A traced decision says how it came to its value: steps, rules hit with their annotations, entries."""

from __future__ import annotations

from app.kernel.decisions.dmn import read_models
from tests.unit.feel.models import decision, definitions, given, graph_of, literal, table

ANNOTATED = (
    table("UNIQUE", "< 5 | 1\n >= 5 | 2")
    .replace("<rule>", '<annotation name="依据"/><rule>', 1)
    .replace("</rule>", "<annotationEntry><text>第十条</text></annotationEntry></rule>")
)
BODY = (
    given("x")
    + given("y")
    + given("unused")
    + decision("rate", ANNOTATED, "?x")
    + decision("sum", literal("rate * y"), "rate ?y")
)


def test_steps_come_in_the_order_they_are_computed() -> None:
    decided = graph_of(BODY).trace("sum", {"x": 7, "y": 3})
    assert decided.value == 6
    assert [(one.kind, one.name, one.value) for one in decided.steps] == [
        ("input", "x", 7),
        ("decision", "rate", 2),
        ("input", "y", 3),
        ("decision", "sum", 6),
    ]
    assert decided.steps[-1].source == "rate * y"


def test_a_rule_hit_is_told_with_its_annotations_and_what_it_read() -> None:
    (hit,) = next(one for one in graph_of(BODY).trace("sum", {"x": 7, "y": 3}).steps if one.hits).hits
    assert (hit.number, hit.annotations) == (2, (("依据", "第十条"),))
    assert hit.inputs == (("x", 7),)
    assert hit.outputs == (("o", 2),)


def test_entries_of_a_context_are_told_one_by_one() -> None:
    entries = "".join(
        f'<contextEntry><variable name="{name}"/>{literal(source)}</contextEntry>'
        for name, source in (("a", "x + 1"), ("b", "a * 2"))
    )
    body = given("x") + decision("c", f"<context>{entries}</context>", "?x")
    step = graph_of(body).trace("c", {"x": 1}).steps[-1]
    assert [(one.name, one.source, one.value) for one in step.entries] == [
        ("a", "x + 1", 2),
        ("b", "a * 2", 4),
    ]


def test_what_is_not_traced_gives_the_same_without_steps() -> None:
    decided = graph_of(BODY).decide("sum", {"x": 7, "y": 3})
    assert (decided.value, decided.steps) == (6, ())


def test_inputs_of_a_decision_are_those_it_rests_on_over_imports_too() -> None:
    main = definitions(
        '<import name="other" namespace="urn:other" importType="https://www.omg.org/spec/DMN/20230324/MODEL/"/>'
        + given("z")
        + decision("top", literal("other.sum + z"), "?z").replace(
            "</decision>",
            '<informationRequirement><requiredDecision href="urn:other#sum"/></informationRequirement></decision>',
        ),
        "urn:main",
    )
    graph = read_models("main.dmn", {"main.dmn": main, "other.dmn": definitions(BODY, "urn:other")})
    assert {one.name for one in graph.list_inputs("top")} == {"x", "y", "z"}
