"""Every model of the corpus gets its verdict, and a way past a duty is shown as the way it is."""

from __future__ import annotations

import pytest

from app.kernel.engine.check.findings import Finding
from app.kernel.engine.check.report import CheckReport, check_files
from app.kernel.engine.vocabulary import RISK_CLASSES
from tests.unit.engine.corpus.happenings import HAPPENINGS
from tests.unit.engine.corpus.parts import Model, final, initial, pay, recheck
from tests.unit.engine.corpus.raised import RAISED, UNCAUGHT
from tests.unit.engine.corpus.refused import BESIDE_FORMS, FOREIGN, REFUSED, WARNED, WAYS
from tests.unit.engine.corpus.scopes import SCOPES
from tests.unit.engine.corpus.sequences import CHOICES, PARALLEL, RESETS, SEQUENCES
from tests.unit.engine.corpus.sets import CALLS, RISK, STARTS
from tests.unit.engine.diagrams import call, diagram, end, sequence, start

MODELS = [
    *SEQUENCES,
    *RESETS,
    *CHOICES,
    *PARALLEL,
    *HAPPENINGS,
    *SCOPES,
    *CALLS,
    *RISK,
    *STARTS,
    *WAYS,
    *RAISED,
]


def errors_of(report: CheckReport) -> set[tuple[str, str | None]]:
    return {(found.rule, found.element) for found in report.findings if found.severity == "error"}


def bypasses(report: CheckReport) -> list[Finding]:
    return [found for found in report.findings if found.rule == "duty-bypass"]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_every_model_gets_its_verdict(model: Model) -> None:
    report = check_files(model.files)
    assert errors_of(report) == model.errors, [found.message_en for found in report.findings]
    assert report.deployable is (not model.errors)


@pytest.mark.parametrize(
    "model", [model for model in MODELS if model.through or model.skips], ids=lambda m: m.name
)
def test_the_way_past_a_duty_is_shown_from_start_to_effect(model: Model) -> None:
    for found in bypasses(check_files(model.files)):
        assert found.path is not None
        assert found.path[-1] == found.element
        steps = iter(found.path)
        assert all(step in steps for step in model.through), found.path
        assert not set(model.skips) & set(found.path), found.path


@pytest.mark.parametrize("model", REFUSED, ids=lambda model: model.name)
def test_what_is_wrong_is_refused_with_rule_and_element(model: Model) -> None:
    report = check_files(model.files)
    assert errors_of(report) >= model.errors
    assert not report.deployable


@pytest.mark.parametrize(
    ("rule", "data"),
    [*WARNED, ("never-caught", UNCAUGHT)],
    ids=[*(rule for rule, _ in WARNED), "never-caught"],
)
def test_what_only_warns_stays_deployable(rule: str, data: bytes) -> None:
    report = check_files({"p.bpmn": data})
    assert rule in {found.rule for found in report.findings if found.severity == "warning"}
    assert report.deployable


@pytest.mark.parametrize("model", [*MODELS[::5], *REFUSED], ids=lambda model: model.name)
def test_every_finding_has_its_place(model: Model) -> None:
    for found in check_files(model.files).findings:
        assert found.file in model.files
        assert found.element is None or found.line
        assert found.message_zh
        assert found.message_en


def test_a_file_made_elsewhere_may_be_simulated_not_deployed() -> None:
    report = check_files({"p.bpmn": FOREIGN})
    assert (report.deployable, report.simulatable) == (False, True)
    rules = {found.rule for found in report.findings}
    assert {"duty-missing", "missing-form", "missing-candidate-group", "foreign-file"} <= rules
    assert errors_of(report) == set()


def test_forms_beside_a_diagram_must_all_be_there() -> None:
    assert errors_of(check_files(BESIDE_FORMS)) == {("missing-form", "recheck"), ("missing-form", "final")}


def test_a_way_past_a_duty_can_be_simulated() -> None:
    model = next(model for model in MODELS if model.name == "the recheck is missing")
    assert check_files(model.files).simulatable


def test_a_proof_names_process_effect_class_and_duties() -> None:
    model = next(model for model in MODELS if model.name == "each class has its own way")
    proved = {(one.process, one.effect, one.risk, one.requires) for one in check_files(model.files).proved}
    assert proved == {
        ("p", "pay", "normal", ("initial_review", "final_review")),
        ("p", "pay", "high", ("initial_review", "recheck", "final_review")),
        ("p", "pay", "routed", ("initial_review", "recheck", "risk_review", "final_review")),
    }


def test_what_is_not_safe_for_one_class_is_proved_for_the_others() -> None:
    model = next(model for model in MODELS if model.name == "a routed case skips its risk review")
    report = check_files(model.files)
    assert {one.risk for one in report.proved} == {"normal", "high"}
    assert "routed" in bypasses(report)[0].message_en


def test_the_corpus_is_large_and_about_a_half_of_it_is_unsafe() -> None:
    unsafe = sum(any(rule == "duty-bypass" for rule, _ in model.errors) for model in MODELS)
    assert len([*MODELS, *REFUSED]) >= 90
    assert 0.3 <= unsafe / len(MODELS) <= 0.7
    assert len({model.name for model in MODELS}) == len(MODELS)
    assert set(RISK_CLASSES) == {"normal", "high", "routed"}


def test_a_way_past_a_duty_inside_a_called_block_is_told_once() -> None:
    skipping = diagram(
        start(), initial(), recheck(), final(), pay(), end(), sequence("start", "initial", "final", "pay", "end"),
        sequence("recheck", "final"), key="block",
    )  # fmt: skip
    caller = diagram(start(), call("c", "block"), end("over"), sequence("start", "c", "over"), key="a_caller")
    found = bypasses(check_files({"a.bpmn": caller, "b.bpmn": skipping}))
    assert [(one.file, one.element) for one in found] == [("b.bpmn", "pay")]
    assert found[0].path is not None
    assert "c" not in found[0].path, "the way through the block itself"
