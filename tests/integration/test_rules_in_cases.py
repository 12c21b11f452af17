"""Rules in force judge cases, each hit once, warnings with a reason; three people change rules, raw SQL does not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from functools import partial
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from app.kernel.audit.models import AuditEvent
from app.kernel.decisions.catalogue.deploying import install_rules
from app.kernel.decisions.catalogue.models import RuleFile, RuleRelease, RuleVersion
from app.kernel.decisions.catalogue.replay import what_if as replay
from app.kernel.decisions.catalogue.versions import list_standing
from app.kernel.decisions.models import RuleHit
from app.kernel.decisions.operations import explain_hit
from app.kernel.decisions.refusals import HitNotWarning, WarningUnexplained
from app.kernel.refusals import InvalidInput
from app.kernel.transaction import run, system_actor
from app.storage.embedded import EmbeddedServer
from app.wiring import WORKFLOWS
from tests.changing import CHANGERS, add_changers, carry_through, propose, sign, what_if
from tests.moving_clock import MovingClock
from tests.office import Office, id_number, open_office
from tests.pages import sit_down
from tests.rules import changed_rule, put_in_force

MONDAY = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
WARNS = ('action = "route"', 'action = "warn"')
FROM_THE_SAME_DAY = ("&gt; most_days", "&gt;= most_days")
NOT_BACK_DATED = """
[[case]]
name = "先登记后参保"
expect = "no_hit"
[case.facts]
insured_since = 2026-02-11
enrolment_received_at = 2026-02-10
"""
LATE = {"insured_since": "2026-02-10", "enrolment_received_at": "2026-02-15"}


@pytest.fixture(scope="module")
def watch() -> MovingClock:
    return MovingClock(MONDAY)


@pytest.fixture(scope="module")
def office(
    server: EmbeddedServer, watch: MovingClock, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Office]:
    """One office for all tests here: each takes another rule or the next version."""
    with open_office(server, watch, tmp_path_factory.mktemp("rules") / "data") as opened:
        add_changers(opened)
        yield opened


def rows(office: Office, statement: Any) -> list[Any]:
    with office.kernel.database.session() as session:
        office.kernel.database.scope(session, ("*",))
        return list(session.scalars(statement))


def hits(office: Office, case_id: int, rule: str) -> list[RuleHit]:
    return rows(
        office,
        select(RuleHit).where(RuleHit.case_id == case_id, RuleHit.rule_id == rule).order_by(RuleHit.id),
    )


def standing(office: Office, rule_id: str, on: date) -> int | None:
    with office.kernel.database.session() as session:
        found = [one.rule.manifest.version for one in list_standing(session, on) if one.rule.id == rule_id]
    return found[0] if found else None


def values(rule_id: str, **replaced: tuple[str, str]) -> dict[str, str]:
    """The fields of the kind `rule` for a second version of a shipped rule."""
    files = changed_rule(rule_id, **replaced).files
    texts = {name.replace(".", "_"): content.decode() for name, content in files.items()}
    return {"action": "deploy", "rule": rule_id, "effective_from": "", **texts}


def test_shipped_rules_stand_with_their_bootstrap_approval_and_are_installed_once(office: Office) -> None:
    assert len(rows(office, select(RuleVersion.id).where(RuleVersion.version == 1))) == 70
    assert rows(office, select(RuleVersion.approval).where(RuleVersion.rule_id == "RSK-11")) == [
        {"kind": "bootstrap"}
    ]
    again = partial(install_rules, workflows=WORKFLOWS, by="tests", approval={"kind": "bootstrap"})
    assert run(office.kernel, again, system_actor()) == ()


def test_a_hit_at_intake_keeps_version_moment_and_inputs_once(office: Office) -> None:
    case_id = office.start(**LATE)
    (hit,) = hits(office, case_id, "RSK-12")
    assert (hit.rule_version, hit.trigger, hit.action, hit.disposition) == (1, "intake", "route", None)
    assert hit.inputs == LATE and hit.version_id is not None
    assert office.case(case_id).risk == "routed"
    office.work(case_id, "window", outcome="complete")
    assert len(hits(office, case_id, "RSK-12")) == 1
    told = select(AuditEvent.event).where(AuditEvent.case_id == case_id, AuditEvent.event == "rule.hit")
    assert len(rows(office, told)) == 1


def test_a_warning_needs_a_reason_before_a_duty_is_completed_and_then_not_again(
    office: Office, watch: MovingClock
) -> None:
    put_in_force(office.kernel, changed_rule("RSK-14", rule__toml=WARNS))  # a warning that never hits here
    put_in_force(office.kernel, changed_rule("LOG-04", rule__toml=WARNS))
    office.start(worker_name="甲一", worker_id_no=office.id_number_of("clerk"))
    case_id = office.start(worker_name="甲一", worker_id_no=office.id_number_of("clerk"))
    (hit,) = hits(office, case_id, "LOG-04")
    task = office.take(case_id, "window")
    watch.move(minutes=5)
    with pytest.raises(WarningUnexplained) as refused:
        office.complete(case_id, task, "window", outcome="complete")
    assert refused.value.params["rules"] == "LOG-04"
    explain = partial(explain_hit, hit_id=hit.id, reason="两次不同的事故，已核对病历")
    run(office.kernel, explain, office.actors["window"], case_id=case_id)
    (explained,) = hits(office, case_id, "LOG-04")
    assert (explained.disposition, explained.reason, explained.disposed_by) == (
        "explained",
        "两次不同的事故，已核对病历",
        office.person("window"),
    )
    with pytest.raises(HitNotWarning):
        run(office.kernel, explain, office.actors["window"], case_id=case_id)
    office.complete(case_id, office.open_task_of(case_id), "window", outcome="complete")


def test_a_hit_lapses_when_the_data_are_corrected(office: Office) -> None:
    case_id = office.start(**LATE)
    office.work(case_id, "window", outcome="complete", insured_since="2026-02-15")
    (hit,) = hits(office, case_id, "RSK-12")
    assert hit.disposition == "lapsed"


def test_three_people_put_a_version_into_force_from_its_day(office: Office) -> None:
    case_id = office.start(insured_since="2026-02-15", enrolment_received_at="2026-02-15")
    wanted = values(
        "RSK-12",
        rule__toml=("effective_from = 2026-01-01", "effective_from = 2026-06-01"),
        rule__dmn=FROM_THE_SAME_DAY,
        cases__toml=('expect = "no_hit"', 'expect = "hit"'),
    )
    with pytest.raises(InvalidInput) as invalid:  # no case is left that shows the rule not to hit
        propose(office, "rule", wanted)
    assert invalid.value.errors["cases_toml"][0] == "rule_invalid"
    wanted["cases_toml"] += NOT_BACK_DATED
    change = propose(office, "rule", wanted)
    assert what_if(office, change, "editor") >= 1
    with office.kernel.database.session() as session:
        office.kernel.database.scope(session, ("*",))
        draft = changed_rule("RSK-12", rule__dmn=FROM_THE_SAME_DAY)
        found = {
            one.case_id: one.verdict for one in replay(session, office.kernel.ports, draft, None, MONDAY)
        }
    assert found[case_id] == "new"
    sign(office, change, "editor", "submit_positive")
    sign(office, change, "rechecker", "agree")
    sign(office, change, "authoriser", "approve")
    assert standing(office, "RSK-12", date(2026, 5, 31)) == 1
    assert standing(office, "RSK-12", date(2026, 6, 1)) == 2
    version = rows(
        office, select(RuleVersion).where(RuleVersion.rule_id == "RSK-12", RuleVersion.version == 2)
    )[0]
    assert version.change_id == change
    with pytest.raises(InvalidInput) as late:
        propose(office, "rule", wanted)
    assert late.value.errors["rule_toml"] == ("rule_version_expected", {"version": 3})


def test_a_retired_rule_is_asked_no_more(office: Office) -> None:
    retire = {"action": "retire", "rule": "REC-02", "effective_from": "2026-03-02"}
    carry_through(office, "rule", retire)
    assert standing(office, "REC-02", date(2026, 3, 2)) is None
    assert standing(office, "REC-02", date(2026, 3, 1)) == 1


def test_a_release_before_one_that_is_known_already_is_refused(office: Office) -> None:
    """It would never stand: of those that have come the one of the latest day does."""
    retire = {"action": "retire", "rule": "REC-01", "effective_from": "2026-09-01"}
    carry_through(office, "rule", retire)
    with pytest.raises(InvalidInput) as early:
        propose(office, "rule", {**retire, "effective_from": "2026-08-31"})
    assert early.value.errors["effective_from"] == ("rule_day_too_early", {"day": "2026-09-01"})
    with pytest.raises(InvalidInput) as version:
        propose(office, "rule", values("REC-01"))
    assert version.value.errors["rule_toml"][0] == "rule_day_too_early"


def test_what_a_change_would_touch_is_not_told_to_who_may_not_read_the_case(
    office: Office,
) -> None:
    case_id = office.start(**LATE, applicant_id_no=id_number(CHANGERS["rechecker"][0]))
    retire = {"action": "retire", "rule": "RSK-12", "effective_from": "2027-01-01"}
    change = propose(office, "rule", retire)
    what_if(office, change, "editor")
    number, page = office.case(case_id).case_no, f"/changes/{change}"
    assert number in sit_down(office.kernel, "editor").get(page).text
    party = sit_down(office.kernel, "rechecker").get(page)
    assert party.status_code == 200
    assert number not in party.text
    assert "您不能查看的案件" in party.text


def test_a_change_about_a_case_is_closed_to_who_is_barred_from_it(office: Office) -> None:
    case_id = office.start(**LATE, applicant_id_no=id_number(CHANGERS["rechecker"][0]))
    number = office.case(case_id).case_no
    change = propose(office, "risk_lower", {"case_no": number, "risk": "normal", "approval_levels": "1"})
    reader, party = (sit_down(office.kernel, name) for name in ("editor", "rechecker"))
    assert number in reader.get(f"/changes/{change}").text
    assert f"/changes/{change}" in reader.get("/changes").text
    for address in (f"/changes/{change}", f"/cases/{change}"):
        refused = party.get(address)
        assert refused.status_code == 403 and number not in refused.text
    listed = party.get("/changes").text
    assert f"/changes/{change}" not in listed and number not in listed


@pytest.mark.parametrize(
    ("given", "field", "code"),
    [
        ({"rule": "rsk 12"}, "rule", "rule_id_invalid"),
        ({"rule_dmn": "<x/>"}, "rule_dmn", "rule_invalid"),
        ({"cases_toml": ""}, "cases_toml", "required"),
        ({"effective_from": "2027-01-01"}, "effective_from", "rule_day_differs"),
        ({"action": "retire", "effective_from": ""}, "effective_from", "required"),
        ({"action": "retire", "rule": "NEW-01", "effective_from": "2027-01-01"}, "rule", "rule_unknown"),
    ],
)
def test_a_change_of_a_rule_that_cannot_be_is_refused_by_field(
    office: Office, given: dict[str, str], field: str, code: str
) -> None:
    with pytest.raises(InvalidInput) as invalid:
        propose(office, "rule", {**values("RSK-11"), **given})
    assert invalid.value.errors[field][0] == code


@pytest.mark.parametrize(
    ("statement", "state"),
    [
        (
            "INSERT INTO rule_version (rule_id, version, digest, created_at, created_by, approval)"
            " VALUES ('RSK-77', 1, 'x', now(), 'raw', '{}')",
            "SD035",
        ),
        (
            "INSERT INTO rule_release (rule_id, action, effective_from, at)"
            " VALUES ('RSK-11', 'retire', current_date, now())",
            "SD035",
        ),
        (
            "INSERT INTO rule_release (rule_id, action, effective_from, change_id, at)"
            " SELECT 'RSK-11', 'retire', current_date, max(case_id), now() FROM controlled_change",
            "SD035",
        ),
        ("INSERT INTO rule_file VALUES (1, 'rule.toml', 'x')", "SD035"),
        ("UPDATE rule_version SET digest = 'x'", "SD020"),
        ("DELETE FROM rule_release", "SD020"),
        ("TRUNCATE rule_file", "SD020"),
    ],
)
def test_raw_sql_changes_no_rule(office: Office, statement: str, state: str) -> None:
    """As the owner too; the application's role lacks the right where the trigger isn't asked."""
    with office.kernel.database.session() as session:
        if statement.startswith("INSERT INTO rule_version"):
            session.execute(
                text("INSERT INTO founding (id, closed_at, witnesses) VALUES (1, now(), '{1,2}')")
            )
        with pytest.raises(DBAPIError) as refused:
            session.execute(text(statement))
        assert getattr(refused.value.orig, "sqlstate", "") in (state, "42501")
        session.rollback()


def test_a_version_without_exactly_its_files_is_refused_at_the_commit(office: Office) -> None:
    with office.kernel.database.session() as session:
        session.execute(
            text(
                "INSERT INTO rule_version (rule_id, version, digest, created_at, created_by, approval)"
                " VALUES ('RSK-77', 1, 'x', now(), 'raw', '{}')"
            )
        )
        with pytest.raises(DBAPIError) as refused:
            session.commit()
        assert getattr(refused.value.orig, "sqlstate", "") == "SD035"
    assert rows(office, select(RuleFile.name).where(RuleFile.version_id == 0)) == []
    assert rows(office, select(RuleRelease.id).where(RuleRelease.rule_id == "RSK-77")) == []
