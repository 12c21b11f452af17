"""The committee on the real database: a conclusion, its reassessment at the region, a draw nobody can bend."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient
from sqlalchemy import select

from app.domain.assessment.draw import Published, commit, verify
from app.domain.assessment.figures import list_conclusions
from app.domain.assessment.queries import list_draws
from app.domain.assessment.steps import extend_conclusion
from app.faces.cli.draw import draw as draw_command
from app.kernel.cases.facts import load_facts
from app.kernel.cases.models import Case
from app.kernel.deadlines.models import Clock
from app.kernel.documents.models import Document
from app.kernel.duties import histories
from app.kernel.duties.records import permit_system
from app.kernel.duties.refusals import DutyDenied
from app.kernel.duties.views import Action
from app.kernel.engine.incoming import Paper, receive_paper
from app.kernel.engine.messages.models import CaseMessage
from app.kernel.engine.operations import complete_task, deliver_message, run_timers
from app.kernel.identity.login import Credentials, log_in
from app.kernel.local_time import local_day
from app.kernel.refusals import FenceRefused, InvalidInput
from app.kernel.transaction import Unit, run, system_actor
from app.kernel.worklist.operations import claim_task, open_task
from app.kernel.worklist.queries import QueueFilter, Tab, list_queue
from app.storage.embedded import EmbeddedServer
from tests.assessment_office import REGION, Committee, deploy_all, open_committee, register_experts
from tests.message_office import hand_over, spread
from tests.moving_clock import MovingClock
from tests.office import APPLICATION, CITY, PASSWORD, Office, id_number, open_office
from tests.pages import browser

START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
APPLICANT = {
    "applicant_type": "worker",
    "applicant_name": "苏国栋",
    **{key: APPLICATION[key] for key in ("worker_name", "worker_id_no", "employer_name", "hospital")},
    "recognition_no": "银人社工认〔2026〕7号",
    "recognised_scope": "左手示指末节",
    "diagnosis_text": "左手示指末节开放性骨折",
}
OPINION: dict[str, Any] = {
    "outcome": "agree_signed",
    "task_result": "graded",
    "task_grade": "9",
    "task_care_level": "none",
    "task_items": "5.9.2 13)",
}
RELAPSE: dict[str, Any] = {**APPLICANT, "confirmation_type": "injury_relapse", "requested": "旧伤复发治疗"}
PANEL: dict[str, Any] = {"lead_speciality": "orthopaedics", "specialities": [], "panel_size": "3"}
DRAFT: dict[str, Any] = {
    "outcome": "submit_positive",
    "condition_text": "左手示指末节缺失",
    "grade": "9",
    "care_level": "none",
}


@pytest.fixture(scope="module")
def clock() -> MovingClock:
    return MovingClock(START)


@pytest.fixture(scope="module")
def office(
    server: EmbeddedServer, clock: MovingClock, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Office]:
    with open_office(server, clock, Path(tmp_path_factory.mktemp("committee")) / "data") as opened:
        deploy_all(opened)
        yield opened


@pytest.fixture(scope="module")
def owner_url(office: Office, server: EmbeddedServer) -> str:
    return server.owner_url(office.kernel.database.engine.url.database or "")


@pytest.fixture(scope="module")
def city(office: Office, owner_url: str) -> Committee:
    committee = open_committee(office, CITY, "city", 100)
    register_experts(committee, owner_url, 120, hospital=APPLICANT["hospital"])
    return committee


@pytest.fixture(scope="module")
def region(office: Office, owner_url: str) -> Committee:
    committee = open_committee(office, REGION, "region", 140)
    register_experts(committee, owner_url, 160)
    return committee


def facts(office: Office, case_id: int) -> dict[str, Any]:
    with office.kernel.database.session() as session:
        office.kernel.database.scope(session, ("*",))
        return load_facts(session, office.kernel.keyring, session.get_one(Case, case_id))


def rows(office: Office, statement: Any) -> list[Any]:
    with office.kernel.database.session() as session:
        office.kernel.database.scope(session, ("*",))
        return list(session.scalars(statement))


def deliver_messages(office: Office) -> None:
    """What the outbox and the worker do: spread what was sent, hand it over."""
    spread(office)
    hand_over(office)


def to_draw(committee: Committee, **more: Any) -> int:
    case_id = committee.start(**{**APPLICANT, "assessment_type": "initial", **more})
    committee.work(case_id, "window", outcome="complete")
    committee.work(case_id, "handler", **PANEL, outcome="reviewed")
    return case_id


def to_opinions(committee: Committee, case_id: int) -> None:
    committee.draw(case_id)
    committee.work(case_id, "clerk", appointment_at="2026-03-12T09:00", appointment_place="鉴定中心二楼")
    committee.work(case_id, "handler", outcome="done")


def conclude(committee: Committee, case_id: int, grades: tuple[str, str, str] = ("9", "9", "9")) -> None:
    for role, grade in zip(committee.panel(case_id), grades, strict=True):
        committee.work(case_id, role, **{**OPINION, "task_grade": grade})
    committee.work(case_id, "handler", **DRAFT)
    committee.work(case_id, "checker", outcome="agree")
    committee.work(case_id, "approver", outcome="approve")


def test_a_conclusion_is_reassessed_at_the_region_by_other_experts_and_is_then_final(
    office: Office, city: Committee, region: Committee, clock: MovingClock
) -> None:
    first = to_draw(city)
    to_opinions(city, first)
    conclude(city, first, ("9", "10", "9"))
    found = facts(office, first)
    assert (found["grade"], found["assessment_result"], found["concluded_on"]) == (9, "graded", "2026-03-02")
    assert "10 级" in found["panel_dissent"]
    kinds = {one.template for one in rows(office, select(Document).where(Document.case_id == first))}
    assert kinds == {"assessment_appointment", "panel_opinion", "assessment_conclusion"}
    city.serve(first, "2026-03-02T09:00")
    running = rows(office, select(Clock).where(Clock.case_id == first, Clock.state == "running"))
    assert {one.kind: str(one.due_on) for one in running if one.kind.startswith("CA06")} == {
        "CA06W": "2026-03-17",
        "CA06E": "2026-03-17",
    }
    chain = office.case(first).chain_id
    second = region.start(**{**APPLICANT, "assessment_type": "reassessment", "chain_id": chain})
    assert office.case(second).case_role == "reassessment"
    assert facts(office, second)["conclusion_received_on"] == "2026-03-02"
    assert facts(office, second)["previous_assessment_no"] == facts(office, first)["conclusion_no"]
    assert [one.name for one in rows(office, select(CaseMessage))] == ["assessment.reassessment_applied"]
    deliver_messages(office)
    assert office.case(first).status == "open"
    region.work(second, "window", outcome="complete")
    region.work(second, "handler", **PANEL, outcome="reviewed")
    to_opinions(region, second)
    assert not set(region.panel(second)) & {f"city-{role}" for role in city.panel(first)}
    conclude(region, second)
    region.serve(second, "2026-03-02T09:00")
    assert office.case(second).status == "closed"
    assert [one.name for one in rows(office, select(CaseMessage))][-1] == "assessment.effective"
    deliver_messages(office)
    assert office.case(first).status == "closed", "the reassessment stands in its place"
    with office.kernel.database.session() as session:
        office.kernel.database.scope(session, ("*",))
        (told,) = list_conclusions(session, date(2026, 3, 1), date(2026, 3, 31))
        assert list_conclusions(session, date(2026, 4, 1), date(2026, 4, 30)) == []
    changed = facts(office, second)["grade"] != 9
    assert (told.assessor, told.region_code, told.grade, told.changed) == ("银川市", CITY, 9, changed)


def test_without_a_reassessment_the_conclusion_takes_effect_after_the_later_partys_days(
    office: Office, city: Committee, clock: MovingClock
) -> None:
    case_id = to_draw(city, worker_id_no=office.id_number_of("risk"), recognition_no="银人社工认〔2026〕8号")
    to_opinions(city, case_id)
    conclude(city, case_id)
    city.serve(case_id, "2026-03-02T09:00")
    try:
        for day, status in ((14, "open"), (17, "closed")):
            clock.set(START + timedelta(days=day))
            run(office.kernel, run_timers, system_actor(), case_id=case_id)
            assert office.case(case_id).status == status, day
        assert facts(office, case_id)["effective_on"] == "2026-03-19"
    finally:
        clock.set(START)


def test_a_recognition_that_falls_makes_signatures_stale_and_leaves_only_a_refusal(
    office: Office, city: Committee
) -> None:
    case_id = city.start(process="capacity_confirmation", **RELAPSE)
    city.work(case_id, "window", outcome="complete")
    city.work(case_id, "handler", outcome="file_review")
    city.work(case_id, "handler", outcome="submit_positive", condition_text="伤口再次感染")
    run(office.kernel, partial(fell, case_id=case_id), system_actor(), case_id=case_id)
    city.work(case_id, "handler", step="p03_xr_verify", outcome="noted")
    city.work(case_id, "checker", outcome="agree")
    city.work(case_id, "approver", outcome="approve")
    again = city.task(case_id)
    assert again.step_key == "rb2_initial_review", "what was signed rests on a recognition that is gone"
    city.take(case_id, "handler", again)
    with pytest.raises(InvalidInput) as refused:
        city.complete(case_id, "handler", again.id, outcome="submit_positive")
    assert refused.value.errors["outcome"][0] == "recognition_revoked"
    city.complete(case_id, "handler", again.id, outcome="submit_negative")
    city.work(case_id, "checker", outcome="agree")
    city.work(case_id, "approver", outcome="approve")
    assert (facts(office, case_id)["recognition_effective"], office.case(case_id).outcome) == (
        False,
        "approved_negative",
    )


def fell(unit: Unit, case_id: int) -> None:
    """What the chain brings when the department's decision is annulled."""
    permit_system(unit, Action.DELIVER, case_id)
    deliver_message(unit, "recognition.revoked")


