"""Process folders: complete and consistent, or refused with every gap named."""

from collections.abc import Mapping

import pytest

from app.kernel.engine.check.findings import DefinitionInvalid
from app.kernel.engine.definitions import digest_of, read_definition
from tests.process.drive import WORKFLOWS
from tests.shipped import shipped_deployed
from tests.unit.engine.diagrams import diagram, end, sequence, start, user

MANIFEST = b'[process]\nkey = "p"\ntitle_zh = "a"\ntitle_en = "a"\n[fact.name]\ntype = "string"\n'
CLOCKED = '<sanshen:clock ref="CR06" action="start"/><sanshen:document ref="letter"/>'


def folder(**changes: bytes) -> Mapping[str, bytes]:
    files = {
        "p.bpmn": diagram(start(), user("x"), end(), sequence("start", "x", "end")),
        "x.form": b'{"components": []}',
        "process.toml": MANIFEST,
    }
    renamed = {name.replace("__", "."): data for name, data in changes.items()}
    return {f"p/{name}": data for name, data in (files | renamed).items()}


def shipped() -> dict[str, bytes]:
    paths = [path for path in WORKFLOWS.glob("*/*") if path.is_file()]
    return {str(path.relative_to(WORKFLOWS)): path.read_bytes() for path in paths}


def test_the_shipped_recognition_is_a_complete_definition() -> None:
    definition = read_definition("injury_recognition", shipped())
    assert definition.process["title_zh"] == "工伤认定"
    assert definition.steps["rb5_final_review"].duty == "final_review"
    assert definition.clocks["CR06"]["length"] == 60
    assert {step.form_id for step in definition.parsed.steps if step.form_id} <= set(definition.forms)
    assert definition.manifest["rules"]["business"] == "recognition"


def test_the_digest_names_every_byte_and_name() -> None:
    files = dict(folder())
    assert digest_of(files) == digest_of(dict(reversed(files.items())))
    assert (
        read_definition("p", files).digest
        != read_definition("p", folder(process__toml=MANIFEST + b"\n")).digest
    )
    assert digest_of({"a": b"bc"}) != digest_of({"ab": b"c"})


def test_folders_that_are_not_called_do_not_count() -> None:
    files = folder()
    assert (
        read_definition("p", {**files, "q/q.bpmn": b"nonsense"}).digest == read_definition("p", files).digest
    )


def test_own_form_wins_over_that_of_a_callee() -> None:
    definition = read_definition("injury_recognition", shipped())
    own = WORKFLOWS / "injury_recognition" / "rb2_initial_review.form"
    assert definition.file("rb2_initial_review.form") == own.read_bytes()


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"x__form": b"{"}, "definition-invalid"),
        ({"x__form": b"[]"}, "definition-invalid"),
        ({"process__toml": b"[process"}, "definition-invalid"),
        ({"process__toml": MANIFEST.replace(b'"p"', b'"q"')}, "definition-invalid"),
        ({"process__toml": MANIFEST.replace(b'"string"', b'"blob"')}, "definition-invalid"),
        ({"process__toml": MANIFEST + b'[index]\nsubject_name = "nobody"\n'}, "definition-invalid"),
        ({"process__toml": MANIFEST + b'[document.letter]\ndocx = "letter.docx"\n'}, "definition-invalid"),
        ({"run__py": b"print()"}, "definition-invalid"),
        ({"p__bpmn": diagram(start(), user("y"), end(), sequence("start", "y", "end"))}, "missing-form"),
        (
            {"p__bpmn": diagram(start(), user("x", extra=CLOCKED), end(), sequence("start", "x", "end"))},
            "missing-clock",
        ),
        (
            {"p__bpmn": diagram(start(), user("x", extra=CLOCKED), end(), sequence("start", "x", "end"))},
            "missing-document",
        ),
    ],
)
def test_gaps_are_named(changes: Mapping[str, bytes], rule: str) -> None:
    with pytest.raises(DefinitionInvalid) as refused:
        read_definition("p", folder(**changes))
    assert rule in {finding.rule for finding in refused.value.findings}


KINDS = b'values = [{ value = "plain", zh = "a", en = "a" }, { value = "other", zh = "b", en = "b" }]\n'
VARIANTS = (
    MANIFEST.replace(b'title_en = "a"\n', b'title_en = "a"\nvariant_fact = "kind"\n')
    + b'[fact.kind]\ntype = "enum"\nrouting = true\n'
    + KINDS
)


@pytest.mark.parametrize(
    ("said", "what"),
    [
        (b'[variant.third.index]\nsubject_name = "name"\n', "third"),
        (b'[variant.other.index]\nsubject_name = "nobody"\n', "nobody"),
        (b'[variant.other]\nleft_in_chain = ["nothing"]\n', "nothing"),
        (b'[variant.other.decision_documents]\napproved_positive = "letter"\n', "letter"),
    ],
)
def test_a_variant_names_only_what_is_there(said: bytes, what: str) -> None:
    with pytest.raises(DefinitionInvalid, match=f"there is no {what}"):
        read_definition("p", folder(process__toml=VARIANTS + said))


def test_variants_rest_on_an_enum_that_routes() -> None:
    for manifest in (VARIANTS.replace(b"routing = true\n", b""), VARIANTS.replace(b'"enum"', b'"string"')):
        with pytest.raises(DefinitionInvalid, match="variant_fact must be an enum that routes"):
            read_definition("p", folder(process__toml=manifest))


def test_a_case_of_a_variant_has_its_own_subject_form_and_document() -> None:
    shipped_one = shipped_deployed("capacity_assessment")
    kin, worker = {"assessment_kind": "dependant"}, {"assessment_kind": "worker"}
    assert shipped_one.schema.index_of(kin)["subject_name"] == "dependant_name"
    assert shipped_one.schema.index_of(worker)["subject_name"] == "worker_name"
    step, inside = shipped_one.steps["rb2_initial_review"], ("p02_11_decide",)
    assert shipped_one.form_of(step, inside, "dependant") == "rb2_initial_review-dependant"
    assert shipped_one.form_of(step, inside) == "rb2_initial_review"
    assert shipped_one.form_of(shipped_one.steps["rb3_recheck"], inside, "dependant") == "rb3_recheck"
    assert shipped_one.decision_documents("dependant")["approved_positive"] == "dependant_conclusion"
    assert shipped_one.decision_documents()["approved_positive"] == "assessment_conclusion"
