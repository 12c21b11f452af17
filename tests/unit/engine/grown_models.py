"""Small random models, as plain shapes for the token game and as BPMN for the check.

They are grown as blocks (sequences, choices, forks, loops, sub-processes, calls), then some get a flow led
elsewhere, so that not everything is well formed.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from itertools import pairwise

from tests.unit.engine.diagrams import HEAD

REVIEWS = ("initial_review", "recheck", "risk_review", "final_review")
RISKS = ("normal", "high", "routed")
ROOTS = (
    '<bpmn:message id="m" name="m"/><bpmn:signal id="s" name="s"/>'
    '<bpmn:error id="e" name="e" errorCode="e"/><bpmn:escalation id="c" name="c" escalationCode="c"/>'
)
_DEFINITIONS = {
    "timer": "<bpmn:timerEventDefinition><bpmn:timeDuration>P1D</bpmn:timeDuration></bpmn:timerEventDefinition>",
    "message": '<bpmn:messageEventDefinition messageRef="m"/>',
    "signal": '<bpmn:signalEventDefinition signalRef="s"/>',
    "conditional": (
        "<bpmn:conditionalEventDefinition><bpmn:condition>=a</bpmn:condition></bpmn:conditionalEventDefinition>"
    ),
    "error": '<bpmn:errorEventDefinition errorRef="e"/>',
    "escalation": '<bpmn:escalationEventDefinition escalationRef="c"/>',
    "terminate": "<bpmn:terminateEventDefinition/>",
    "link": '<bpmn:linkEventDefinition name="{code}"/>',
    "": "",
}


@dataclass
class Step:
    id: str
    tag: str
    duty: str = ""
    signs: bool = True
    resets: bool = False
    requires: tuple[str, ...] | None = None
    """Duties an effect requires for every class; empty for those of the policy; None for no effect."""
    event: str = ""
    code: str = ""
    interrupting: bool = True
    host: str = ""
    loop: str = ""
    """`parallel` or `sequential`, several instances or none."""
    inner: Part | None = None
    called: str = ""
    raises: str = ""
    """An error a service or send task may end with: `before` its work is done or `after` it."""


@dataclass
class Arrow:
    id: str
    source: str
    target: str
    risk: tuple[str, ...] = ()


@dataclass
class Part:
    """A process or the inside of a sub-process."""

    id: str
    steps: dict[str, Step] = field(default_factory=dict)
    arrows: list[Arrow] = field(default_factory=list)
    triggered: bool = False


@dataclass
class Model:
    """The process `main` and those it calls."""

    parts: dict[str, Part]

    @property
    def main(self) -> Part:
        return self.parts["main"]

    def every_step(self) -> list[Step]:
        found, waiting = [], list(self.parts.values())
        while waiting:
            for step in waiting.pop().steps.values():
                found.append(step)
                waiting += [step.inner] if step.inner else []
        return found


class Grower:
    """Grows one model; `budget` bounds its size."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.count = 0
        self.budget = rng.randint(3, 9)
        self.model = Model({})

    def grow(self) -> Model:
        self.part("main", "main")
        if self.rng.random() < 0.3:
            self.led_elsewhere()
        return self.model

    def key(self, word: str) -> str:
        self.count += 1
        return f"{word}{self.count}"

    def part(self, key: str, process: str = "", trigger: str = "") -> Part:
        part = Part(key, triggered=bool(trigger))
        if process:
            self.model.parts[process] = part
        start = self.add(part, "startEvent")
        if trigger:
            part.steps[start].event = trigger
            part.steps[start].interrupting = trigger == "error" or self.rng.random() < 0.5
        first, last = self.line(part)
        self.arrow(part, start, first)
        ending = "terminate" if self.rng.random() < 0.05 else ""
        self.arrow(part, last, self.add(part, "endEvent", event=ending))
        if key == "main" and self.rng.random() < 0.12:
            self.arrow(part, self.add(part, "startEvent", event="message"), self.rng.choice([first, last]))
        if self.budget > 0 and self.rng.random() < 0.15:
            self.handler(part)
        return part

    def handler(self, part: Part) -> None:
        key = self.key("handler")
        kinds = ["timer", "message", "signal", "conditional"]
        thrown = {
            step.event for step in part.steps.values() if step.tag in ("endEvent", "intermediateThrowEvent")
        }
        kinds += [kind for kind in ("error", "escalation") if kind in thrown] * 4
        part.steps[key] = Step(key, "subProcess", inner=self.part(key, trigger=self.rng.choice(kinds)))

    def add(self, part: Part, tag: str, **marks: object) -> str:
        key = self.key(
            {"userTask": "u", "serviceTask": "s", "startEvent": "b", "endEvent": "z"}.get(tag, "n")
        )
        part.steps[key] = Step(key, tag, **marks)  # type: ignore[arg-type]
        return key

    def arrow(self, part: Part, source: str, target: str, risk: tuple[str, ...] = ()) -> None:
        part.arrows.append(Arrow(self.key("f"), source, target, risk))

    def line(self, part: Part) -> tuple[str, str]:
        """One to four pieces one after the other."""
        pieces = [self.piece(part) for _ in range(self.rng.randint(1, 3))]
        for before, after in pairwise(pieces):
            self.arrow(part, before[1], after[0])
        return pieces[0][0], pieces[-1][1]

    def piece(self, part: Part) -> tuple[str, str]:
        self.budget -= 1
        if self.budget < 0:
            return self.simple(part)
        grown = self.rng.choice(
            [self.guarded, self.guarded, self.guarded, self.simple, self.choice, self.choice, self.fork,
             self.inclusive, self.loop, self.within, self.within, self.interrupted, self.interrupted,
             self.first_event, self.link, self.by_risk]
        )  # fmt: skip
        return grown(part)

    def simple(self, part: Part) -> tuple[str, str]:
        tag = self.rng.choice(
            ["userTask", "userTask", "userTask", "serviceTask", "scriptTask", "manualTask", "sendTask", "receiveTask",
             "businessRuleTask", "intermediateCatchEvent", "intermediateThrowEvent", "effect"]
        )  # fmt: skip
        if tag == "effect":
            return self.effect(part)
        marks: dict[str, object] = {}
        if tag == "userTask":
            marks = {"duty": self.rng.choice([*REVIEWS, "intake"]), "resets": self.rng.random() < 0.15}
            marks["signs"] = marks["duty"] != "intake" and self.rng.random() < 0.9
        if tag == "intermediateCatchEvent":
            marks = {"event": self.rng.choice(["timer", "message", "signal", "conditional"])}
        if tag == "intermediateThrowEvent":
            marks = {"event": self.rng.choice(["", "message", "signal", "escalation"])}
        if tag == "serviceTask":
            marks = {"raises": self.raising()}
        if tag in ("userTask", "serviceTask") and self.rng.random() < 0.15:
            marks["loop"] = self.rng.choice(["parallel", "sequential"])
        key = self.add(part, tag, **marks)
        return key, key

    def effect(self, part: Part) -> tuple[str, str]:
        requires = self.rng.choice([(), ("final_review",), ("initial_review", "final_review"), ("recheck",)])
        tag = self.rng.choice(["serviceTask", "serviceTask", "sendTask"])
        key = self.add(part, tag, requires=requires, raises=self.raising())
        return key, key

    def raising(self) -> str:
        """Mostly nothing."""
        return self.rng.choice(["", "", "", "", "", "before", "after"])

    def guarded(self, part: Part) -> tuple[str, str]:
        """The reviews in order and the effect after them, sometimes with one left out."""
        keys = [self.add(part, "userTask", duty=duty) for duty in REVIEWS if self.rng.random() < 0.93]
        keys.append(self.effect(part)[0])
        for before, after in pairwise(keys):
            self.arrow(part, before, after)
        return keys[0], keys[-1]

    def choice(self, part: Part) -> tuple[str, str]:
        return self.branches(part, "exclusiveGateway", "exclusiveGateway")

    def fork(self, part: Part) -> tuple[str, str]:
        return self.branches(
            part, "parallelGateway", self.rng.choice(["parallelGateway"] * 4 + ["exclusiveGateway"])
        )

    def inclusive(self, part: Part) -> tuple[str, str]:
        return self.branches(part, "inclusiveGateway", "inclusiveGateway")

    def branches(self, part: Part, opens: str, closes: str) -> tuple[str, str]:
        first, last = self.add(part, opens), self.add(part, closes)
        for number in range(2):
            if number and opens != "parallelGateway" and self.rng.random() < 0.4:
                self.arrow(part, first, last)
                continue
            begin, end = self.line(part) if self.budget > 0 else self.simple(part)
            self.arrow(part, first, begin)
            self.leave(part, end, last)
        return first, last

    def leave(self, part: Part, end: str, last: str) -> None:
        """Mostly to where the branches meet, sometimes to an end of its own that throws something."""
        if self.rng.random() < 0.88:
            self.arrow(part, end, last)
            return
        self.arrow(
            part,
            end,
            self.add(part, "endEvent", event=self.rng.choice(["", "error", "escalation", "terminate"])),
        )

    def by_risk(self, part: Part) -> tuple[str, str]:
        first, last = self.add(part, "exclusiveGateway"), self.add(part, "exclusiveGateway")
        marks = self.rng.choice(
            [(("normal",), ("high", "routed")), (("normal", "high"), ("routed",)), ((), ("high",))]
        )
        for risk in marks:
            begin, end = self.simple(part)
            self.arrow(part, first, begin, risk)
            self.arrow(part, end, last)
        return first, last

    def loop(self, part: Part) -> tuple[str, str]:
        meet, split = self.add(part, "exclusiveGateway"), self.add(part, "exclusiveGateway")
        begin, end = self.line(part)
        self.arrow(part, meet, begin)
        self.arrow(part, end, split)
        self.arrow(part, split, meet)
        return meet, split

    def first_event(self, part: Part) -> tuple[str, str]:
        first, last = self.add(part, "eventBasedGateway"), self.add(part, "exclusiveGateway")
        for event in ("timer", "message"):
            caught = self.add(part, "intermediateCatchEvent", event=event)
            self.arrow(part, first, caught)
            if self.rng.random() < 0.5:
                begin, end = self.simple(part)
                self.arrow(part, caught, begin)
                caught = end
            self.arrow(part, caught, last)
        return first, last

    def link(self, part: Part) -> tuple[str, str]:
        code = self.key("l")
        thrown = self.add(part, "intermediateThrowEvent", event="link", code=code)
        return thrown, self.add(part, "intermediateCatchEvent", event="link", code=code)

    def within(self, part: Part) -> tuple[str, str]:
        """A sub-process or a call, perhaps several times."""
        loop = self.rng.choice(["", "", "", "", "parallel", "sequential"])
        key = self.key("c")
        if self.rng.random() < 0.3:
            part.steps[key] = Step(key, "callActivity", called=f"p_{key}", loop=loop)
            self.part(f"p_{key}", f"p_{key}")
        else:
            part.steps[key] = Step(key, "subProcess", inner=self.part(key), loop=loop)
        if self.rng.random() < 0.4:
            self.boundary(part, key, key)
        return key, key

    def interrupted(self, part: Part) -> tuple[str, str]:
        if self.rng.random() < 0.3:
            task = self.effect(part)[0] if self.rng.random() < 0.4 else self.add(part, "serviceTask")
            part.steps[task].raises = self.rng.choice(["", "before", "after"])
        else:
            task = self.add(part, "userTask", duty=self.rng.choice(REVIEWS))
        last = self.add(part, "exclusiveGateway")
        self.arrow(part, task, last)
        self.boundary(part, task, last)
        return task, last

    def boundary(self, part: Part, host: str, last: str) -> None:
        inner = part.steps[host].inner or self.model.parts.get(part.steps[host].called)
        events = ["timer", "message", "signal", "conditional", "error"]
        if inner is not None:
            events = [*events[:4], "error", "escalation"]
        event = self.rng.choice(events)
        stops = event == "error" or self.rng.random() < 0.6
        key = self.add(part, "boundaryEvent", event=event, host=host, interrupting=stops)
        begin, end = self.simple(part)
        self.arrow(part, key, begin)
        if last == host or not stops or self.rng.random() < 0.3:
            last = self.add(part, "endEvent")
        self.arrow(part, end, last)

    def led_elsewhere(self) -> None:
        part = self.rng.choice(
            [self.model.main, *(step.inner for step in self.model.every_step() if step.inner)]
        )
        targets = [
            step.id for step in part.steps.values()
            if step.tag not in ("startEvent", "boundaryEvent") and step.event != "link"
            and not (step.inner and step.inner.triggered)
        ]  # fmt: skip
        events = {step.id for step in part.steps.values() if step.tag == "eventBasedGateway"}
        arrows = [arrow for arrow in part.arrows if arrow.source not in events]
        if arrows and targets:
            self.rng.choice(arrows).target = self.rng.choice(targets)