def test_a_conclusion_is_extended_by_the_days_its_clock_allows(office: Office, city: Committee) -> None:
    case_id = to_draw(city)

    def extend(unit: Unit) -> Any:
        return extend_conclusion(unit, unit.session.get_one(Case, case_id), {})

    told = run(office.kernel, extend, system_actor())
    [row] = rows(office, select(Clock).where(Clock.case_id == case_id, Clock.kind == "CA03"))
    assert (row.extended_by, row.due_on.isoformat()) == (30, told["extended_until"])


def test_a_withdrawal_in_the_midst_of_a_draw_ends_the_case_and_its_clocks(
    office: Office, city: Committee
) -> None:
    case_id = to_draw(city)
    paper = Paper("withdrawal_requested", {})
    window = office.actors[city.name("window")]
    run(office.kernel, partial(receive_paper, paper=paper), window, case_id=case_id)
    city.work(case_id, "window", step="p02_xw_confirm", outcome="confirmed")
    assert office.case(case_id).status == "withdrawn"
    left = rows(office, select(Clock).where(Clock.case_id == case_id, Clock.state == "running"))
    assert left == []


def test_experts_drawn_for_a_case_that_ended_before_they_sat_can_be_drawn_again(
    office: Office, city: Committee
) -> None:
    """Five of the pool may be drawn: with three of them still bound nobody could be."""
    withdrawn = to_draw(city)
    city.draw(withdrawn)
    paper = partial(receive_paper, paper=Paper("withdrawal_requested", {}))
    run(office.kernel, paper, office.actors[city.name("window")], case_id=withdrawn)
    city.work(withdrawn, "window", step="p02_xw_confirm", outcome="confirmed")
    chain = office.case(withdrawn).chain_id
    again = to_draw(city, chain_id=chain)
    city.draw(again)
    assert len(city.panel(again)) == 3
    to_draw(city, chain_id=chain)
    assert facts(office, again + 1)["draw_state"] == "too_few", "an open case keeps its panel"
    kin = {"assessment_kind": "dependant", "dependant_name": "苏小川", "dependant_id_no": id_number(557)}
    of_another = to_draw(city, chain_id=chain, **kin)
    assert facts(office, of_another)["draw_state"] == "open", "whose assessment isn't the worker's"


