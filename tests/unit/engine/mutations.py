"""Process files damaged on purpose: in their bytes, their structure, their expressions."""

from __future__ import annotations

import copy
import random

from lxml import etree

from app.kernel.engine.vocabulary import BPMN, FLOW_NODES, SANSHEN, ZEEBE

TAGS = [
    *sorted(FLOW_NODES),
    "process", "sequenceFlow", "transaction", "adHocSubProcess", "complexGateway", "task", "laneSet",
    "extensionElements",
    "multiInstanceLoopCharacteristics", "standardLoopCharacteristics", "timerEventDefinition", "linkEventDefinition",
    "errorEventDefinition", "compensateEventDefinition", "cancelEventDefinition", "signalEventDefinition",
]  # fmt: skip
ATTRIBUTES = (
    "id", "name", "sourceRef", "targetRef", "attachedToRef", "default", "cancelActivity", "triggeredByEvent",
    "isExecutable", "messageRef", "errorRef", "isSequential", "calledElement", f"{{{SANSHEN}}}risk",
)  # fmt: skip


def hostile(canary: str) -> list[str]:
    """Texts that would touch the file `canary`, hang, or blow up in a careless reader."""
    return [
        f"__import__('os').system('touch {canary}')",
        f"=__import__('os').system('touch {canary}')",
        f'="".__class__.__mro__[1].__subclasses__()[0]("touch {canary}")',
        f"open('{canary}','w').write('x')",
        f"x = open('{canary}', 'w')",
        f"a = 1\nimport os; os.system('touch {canary}')",
        f"$(touch {canary})",
        f"`touch {canary}`",
        "=" + "(" * 5_000 + "1" + ")" * 5_000,
        "=" + "not(" * 3_000 + "true" + ")" * 3_000,
        "=" + "[" * 4_000,
        "=" + " + ".join(["1"] * 20_000),
        "=" + "-" * 10_000 + "1",
        "=9" * 500,
        "=10 ** 10 ** 10",
        '="' + "a" * 100_000,
        '=if true then ' * 2_000 + "1",
        "=a." * 3_000 + "b",
        "R/PT1S", "R999999999/PT1S", "R-1/PT1S", "P999999999999Y", "PT", "P1Y" * 1_000, "9999-99-99T99:99:99Z",
        "0001-01-01", "=", "", " ", "\u202e\u200b", "\U0001f980" * 50, "-1", "99999999999999999999", "1e400", "nan",
        "normal high routed low", "initial_review " * 500, "{{7*7}}", "${7*7}", "%s%s%n", "../../etc/passwd", "∞",
    ]  # fmt: skip


class Mutator:
    """Damages `files` at random; each kind of damage a third of the time, sometimes several at once."""

    def __init__(self, rng: random.Random, canary: str) -> None:
        self.rng = rng
        self.hostile = hostile(canary)

    def mutate(self, data: bytes) -> bytes:
        for _ in range(self.rng.choice([1, 1, 1, 2, 4])):
            data = self.rng.choice([self.bytes, self.structure, self.expressions])(data)
        return data

    def bytes(self, data: bytes) -> bytes:
        if not data:
            return data
        start = self.rng.randrange(len(data))
        end = min(len(data), start + self.rng.choice([1, 1, 2, 10, 200, 5_000]))
        noise = self.rng.randbytes(self.rng.choice([1, 1, 4, 40]))
        return self.rng.choice(
            [
                lambda: data[:start] + data[end:],
                lambda: data[:start] + noise + data[start:],
                lambda: data[:start] + noise + data[end:],
                lambda: data[:start] + data[start:end] * self.rng.choice([2, 3, 50]) + data[end:],
                lambda: data[:start],
                lambda: data[start:],
                lambda: (
                    data[:start]
                    + self.rng.choice([b"\0", b"<", b">", b"&", b'"', b"<!DOCTYPE a>", b"]]>"])
                    + data[start:]
                ),
            ]
        )()

    def structure(self, data: bytes) -> bytes:
        root = _tree(data)
        if root is None:
            return data
        nodes = [node for node in root.iter() if isinstance(node.tag, str) and node is not root]
        if not nodes:
            return data
        node, other = self.rng.choice(nodes), self.rng.choice(nodes)
        self.rng.choice(
            [self._drop, self._double, self._move, self._retag, self._attribute, self._attribute, self._nest]
        )(node, other)
        return etree.tostring(root)

    def _drop(self, node: etree._Element, _: etree._Element) -> None:
        parent = node.getparent()
        if parent is not None:
            parent.remove(node)

    def _double(self, node: etree._Element, _: etree._Element) -> None:
        parent = node.getparent()
        if parent is not None:
            parent.append(copy.deepcopy(node))

    def _move(self, node: etree._Element, other: etree._Element) -> None:
        if node is not other and node not in other.iterancestors():
            other.append(node)

    def _retag(self, node: etree._Element, _: etree._Element) -> None:
        namespace = self.rng.choice([BPMN, BPMN, BPMN, ZEEBE, SANSHEN, "urn:other"])
        node.tag = f"{{{namespace}}}{self.rng.choice(TAGS)}"

    def _attribute(self, node: etree._Element, other: etree._Element) -> None:
        name = self.rng.choice([*node.attrib, *ATTRIBUTES])
        values = [other.get("id") or "x", "true", "false", "", *self.hostile]
        if self.rng.random() < 0.2 and name in node.attrib:
            del node.attrib[name]
        else:
            node.set(name, _printable(self.rng.choice(values[:4] if self.rng.random() < 0.7 else values)))

    def _nest(self, node: etree._Element, _: etree._Element) -> None:
        """Many sub-processes around a copy of the node."""
        parent, inner = node.getparent(), copy.deepcopy(node)
        for number in range(self.rng.choice([2, 20, 90])):
            outer = etree.Element(f"{{{BPMN}}}subProcess", id=f"nested_{number}")
            outer.append(inner)
            inner = outer
        if parent is not None:
            parent.append(inner)

    def expressions(self, data: bytes) -> bytes:
        root = _tree(data)
        if root is None:
            return data
        text = _printable(self.rng.choice(self.hostile))
        places = [
            node for node in root.iter() if isinstance(node.tag, str) and node.text and node.text.strip()
        ]
        marked = [
            (node, name) for node in root.iter() for name in node.attrib if node.get(name, "").startswith("=")
        ]
        if places and (not marked or self.rng.random() < 0.5):
            self.rng.choice(places).text = text
        elif marked:
            node, name = self.rng.choice(marked)
            node.set(name, text)
        return etree.tostring(root)


def _tree(data: bytes) -> etree._Element | None:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        return etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError):
        return None


def _printable(text: str) -> str:
    return "".join(sign for sign in text if sign.isprintable() or sign in "\n ")
