"""What walks of a process came to: every element and every flow of its own, however often it was saved on the way."""

from collections.abc import Iterable

from lxml import etree

from app.kernel.engine.simulation.marking import passed
from app.kernel.engine.vocabulary import ADDED, BPMN, FLOW_NODES
from tests.process.drive import WORKFLOWS, Drive


def unreached(process_id: str, walks: Iterable[Drive]) -> list[str]:
    """Ids of elements and flows of the process's own model that none of the walks came to.

    Walks must not be compacted: what was left behind is read off the engine's own tree.
    """
    elements: set[str] = set()
    flows: set[tuple[str, str]] = set()
    for walk in walks:
        assert not walk.compacting
        seen, went = passed(walk.instance)
        elements |= {key for _scope, key in seen}
        flows |= {(source, target) for _scope, source, target in went}
    model = etree.parse(WORKFLOWS / process_id / f"{process_id}.bpmn").getroot().find(f"{{{BPMN}}}process")
    assert model is not None
    missed = [
        node.get("id", "")
        for node in model.iterdescendants()
        if etree.QName(node).localname in FLOW_NODES and node.get("id") not in elements
    ]
    drawn = [
        (one.get("sourceRef"), one.get("targetRef"), one.get("id"))
        for one in model.iter(f"{{{BPMN}}}sequenceFlow")
    ]
    return missed + [
        key for source, target, key in drawn if (source, target) not in flows and ADDED not in key
    ]