def test_the_panel_is_what_the_secrets_give_and_none_of_the_treating_hospital_is_on_it(
    office: Office, city: Committee
) -> None:
    case_id = to_draw(city)
    assert pool_clock(office, case_id) == ("running", "2026-01-01", "2029-01-02")
    city.draw(case_id)
    assert pool_clock(office, case_id)[0] == "stopped"
    with office.kernel.database.session() as session:
        drawn = list_draws(session, case_id)[0]
    assert verify(Published.from_json(drawn.published().to_json())) == []
    assert drawn.left_out == {"treating_hospital": 1}
    assert "expert0" not in city.panel(case_id)


def pool_clock(office: Office, case_id: int) -> tuple[str, str, str]:
    """CA09: state, the day the pool was last updated, three years on."""
    (one,) = rows(office, select(Clock).where(Clock.case_id == case_id, Clock.kind == "CA09"))
    return one.state, str(one.started_on), str(one.due_on)


def test_a_seat_is_drawn_again_only_for_a_reason_and_by_both_people(office: Office, city: Committee) -> None:
    case_id = to_draw(city)
    city.draw(case_id, confirm=False)
    before = city.panel(case_id)
    task = city.task(case_id)
    city.take(case_id, "operator", task)
    with pytest.raises(InvalidInput) as refused:
        city.complete(
            case_id, "operator", task.id, outcome="redraw_seat", task_seat="2", task_cause="ill", opinion=""
        )
    assert set(refused.value.errors) == {"opinion"}
    redraw = {"outcome": "redraw_seat", "task_seat": "2", "task_cause": "ill", "opinion": "住院"}
    city.complete(case_id, "operator", task.id, **redraw)
    city.draw(case_id)
    after = city.panel(case_id)
    assert (after[0], after[2]) == (before[0], before[2])
    assert after[1] not in before
    assert facts(office, case_id)["redraws"] == 1


