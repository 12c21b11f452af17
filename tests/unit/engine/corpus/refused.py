"""Everything else that keeps a process from being deployed: one model for each rule, and what only warns."""

from tests.unit.engine.corpus.parts import (
    Model,
    event,
    final,
    gateway,
    initial,
    pay,
    person,
    process,
    recheck,
    reviews,
    safe,
    timed,
    wrong,
)
from tests.unit.engine.diagrams import call, flow, node, sequence, service, timer, user

PLAIN = user("x")
WAY = sequence("start", "x", "end")


def in_way(*parts: str, errors: dict[str, str], name: str) -> Model:
    """start → x → end, the middle being `parts`."""
    return wrong(name, *parts, WAY, errors=errors)


UNSUPPORTED = [
    in_way(node("transaction", "x"), name="a transaction", errors={"unsupported-element": "x"}),
    in_way(node("complexGateway", "x"), name="a complex gateway", errors={"unsupported-element": "x"}),
    in_way(node("adHocSubProcess", "x"), name="an ad-hoc sub-process", errors={"unsupported-element": "x"}),
    in_way(
        event("intermediateThrowEvent", "x", "<bpmn:compensateEventDefinition/>"),
        name="a compensation",
        errors={"unsupported-element": "x"},
    ),
    in_way(
        PLAIN,
        "<bpmn:choreographyTask id='c'/>",
        name="an unknown element",
        errors={"unsupported-element": "c"},
    ),
]

WRITTEN_WRONG = [
    Model("not XML at all", {"p.bpmn": b"%PDF-1.7"}, frozenset({("xml-invalid", None)})),
    Model(
        "an entity",
        {"p.bpmn": b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>'},
        frozenset({("xml-unsafe", None)}),
    ),
    in_way(user("x"), user("x"), name="an id twice", errors={"xml-invalid": "x"}),
    in_way(user("x", group="=1 +"), name="an expression", errors={"expression-invalid": "x"}),
    in_way(
        node("scriptTask", "x", "<bpmn:script>import os</bpmn:script>"),
        name="a script",
        errors={"script-forbidden": "x"},
    ),
    in_way(
        event("intermediateCatchEvent", "x", timer("timeCycle", "R/PT1H")),
        name="a timer without end",
        errors={"timer-unbounded": "x"},
    ),
    in_way(user("x", duty="minister"), name="a duty nobody knows", errors={"duty-unknown": "x"}),
    in_way(call("x", "nowhere"), name="a callee that isn't there", errors={"unknown-callee": "x"}),
    in_way(
        node("userTask", "x"),
        user("y"),
        flow("y", "end"),
        name="a task without duty",
        errors={"duty-missing": "x", "missing-form": "x", "dead-task": "y"},
    ),
    in_way(
        node(
            "userTask",
            "x",
            "",
            '<sanshen:duty kind="intake"/><zeebe:assignmentDefinition candidateGroups="a"/>',
        ),
        name="a task without form",
        errors={"missing-form": "x"},
    ),
    in_way(
        node("userTask", "x", "", '<sanshen:duty kind="intake"/><zeebe:formDefinition formId="x"/>'),
        name="a task without group",
        errors={"missing-candidate-group": "x"},
    ),
]

WAYS = [
    wrong(
        "a join that one branch never reaches",
        gateway("choice", "f_choice_x"),
        gateway("join", tag="parallelGateway"),
        PLAIN,
        user("y"),
        sequence("start", "choice"),
        flow("choice", "x"),
        flow("choice", "y", "a"),
        sequence("x", "join", "end"),
        flow("y", "join"),
        errors={"no-completion": "join", "dead-task": "end"},
    ),
    wrong("a task no flow leads to", PLAIN, user("y"), WAY, flow("y", "end"), errors={"dead-task": "y"}),
    wrong(
        "a task for a class that never comes there",
        gateway("one", "f_one_x"),
        gateway("two", "f_two_x"),
        PLAIN,
        user("y"),
        sequence("start", "one"),
        flow("one", "x", risk="normal high"),
        flow("one", "two", risk="routed"),
        flow("two", "y", risk="normal"),
        flow("two", "x"),
        sequence("y", "end"),
        sequence("x", "end"),
        errors={"dead-task": "y"},
    ),
    wrong(
        "a loop of services",
        service("x"),
        service("y"),
        gateway("choice", "f_choice_end"),
        sequence("start", "x", "y", "choice", "end"),
        flow("choice", "x", "again"),
        errors={"endless-automatic-loop": "x"},
    ),
    wrong(
        "a loop through an error",
        service("x", extra='<sanshen:error code="bad"/>'),
        user("y"),
        event("boundaryEvent", "failed", '<bpmn:errorEventDefinition errorRef="bad"/>', attachedToRef="x"),
        sequence("start", "x", "y", "end"),
        flow("failed", "x"),
        root='<bpmn:error id="bad" name="bad" errorCode="bad"/>',
        errors={"endless-automatic-loop": "x"},
    ),
    safe(
        "a loop that waits a day",
        PLAIN,
        service("y"),
        timed("intermediateCatchEvent", "wait"),
        gateway("choice", "f_choice_end"),
        sequence("start", "x", "y", "choice", "end"),
        flow("choice", "wait", "again"),
        flow("wait", "y"),
    ),
    wrong(
        "a decision that requires nobody",
        pay(requires="", kind="decided"),
        sequence("start", "pay", "end"),
        errors={"effect-unguarded": "pay"},
    ),
]

REFUSED = [*UNSUPPORTED, *WRITTEN_WRONG]

BARE = node(
    "serviceTask",
    "s",
    "",
    '<zeebe:taskDefinition type="a"/>'
    '<sanshen:effect kind="paid" requires="initial_review" requires-routed="initial_review"/>',
)
WARNED = [
    ("duty-misplaced", process(node("manualTask", "x", "", '<sanshen:duty kind="intake"/>'), WAY)),
    (
        "effect-misplaced",
        process(
            initial(),
            recheck(),
            final(),
            pay(tag="manualTask"),
            sequence("start", "initial", "recheck", "final", "pay", "end"),
        ),
    ),
    ("missing-form", process(PLAIN, WAY)),
    (
        "missing-clock",
        process(
            initial(),
            BARE,
            sequence("start", "initial", "s", "end"),
        ),
    ),
    (
        "missing-document",
        process(
            initial(),
            BARE,
            sequence("start", "initial", "s", "end"),
        ),
    ),
    (
        "effect-unguarded",
        process(
            person("x", "intake"), pay("y", requires="", kind="issued"), sequence("start", "x", "y", "end")
        ),
    ),
]

FOREIGN = process(node("userTask", "x"), WAY)
BESIDE_FORMS = {"p.bpmn": process(reviews(), sequence("pay", "end")), "initial.form": b'{"components": []}'}
