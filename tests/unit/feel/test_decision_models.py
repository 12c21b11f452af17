"""Decision models: requirement graphs, boxed expressions, services, types, imports, hostile files."""

from __future__ import annotations

from decimal import Decimal

import pytest

from app.kernel.decisions.dmn import ModelInvalid, read_models
from tests.unit.feel.models import decided, decision, definitions, given, graph_of, literal

KNOWLEDGE = (
    '<businessKnowledgeModel id="k" name="k"><variable name="k"/><encapsulatedLogic>'
    '<formalParameter name="a" typeRef="number"/><formalParameter name="b" typeRef="number"/>'
    f"{literal('a - b')}</encapsulatedLogic></businessKnowledgeModel>"
)
SERVICE = (
    '<decisionService id="s" name="s"><variable name="s"/><outputDecision href="#out"/>'
    '<inputDecision href="#mid"/><inputData href="#x"/></decisionService>'
)


def test_only_what_a_decision_needs_is_computed() -> None:
    body = given("x") + decision("a", literal("x + 1"), "?x") + decision("d", literal("a * 2"), "a")
    assert decided(body, {"x": 3}) == 8


def test_what_isnt_required_isnt_in_scope() -> None:
    body = given("x") + decision("d", literal("x"))
    assert decided(body, {"x": 3}) is None


def test_a_decision_that_needs_itself_is_null() -> None:
    body = decision("a", literal("d"), "d") + decision("d", literal("a"), "a")
    assert decided(body) is None


def test_knowledge_is_called_by_position_name_and_boxed_invocation() -> None:
    boxed = (
        f"<invocation>{literal('k')}<binding><parameter name='b'/>{literal('1')}</binding>"
        f"<binding><parameter name='a'/>{literal('5')}</binding></invocation>"
    )
    for expression in (literal("k(5, 1)"), literal("k(b: 1, a: 5)"), boxed):
        assert decided(KNOWLEDGE + decision("d", expression, knowledge="k")) == 4
    assert decided(KNOWLEDGE + decision("d", literal('k("5", 1)'), knowledge="k")) is None


def test_knowledge_may_call_itself() -> None:
    body = (
        '<businessKnowledgeModel id="f" name="f"><variable name="f"/><encapsulatedLogic>'
        f'<formalParameter name="n"/>{literal("if n <= 1 then 1 else n * f(n - 1)")}'
        "</encapsulatedLogic></businessKnowledgeModel>"
    )
    assert decided(body + decision("d", literal("f(5)"), knowledge="f")) == 120


def test_a_type_nobody_defined_is_a_problem_and_taken_as_any() -> None:
    graph = graph_of(given("x", "tGone") + decision("d", literal("x"), "?x"))
    assert [one.rule for one in graph.problems] == ["type-unknown"]
    assert graph.decide("d", {"x": 1}).value == 1


@pytest.mark.parametrize(
    "namespace",
    ["http://www.omg.org/spec/FEEL/20140401", "http://www.omg.org/spec/DMN/20180521/FEEL/", "urn:test"],
)
def test_the_prefix_of_a_type_is_that_of_feel_or_of_the_model_itself(namespace: str) -> None:
    kind = "p:tAge" if namespace == "urn:test" else "p:number"
    item = '<itemDefinition name="tAge"><typeRef>number</typeRef></itemDefinition>'
    typed = decision("d", literal('"7"'), kind=kind).replace(
        "<decision ", f'<decision xmlns:p="{namespace}" ', 1
    )
    graph = graph_of(item + typed)
    assert graph.problems == ()
    assert graph.decide("d", {}).value is None  # a text is no number


def test_the_prefix_of_a_type_may_be_that_of_an_import() -> None:
    other = definitions('<itemDefinition name="tAge"><typeRef>number</typeRef></itemDefinition>', "urn:o")
    load = '<import namespace="urn:o" name="o" importType="https://www.omg.org/spec/DMN/20230324/MODEL/"/>'
    typed = decision("d", literal("[7]"), kind="p:tAge").replace(
        "<decision ", '<decision xmlns:p="urn:o" ', 1
    )
    graph = graph_of(load + typed, **{"o.dmn": other})
    assert graph.problems == () and graph.decide("d", {}).value == 7


def test_a_service_takes_input_data_then_input_decisions() -> None:
    body = (
        given("x")
        + decision("mid", literal('"never"'))
        + decision("out", literal("string(x) + mid"), "?x mid")
        + SERVICE
        + decision("d", literal('s(1, "m")'), knowledge="s")
    )
    graph = graph_of(body)
    assert graph.decide("d", {}).value == "1m"
    assert graph.invoke("s", {"x": 2, "mid": "n"}).value == "2n"


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (
            f"<context><contextEntry><variable name='a b'/>{literal('1')}</contextEntry>"
            f"<contextEntry>{literal('a b + 1')}</contextEntry></context>",
            Decimal(2),
        ),
        (f"<list>{literal('1')}{literal('null')}</list>", [Decimal(1), None]),
        (
            f"<relation><column name='a'/><column name='b'/><row>{literal('1')}{literal('2')}</row></relation>",
            [{"a": Decimal(1), "b": Decimal(2)}],
        ),
        (
            f"<conditional><if>{literal('1 > 2')}</if>"
            f"<then>{literal('1')}</then><else>{literal('2')}</else></conditional>",
            2,
        ),
        (
            f"<for iteratorVariable='i'><in>{literal('[1, 2]')}</in><return>{literal('i * 2')}</return></for>",
            [2, 4],
        ),
        (
            f"<some iteratorVariable='i'><in>{literal('[1, 2]')}</in><satisfies>{literal('i > 1')}</satisfies></some>",
            True,
        ),
        (
            f"<every iteratorVariable='i'><in>{literal('[1, 2]')}</in>"
            f"<satisfies>{literal('i > 1')}</satisfies></every>",
            False,
        ),
        (f"<filter><in>{literal('[1, 2, 3]')}</in><match>{literal('item > 1')}</match></filter>", [2, 3]),
        (
            f"<context><contextEntry><variable name='f'/>"
            f"<functionDefinition><formalParameter name='n'/>{literal('n + 1')}"
            f"</functionDefinition></contextEntry><contextEntry>{literal('f(1)')}</contextEntry></context>",
            2,
        ),
    ],
)
def test_boxed_expressions(expression: str, expected: object) -> None:
    assert decided(decision("d", expression)) == expected