def test_a_wrong_secret_is_refused_and_a_lost_one_voids_the_draw(office: Office, city: Committee) -> None:
    case_id = to_draw(city)
    city.commit(case_id, "operator")
    city.commit(case_id, "witness")
    task = city.task(case_id)
    city.take(case_id, "operator", task)
    with pytest.raises(InvalidInput) as refused:
        city.complete(case_id, "operator", task.id, outcome="revealed", task_secret="another secret")
    assert set(refused.value.errors) == {"task_secret"}
    city.complete(case_id, "operator", task.id, outcome="lost", opinion="记录本遗失")
    city.draw(case_id)
    with office.kernel.database.session() as session:
        assert [one.state for one in list_draws(session, case_id)] == ["given_up", "drawn"]


def takeable(office: Office, person_id: int) -> set[int]:
    """Ids of the tasks that the queue offers a person."""
    now = office.kernel.clock()
    with office.kernel.database.session() as session:
        office.kernel.database.scope(session, ("*",))
        page = list_queue(session, person_id, QueueFilter(tab=Tab.CAN_TAKE), now, local_day(now))
    return {row.task.id for row in page.rows}


def test_the_operator_cannot_witness_and_no_stranger_takes_the_panels_task(
    office: Office, city: Committee, monkeypatch: pytest.MonkeyPatch
) -> None:
    case_id = to_draw(city)
    city.commit(case_id, "operator")
    office.actors["city-both"] = office.actors["city-operator"]
    task = city.task(case_id)
    with pytest.raises(DutyDenied):
        run(
            office.kernel,
            partial(claim_task, task_id=task.id),
            office.actors["city-operator"],
            case_id=case_id,
        )
    city.commit(case_id, "witness")
    for role in ("operator", "witness"):
        city.work(case_id, role, outcome="revealed", task_secret=city.secrets[role])
    city.work(case_id, "operator", outcome="confirmed")
    city.work(case_id, "clerk", appointment_at="2026-03-12T09:00", appointment_place="鉴定中心二楼")
    city.work(case_id, "handler", outcome="done")
    panel = city.panel(case_id)
    stranger = next(f"expert{n}" for n in range(6) if f"expert{n}" not in panel)
    task = city.task(case_id)
    assert not task.waiting_for_staff
    people = {role: office.actors[f"city-{role}"].person_id or 0 for role in (stranger, *panel)}
    offered = {role for role, person in people.items() if task.id in takeable(office, person)}
    assert offered == set(panel)
    with pytest.raises(DutyDenied) as denied:
        run(
            office.kernel,
            partial(claim_task, task_id=task.id),
            office.actors[f"city-{stranger}"],
            case_id=case_id,
        )
    assert denied.value.decision.reason == "not_drawn"
    # Were the application wrong about who sits, the database would still refuse.
    monkeypatch.setattr(histories, "_load_panels", lambda _session, _cases: {})
    run(
        office.kernel,
        partial(claim_task, task_id=task.id),
        office.actors[f"city-{stranger}"],
        case_id=case_id,
    )
    with pytest.raises(FenceRefused) as refused:
        run(
            office.kernel,
            partial(open_task, task_id=task.id),
            office.actors[f"city-{stranger}"],
            case_id=case_id,
        )
    assert refused.value.params["sqlstate"] == "SD042"