def as_bpmn(model: Model) -> bytes:
    processes = "".join(
        f'<bpmn:process id="{key}"><bpmn:extensionElements>'
        '<sanshen:policy requires="initial_review recheck final_review"/></bpmn:extensionElements>'
        f"{_inside(part)}</bpmn:process>"
        for key, part in model.parts.items()
    )
    return (HEAD + ROOTS + processes + "</bpmn:definitions>").encode()


def _inside(part: Part) -> str:
    arrows = "".join(
        f'<bpmn:sequenceFlow id="{arrow.id}" sourceRef="{arrow.source}" targetRef="{arrow.target}"'
        + (f' sanshen:risk="{" ".join(arrow.risk)}"' if arrow.risk else "")
        + ">"
        + _condition(part, arrow)
        + "</bpmn:sequenceFlow>"
        for arrow in part.arrows
    )
    return "".join(_step(step) for step in part.steps.values()) + arrows


def _condition(part: Part, arrow: Arrow) -> str:
    asked = part.steps[arrow.source].tag == "inclusiveGateway"
    return "<bpmn:conditionExpression>=a</bpmn:conditionExpression>" if asked else ""


def _step(step: Step) -> str:
    marks = f'<sanshen:duty kind="{step.duty}" signs="{str(step.signs).lower()}" resets="{str(step.resets).lower()}"/>'
    extensions = marks if step.duty else ""
    if step.requires is not None:
        same = " ".join(step.requires)
        named = f' requires="{same}" requires-normal="{same}" requires-routed="{same}"' if same else ""
        extensions += f'<sanshen:effect kind="decided"{named}/>'
    if step.raises:
        asked = ' when="=a"' if step.raises == "after" else ""
        extensions += f'<sanshen:error code="e"{asked}/>'
    if step.called:
        extensions += f'<zeebe:calledElement processId="{step.called}"/>'
    inner = f"<bpmn:extensionElements>{extensions}</bpmn:extensionElements>" if extensions else ""
    inner += _DEFINITIONS[step.event].replace("{code}", step.code)
    if step.loop:
        inner += f'<bpmn:multiInstanceLoopCharacteristics isSequential="{str(step.loop == "sequential").lower()}"/>'
    marks = f' attachedToRef="{step.host}"' if step.host else ""
    if not step.interrupting:
        marks += ' cancelActivity="false"' if step.host else ' isInterrupting="false"'
    if step.inner is not None:
        marks += ' triggeredByEvent="true"' if step.inner.triggered else ""
        inner += _inside(step.inner)
    return f'<bpmn:{step.tag} id="{step.id}"{marks}>{inner}</bpmn:{step.tag}>'
