"""The files in `workflows/` agree with one another: models, forms, facts, clocks, documents, rules, drawing."""

from __future__ import annotations

import itertools
import json
import re
import tomllib
import zipfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from lxml import etree

from app.kernel.cases.schema import FactSchema
from app.kernel.decisions.catalogue import read_catalogue
from app.kernel.decisions.catalogue.binding import Supply, bind
from app.kernel.engine.dialect import FlowSpec, StepSpec
from app.kernel.engine.parsing import ParsedProcess, parse
from app.kernel.engine.vocabulary import FLOW_NODES
from app.kernel.worklist.form_schema import Field, input_fields, read_fields

WORKFLOWS = Path(__file__).resolve().parents[2] / "workflows"
STARTABLE = [
    "injury_recognition",
    "disability_benefit_award",
    "death_benefit_award",
    "medical_reimbursement",
    "capacity_assessment",
    "capacity_confirmation",
]
RULES = read_catalogue(WORKFLOWS / "rules")
FOLDERS = sorted(path.parent.name for path in WORKFLOWS.glob("*/process.toml"))
OWN_KEYS = {"outcome", "opinion", "return_to"}
EXTERNAL_LABELS = ("Event", "Gateway")
NS = {
    "bpmn": "http://www.omg.org/spec/BPMN/20100524/MODEL",
    "di": "http://www.omg.org/spec/BPMN/20100524/DI",
    "dc": "http://www.omg.org/spec/DD/20100524/DC",
    "dd": "http://www.omg.org/spec/DD/20100524/DI",
    "sanshen": "urn:sanshen:bpmn:1",
}


class Box(NamedTuple):
    left: float
    top: float
    right: float
    bottom: float

    def overlaps(self, other: Box) -> bool:
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )

    def holds(self, other: Box) -> bool:
        return (
            self.left <= other.left
            and self.top <= other.top
            and self.right >= other.right
            and self.bottom >= other.bottom
        )


@cache
def settings(folder: str) -> dict[str, Any]:
    return tomllib.loads((WORKFLOWS / folder / "process.toml").read_text("utf-8"))


@cache
def process(folder: str) -> ParsedProcess:
    callees = settings(folder)["process"]["callees"]
    files = {f"{key}.bpmn": (WORKFLOWS / key / f"{key}.bpmn").read_bytes() for key in (folder, *callees)}
    return parse(files, folder)


@cache
def drawing(folder: str) -> etree._Element:
    return etree.fromstring((WORKFLOWS / folder / f"{folder}.bpmn").read_bytes())


def folders_of(folder: str) -> list[str]:
    """Where forms are looked for, the caller's own folder last so that it wins."""
    return [*settings(folder)["process"]["callees"], folder]


@cache
def forms(folder: str) -> dict[str, tuple[Field, ...]]:
    paths = [path for key in folders_of(folder) for path in sorted((WORKFLOWS / key).glob("*.form"))]
    return {path.stem: read_fields(json.loads(path.read_text("utf-8"))) for path in paths}


def inputs_of(folder: str, form_id: str) -> dict[str, Field]:
    return {item.key: item for item in input_fields(forms(folder)[form_id])}


def user_tasks(folder: str) -> list[StepSpec]:
    return [step for step in process(folder).steps if step.kind == "user"]


def offered_outcomes(folder: str, form_id: str) -> set[str]:
    return {option.value for option in inputs_of(folder, form_id)["outcome"].options}


def outcomes_in(condition: str | None) -> set[str]:
    return set(re.findall(r'\boutcome = "(\w+)"', condition or ""))


def boxes(folder: str) -> dict[str, Box]:
    found = {}
    for shape in drawing(folder).iter(f"{{{NS['di']}}}BPMNShape"):
        found[shape.get("bpmnElement", "")] = _box(shape.find("dc:Bounds", NS))
    return found


def _box(bounds: etree._Element | None) -> Box:
    assert bounds is not None
    x, y, width, height = (float(bounds.get(name, "")) for name in ("x", "y", "width", "height"))
    return Box(x, y, x + width, y + height)


def nodes(folder: str) -> list[etree._Element]:
    """Flow nodes, those inside sub-processes and on borders too."""
    model = drawing(folder).find("bpmn:process", NS)
    assert model is not None
    return [node for node in model.iterdescendants() if _local(node) in FLOW_NODES]


def _local(node: etree._Element) -> str:
    return str(etree.QName(node).localname)


@cache
def joined(folder: str) -> frozenset[tuple[str, str]]:
    """Pairs of shapes one of which lies in or on the other: sub-process and node, task and border event."""
    found = set()
    for node in nodes(folder):
        inside = {one.get("id", "") for one in node.iterdescendants() if _local(one) in FLOW_NODES}
        hosts = {str(node.get("attachedToRef"))} if node.get("attachedToRef") else set()
        found |= {(node.get("id", ""), other) for other in inside | hosts}
    return frozenset(found | {(second, first) for first, second in found})