def test_a_draft_that_departs_from_the_panel_is_refused(office: Office, city: Committee) -> None:
    case_id = to_draw(city)
    to_opinions(city, case_id)
    for role in city.panel(case_id):
        city.work(case_id, role, **OPINION)
    task = city.task(case_id)
    city.take(case_id, "handler", task)
    with pytest.raises(InvalidInput) as refused:
        city.complete(case_id, "handler", task.id, **{**DRAFT, "grade": "7"})
    assert set(refused.value.errors) == {"grade"}


# -- the page


@pytest.fixture(scope="module")
def sign_in(office: Office) -> Callable[[], FlaskClient]:
    """Gives a browser with the draw operator signed in."""

    def signed_in() -> FlaskClient:
        opened = log_in(office.kernel, Credentials("city-operator-account", PASSWORD, None, None, "test"))
        client = browser(office.kernel)
        client.set_cookie("sanshen", opened.token)
        return client

    return signed_in


def test_the_page_hides_names_before_the_draw_and_publishes_the_file_on_the_day(
    office: Office, city: Committee, sign_in: Callable[[], FlaskClient], clock: MovingClock, tmp_path: Path
) -> None:
    browser, case_id = sign_in(), to_draw(city)
    task = city.task(case_id)
    city.take(case_id, "operator", task)
    page = browser.get(f"/cases/{case_id}/draws").text
    assert "您的密语（操作人）" in page and "city-expert" not in page
    found = re.findall(r"<code[^>]*>([^<]+)</code>", page)
    with office.kernel.database.session() as session:
        draw = list_draws(session, case_id)[0]
    assert commit(draw.uid, "operator", found[0]) == found[1]
    city.secrets["operator"] = found[0]
    city.complete(case_id, "operator", task.id, outcome="committed", task_commitment=found[1])
    city.commit(case_id, "witness")
    for role in ("operator", "witness"):
        city.work(case_id, role, outcome="revealed", task_secret=city.secrets[role])
    city.work(case_id, "operator", outcome="confirmed")
    city.work(case_id, "clerk", appointment_at="2026-03-05T09:00", appointment_place="鉴定中心二楼")
    page = browser.get(f"/cases/{case_id}/draws").text
    assert page.count("city-expert") == 3 and city.secrets["witness"] not in page
    assert browser.get(f"/cases/{case_id}/draws/1.json").status_code in (403, 409, 422)
    try:
        clock.set(START + timedelta(days=3))
        file = tmp_path / "draw.json"
        file.write_bytes(sign_in().get(f"/cases/{case_id}/draws/1.json").data)
    finally:
        clock.set(START)
    assert CliRunner().invoke(draw_command, ["verify", str(file)]).exit_code == 0
    file.write_text(file.read_text("utf-8").replace(city.secrets["witness"], "changed afterwards"), "utf-8")
    said = CliRunner().invoke(draw_command, ["verify", str(file)])
    assert said.exit_code == 1 and "commitment_witness" in said.output


