"""Where a case begun elsewhere may come in, and what follows from its true dates: pure."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import pytest

from app.kernel.deadlines.calendar import WorkingCalendar
from app.kernel.engine.check.findings import DefinitionInvalid
from app.kernel.engine.definitions import load_definition, read_definition
from app.kernel.engine.specs import dump_spec, load_spec, spec_digest
from app.kernel.engine.stepping import Instance
from app.kernel.engine.takeover.dates import Suspended, date_errors, planned_clocks, suspension_errors
from app.kernel.engine.takeover.entering import enter
from app.kernel.engine.takeover.manifest import read_entries
from app.wiring import WORKFLOWS
from tests import trial
from tests.shipped import shipped_deployed, shipped_files

KEY = "injury_recognition"
NOW = datetime(2026, 3, 9, 1, 0, tzinfo=UTC)
TODAY = date(2026, 3, 9)
FOLDERS = [
    path.parent.name
    for path in sorted(WORKFLOWS.glob("*/process.toml"))
    if "[[take_over]]" in path.read_text("utf-8")
]


def with_entry(entry: str) -> Mapping[str, bytes]:
    """The process with one entry instead of its own."""
    path = f"{KEY}/process.toml"
    text = shipped_files(KEY)[path].decode()
    before, _, rest = text.partition("[[take_over]]")
    _, _, after = rest.partition("[paper_decision]")
    table = f'[[take_over]]\n{entry}\ntitle_zh = "入口"\ntitle_en = "Entry"\n\n[paper_decision]'
    return {**shipped_files(KEY), path: f"{before}{table}{after}".encode()}


AUTOMATIC = ("p07_02_judge", "p08_02_judge", "p09_02_judge")
"""Entries that are done here themselves: where the case then goes depends on what they find."""


@pytest.mark.parametrize("key", FOLDERS)
def test_case_stands_at_the_entry_and_nothing_before_it_was_run(key: str) -> None:
    handled: list[str] = []

    def handle(task_type: str, *_: object) -> Mapping[str, object]:
        handled.append(task_type)
        return {"block": False, "risk": "high"}

    for entry in shipped_deployed(key).entries.values():
        instance = enter(shipped_deployed(key).spec, {"risk": "high", **entry.sets}, entry.step, NOW)
        instance.advance(handle, NOW)
        stored = Instance.restore(shipped_deployed(key).spec, instance.dump())
        (ready,) = stored.ready_tasks()
        done = [one for one in instance.take_events() if one.change == "completed"]
        outside = [one.step_key for one in done if entry.step not in one.path]
        if entry.step in AUTOMATIC:
            assert outside[0] == entry.step
        else:
            assert entry.step in (ready.step_key, *ready.path)
            assert outside == []
    assert set(handled) <= {"run_rules", "judge_award", "draft_award", "issue_document"}


BAD = [
    ('entry = "p01_16_serve"', "it must lie before any guarded effect"),
    (
        'entry = "rb5_final_review"',
        "the entry must be a task or call of the process itself, or an automatic step",
    ),
    ('entry = "p01_20_archive"', "it must lie before any guarded effect"),
    ('entry = "p01_07_assign"\nrequires = ["worker_name"]', "worker_name is no fact that holds a date"),
    ('entry = "p01_07_assign"\nclocks = ["CR99"]', "no clock CR99"),
    (
        'entry = "p01_07_assign"\nclocks = ["CR06"]',
        "the date from which clock CR06 counts isn't among requires",
    ),
    ('entry = "p01_07_assign"\nclock = ["CR06"]', "unknown key clock"),
]


@pytest.mark.parametrize(("entry", "why"), BAD, ids=[why for _, why in BAD])
def test_entry_that_would_pass_by_a_review_or_names_what_is_not_there_does_not_deploy(
    entry: str, why: str
) -> None:
    with pytest.raises(DefinitionInvalid, match=why):
        read_definition(KEY, with_entry(entry))


def test_entry_from_which_a_way_misses_a_signature_does_not_deploy() -> None:
    table = '\n[[take_over]]\nentry = "{}"\ntitle_zh = "入口"\ntitle_en = "Entry"\n'
    lawful = trial.files(toml=trial.manifest() + table.format("draft").encode())
    assert read_definition("trial", lawful).key == "trial"
    past_the_draft = trial.files(toml=trial.manifest() + table.format("approve").encode())
    with pytest.raises(DefinitionInvalid, match="guarded effect past"):
        read_definition("trial", past_the_draft)


def test_entry_may_lie_beside_an_event_sub_process_that_keeps_waiting() -> None:
    """The normal form wraps the rest of the process then: the token comes in inside of that."""
    definition = load_definition("trial", trial.files(bpmn=trial.bpmn((*trial.NODES, _STOP), trial.FLOWS)))
    data = dump_spec(definition.parsed)
    instance = enter(load_spec(spec_digest(data), data), {"risk": "normal"}, "draft", NOW)
    instance.advance(lambda *_: {}, NOW)
    assert [one.step_key for one in instance.ready_tasks()] == ["draft"]
    assert [one.name for one in instance.waiting_messages()] == ["papers_received"]


_STOP = trial.Node(
    "subProcess",
    "stop",
    "|<bpmn:startEvent id='asked' name='asked'><bpmn:outgoing>s0</bpmn:outgoing>"
    "<bpmn:messageEventDefinition messageRef='m_papers'/></bpmn:startEvent>"
    "<bpmn:endEvent id='over' name='over'><bpmn:incoming>s0</bpmn:incoming></bpmn:endEvent>"
    "<bpmn:sequenceFlow id='s0' sourceRef='asked' targetRef='over'/>",
    "triggeredByEvent='true'",
)
FACTS = {
    "accident_at": "2026-01-05T08:00",
    "received_at": "2026-01-09T10:00",
    "accepted_at": "2026-01-15T10:00",
}


def errors(**dates: Any) -> dict[str, str]:
    found = date_errors({**FACTS, **dates}, ("received_at", "accepted_at"), "accident_at", NOW)
    return {key: code for key, (code, _) in found.items()}


@pytest.mark.parametrize(
    ("dates", "wrong"),
    [
        ({}, {}),
        ({"accepted_at": None}, {"accepted_at": "required"}),
        ({"accepted_at": "2026-03-09T09:01"}, {"accepted_at": "in_the_future"}),
        ({"accepted_at": "2026-03-09T09:00"}, {}),
        ({"accepted_at": "2026-01-09T09:59"}, {"accepted_at": "before_earlier_date"}),
        ({"received_at": "2026-01-05T07:59"}, {"received_at": "before_earlier_date"}),
        ({"accident_at": "2026-01-09"}, {}),
        ({"accident_at": None}, {}),
    ],
)
def test_true_dates_follow_one_another_and_none_is_in_the_future(
    dates: dict[str, Any], wrong: dict[str, str]
) -> None:
    assert errors(**dates) == wrong


def test_clocks_run_from_the_true_dates() -> None:
    entry = shipped_deployed(KEY).entries["p01_12_decide.simple"]
    calendar = WorkingCalendar()
    due = {
        one.spec.kind: (one.started_on, one.due(calendar).due_on)
        for one in planned_clocks(shipped_deployed(KEY), entry, FACTS)
    }
    assert due == {
        "CR06": (date(2026, 1, 15), date(2026, 3, 16)),
        "CR07": (date(2026, 1, 15), date(2026, 1, 30)),
    }


def test_suspension_is_taken_only_where_the_process_suspends() -> None:
    entry = shipped_deployed(KEY).entries["p01_12_decide"]
    month = [Suspended(date(2026, 2, 1), date(2026, 2, 11), "《工伤保险条例》第二十条第三款")]
    found = suspension_errors(shipped_deployed(KEY), entry, FACTS, month, TODAY)
    pausable = any(
        action.action == "pause" for step in shipped_deployed(KEY).steps.values() for action in step.clocks
    )
    assert found == ({} if pausable else {"suspended": ("take_over_not_suspendable", {})})


def test_entries_are_told_apart_by_step_and_track() -> None:
    text = '[[take_over]]\nentry = "a"\n[[take_over]]\nentry = "a"\ntrack = "simple"\n'
    assert list(read_entries(tomllib.loads(text))) == ["a", "a.simple"]
