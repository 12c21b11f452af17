"""Random drawings of everything a tool can export: refused with reasons, or played without failing in the middle."""

import random
from collections import Counter

import pytest

from app.kernel.engine.check.findings import DefinitionInvalid
from tests.process.foreign import Player, foreign_spec
from tests.unit.engine.diagrams import HEAD

TASKS = (
    "task",
    "userTask",
    "serviceTask",
    "scriptTask",
    "sendTask",
    "receiveTask",
    "businessRuleTask",
    "callActivity",
)
GATEWAYS = ("exclusiveGateway", "inclusiveGateway", "parallelGateway", "eventBasedGateway", "complexGateway")
EVENTS = ("startEvent", "endEvent", "endEvent", "intermediateCatchEvent", "intermediateThrowEvent")
KINDS = (
    "message",
    "signal",
    "timer",
    "error",
    "escalation",
    "conditional",
    "link",
    "terminate",
    "compensate",
    "cancel",
)
USUAL = {
    "startEvent": ("message", "timer", "signal"),
    "endEvent": ("message", "terminate", "error", "signal", "escalation"),
    "intermediateCatchEvent": ("message", "timer", "signal", "conditional", "link"),
    "intermediateThrowEvent": ("message", "signal", "escalation", "link"),
    "boundaryEvent": ("message", "timer", "signal", "error", "escalation", "conditional"),
}
LOOPS = ("<bpmn:multiInstanceLoopCharacteristics/>", '<bpmn:standardLoopCharacteristics loopMaximum="4"/>')


class Soup:
    """Draws one scope after another; ids count up."""

    def __init__(self, rng: random.Random) -> None:
        self.rng, self.count = rng, 0

    def key(self) -> str:
        self.count += 1
        return f"n{self.count}"

    def definitions(self, event: str) -> str:
        rng = self.rng
        kinds = KINDS if rng.random() < 0.03 else USUAL[event]
        number = (
            rng.choices((0, 1, 2), (3, 12, 1))[0]
            if event != "boundaryEvent"
            else rng.choices((1, 2), (9, 1))[0]
        )
        chosen = [rng.choice(kinds) for _ in range(number)]
        return "".join(f'<bpmn:{kind}EventDefinition name="L{rng.randint(1, 2)}"/>' for kind in chosen)

    def scope(self, depth: int) -> str:
        """Nodes of a scope and flows between them; few of the drawings are tidy."""
        rng, parts, nodes = self.rng, list[str](), list[str]()
        for _ in range(rng.randint(1, 8)):
            key = self.key()
            nodes.append(key)
            parts += self.node(key, depth)
        for _ in range(rng.randint(len(nodes) - 1, len(nodes) + 3)):
            source, target = sorted((rng.choice(nodes), rng.choice(nodes)), key=lambda one: int(one[1:]))
            if rng.random() < 0.05:
                source, target = target, source
            if source == target:
                continue
            condition = (
                "<bpmn:conditionExpression>${x}</bpmn:conditionExpression>" if rng.random() < 0.2 else ""
            )
            ends = f'sourceRef="{source}" targetRef="{target}"'
            parts.append(f'<bpmn:sequenceFlow id="{self.key()}" {ends}>{condition}</bpmn:sequenceFlow>')
        return "".join(parts)

    def node(self, key: str, depth: int) -> list[str]:
        rng = self.rng
        kind = rng.choices(("task", "gateway", "event", "scope"), (5, 3, 4, 2 * (depth < 2)))[0]
        if kind == "gateway":
            return [f'<bpmn:{rng.choices(GATEWAYS, (5, 3, 4, 1, 1))[0]} id="{key}"/>']
        if kind == "event":
            name = rng.choice(EVENTS)
            return [f'<bpmn:{name} id="{key}">{self.definitions(name)}</bpmn:{name}>']
        inner = rng.choice(LOOPS) if rng.random() < 0.15 else ""
        if kind == "task":
            name, marks = rng.choice(TASKS), ""
        else:
            name = rng.choice(("subProcess", "subProcess", "transaction", "adHocSubProcess"))
            handler = name == "subProcess" and rng.random() < 0.3
            marks = ' triggeredByEvent="true"' if handler else ""
            begin = f'<bpmn:startEvent id="{self.key()}">{self.definitions("startEvent")}</bpmn:startEvent>'
            inner += (begin if handler else "") + self.scope(depth + 1)
        parts = [f'<bpmn:{name} id="{key}"{marks}>{inner}</bpmn:{name}>']
        if rng.random() < 0.2:
            cancels = rng.choice(("true", "false"))
            inside = self.definitions("boundaryEvent")
            attached = f'attachedToRef="{key}" cancelActivity="{cancels}"'
            parts.append(f'<bpmn:boundaryEvent id="{self.key()}" {attached}>{inside}</bpmn:boundaryEvent>')
        return parts


def drawing(seed: int) -> bytes:
    process = f'<bpmn:process id="p" isExecutable="false">{Soup(random.Random(seed)).scope(0)}</bpmn:process>'
    return (HEAD + process + "</bpmn:definitions>").encode()


def verdicts(seeds: range) -> Counter[str]:
    found: Counter[str] = Counter()
    for seed in seeds:
        try:
            spec = foreign_spec(drawing(seed))
        except DefinitionInvalid as refused:
            found["refused"] += 1
            reasons = {finding.message_en for finding in refused.findings if finding.severity == "error"}
            assert not [reason for reason in reasons if "the engine can't run this" in reason], (
                seed,
                reasons,
            )
            found.update(reasons)
            continue
        ended = [Player(spec, random.Random(turn), most=60).play().is_completed() for turn in range(2)]
        found["ended" if any(ended) else "not ended"] += 1
    return found


def test_no_drawing_fails_in_the_middle() -> None:
    found = verdicts(range(40))
    print(dict(found.most_common(12)))
    assert found["ended"] > found["refused"]


@pytest.mark.long
def test_no_drawing_of_thousands_fails_in_the_middle(seed: int) -> None:
    found = verdicts(range(seed * 10_000, seed * 10_000 + 3_000))
    print(dict(found.most_common(12)))
    assert found["ended"] > found["refused"]
