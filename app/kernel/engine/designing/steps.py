"""A diagram as a table that says the same: every node with its duty, group, form, and where it leads. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lxml import etree

from app.kernel.engine.check.findings import DefinitionInvalid
from app.kernel.engine.check.xml_safety import parsed_xml
from app.kernel.engine.dialect import FlowSpec, StepSpec, read_flows, read_steps
from app.kernel.engine.vocabulary import BPMN


@dataclass(frozen=True)
class Way:
    """A way out of a step: by a flow of its own, or by an event (`by`) that stands on its border."""

    flow: str
    target: str
    name: str
    risk: tuple[str, ...]
    default: bool
    by: str = ""


@dataclass(frozen=True)
class Row:
    """A node of the diagram in the table; events on its border are rows of their own as well."""

    spec: StepSpec
    ways: Sequence[Way]


@dataclass(frozen=True)
class Outline:
    """All nodes in file order; `names` by id, those of flows included. Empty for a file that is no diagram."""

    process: str
    rows: Sequence[Row]
    names: Mapping[str, str]

    def name(self, element: str) -> str:
        """What the reader knows the element by."""
        return self.names.get(element) or element


EMPTY = Outline("", (), {})


def outline(path: str, data: bytes) -> Outline:
    """Read a diagram as far as it can be read: a half-drawn one has a table too; broken bytes have an empty one."""
    try:
        root = parsed_xml(path, data)
    except DefinitionInvalid:
        return EMPTY
    steps: list[StepSpec] = []
    flows: list[FlowSpec] = []
    named: dict[str, str] = {}
    processes = list(root.iterchildren(f"{{{BPMN}}}process"))
    for process in processes:
        steps.extend(read_steps(process))
        flows.extend(read_flows(process))
        named |= _names(process)
    return Outline(
        processes[0].get("id", "") if processes else "",
        [Row(step, [*_ways(step, flows, named), *_by_events(step, steps, flows, named)]) for step in steps],
        named,
    )


def _names(process: etree._Element) -> dict[str, str]:
    return {key: node.get("name", "") for node in process.iter() if (key := node.get("id"))}


def _ways(step: StepSpec, flows: Sequence[FlowSpec], named: Mapping[str, str], by: str = "") -> list[Way]:
    return [
        Way(flow.id, flow.target, named.get(flow.id, ""), flow.risk, flow.default, by)
        for flow in flows
        if flow.source == step.step_key
    ]


def _by_events(
    step: StepSpec, steps: Sequence[StepSpec], flows: Sequence[FlowSpec], named: Mapping[str, str]
) -> list[Way]:
    """Through what interrupts or accompanies the step."""
    return [
        way
        for event in steps
        if event.attached_to == step.step_key
        for way in _ways(event, flows, named, event.name)
    ]


def list_called(files: Mapping[str, bytes], key: str) -> list[str]:
    """Paths of the diagrams of a set of files: the process's own first, then those it calls."""
    own = f"{key}/{key}.bpmn"
    diagrams = [path for path in sorted(files) if path.endswith(".bpmn")]
    return sorted(diagrams, key=lambda path: (path != own, path.partition("/")[0] != key, path))
