"""Rules that ask for a second level of approval, and tasks whose number of people is an expression."""

from __future__ import annotations

import pytest

from app.kernel.cases.models import Case
from app.kernel.decisions.catalogue import RuleInvalid
from app.kernel.decisions.catalogue.manifest import Manifest, read_manifest
from app.kernel.decisions.models import RuleHit
from app.kernel.duties.views import ALLOWED
from app.kernel.engine.dialect import StepSpec
from app.kernel.engine.workflow import persons_of
from app.kernel.worklist.batch import plain_outcome, why_alone
from app.kernel.worklist.models import Task
from app.kernel.worklist.queries import QueueRow
from app.wiring import WORKFLOWS


def step(persons: str | None) -> StepSpec:
    return StepSpec("s", "p", "p", "user", "userTask", "s", persons=2, persons_from=persons)


def manifest(**given: int) -> Manifest:
    text = (WORKFLOWS / "rules" / "RSK-12" / "rule.toml").read_text("utf-8")
    added = "".join(f"{key} = {value}\n" for key, value in given.items())
    return read_manifest("RSK-12/rule.toml", (added + text).encode())


@pytest.mark.parametrize(("given", "levels"), [({}, 1), ({"approval_levels": 2}, 2)])
def test_a_rule_may_ask_for_a_second_level(given: dict[str, int], levels: int) -> None:
    assert manifest(**given).approval_levels == levels


def test_a_third_level_is_no_level() -> None:
    with pytest.raises(RuleInvalid, match="approval_levels can't be 3"):
        manifest(approval_levels=3)


@pytest.mark.parametrize(
    ("source", "count"), [(None, 2), ("=voters", 5), ("=if voters > 6 then voters else 3", 3)]
)
def test_number_of_people_is_written_out_or_an_expression(source: str | None, count: int) -> None:
    assert persons_of(step(source), {"voters": 5}) == count


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("=0", "not 1 to 9$"),
        ("=10", "not 1 to 9$"),
        ('="three"', "not 1 to 9$"),
        ("=nobody_knows", r"\(there is no variable 'nobody_knows'\)$"),
        ('=2 + "1"', r"\(number \+ string is not defined\)$"),
    ],
)
def test_number_of_people_beyond_reason_is_a_fault(source: str, reason: str) -> None:
    with pytest.raises(LookupError, match=f"persons gives.*{reason}"):
        persons_of(step(source), {})


def test_only_forms_that_ask_for_an_opinion_alone_are_signed_in_a_batch() -> None:
    outcome = {"key": "outcome", "values": [{"value": "approve"}], "validate": {"required": True}}
    opinion = {"key": "opinion", "validate": {"required": True}}
    hidden = {
        "key": "return_to",
        "validate": {"required": True},
        "conditional": {"hide": '=outcome != "return"'},
    }
    minutes = {"key": "task_minutes", "validate": {"required": True}}
    assert plain_outcome({"components": [outcome, opinion, hidden]})
    assert not plain_outcome({"components": [outcome, opinion, minutes]})
    assert not plain_outcome({"components": [opinion]})


@pytest.mark.parametrize(
    ("risk", "action", "disposition", "why"),
    [
        ("normal", "warn", None, "warnings"),
        ("high", "warn", None, "warnings"),
        ("normal", "warn", "explained", ""),
        ("normal", "route", None, ""),
        ("high", "route", None, "rules"),
    ],
)
def test_a_case_with_a_warning_nobody_explained_is_no_part_of_a_batch(
    risk: str, action: str, disposition: str | None, why: str
) -> None:
    case, task = Case(id=1, risk=risk), Task(id=2, claimed_by=3, persons_required=1, return_reason=None)
    hit = RuleHit(rule_id="LOG-04", action=action, disposition=disposition)
    row = QueueRow(task, case, None, None, ALLOWED, ())
    assert why_alone(row, 3, {1: [hit]}, ()) == why