ITEMS = """
<itemDefinition name="tGrade"><typeRef>number</typeRef>
  <allowedValues><text>[1..10]</text></allowedValues></itemDefinition>
<itemDefinition name="tGrades" isCollection="true"><typeRef>tGrade</typeRef>
  <typeConstraint><text>count(?) &lt; 3</text></typeConstraint></itemDefinition>
<itemDefinition name="tWorker"><itemComponent name="full name"><typeRef>string</typeRef></itemComponent>
  <itemComponent name="grade"><typeRef>tGrade</typeRef></itemComponent></itemDefinition>
"""


@pytest.mark.parametrize(
    ("kind", "value", "fits"),
    [
        ("tGrade", 10, True),
        ("tGrade", 11, False),
        ("tGrade", "10", False),
        ("tGrade", None, True),
        ("tGrades", [1, 2], True),
        ("tGrades", [1, 11], False),
        ("tGrades", [1, 2, 3], False),
        ("tWorker", {"full name": "a", "grade": 1}, True),
        ("tWorker", {"full name": "a", "grade": 0}, False),
        ("tWorker", {"grade": 1}, False),
    ],
)
def test_a_value_that_doesnt_conform_is_null(kind: str, value: object, fits: bool) -> None:
    body = ITEMS + given("x", kind) + decision("d", literal("x"), "?x")
    result = graph_of(body).decide("d", {"x": value})
    assert (result.value is not None) == (fits and value is not None)
    assert bool(result.diagnostics) is not fits


def test_members_with_blanks_are_read() -> None:
    body = ITEMS + given("x", "tWorker") + decision("d", literal("x.full name"), "?x")
    assert decided(body, {"x": {"full name": "张三", "grade": 1}}) == "张三"


def test_a_list_of_one_becomes_its_item_and_an_item_a_list() -> None:
    assert decided(decision("d", literal("[5]"), kind="number")) == 5
    assert decided(ITEMS + decision("d", literal("5"), kind="tGrades")) == [5]


def test_models_import_each_other_by_namespace() -> None:
    other = definitions(
        ITEMS + given("who") + decision("greeting", literal('"你好，" + who'), "?who") + KNOWLEDGE,
        "urn:other",
    )
    main = (
        f'<import name="common words" namespace="urn:other" importType="{"https://www.omg.org/spec/DMN/20230324/MODEL/"}"/>'
        '<decision id="d" name="d"><variable name="d" typeRef="string"/>'
        '<informationRequirement><requiredDecision href="urn:other#greeting"/></informationRequirement>'
        '<knowledgeRequirement><requiredKnowledge href="urn:other#k"/></knowledgeRequirement>'
        f"{literal('common words.greeting + string(common words.k(3, 1))')}</decision>"
    )
    graph = graph_of(main, **{"other.dmn": other})
    assert graph.problems == ()
    assert graph.decide("d", {"who": "张三"}).value == "你好，张三2"
    assert graph.decide("d", {"{urn:other}who": "李四"}).value == "你好，李四2"


def test_missing_requirements_and_imports_are_problems() -> None:
    body = (
        '<import name="o" namespace="urn:gone" importType="https://www.omg.org/spec/DMN/20230324/MODEL/"/>'
        + decision("d", literal("1"), "gone")
    )
    assert {one.rule for one in graph_of(body).problems} == {"import-missing", "requirement-missing"}


def test_external_functions_are_refused() -> None:
    expression = (
        f'<functionDefinition kind="Java">'
        f'<context><contextEntry><variable name="class"/>{literal("1")}</contextEntry></context>'
        "</functionDefinition>"
    )
    graph = graph_of(decision("f", expression) + decision("d", literal("f()"), "f"))
    assert [one.rule for one in graph.problems] == ["external-function"]
    assert graph.decide("d", {}).value is None


def test_an_unknown_decision_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        graph_of("").decide("gone", {})


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (b"<definitions", "xml-invalid"),
        (b"<html/>", "not-a-model"),
        (b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>', "xml-unsafe"),
        (b'<?xml version="1.0" encoding="UTF-16"?><x/>', "xml-unsafe"),
        (b" " * (4 * 1024 * 1024 + 1), "too-large"),
        (b"<x>" * 101 + b"</x>" * 101, "too-deep"),
        (definitions(decision("d", "") + decision("d", "")), "duplicate-id"),
    ],
)
def test_hostile_files_are_refused(data: bytes, rule: str) -> None:
    with pytest.raises(ModelInvalid) as caught:
        read_models("m.dmn", {"m.dmn": data})
    assert [one.rule for one in caught.value.problems] == [rule]


@pytest.mark.parametrize("version", ["20180521", "20191111", "20211108", "20230324"])
def test_models_of_dmn_1_2_to_1_5_are_read(version: str) -> None:
    data = definitions(decision("d", literal("1")), xmlns=f"https://www.omg.org/spec/DMN/{version}/MODEL/")
    assert read_models("m.dmn", {"m.dmn": data}).decide("d", {}).value == 1