# -- raw SQL under the application's role


@pytest.fixture
def raw(office: Office) -> Iterator[psycopg.Connection[Any]]:
    url = office.kernel.database.engine.url.set(drivername="postgresql")
    with psycopg.connect(url.render_as_string(hide_password=False), autocommit=True) as connection:
        yield connection


def refused(connection: psycopg.Connection[Any], statement: str, *values: object) -> str | None:
    with pytest.raises(psycopg.Error) as caught:
        connection.execute(statement, values)
    return caught.value.sqlstate


def test_raw_sql_can_neither_seat_an_expert_nor_touch_a_draw(
    office: Office, city: Committee, raw: psycopg.Connection[Any]
) -> None:
    case_id = to_draw(city)
    city.draw(case_id, confirm=False)
    with office.kernel.database.session() as session:
        draw = list_draws(session, case_id)[0]
    left = next(one.key for one in draw.candidates if one.key not in draw.result.values())
    seat = (
        "INSERT INTO expert_seat (case_id, panel_no, seat, draw_id, key, person_id, drawn_at) "
        "VALUES (%s, 1, %s, %s, %s, %s, now())"
    )
    assert refused(raw, seat, case_id, 1, draw.draw_id, left, draw.persons[left]) == "SD041"
    mine = draw.result[1]
    assert refused(raw, seat, case_id, 1, draw.draw_id, mine, draw.persons[mine]) == "23505"
    candidate = "INSERT INTO expert_draw_candidate VALUES (%s, 'X', %s, '640100', ARRAY['orthopaedics'])"
    assert refused(raw, candidate, draw.draw_id, office.person("handler")) == "SD040"
    for change in ("UPDATE expert_seat SET key = key", "DELETE FROM expert_draw", "TRUNCATE panel_opinion"):
        assert refused(raw, change) == "42501"
    again = (
        "INSERT INTO expert_draw (uid, case_id, panel_no, round, kind, device, reach, candidate_hash, left_out, "
        "opened_at) VALUES (gen_random_uuid(), %s, 1, 2, 'panel', false, 'city', repeat('0', 64), '{}', now())"
    )
    assert refused(raw, again, case_id) == "SD040"


def test_of_two_draws_for_one_vacant_seat_one_is_refused(
    office: Office, city: Committee, raw: psycopg.Connection[Any]
) -> None:
    case_id = to_draw(city)
    city.draw(case_id, confirm=False)
    vacate = {"outcome": "redraw_seat", "task_seat": "1", "task_cause": "declined", "opinion": "谢绝"}
    city.work(case_id, "operator", **vacate)  # the process opens the seat's draw at once
    rival = (
        "INSERT INTO expert_draw (uid, case_id, panel_no, round, kind, replaces, device, reach, candidate_hash, "
        "left_out, opened_at) SELECT gen_random_uuid(), d.case_id, d.panel_no, d.round + %s, 'seat', d.replaces, "
        "false, 'city', repeat('0', 64), '{}', now() FROM expert_draw d WHERE d.case_id = %s AND d.kind = 'seat'"
    )
    for step in (0, 1):
        assert refused(raw, rival, step, case_id) == "SD040"
    assert raw.execute("SELECT count(*) FROM expert_draw WHERE case_id = %s", (case_id,)).fetchone() == (2,)


def test_completing_by_somebody_else_in_between_is_no_commitment(office: Office, city: Committee) -> None:
    case_id = to_draw(city)
    task = city.task(case_id)
    city.take(case_id, "operator", task)
    with pytest.raises(InvalidInput) as refused:
        run(
            office.kernel,
            partial(
                complete_task,
                task_id=task.id,
                submitted={"outcome": "committed", "task_commitment": "0" * 63},
            ),
            office.actors["city-operator"],
            case_id=case_id,
        )
    assert set(refused.value.errors) == {"task_commitment"}
