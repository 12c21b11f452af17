"""Random small models as other tools would export them: blocks inside blocks, with events on their borders."""

import random
from itertools import count

from tests.unit.engine.diagrams import diagram, flow, message, node, timer

DEPTH = 3


class _Drawing:
    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.parts: list[str] = []
        self._numbers = count(1)

    def key(self, prefix: str) -> str:
        return f"{prefix}{next(self._numbers)}"

    def add(self, tag: str, prefix: str, inner: str = "", **attributes: str) -> str:
        key = self.key(prefix)
        self.parts.append(node(tag, key, inner, **attributes))
        return key

    def join(self, source: str, target: str) -> None:
        self.parts.append(flow(source, target).replace('id="f_', f'id="f{next(self._numbers)}_'))

    def block(self, depth: int) -> tuple[str, str]:
        """A piece with one way in and one way out."""
        kinds = (
            ["task", "task", "event"]
            if depth == 0
            else ["task", "line", "split", "split", "loop", "sub", "race"]
        )
        kind: str = self.rng.choice(kinds)
        make = getattr(self, f"_{kind}")
        first, last = make(depth)
        return first, last

    def _task(self, depth: int) -> tuple[str, str]:
        tags = ["task", "userTask", "serviceTask", "manualTask", "scriptTask", "businessRuleTask", "sendTask"]
        key = self.add(self.rng.choice(tags), "t")
        if self.rng.random() < 0.3:
            self._border(key)
        return key, key

    def _border(self, host: str) -> None:
        inner = self.rng.choice([timer("timeDuration", "P1D"), message("m"), "<bpmn:errorEventDefinition/>"])
        interrupting = self.rng.choice(["true", "false"]) if "error" not in inner else "true"
        event = self.add("boundaryEvent", "b", inner, attachedToRef=host, cancelActivity=interrupting)
        self.join(event, self.add("endEvent", "e"))

    def _event(self, depth: int) -> tuple[str, str]:
        inner = self.rng.choice([timer("timeDuration", "PT1H"), message("m"), ""])
        tag = "intermediateCatchEvent" if inner else "intermediateThrowEvent"
        key = self.add(tag, "c", inner)
        return key, key

    def _line(self, depth: int) -> tuple[str, str]:
        first, middle = self.block(depth - 1)
        second, last = self.block(depth - 1)
        self.join(middle, second)
        return first, last

    def _split(self, depth: int) -> tuple[str, str]:
        tag = self.rng.choice(["exclusiveGateway", "parallelGateway", "inclusiveGateway"])
        opening, closing = self.add(tag, "g"), self.add(tag, "g")
        for _ in range(self.rng.randint(2, 3)):
            first, last = self.block(depth - 1)
            self.join(opening, first)
            self.join(last, closing)
        return opening, closing

    def _loop(self, depth: int) -> tuple[str, str]:
        merge, choice = self.add("exclusiveGateway", "g"), self.add("exclusiveGateway", "g")
        first, last = self.block(depth - 1)
        self.join(merge, first)
        self.join(last, choice)
        self.join(choice, merge)
        return merge, choice

    def _sub(self, depth: int) -> tuple[str, str]:
        outer, self.parts = self.parts, []
        first, last = self.block(depth - 1)
        start, end = self.add("startEvent", "s"), self.add("endEvent", "e")
        self.join(start, first)
        self.join(last, end)
        inner, self.parts = "".join(self.parts), outer
        key = self.add("subProcess", "sub", inner)
        if self.rng.random() < 0.3:
            self._border(key)
        return key, key

    def _race(self, depth: int) -> tuple[str, str]:
        gateway, merge = self.add("eventBasedGateway", "g"), self.add("exclusiveGateway", "g")
        for inner in (timer("timeDuration", "PT2H"), message("m")):
            event = self.add("intermediateCatchEvent", "c", inner)
            self.join(gateway, event)
            self.join(event, merge)
        return gateway, merge


def random_model(rng: random.Random) -> bytes:
    """One process `p` of a few dozen nodes."""
    drawing = _Drawing(rng)
    first, last = drawing.block(DEPTH)
    start, end = drawing.add("startEvent", "s"), drawing.add("endEvent", "e")
    drawing.join(start, first)
    drawing.join(last, end)
    return diagram(*drawing.parts, messages=["m"])
