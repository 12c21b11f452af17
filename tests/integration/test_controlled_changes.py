"""Rules, sets and risk classes change only by three people's decision, and then everything done already counts."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url, select, text
from sqlalchemy.exc import DBAPIError

from app.domain.registry import reference
from app.kernel.cases.models import Case
from app.kernel.changes.content import OWN_NUMBERS
from app.kernel.changes.models import ControlledChange
from app.kernel.changes.refusals import ChangeNotEditable, ChangesNothing
from app.kernel.duties.models import CaseRisk, ConflictSet, PostExclusion, TenureRule
from app.kernel.duties.queries import list_rules
from app.kernel.duties.refusals import DutyDenied
from app.kernel.engine.operations import CaseStart, start_case
from app.kernel.refusals import InvalidInput
from app.kernel.transaction import run
from app.kernel.violations.models import SodViolation
from app.storage.embedded import EmbeddedServer
from tests.changing import add_changers, carry_through, edit, propose, sign, to_approval, what_if
from tests.databases import shared_server
from tests.moving_clock import MovingClock
from tests.office import APPLICATION, CITY, Office, bring_to_review, id_number, open_office

Values = dict[str, Any]
NEW_SET: Values = {
    "key": "case_investigation_review",
    "title_zh": "同案调查与初审分离",
    "title_en": "Investigation and initial review of one case",
    "kind": "exclusive",
    "scope": "case",
    "maximum": "1",
    "severity": "deny",
    "risk_classes": ["normal", "high", "routed"],
    "ground": "内控制度第三条",
    "members": [
        {"member": "investigation", "duty": "investigation"},
        {"member": "initial_review", "duty": "initial_review"},
    ],
}

STAY: Values = {
    "post": "rec_handler",
    "months": "1",
    "gap_months": "3",
    "severity": "deny",
    "ground": "干部交流规定",
}


@pytest.fixture
def changing(server: EmbeddedServer, clock: MovingClock, tmp_path: Path) -> Iterator[Office]:
    with open_office(server, clock, tmp_path / "data") as office:
        add_changers(office)
        yield office


def read(office: Office, query: Any) -> list[Any]:
    with office.kernel.database.session() as session:
        office.kernel.database.scope(session, ("*",))
        return list(session.scalars(query))


def change(office: Office, case_id: int) -> ControlledChange:
    return read(office, select(ControlledChange).where(ControlledChange.case_id == case_id))[0]


def versions(office: Office, key: str) -> list[ConflictSet]:
    return read(office, select(ConflictSet).where(ConflictSet.key == key).order_by(ConflictSet.version))


def test_a_new_set_is_in_force_after_three_people_and_takes_the_next_number(changing: Office) -> None:
    case_id = carry_through(changing, "conflict_set", NEW_SET)
    (row,) = versions(changing, NEW_SET["key"])
    assert (row.set_id, row.version, row.change_id) == (OWN_NUMBERS + 1, 1, case_id)
    assert change(changing, case_id).applied_at is not None
    case = changing.case(case_id)
    assert (case.status, case.outcome) == ("closed", "approved_positive")
    with changing.kernel.database.session() as session:
        in_force = {rule.key: rule for rule in list_rules(session, datetime.now(UTC) + timedelta(minutes=1))}
    assert {member.duty for member in in_force[NEW_SET["key"]].members} == {"investigation", "initial_review"}


def test_a_changed_set_keeps_its_number_and_gets_the_next_version(changing: Office) -> None:
    with changing.kernel.database.session() as session:
        rules = {rule.key: rule for rule in list_rules(session, changing.kernel.clock())}
    before = rules["case_draw_witness"]
    values = {**NEW_SET, "key": before.key, "severity": "warn"}
    carry_through(changing, "conflict_set", values)
    rows = versions(changing, before.key)
    assert [row.set_id for row in rows] == [before.set_id] * 2
    assert [(row.version, row.severity) for row in rows] == [
        (before.version, "deny"),
        (before.version + 1, "warn"),
    ]


@pytest.mark.parametrize("outcome", ["withdraw", "reject"])
def test_a_dropped_change_leaves_no_version(changing: Office, outcome: str) -> None:
    case_id = propose(changing, "conflict_set", NEW_SET)
    if outcome == "withdraw":
        sign(changing, case_id, "editor", "withdraw")
    else:
        to_approval(changing, case_id)
        sign(changing, case_id, "authoriser", "reject")
    assert versions(changing, NEW_SET["key"]) == []
    assert changing.case(case_id).outcome == {"withdraw": "withdrawn", "reject": "rejected"}[outcome]
    assert change(changing, case_id).applied_at is None


def test_only_a_rule_editor_proposes(changing: Office) -> None:
    with pytest.raises(DutyDenied) as denied:
        propose(changing, "conflict_set", NEW_SET, by="rechecker")
    assert denied.value.decision.reason == "post_not_held"


def test_the_editor_rechecks_his_own_change_under_no_post(changing: Office) -> None:
    case_id = propose(changing, "conflict_set", NEW_SET)
    what_if(changing, case_id, "editor")
    sign(changing, case_id, "editor", "submit_positive")
    with pytest.raises(DutyDenied):
        changing.take(case_id, "editor")


def test_whoever_returns_a_change_does_not_become_its_editor(changing: Office) -> None:
    case_id = propose(changing, "conflict_set", NEW_SET)
    sign(changing, case_id, "editor", "submit_positive")
    sign(changing, case_id, "rechecker", "return")
    assert changing.open_task_of(case_id).step_key == "rule_edit"
    with pytest.raises(DutyDenied):
        changing.take(case_id, "rechecker")
    changing.take(case_id, "editor2")


def test_the_recheck_demands_a_what_if_list_of_this_content(changing: Office) -> None:
    case_id = propose(changing, "conflict_set", NEW_SET)
    what_if(changing, case_id, "editor")
    edit(changing, case_id, "conflict_set", {**NEW_SET, "ground": "内控制度第四条"})
    sign(changing, case_id, "editor", "submit_positive")
    with pytest.raises(InvalidInput) as refused:
        sign(changing, case_id, "rechecker", "agree")
    assert refused.value.errors["what_if_at"][0] == "required_for_outcome"
    what_if(changing, case_id, "rechecker")
    sign(changing, case_id, "rechecker", "agree")
    assert changing.open_task_of(case_id).step_key == "rule_approve"


def test_an_edit_after_the_recheck_makes_its_signature_stale(changing: Office) -> None:
    case_id = propose(changing, "conflict_set", NEW_SET)
    to_approval(changing, case_id)
    sign(changing, case_id, "authoriser", "return_edit")
    changing.take(case_id, "editor")
    before = changing.case(case_id).content_hash
    edit(changing, case_id, "conflict_set", {**NEW_SET, "severity": "warn"})
    assert changing.case(case_id).content_hash != before
    to_approval(changing, case_id)
    sign(changing, case_id, "authoriser", "approve")
    assert [row.severity for row in versions(changing, NEW_SET["key"])] == ["warn"]


def test_nobody_edits_but_the_holder_of_the_edit_task(changing: Office) -> None:
    case_id = propose(changing, "conflict_set", NEW_SET)
    with pytest.raises(ChangeNotEditable):
        edit(changing, case_id, "conflict_set", {**NEW_SET, "severity": "warn"}, by="editor2")
    sign(changing, case_id, "editor", "submit_positive")
    with pytest.raises(ChangeNotEditable):
        edit(changing, case_id, "conflict_set", {**NEW_SET, "severity": "warn"})


def test_a_change_made_from_what_has_changed_since_goes_back_to_editing(changing: Office) -> None:
    first = propose(changing, "conflict_set", {**NEW_SET, "key": "case_draw_witness"})
    to_approval(changing, first)
    carry_through(changing, "conflict_set", {**NEW_SET, "key": "case_draw_witness", "severity": "warn"})
    sign(changing, first, "authoriser", "approve")
    assert changing.open_task_of(first).step_key == "rule_edit"
    assert changing.case(first).decided_at is None
    assert [row.version for row in versions(changing, "case_draw_witness")] == [1, 2]
    changing.take(first, "editor")
    edit(changing, first, "conflict_set", {**NEW_SET, "key": "case_draw_witness"})
    to_approval(changing, first)
    sign(changing, first, "authoriser", "approve")
    assert [row.severity for row in versions(changing, "case_draw_witness")] == ["deny", "warn", "deny"]


def test_of_two_changes_of_one_target_approved_at_once_one_is_applied(changing: Office) -> None:
    both, approvers = [], ("authoriser", "authoriser2")
    for months, approver in zip(("12", "24"), approvers, strict=True):
        both.append(propose(changing, "tenure_rule", {**STAY, "months": months}))
        to_approval(changing, both[-1])
        changing.take(both[-1], approver)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda at: sign(changing, *at, "approve"), zip(both, approvers, strict=True)))
    applied = [case_id for case_id in both if change(changing, case_id).applied_at is not None]
    (other,) = set(both) - set(applied)
    assert changing.open_task_of(other).step_key == "rule_edit"
    assert read(changing, select(TenureRule.version)) == [1]


def test_activation_binds_what_was_done_and_records_what_collides(changing: Office) -> None:
    worked = bring_to_review(changing)
    changing.work(worked, "handler", outcome="submit_positive")
    case_id = propose(changing, "conflict_set", NEW_SET)
    assert what_if(changing, case_id, "editor") == 1
    (line,) = change(changing, case_id).what_if["lines"]  # type: ignore[index]
    assert (line["case_id"], line["severity"]) == (worked, "violation")
    sign(changing, case_id, "editor", "submit_positive")
    sign(changing, case_id, "rechecker", "agree")
    sign(changing, case_id, "authoriser", "approve")
    (violation,) = read(changing, select(SodViolation))
    assert (violation.rule, violation.cause) == (NEW_SET["key"], "activation")
    assert violation.person_id == changing.person("handler")
    assert violation.members == ["initial_review", "investigation"]


def test_what_if_tells_existing_conflicts_and_whom_an_open_task_would_lose(changing: Office) -> None:
    """The handler did both already (choosing the procedure is initial review); his colleague only investigated."""
    worked = bring_to_review(changing)
    case_id = propose(changing, "conflict_set", NEW_SET)
    assert what_if(changing, case_id, "editor") == 2
    found = {line["severity"]: line for line in change(changing, case_id).what_if["lines"]}  # type: ignore[index]
    assert {line["case_id"] for line in found.values()} == {worked}
    assert found["violation"]["zh"].startswith("handler已办[initial_review][investigation]")
    assert "handler2将不能办理，再无人可办" in found["blocked"]["zh"]


def test_what_if_tells_when_nobody_would_be_left(changing: Office) -> None:
    worked = bring_to_review(changing)
    changing.work(worked, "handler", outcome="submit_positive")
    changing.work(worked, "checker", outcome="agree")
    members = [{"member": duty, "duty": duty} for duty in ("assign", "final_review")]
    case_id = propose(changing, "conflict_set", {**NEW_SET, "members": members})
    assert what_if(changing, case_id, "editor") == 1
    (line,) = change(changing, case_id).what_if["lines"]  # type: ignore[index]
    assert (line["case_id"], line["severity"]) == (worked, "blocked")
    assert "approver将不能办理，再无人可办" in line["zh"]


def test_what_if_of_a_looser_set_tells_who_could_act_again(changing: Office, clock: MovingClock) -> None:
    members = [{"member": duty, "duty": duty} for duty in ("assign", "final_review")]
    worked = bring_to_review(changing)
    carry_through(changing, "conflict_set", {**NEW_SET, "members": members})
    clock.set(versions(changing, NEW_SET["key"])[0].active_from + timedelta(minutes=1))
    changing.work(worked, "handler", outcome="submit_positive")
    changing.work(worked, "checker", outcome="agree")
    case_id = propose(changing, "conflict_set", {**NEW_SET, "members": members, "severity": "warn"})
    assert what_if(changing, case_id, "editor") == 1
    (line,) = change(changing, case_id).what_if["lines"]  # type: ignore[index]
    assert (line["case_id"], line["severity"]) == (worked, "relieved")
    assert "approver" in line["zh"]


def test_what_if_of_a_set_that_bars_nobody_is_empty(changing: Office) -> None:
    bring_to_review(changing)
    case_id = propose(changing, "conflict_set", {**NEW_SET, "risk_classes": ["normal"]})
    assert what_if(changing, case_id, "editor") == 0


@pytest.mark.parametrize(
    ("changed", "field", "code"),
    [
        ({"key": "Bad Key"}, "key", "bad_pattern"),
        ({"scope": "region_period"}, "period", "required"),
        ({"period": "year"}, "period", "not_of_this_scope"),
        ({"maximum": "2"}, "members", "set_without_effect"),
        ({"maximum": "0"}, "maximum", "too_small"),
        ({"members": []}, "members", "required"),
        ({"members": [{"member": "a", "duty": "nothing"}]}, "members.0.duty", "not_an_option"),
        (
            {"members": [{"member": "a", "duty": "draw"}, {"member": "b", "duty": "draw"}]},
            "members",
            "duty_in_two_members",
        ),
    ],
)
def test_a_set_that_makes_no_sense_is_refused_by_field(
    changing: Office, changed: Values, field: str, code: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        propose(changing, "conflict_set", {**NEW_SET, **changed})
    assert refused.value.errors[field][0] == code


def test_a_change_that_changes_nothing_is_refused(changing: Office) -> None:
    carry_through(changing, "conflict_set", NEW_SET)
    with pytest.raises(ChangesNothing):
        propose(changing, "conflict_set", NEW_SET)


def test_raw_sql_of_the_application_changes_no_rule(changing: Office) -> None:
    """SD014: neither without a change, nor under one that is undecided or about something else."""
    undecided = propose(changing, "conflict_set", NEW_SET)
    decided = carry_through(changing, "conflict_set", {**NEW_SET, "key": "case_other"})
    insert_set = (
        "INSERT INTO conflict_set (set_id, version, key, kind, scope, maximum, severity, risk_classes, title_zh, "
        "title_en, ground, active_from, change_id) VALUES (90, 1, 'case_investigation_review', 'exclusive', 'case', "
        "1, 'deny', '{high}', 'a', 'a', 'a', now(), :change)"
    )
    insert_pair = (
        "INSERT INTO post_exclusion (pair, side, post, title_zh, title_en, ground, change_id) "
        "VALUES (900, 0, 'rec_clerk', 'a', 'a', 'a', :change)"
    )
    insert_rule = (
        "INSERT INTO tenure_rule (post, version, months, gap_months, severity, ground, active_from, change_id) "
        "VALUES ('rec_clerk', 1, 12, 1, 'deny', 'a', now(), :change)"
    )
    for statement in (insert_set, insert_pair, insert_rule):
        for number in (None, undecided, decided):
            with pytest.raises(DBAPIError) as refused, changing.kernel.database.session() as session:
                session.execute(text(statement), {"change": number})
            assert getattr(refused.value.orig, "sqlstate", None) == "SD014", (statement, number)


def test_raw_sql_does_not_rewrite_a_decided_change(changing: Office) -> None:
    case_id = carry_through(changing, "conflict_set", NEW_SET)
    with pytest.raises(DBAPIError) as refused, changing.kernel.database.session() as session:
        session.execute(
            text("UPDATE controlled_change SET target = 'case_reviews' WHERE case_id = :case"),
            {"case": case_id},
        )
    assert getattr(refused.value.orig, "sqlstate", None) == "SD029"


def test_raw_sql_can_not_change_what_was_signed_and_keep_its_digest(changing: Office) -> None:
    """Before the decision the content may still be edited, but never under the digest that people sign."""
    case_id = propose(changing, "conflict_set", NEW_SET)
    for assignment in (
        "payload = jsonb_set(payload, '{values,maximum}', '2')",
        "content = replace(content, 'values', 'value')",
        "target = 'case_reviews'",
    ):
        with pytest.raises(DBAPIError) as refused, changing.kernel.database.session() as session:
            session.execute(
                text(f"UPDATE controlled_change SET {assignment} WHERE case_id = :case"), {"case": case_id}
            )
        assert getattr(refused.value.orig, "sqlstate", None) == "23514", assignment


def test_a_new_pair_of_posts_is_added_under_a_number_that_no_shipped_file_uses(changing: Office) -> None:
    values = {
        "title_zh": "送达与主管",
        "title_en": "Service and supervision",
        "left": ["rec_clerk"],
        "right": ["supervisor"],
        "ground": "内控制度第五条",
    }
    case_id = carry_through(changing, "post_exclusion", values)
    rows = read(changing, select(PostExclusion).where(PostExclusion.change_id == case_id))
    assert {(row.pair, row.side, row.post) for row in rows} == {
        (OWN_NUMBERS + 1, 0, "rec_clerk"),
        (OWN_NUMBERS + 1, 1, "supervisor"),
    }
    database = make_url(changing.kernel.database.url).database or ""
    reference.install_at(shared_server().owner_url(database))  # the next migration leaves it alone
    assert len(read(changing, select(PostExclusion).where(PostExclusion.change_id == case_id))) == 2


def test_a_pair_that_somebody_holds_already_is_refused_with_the_name(changing: Office) -> None:
    changing.grant("clerk", "rec_window")
    values = {
        "title_zh": "窗口与送达",
        "title_en": "Window and service",
        "left": ["rec_clerk"],
        "right": ["rec_window"],
        "ground": "内控制度第五条",
    }
    with pytest.raises(InvalidInput) as refused:
        propose(changing, "post_exclusion", values)
    assert refused.value.errors["right"] == ("posts_held_together", {"names": "clerk"})


def test_a_longest_stay_gets_a_version_and_its_what_if_names_who_stays_too_long(changing: Office) -> None:
    bring_to_review(changing)
    case_id = propose(changing, "tenure_rule", STAY)
    assert what_if(changing, case_id, "editor") == 1
    (line,) = change(changing, case_id).what_if["lines"]  # type: ignore[index]
    assert line["severity"] == "blocked"
    sign(changing, case_id, "editor", "submit_positive")
    sign(changing, case_id, "rechecker", "agree")
    sign(changing, case_id, "authoriser", "approve")
    (rule,) = read(changing, select(TenureRule).where(TenureRule.post == "rec_handler"))
    assert (rule.version, rule.months, rule.change_id) == (1, 1, case_id)


def test_a_risk_class_falls_by_proposer_and_approver(changing: Office) -> None:
    worked = changing.start()
    number = changing.case(worked).case_no
    case_id = carry_through(
        changing, "risk_lower", {"case_no": number, "risk": "normal", "approval_levels": "1"}
    )
    assert changing.case(worked).risk == "normal"
    row = read(changing, select(CaseRisk).where(CaseRisk.case_id == worked).order_by(CaseRisk.id))[-1]
    assert (row.risk, row.proposed_by, row.approved_by) == (
        "normal",
        changing.person("editor"),
        changing.person("authoriser"),
    )
    assert change(changing, case_id).target == str(worked)


def test_a_risk_class_is_not_raised_by_lowering(changing: Office) -> None:
    number = changing.case(changing.start()).case_no
    with pytest.raises(InvalidInput) as refused:
        propose(changing, "risk_lower", {"case_no": number, "risk": "routed", "approval_levels": "1"})
    assert refused.value.errors["risk"][0] == "not_lower"


def test_a_risk_class_that_rose_meanwhile_sends_the_change_back(changing: Office) -> None:
    worked = changing.start()
    number = changing.case(worked).case_no
    case_id = propose(changing, "risk_lower", {"case_no": number, "risk": "normal", "approval_levels": "1"})
    to_approval(changing, case_id)
    with changing.kernel.database.session() as session:
        changing.kernel.database.scope(session, (CITY,))
        session.execute(
            text("INSERT INTO case_risk (case_id, risk, reason, at) VALUES (:case, 'routed', 'rule', now())"),
            {"case": worked},
        )
        session.execute(text("UPDATE \"case\" SET risk = 'routed' WHERE id = :case"), {"case": worked})
        session.commit()
    sign(changing, case_id, "authoriser", "approve")
    assert changing.open_task_of(case_id).step_key == "rule_edit"
    assert read(changing, select(Case.risk).where(Case.id == worked)) == ["routed"]


def lower(office: Office, worked: int) -> None:
    values = {"case_no": office.case(worked).case_no, "risk": "high", "approval_levels": "1"}
    carry_through(office, "risk_lower", values)


def test_a_rule_known_at_the_lowering_raises_the_risk_no_more_but_new_facts_do(
    changing: Office, clock: MovingClock
) -> None:
    """RSK-14: three other cases of the employer within 90 days; then one more is known, posted the day before."""
    for serial in (600, 601, 602):
        changing.start(worker_id_no=id_number(serial))
    worked = bring_to_review(changing)
    assert changing.case(worked).risk == "routed"
    clock.move(minutes=5)
    lower(changing, worked)
    changing.work(worked, "handler", outcome="submit_positive")
    assert changing.case(worked).risk == "high"
    posted = {**APPLICATION, "worker_id_no": id_number(603)}
    start = CaseStart("injury_recognition", CITY, posted, received_at=clock() - timedelta(days=1))
    run(changing.kernel, partial(start_case, start=start), changing.actors["window"])
    changing.work(worked, "checker", outcome="agree")
    assert changing.case(worked).risk == "routed"