def edges(folder: str) -> dict[str, list[tuple[float, float]]]:
    return {
        edge.get("bpmnElement", ""): [
            (float(point.get("x", "")), float(point.get("y", "")))
            for point in edge.iterfind("dd:waypoint", NS)
        ]
        for edge in drawing(folder).iter(f"{{{NS['di']}}}BPMNEdge")
    }


def segments(points: list[tuple[float, float]]) -> Iterator[tuple[tuple[float, float], tuple[float, float]]]:
    return itertools.pairwise(points)


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_process_passes_the_engines_own_checks(folder: str) -> None:
    assert process(folder).findings == ()
    assert process(folder).process_id == folder == settings(folder)["process"]["key"]


@pytest.mark.parametrize("folder", STARTABLE)
def test_every_user_task_has_a_form_with_an_outcome(folder: str) -> None:
    for step in user_tasks(folder):
        assert step.form_id == step.step_key
        assert inputs_of(folder, step.form_id or "")["outcome"].required, step.step_key


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_form_belongs_to_a_task(folder: str) -> None:
    used = {step.form_id for key in {folder, *STARTABLE} for step in user_tasks(key)}
    calls = [step.step_key for step in process(folder).steps if step.kind == "call"]
    used |= {f"{call}.{form_id}" for call in calls for form_id in used}
    used |= {f"{form_id}-{variant}" for variant in settings(folder).get("variant", {}) for form_id in used}
    assert {path.stem for path in (WORKFLOWS / folder).glob("*.form")} <= used


@pytest.mark.parametrize("path", sorted(WORKFLOWS.glob("*/*.form")), ids=lambda path: path.stem)
def test_every_label_of_a_form_is_in_both_languages(path: Path) -> None:
    schema = json.loads(path.read_text("utf-8"))
    assert (schema["id"], schema["schemaVersion"] >= 16) == (path.stem, True)
    for item in _all_fields(read_fields(schema)):
        assert item.label or item.text, item.key
        assert item.label_en or item.text_en, item.key
        assert all(option.label and option.label_en for option in item.options), item.key


def _all_fields(fields: tuple[Field, ...]) -> Iterator[Field]:
    for item in fields:
        yield item
        yield from _all_fields(item.children)


@pytest.mark.parametrize("folder", STARTABLE)
def test_every_fact_in_a_form_is_declared_with_the_same_choices(folder: str) -> None:
    schema = FactSchema.from_toml(settings(folder))
    for form_id in forms(folder):
        for key, item in inputs_of(folder, form_id).items():
            if key in OWN_KEYS or key.startswith("task_"):
                continue
            fact = schema.facts[key]
            assert [option.value for option in item.options] == [value.value for value in fact.values], key
            assert item.max_length <= fact.max_length, (form_id, key)


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_outcome_in_a_condition_is_offered_by_the_task_before_it(folder: str) -> None:
    callers = (key for key in STARTABLE if folder in settings(key)["process"]["callees"])
    caller = folder if settings(folder)["process"].get("risk") else next(callers, folder)
    flows = process(folder).flows
    forms_by_task = {step.step_key: step.form_id or "" for step in user_tasks(folder)}
    tested = [(flow, outcomes_in(flow.condition)) for flow in flows]
    for flow, outcomes in ((flow, outcomes) for flow, outcomes in tested if outcomes):
        before = _tasks_before(flow.source, flows, set(forms_by_task))
        assert outcomes <= {one for task in before for one in offered_outcomes(caller, forms_by_task[task])}


def _tasks_before(node: str, flows: tuple[FlowSpec, ...], tasks: set[str]) -> set[str]:
    """The user tasks that a node comes after, with only automatic nodes in between."""
    found, seen, waiting = set[str](), set[str](), [node]
    while waiting:
        key = waiting.pop()
        if key in tasks:
            found.add(key)
        elif key not in seen:
            seen.add(key)
            waiting += [flow.source for flow in flows if flow.target == key]
    return found


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_split_has_one_default_and_conditions_elsewhere(folder: str) -> None:
    for _, group in itertools.groupby(sorted(process(folder).flows, key=_source), key=_source):
        leaving = list(group)
        if len(leaving) > 1 and leaving[0].source not in _event_gateways(folder):
            assert [flow.condition is None for flow in leaving] == [flow.default for flow in leaving]
            assert sum(flow.default for flow in leaving) == 1


def _source(flow: FlowSpec) -> str:
    return flow.source


def _event_gateways(folder: str) -> set[str | None]:
    """Where what happens first decides, and no condition."""
    return {node.get("id") for node in nodes(folder) if _local(node) == "eventBasedGateway"}


