"""Callees, risk classes and several starts."""

from tests.unit.engine.corpus.parts import (
    LINE,
    MESSAGE,
    Model,
    bypass,
    chosen,
    event,
    final,
    gateway,
    initial,
    pay,
    person,
    process,
    recheck,
    safe,
    timed,
)
from tests.unit.engine.diagrams import call, flow, node, sequence


def set_of(name: str, *files: tuple[str, bytes], errors: frozenset[tuple[str, str]] = frozenset()) -> Model:
    return Model(name, {f"{key}.bpmn": data for key, data in files}, errors)


REVIEW = process(
    initial(), recheck(), final(), sequence("start", "initial", "recheck", "final", "end"), key="review"
)
HASTY = process(
    initial(),
    final(),
    gateway("choice", "f_choice_final"),
    sequence("start", "initial", "choice"),
    chosen("final", "end"),
    flow("final", "end"),
    key="review",
)
PAYING = process(call("c", "review"), pay(), sequence("start", "c", "pay", "end"))

CALLS = [
    set_of("the callee does the reviews", ("p", PAYING), ("review", REVIEW)),
    set_of(
        "the callee may skip a review",
        ("p", PAYING),
        ("review", HASTY),
        errors=frozenset({("duty-bypass", "pay")}),
    ),
    set_of(
        "an unknown callee earns nothing",
        ("p", PAYING),
        errors=frozenset({("duty-bypass", "pay"), ("unknown-callee", "c")}),
    ),
    set_of(
        "the callee is called after the payment",
        ("p", process(call("c", "review"), pay(), sequence("start", "pay", "c", "end"))),
        ("review", REVIEW),
        errors=frozenset({("duty-bypass", "pay")}),
    ),
    set_of(
        "a boundary event leaves the callee",
        (
            "p",
            process(
                call("c", "review"),
                pay(),
                timed("boundaryEvent", "late", attachedToRef="c"),
                sequence("start", "c", "pay", "end"),
                flow("late", "pay"),
            ),
        ),
        ("review", REVIEW),
        errors=frozenset({("duty-bypass", "pay")}),
    ),
]


def by_risk(*parts: str, requires: str = "initial_review recheck final_review") -> bytes:
    policy = f'<bpmn:extensionElements><sanshen:policy requires="{requires}"/></bpmn:extensionElements>'
    effect = node(
        "serviceTask",
        "pay",
        "",
        '<zeebe:taskDefinition type="pay"/><sanshen:effect kind="decided"/>'
        '<sanshen:clock ref="C" action="start"/><sanshen:document ref="letter"/>',
    )
    return process(policy, *parts, effect)


ROUTES = (
    initial()
    + recheck()
    + person("risk", "risk_review")
    + final()
    + gateway("choice", "f_choice_final")
    + gateway("rechecked", "f_rechecked_final")
    + sequence("start", "initial", "choice")
    + sequence("recheck", "rechecked")
    + sequence("risk", "final", "pay", "end")
)
OPEN = flow("choice", "final", risk="normal") + flow("choice", "recheck", risk="high routed")

RISK = [
    Model(
        "each class has its own way",
        {
            "p.bpmn": by_risk(
                ROUTES,
                OPEN,
                flow("rechecked", "final", risk="high"),
                flow("rechecked", "risk", risk="routed"),
            )
        },
    ),
    Model(
        "a routed case skips its risk review",
        {
            "p.bpmn": by_risk(
                ROUTES,
                OPEN,
                flow("rechecked", "final", risk="high routed"),
                flow("rechecked", "risk", risk="routed"),
            )
        },
        frozenset({("duty-bypass", "pay")}),
    ),
    Model(
        "an unmarked way is open to every class",
        {
            "p.bpmn": by_risk(
                ROUTES,
                flow("choice", "final"),
                flow("choice", "recheck", risk="high routed"),
                flow("rechecked", "final", risk="high"),
                flow("rechecked", "risk", risk="routed"),
            )
        },
        frozenset({("duty-bypass", "pay")}),
    ),
    Model(
        "normal cases need the first and the last duty only",
        {
            "p.bpmn": by_risk(
                initial(),
                final(),
                recheck(),
                person("risk", "risk_review"),
                gateway("choice", "f_choice_final"),
                sequence("start", "initial", "choice"),
                flow("choice", "final", risk="normal"),
                flow("choice", "recheck", risk="high routed"),
                sequence("recheck", "risk", "final", "pay", "end"),
            )
        },
    ),
]

STARTS = [
    bypass(
        "a second start leads past the reviews",
        LINE,
        event("startEvent", "letter", MESSAGE),
        sequence("start", "initial", "recheck", "final", "pay", "end"),
        flow("letter", "final"),
        messages=["alarm"],
        through=("letter", "final", "pay"),
    ),
    safe(
        "two starts lead to the same reviews",
        LINE,
        event("startEvent", "letter", MESSAGE),
        sequence("start", "initial", "recheck", "final", "pay", "end"),
        flow("letter", "initial"),
        messages=["alarm"],
    ),
]
