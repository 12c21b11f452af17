"""Cases of one injury: linked late, split, moved to another office, done again; what was done counts everywhere."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url, select, text

from app.kernel.cases.facts import load_facts
from app.kernel.cases.models import Case, CaseChain, Material
from app.kernel.chains.queries import list_chain
from app.kernel.chains.refusals import (
    CaseAlreadyReopened,
    CaseNotDecided,
    CaseRoleUnknown,
    TransferTargetInvalid,
)
from app.kernel.chains.suggestions import list_leads
from app.kernel.chains.transfer import list_targets, preview_transfer, transfer_case
from app.kernel.deadlines.models import Clock
from app.kernel.duties.refusals import DutyDenied
from app.kernel.refusals import FenceRefused, InvalidInput
from app.kernel.transaction import run
from app.kernel.violations.queries import list_violations
from app.kernel.violations.watch.run import watch
from app.kernel.worklist.models import Notification, Task
from app.kernel.worklist.operations import claim_task
from app.kernel.worklist.refusals import ReasonMissing
from app.storage.embedded import EmbeddedServer
from tests.chain_office import (
    SAME_INJURY,
    decided,
    link,
    order,
    redo_in_another_chain,
    review,
    staff,
    walk_to_review,
)
from tests.changing import carry_through, propose, what_if
from tests.databases import shared_server
from tests.moving_clock import MovingClock
from tests.office import CITY, COUNTY, Office, bring_to_review, id_number, open_office
from tests.pages import sit_down


@pytest.fixture
def place(server: EmbeddedServer, clock: MovingClock, tmp_path: Path) -> Iterator[Office]:
    """The office with rule changers, and a second approver so that a redo finds its people."""
    with open_office(server, clock, tmp_path / "data") as office:
        staff(office)
        yield office


def rows(office: Office, statement: Any, **values: Any) -> list[Any]:
    with office.kernel.database.session() as session:
        office.kernel.database.scope(session, ("*",))
        return list(session.execute(statement, values).all())


def test_redo_is_a_new_case_of_the_same_chain_with_the_facts_of_the_application(place: Office) -> None:
    first = decided(place)
    again = order(place, first)
    old, new = place.case(first), place.case(again)
    assert (new.chain_id, new.case_role, new.process_key) == (old.chain_id, "redo", old.process_key)
    assert (old.status, old.decided_at is not None, new.decided_at) == ("open", True, None)
    assert (new.subject_name, new.event_on, new.outcome) == (old.subject_name, old.event_on, None)
    with place.kernel.database.session() as session:
        place.kernel.database.scope(session, ("*",))
        facts = load_facts(session, place.kernel.keyring, session.get_one(Case, again))
    assert facts["accident_course"] and facts["worker_id_no"]
    assert {"accepted_at", "decided_at", "investigated_on", "legal_basis_code"}.isdisjoint(facts)


def test_signers_of_the_first_decision_may_not_sign_its_redo(place: Office) -> None:
    again = order(place, decided(place))
    walk_to_review(place, again)
    for signer, other in (("handler", "handler2"), ("checker", "checker2"), ("approver", "approver2")):
        with pytest.raises(DutyDenied) as denied:
            place.take(again, signer)
        decision = denied.value.decision
        assert (decision.rule, decision.scope) == ("chain_recognition_again", "chain")
        review(place, again, other)
        if place.case(again).decided_at is None and place.open_task_of(again).duty == "risk_review":
            review(place, again, "risk")
    assert place.case(again).decided_at is not None
    assert watch(place.kernel, full=True).clean


def test_undecided_case_is_not_done_again_nor_one_twice_nor_in_an_unknown_role(place: Office) -> None:
    with pytest.raises(CaseNotDecided):
        order(place, place.start(**SAME_INJURY))
    first = decided(place)
    with pytest.raises(CaseRoleUnknown):
        order(place, first, role="reassessment")
    with pytest.raises(DutyDenied):
        order(place, first, by="checker")
    again = order(place, first)
    with pytest.raises(CaseAlreadyReopened) as refused:
        order(place, first)
    assert refused.value.params["case_no"] == place.case(again).case_no


def test_window_that_registers_a_redo_performs_its_intake_and_the_supervisor_does_not(place: Office) -> None:
    first = decided(place)
    ordered, registered = order(place, first), order(place, first, role="reconsideration", by="window")
    intake = text("SELECT person_id FROM performance WHERE case_id = :case AND duty = 'intake'")
    assert rows(place, intake, case=ordered) == []
    assert rows(place, intake, case=registered) == [(place.person("window"),)]


def test_files_of_the_first_case_lie_before_the_new_one(place: Office) -> None:
    first = decided(place)
    with place.kernel.database.session() as session:
        place.kernel.database.scope(session, ("*",))
        session.add(
            Material(
                uid="0" * 31 + "1",
                case_id=first,
                region_code=CITY,
                kind="id_card",
                filename="a.pdf",
                media_type="application/pdf",
                size=1,
                digest="d" * 64,
                source="window",
                received_at=place.kernel.clock(),
            )
        )
        session.commit()
    again = order(place, first)
    found = rows(
        place, select(Material.filename, Material.digest, Material.source).where(Material.case_id == again)
    )
    assert found == [("a.pdf", "d" * 64, "carried")]


def test_linked_chains_become_the_older_one_and_what_was_done_counts_there(place: Office) -> None:
    older, newer = place.start(), place.start(**SAME_INJURY)
    keep, gone = place.case(older).chain_id, place.case(newer).chain_id
    link(place, newer, older)
    assert {place.case(case_id).chain_id for case_id in (older, newer)} == {keep}
    retired = rows(place, select(CaseChain.id).where(CaseChain.retired_at.is_not(None)))
    assert retired == [(gone,)]
    with pytest.raises(InvalidInput) as refused:
        propose(
            place,
            "chain_link",
            {"case_no": place.case(older).case_no, "other_case_no": place.case(newer).case_no},
        )
    assert refused.value.errors["other_case_no"][0] == "same_chain"


def test_link_that_makes_lawful_acts_collide_records_them_freezes_and_tells(place: Office) -> None:
    first = decided(place)
    again = redo_in_another_chain(place)
    review(place, again, "checker")  # lawful: he signed in the other chain only
    link(place, first, again)
    with place.kernel.database.session() as session:
        place.kernel.database.scope(session, ("*",))
        (violation,) = list_violations(session)
        assert (violation.rule, violation.person_id) == ("chain_recognition_again", place.person("checker"))
        assert {case.case_id for case in violation.cases} == {first, again}
    told = rows(
        place, select(Notification.person_id).where(Notification.code == "violation_recorded").distinct()
    )
    assert {row.person_id for row in told} == {place.person("supervisor"), place.person("auditor")}
    assert watch(place.kernel, full=True).clean


def test_link_ends_a_claim_that_could_not_be_opened_any_more(place: Office) -> None:
    first = decided(place)
    again = redo_in_another_chain(place)
    task = place.open_task_of(again)
    run(place.kernel, partial(claim_task, task_id=task.id), place.actors["checker"], case_id=again)
    link(place, first, again)
    task = place.open_task_of(again)
    assert (task.claimed_by, task.waiting_for_staff) == (None, False)  # checker3 may
    codes = rows(place, select(Notification.code).where(Notification.person_id == place.person("checker")))
    assert ("task_taken_back",) in codes
    with pytest.raises(DutyDenied) as denied:
        place.take(again, "checker")
    assert denied.value.decision.rule == "chain_recognition_again"


def test_what_if_of_a_link_names_the_collision_before_it_is_made(place: Office) -> None:
    first = decided(place)
    again = redo_in_another_chain(place)
    review(place, again, "checker")
    case_id = propose(
        place,
        "chain_link",
        {"case_no": place.case(first).case_no, "other_case_no": place.case(again).case_no},
    )
    assert what_if(place, case_id, "editor") > 0
    record = rows(place, text("SELECT what_if FROM controlled_change WHERE case_id = :case"), case=case_id)[
        0
    ][0]
    assert record["by_severity"]["violation"] > 0
    assert list_violations_of(place) == []


def list_violations_of(office: Office) -> list[Any]:
    with office.kernel.database.session() as session:
        office.kernel.database.scope(session, ("*",))
        return list(list_violations(session))


def test_split_gives_each_side_a_fresh_chain_and_frees_its_people(place: Office) -> None:
    first = decided(place)
    again = order(place, first)
    former = place.case(first).chain_id
    carry_through(
        place,
        "chain_split",
        {"staying": place.case(first).case_no, "leaving": [{"case_no": place.case(again).case_no}]},
    )
    chains = {place.case(first).chain_id, place.case(again).chain_id}
    assert len(chains | {former}) == 3
    walk_to_review(place, again)
    review(place, again, "handler")  # another injury: no set keeps him away
    assert watch(place.kernel, full=True).clean


def test_split_needs_cases_of_one_chain_on_both_sides(place: Office) -> None:
    one, other = place.start(), place.start(**SAME_INJURY)
    values = {"staying": place.case(one).case_no, "leaving": [{"case_no": place.case(other).case_no}]}
    with pytest.raises(InvalidInput) as refused:
        propose(place, "chain_split", values)
    assert refused.value.errors == {"leaving.0.case_no": ("other_chain", {})}
    values["leaving"] = [{"case_no": place.case(one).case_no}]
    with pytest.raises(InvalidInput) as refused:
        propose(place, "chain_split", values)
    assert refused.value.errors == {"leaving.0.case_no": ("leaves_and_stays", {})}


def test_leads_are_near_accidents_of_one_person_in_two_chains(place: Office) -> None:
    one, near = place.start(), place.start(**SAME_INJURY)
    place.start(accident_at="2026-01-02T09:00")
    place.start(worker_name="李四", worker_id_no=id_number(777), **SAME_INJURY)
    with place.kernel.database.session() as session:
        place.kernel.database.scope(session, ("*",))
        (lead,) = list_leads(session)
    assert (lead.older.case_id, lead.newer.case_id, lead.days) == (one, near, 1)
    link(place, one, near)
    with place.kernel.database.session() as session:
        place.kernel.database.scope(session, ("*",))
        assert list_leads(session) == []


def test_leads_between_closed_cases_are_found_when_asked_for(place: Office) -> None:
    one, near = place.start(), place.start(**SAME_INJURY)
    database = make_url(place.kernel.database.url).database or ""
    with shared_server().admin(database) as admin:  # closed long ago, for whatever reason
        admin.execute("SET session_replication_role = replica")
        admin.execute("UPDATE \"case\" SET status = 'closed'")
    with place.kernel.database.session() as session:
        place.kernel.database.scope(session, ("*",))
        assert list_leads(session) == []
        (lead,) = list_leads(session, closed_too=True)
    assert (lead.older.case_id, lead.newer.case_id) == (one, near)


def test_split_cases_are_not_led_to_again(place: Office) -> None:
    one, near = place.start(), place.start(**SAME_INJURY)
    link(place, one, near)
    carry_through(
        place,
        "chain_split",
        {"staying": place.case(one).case_no, "leaving": [{"case_no": place.case(near).case_no}]},
    )
    with place.kernel.database.session() as session:
        place.kernel.database.scope(session, ("*",))
        assert list_leads(session) == []


def move(
    office: Office, case_id: int, to_region: str = COUNTY, by: str = "supervisor", reason: str = "属地管理"
) -> None:
    operation = partial(transfer_case, to_region=to_region, reason=reason)
    run(office.kernel, operation, office.actors[by], case_id=case_id)


def test_transfer_moves_case_and_tasks_ends_claims_and_leaves_clocks(place: Office) -> None:
    place.hire("county", 72)
    place.grant("county", "rec_handler", region=COUNTY)
    case_id = bring_to_review(place)
    task = place.open_task_of(case_id)
    run(place.kernel, partial(claim_task, task_id=task.id), place.actors["handler2"], case_id=case_id)
    clocks = select(Clock.kind, Clock.due_on, Clock.state).where(Clock.case_id == case_id).order_by(Clock.id)
    before = rows(place, clocks)
    move(place, case_id)
    case, task = place.case(case_id), place.open_task_of(case_id)
    assert (case.region_code, task.region_code, task.claimed_by) == (COUNTY, COUNTY, None)
    assert task.waiting_for_staff is False
    assert rows(place, clocks) == before
    codes = rows(place, select(Notification.person_id, Notification.code))
    assert (place.person("handler2"), "task_taken_back") in codes
    assert (place.person("auditor"), "case_transferred_away") in codes
    with pytest.raises(DutyDenied) as denied:
        place.take(case_id, "handler")
    assert denied.value.decision.reason == "post_not_held"
    place.work(case_id, "county", outcome="submit_positive")
    assert watch(place.kernel, full=True).clean


def test_transfer_to_an_office_without_people_waits_for_staff_and_preview_says_so(place: Office) -> None:
    case_id = bring_to_review(place)
    with place.kernel.database.session() as session:
        place.kernel.database.scope(session, ("*",))
        case = session.get_one(Case, case_id)
        tasks = session.scalars(select(Task).where(Task.case_id == case_id, Task.state == "open")).all()
        now = place.kernel.clock()
        assert list_targets(session, case, tasks, now.date()) == []
        (offer,) = preview_transfer(session, case, tasks, COUNTY, now, now.date())
        assert (offer.able, offer.unable) == ((), ())
    move(place, case_id)
    assert place.open_task_of(case_id).waiting_for_staff is True


def test_preview_counts_what_was_done_here(place: Office) -> None:
    case_id = bring_to_review(place)
    place.work(case_id, "handler", outcome="submit_positive")
    place.hire("county", 73)
    place.grant("county", "rec_checker", region=COUNTY)
    with place.kernel.database.session() as session:
        place.kernel.database.scope(session, ("*",))
        case = session.get_one(Case, case_id)
        tasks = session.scalars(select(Task).where(Task.case_id == case_id, Task.state == "open")).all()
        now = place.kernel.clock()
        (target,) = list_targets(session, case, tasks, now.date())
        assert (target.code, target.staffed) == (COUNTY, True)
        (offer,) = preview_transfer(session, case, tasks, COUNTY, now, now.date())
    assert offer.able == ("county",)


def test_only_the_giving_regions_supervisor_transfers_with_a_reason_to_another_region(place: Office) -> None:
    case_id = place.start()
    with pytest.raises(DutyDenied):
        move(place, case_id, by="handler")
    with pytest.raises(ReasonMissing):
        move(place, case_id, reason=" ")
    for target in (CITY, "999999"):
        with pytest.raises(TransferTargetInvalid):
            move(place, case_id, to_region=target)
    assert place.case(case_id).region_code == CITY


def test_chain_panel_and_page_show_only_what_the_reader_may_read(place: Office) -> None:
    first = decided(place)
    again = order(place, first)
    page = sit_down(place.kernel, "checker").get(f"/cases/{first}/chain").text
    mine, other = page.split("重作")
    assert "认定工伤决定书" in mine and "handler" in mine and place.case(first).case_no in mine
    assert place.case(again).case_no in other and f'href="/cases/{again}/"' not in other
    assert "没有依法应当抄送本机关的文书" in other and "受理决定书" not in other
    assert page.count('class="box lane"') == 3 and page.count("还没有案件") == 2
    assert sit_down(place.kernel, "clerk").get(f"/cases/{first}/chain").status_code == 403
    chain = place.case(first).chain_id
    today = place.kernel.clock().date()
    with place.kernel.database.session() as session:
        place.kernel.database.scope(session, (CITY,))
        seen = {
            name: [case.readable for case in list_chain(session, chain, place.person(name), today)]
            for name in ("auditor", "checker", "handler2")
        }
    assert seen == {"auditor": [True, True], "checker": [True, False], "handler2": [True, False]}
    move(place, first)
    with place.kernel.database.session() as session:
        place.kernel.database.scope(session, (CITY,))
        found = list_chain(session, chain, place.person("auditor"), today)
    assert [(case.case_id, case.status, case.readable) for case in found] == [
        (first, None, False),
        (again, "open", True),
    ]


def test_raw_link_without_the_change_or_of_half_a_chain_is_refused(place: Office) -> None:
    one, other = place.start(), place.start(**SAME_INJURY)

    def insert(unit: Any) -> None:
        unit.session.execute(
            text(
                "INSERT INTO chain_link (case_id, from_chain_id, to_chain_id, kind, reason, change_id, at)"
                " SELECT a.id, a.chain_id, b.chain_id, 'link', 'x', :change, now() FROM \"case\" a, \"case\" b"
                " WHERE a.id = :one AND b.id = :other"
            ),
            {"one": one, "other": other, "change": one},
        )
        unit.record("test.link", {})

    with pytest.raises(FenceRefused) as refused:
        run(place.kernel, insert, place.actors["editor"])
    assert refused.value.params["sqlstate"] in ("SD014", "23503")