@pytest.mark.parametrize("folder", STARTABLE)
def test_an_own_form_offers_the_outcomes_of_the_form_it_replaces(folder: str) -> None:
    for callee in settings(folder)["process"]["callees"]:
        for path in (WORKFLOWS / callee).glob("*.form"):
            general = {
                item.key: item for item in input_fields(read_fields(json.loads(path.read_text("utf-8"))))
            }
            expected = {option.value for option in general["outcome"].options}
            assert offered_outcomes(folder, path.stem) == expected, path.stem


@pytest.mark.parametrize(
    ("folder", "variant"),
    [(folder, variant) for folder in STARTABLE for variant in settings(folder).get("variant", {})],
)
def test_a_variants_form_offers_the_outcomes_of_the_plain_one(folder: str, variant: str) -> None:
    own = [path.stem for path in (WORKFLOWS / folder).glob(f"*-{variant}.form")]
    assert own
    for form_id in own:
        plain = form_id.removesuffix(f"-{variant}")
        assert offered_outcomes(folder, form_id) == offered_outcomes(folder, plain), form_id


@pytest.mark.parametrize("folder", STARTABLE)
def test_every_clock_and_document_in_a_model_is_declared(folder: str) -> None:
    declared = settings(folder)
    for step in process(folder).steps:
        assert {clock.ref for clock in step.clocks} <= set(declared["clock"]), step.step_key
        assert step.document is None or step.document in declared["document"], step.step_key
    assert set(declared["process"]["decision_documents"].values()) <= set(declared["document"])
    counted_from = {table["from_fact"] for table in declared["clock"].values() if "from_fact" in table}
    assert counted_from <= set(declared["fact"])
    assert declared["process"]["acceptance_step"] in {step.step_key for step in process(folder).steps}


@pytest.mark.parametrize("folder", STARTABLE)
def test_every_started_binding_clock_is_stopped_somewhere(folder: str) -> None:
    actions = {(clock.ref, clock.action) for step in process(folder).steps for clock in step.clocks}
    for ref in (ref for ref, action in actions if action == "start"):
        if settings(folder)["clock"][ref]["binding"]:
            assert (ref, "stop") in actions, ref


@pytest.mark.parametrize("folder", STARTABLE)
def test_every_demanded_fact_can_be_entered_in_the_form_that_demands_it(folder: str) -> None:
    schema = FactSchema.from_toml(settings(folder))
    for place, purpose in settings(folder)["required_at"].items():
        step, _, outcome = place.rpartition(".")
        assert outcome in offered_outcomes(folder, step)
        demanded = {key for key, fact in schema.facts.items() if fact.required_for == purpose}
        assert demanded
        assert demanded <= set(inputs_of(folder, step)), place
    assert set(settings(folder)["party"].values()) | set(settings(folder)["index"].values()) <= set(
        schema.facts
    )


@pytest.mark.parametrize("folder", STARTABLE)
def test_every_document_has_both_templates_and_names_only_declared_facts(folder: str) -> None:
    facts = FactSchema.from_toml(settings(folder)).facts
    for document in settings(folder)["document"].values():
        page = (WORKFLOWS / folder / document["print"]).read_text("utf-8")
        word = _word_text(WORKFLOWS / folder / document["docx"])
        for text in (page, word):
            assert set(re.findall(r"\b(?:facts|labels)\.(\w+)", text)) <= set(facts), document["print"]
        assert _jinja(page) == _jinja(word), document["print"]
        assert "style=" not in page, "the content security policy allows no inline style"


def _word_text(path: Path) -> str:
    with zipfile.ZipFile(path) as archive:
        root = etree.fromstring(archive.read("word/document.xml"))
    return "\n".join("".join(map(str, paragraph.itertext())) for paragraph in root.iter("{*}p"))


def _jinja(text: str) -> list[str]:
    """Expressions and conditions in order; DOCX marks statements of whole paragraphs as `{%p … %}`."""
    return [
        part.strip() for part in re.findall(r"\{\{(.*?)\}\}|\{%p? ?(.*?)%\}", text) for part in part if part
    ]


@pytest.mark.parametrize("folder", STARTABLE)
def test_rules_keep_no_fact_that_is_sensitive_where_it_comes_from(folder: str) -> None:
    supply, facts = Supply.of(settings(folder)), FactSchema.from_toml(settings(folder)).facts
    if supply is None:
        return
    bound = {key: found for key, rule in RULES.items() if (found := bind(rule, supply)) is not None}
    assert bound
    for key, found in bound.items():
        for fact, place in found.places.items():
            kept = not RULES[key].manifest.facts[fact].sensitive
            assert place.startswith("derived.") or not (kept and facts[place].sensitive), (key, fact)


def test_recognition_is_judged_by_the_rules_whose_facts_it_supplies() -> None:
    supply = Supply.of(settings("injury_recognition"))
    assert supply is not None
    bound = {key for key, rule in RULES.items() if bind(rule, supply) is not None}
    assert bound == {
        "LOG-01",
        "LOG-02",
        "LOG-03",
        "LOG-04",
        "POL-24",
        "REC-01",
        "REC-02",
        "RSK-11",
        "RSK-12",
        "RSK-14",
    }


@pytest.mark.parametrize("folder", STARTABLE)
def test_identity_and_contact_numbers_are_sensitive(folder: str) -> None:
    for key, fact in FactSchema.from_toml(settings(folder)).facts.items():
        if fact.check in ("id_number", "phone") or key.endswith(("_phone", "_id_no", "_address")):
            assert fact.sensitive or key == "employer_address", key


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_element_is_drawn_once(folder: str) -> None:
    expected = {node.get("id") for node in nodes(folder)}
    expected |= {element.get("id") for element in drawing(folder).iter(f"{{{NS['bpmn']}}}lane")}
    expected |= {element.get("id") for element in drawing(folder).iter(f"{{{NS['bpmn']}}}participant")}
    assert set(boxes(folder)) == expected
    flows = {element.get("id") for element in drawing(folder).iter(f"{{{NS['bpmn']}}}sequenceFlow")}
    assert set(edges(folder)) == flows


@pytest.mark.parametrize("folder", FOLDERS)
def test_no_shape_overlaps_another_and_each_stands_in_its_lane(folder: str) -> None:
    drawn = boxes(folder)
    for first, second in itertools.combinations([node.get("id", "") for node in nodes(folder)], 2):
        assert (first, second) in joined(folder) or not drawn[first].overlaps(drawn[second]), (first, second)
    for outer, inner in joined(folder):
        if _local(drawing(folder).find(f".//*[@id='{outer}']")) == "subProcess":
            assert drawn[outer].holds(drawn[inner]), inner
    for lane in drawing(folder).iter(f"{{{NS['bpmn']}}}lane"):
        for reference in lane.iterfind("bpmn:flowNodeRef", NS):
            assert drawn[lane.get("id", "")].holds(drawn[reference.text or ""]), reference.text


@pytest.mark.parametrize("folder", FOLDERS)
def test_edges_are_orthogonal_and_join_their_shapes(folder: str) -> None:
    drawn, flows = boxes(folder), {flow.id: flow for flow in process(folder).flows}
    for key, points in edges(folder).items():
        assert all(a[0] == b[0] or a[1] == b[1] for a, b in segments(points)), key
        assert _touches(drawn[flows[key].source], points[0]), key
        assert _touches(drawn[flows[key].target], points[-1]), key


def _touches(box: Box, point: tuple[float, float]) -> bool:
    x, y = point
    on_side = x in (box.left, box.right) and box.top <= y <= box.bottom
    return on_side or (y in (box.top, box.bottom) and box.left <= x <= box.right)


@pytest.mark.parametrize("folder", FOLDERS)
def test_no_edge_runs_through_a_shape_it_does_not_join(folder: str) -> None:
    drawn, flows = boxes(folder), {flow.id: flow for flow in process(folder).flows}
    for key, points in edges(folder).items():
        ends = {flows[key].source, flows[key].target}
        around = {outer for outer, inner in joined(folder) if inner in ends}
        for other in {node.get("id", "") for node in nodes(folder)} - ends - around:
            assert not any(_crosses(drawn[other], a, b) for a, b in segments(points)), (key, other)


def _crosses(box: Box, start: tuple[float, float], end: tuple[float, float]) -> bool:
    (x1, y1), (x2, y2) = start, end
    return box.overlaps(Box(min(x1, x2) - 1, min(y1, y2) - 1, max(x1, x2) + 1, max(y1, y2) + 1))


@pytest.mark.parametrize("folder", FOLDERS)
def test_labels_lie_on_no_shape_and_no_label(folder: str) -> None:
    labels = [_box(bounds) for bounds in drawing(folder).iterfind(".//di:BPMNLabel/dc:Bounds", NS)]
    shapes = [boxes(folder)[node.get("id", "")] for node in nodes(folder) if _local(node) != "subProcess"]
    assert labels
    for label, shape in itertools.product(labels, shapes):
        assert not label.overlaps(shape), label
    for first, second in itertools.combinations(labels, 2):
        assert not first.overlaps(second), (first, second)


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_node_has_a_name_in_both_languages(folder: str) -> None:
    for node in nodes(folder):
        english = node.find("bpmn:extensionElements/sanshen:name", NS)
        assert node.get("name"), node.get("id")
        assert english is not None, node.get("id")
        assert english.get("en"), node.get("id")
