"""Cases begun on paper: they go on here from the true dates, and what was done there earns nobody a duty."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import psycopg
import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from app.demo.paper import pdf_page
from app.faces.intake import Line, Target, import_lines
from app.faces.taking_over import read_case
from app.kernel.audit.models import AuditEvent
from app.kernel.cases.models import Case, CaseState, CaseTakeOver, Material
from app.kernel.deadlines.models import Clock
from app.kernel.duties.models import CaseDecision, Performance, Signature
from app.kernel.duties.refusals import DutyDenied
from app.kernel.engine import chain_facts
from app.kernel.engine.catalogue import get_latest
from app.kernel.engine.materials import Upload
from app.kernel.engine.takeover.operations import DECIDED, TakeOver, take_over
from app.kernel.engine.takeover.refusals import EntryUnknown, EvidenceMissing, TakenOverBefore
from app.kernel.refusals import InvalidInput
from app.kernel.transaction import Unit, run
from app.kernel.violations.watch.decisions import find_undecided_effects
from app.storage.embedded import EmbeddedServer
from tests.moving_clock import MovingClock
from tests.office import APPLICATION, CITY, Office, id_number, open_office
from tests.pages import ORIGIN, sit_down

NOW = datetime(2026, 3, 30, 1, 0, tzinfo=UTC)
ACCEPTED = {**APPLICATION, "accident_at": "2026-01-05T08:00", "diagnosis_at": "2026-01-05T09:00"} | {
    "received_at": "2026-01-09T10:00",
    "accepted_at": "2026-01-15T10:00",
    "evidence_notice_at": "2026-01-16T10:00",
}
DATES = ("received_at", "accepted_at", "evidence_notice_at")
PAPER = pdf_page(["工伤认定申请受理决定书"])


@pytest.fixture(scope="module")
def office(server: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with open_office(server, MovingClock(NOW), tmp_path_factory.mktemp("take_over") / "data") as opened:
        yield opened


def paper(number: int, **changes: Any) -> TakeOver:
    """A case in investigation on paper; `number` tells it from others."""
    facts = {**ACCEPTED, "worker_id_no": id_number(600 + number), **changes.pop("facts", {})}
    given = TakeOver(
        "injury_recognition",
        CITY,
        entry="p01_10_investigation",
        origin="paper",
        reference=f"银人社工伤受〔2026〕{number}号",
        facts=facts,
        evidence=[Upload("other", "受理决定书.pdf", "application/pdf", PAPER, "takeover")],
        done_before="2026-01-15 受理：handler；2026-01-20 指派：approver",
    )
    return replace(given, **changes)


def enter(office: Office, given: TakeOver, by: str = "window") -> int:
    return int(run(office.kernel, partial(take_over, given=given), office.actors[by])["case_id"])


def rows(office: Office, model: Any, case_id: int) -> list[Any]:
    with office.kernel.database.session() as session:
        office.kernel.database.scope(session, ("*",))
        return list(session.scalars(select(model).where(model.case_id == case_id)))


def test_case_from_paper_goes_through_the_whole_review_by_three_people(office: Office) -> None:
    case_id = enter(office, paper(1))
    case = office.case(case_id)
    assert (case.case_no[:11], case.status, case.track) == (f"{CITY}-2026", "open", "ordinary")
    assert case.received_at == datetime(2026, 1, 9, 2, 0, tzinfo=UTC)
    assert case.accepted_at == datetime(2026, 1, 15, 2, 0, tzinfo=UTC)
    clock, evidence = sorted(rows(office, Clock, case_id), key=lambda one: one.kind)
    assert (clock.kind, clock.started_on, clock.due_on) == ("CR06", date(2026, 1, 15), date(2026, 3, 16))
    assert (evidence.kind, evidence.started_on) == ("CR13", date(2026, 1, 16))
    assert clock.breach_at < NOW, "late on the day it is entered, as it is on paper"
    assert [(one.duty, one.person_id) for one in rows(office, Performance, case_id)] == [
        ("intake", office.person("window"))
    ]
    assert rows(office, Signature, case_id) == []
    assert office.open_task_of(case_id).due_on == date(2026, 3, 16)

    for who, form in (
        ("handler", {"investigated_on": "2026-03-27"}),
        ("handler2", {"investigated_on": "2026-03-27"}),
        ("handler", {"outcome": "submit_positive"}),
        ("checker", {"outcome": "agree"}),
        ("approver", {"outcome": "approve"}),
    ):
        office.work(case_id, who, **form)
    signers = [one.person_id for one in sorted(rows(office, Signature, case_id), key=lambda one: one.seq)]
    assert signers == [office.person(name) for name in ("handler", "checker", "approver")]
    assert len(rows(office, CaseDecision, case_id)) == 1
    assert [task.step_key for task in office.open_tasks(case_id, "serve")] == ["sv1_serve", "sv1_serve"]


def test_what_it_began_with_is_kept_and_audited(office: Office) -> None:
    given = paper(2, origin="system", notes="旧系统导出")
    case_id = enter(office, given)
    (row,) = rows(office, CaseTakeOver, case_id)
    (file,) = rows(office, Material, case_id)
    assert (row.kind, row.origin, row.entry, row.entered_by) == (
        "open",
        "system",
        given.entry,
        office.person("window"),
    )
    assert (row.reference, row.done_before) == (given.reference, given.done_before)
    assert row.dates == {key: ACCEPTED[key] for key in DATES}
    assert row.evidence == [file.digest]
    told = [one for one in rows(office, AuditEvent, case_id) if one.event == "case.taken_over"]
    assert json.loads(told[0].payload)["reference"] == given.reference


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"entry": "p01_16_serve"}, EntryUnknown),
        ({"evidence": []}, EvidenceMissing),
        ({"facts": {"accepted_at": "2026-03-31T09:00"}}, {"accepted_at": "in_the_future"}),
        ({"facts": {"accepted_at": "2026-01-08T09:00"}}, {"accepted_at": "before_earlier_date"}),
        ({"facts": {"diagnosis_text": ""}}, {"diagnosis_text": "required"}),
        ({"reference": " ", "done_before": ""}, {"reference": "required", "done_before": "required"}),
        ({"entry": DECIDED, "outcome": "paid"}, {"outcome": "not_a_choice"}),
    ],
)
def test_what_is_wrong_is_refused_by_field(office: Office, changes: dict[str, Any], refusal: Any) -> None:
    expected = InvalidInput if isinstance(refusal, dict) else refusal
    with pytest.raises(expected) as refused:
        enter(office, paper(3, **changes))
    if isinstance(refusal, dict):
        errors = {key: code for key, (code, _) in refused.value.errors.items()}
        assert refusal.items() <= errors.items()


def test_same_number_is_entered_once_and_only_by_the_intake_post(office: Office) -> None:
    with pytest.raises(DutyDenied):
        enter(office, paper(4), by="handler")
    case_no = office.case(enter(office, paper(4))).case_no
    with pytest.raises(TakenOverBefore) as refused:
        enter(office, paper(4))
    assert refused.value.params["case_no"] == case_no


def test_decided_on_paper_is_history_without_a_decision_of_ours(office: Office) -> None:
    decision = {"decided_at": "2026-02-20T10:00", "worker_sex": "male", "worker_birth_date": "1980-01-01"}
    more = {"worker_age": 46, "injured_parts": ["hand_left"], "decision_reasons": "工作时间、场所、原因"}
    given = paper(5, entry=DECIDED, outcome="approved_positive", facts={**decision, **more})
    case_id = enter(office, given)
    case = office.case(case_id)
    assert (case.status, case.outcome) == ("closed", "approved_positive")
    assert case.decided_at == datetime(2026, 2, 20, 2, 0, tzinfo=UTC)
    assert rows(office, CaseState, case_id) == rows(office, Signature, case_id) == []

    def passes_on(unit: Unit) -> tuple[Any, list[int]]:
        later = replace(
            get_latest(unit.session, "injury_recognition"),
            from_chain={"injury_recognition": {"worker_name": "worker_name"}},
        )
        copied = chain_facts.take_over(unit, later, case.chain_id)
        undecided = [one.case_ids[0] for one in find_undecided_effects(unit.session)]
        return [(one.fact, one.value, one.from_case_id) for one in copied], undecided

    with office.kernel.database.session() as session:
        office.kernel.database.scope(session, ("*",))
        copied, undecided = passes_on(Unit(office.kernel, session, office.actors["window"], NOW))
    assert copied == [("worker_name", "苏国栋", case_id)]
    assert case_id not in undecided


def test_raw_sql_can_neither_date_an_act_before_the_entry_nor_say_that_a_running_case_was_taken_over(
    office: Office,
) -> None:
    """Under the application's role; the lawful twin is every other test here."""
    taken = enter(office, paper(6))
    running = office.start(worker_id_no=id_number(690))
    more = {
        "worker_sex": "male",
        "worker_birth_date": "1980-01-01",
        "worker_age": 46,
        "injured_parts": ["hand_left"],
    }
    facts = {"decided_at": "2026-02-20T10:00", "decision_reasons": "依据", **more}
    history = enter(office, paper(7, entry=DECIDED, outcome="approved_positive", facts=facts))
    actor = office.actors["handler"]

    def act(case_id: int, at: str) -> str:
        return (
            "INSERT INTO performance (case_id, person_id, account_id, duty, state, at, decision_id)"
            f" SELECT {case_id}, {actor.person_id}, {actor.account_id}, 'initial_review', 'performed', '{at}', id"
            f" FROM duty_decision WHERE case_id = {case_id} LIMIT 1"
        )

    row = (
        "INSERT INTO case_take_over (case_id, kind, origin, entry, reference, dates, done_before, notes, evidence,"
        f" entered_at) VALUES ({running}, 'open', 'paper', 'x', 'x', '{{}}', '', '', '{{x}}', '{NOW.isoformat()}')"
    )
    attempts = [
        ("SD071", act(taken, "2026-01-20T10:00:00Z")),
        ("SD071", act(history, NOW.isoformat())),
        ("SD070", row),
        ("42501", f"UPDATE case_take_over SET done_before = 'x' WHERE case_id = {taken}"),
        ("42501", f"DELETE FROM case_take_over WHERE case_id = {taken}"),
    ]
    with office.kernel.database.session() as session:
        office.kernel.database.scope(session, ("*",))
        for state, statement in attempts:
            with pytest.raises(DBAPIError) as refused, session.begin_nested():
                session.execute(text(statement))
            assert isinstance(refused.value.orig, psycopg.Error)
            assert refused.value.orig.sqlstate == state, statement
        session.rollback()
        office.kernel.database.scope(session, ("640300",))
        assert session.scalars(select(CaseTakeOver.case_id)).all() == []


def test_window_states_the_dates_sees_the_clock_and_enters_the_case(office: Office) -> None:
    desk = sit_down(office.kernel, "window")
    url = "/apply/injury_recognition/take-over/"
    assert url in desk.get("/applications/new").text
    assert "正在调查核实" in desk.get(url).text
    wrong = desk.get(
        f"{url}?entry=p01_10_investigation&received_at=2026-01-09T10:00&accepted_at=2026-01-08T10:00"
        "&evidence_notice_at=2026-01-16T10:00"
    )
    assert "不能早于前面的日期" in wrong.text
    dates = {key: ACCEPTED[key] for key in DATES}
    shown = desk.get(f"{url}?entry=p01_10_investigation&" + urlencode(dates)).text
    assert "认定决定 60 日" in shown
    assert "已超期 14 日" in shown
    assert "1月15日 10:00" in shown, "days are read in words"
    form = {key: value for key, value in paper(21).facts.items() if key not in dates} | dates
    form |= {
        "entry": "p01_10_investigation",
        "origin": "paper",
        "reference": "纸 21",
        "done_before": "受理：张三",
    }
    form |= {"region_code": CITY, "kind": "other", "csrf_token": desk.token, "idempotency_key": "k21"}

    def post(**more: Any) -> Any:
        return desk.client.post(url, data={**form, **more}, headers=ORIGIN, follow_redirects=True)

    assert "必填" in post(file=(BytesIO(PAPER), "受理.pdf")).text, "the confirmation is asked for"
    assert "至少要有一份证明" in post(confirm="true").text
    assert "至少要有一份证明" in post().text, "what is missing is told at once, with the fields"
    page = post(confirm="true", file=(BytesIO(PAPER), "受理.pdf")).text
    assert "已录入，从这里接着办" in page
    refused = sit_down(office.kernel, "checker").get(url)
    assert refused.status_code == 409


def test_case_page_says_where_the_case_began(office: Office) -> None:
    case_id = enter(office, paper(22))
    office.take(case_id, "handler")
    page = sit_down(office.kernel, "handler").get(f"/cases/{case_id}/").text
    for words in (
        "接续办理（纸质）",
        "银人社工伤受〔2026〕22号",
        "2026-01-15 受理：handler",
        "受理决定书.pdf",
    ):
        assert words in page


def lines(office: Office, folder: Path, *cases: Any, dry_run: bool = False) -> list[Line]:
    content = [json.dumps(one, ensure_ascii=False).encode() for one in cases]
    target = Target("injury_recognition", CITY, folder, 1_000_000)
    return list(import_lines(office.kernel, content, target, dry_run=dry_run, read=read_case))


def as_line(number: int, **changes: Any) -> dict[str, Any]:
    given = paper(number)
    return {
        "entry": given.entry,
        "origin": "paper",
        "reference": given.reference,
        "done_before": given.done_before,
        "facts": given.facts,
        "evidence": [{"kind": "other", "path": "受理决定书.pdf"}],
        **changes,
    }


def test_file_of_cases_is_taken_line_by_line_and_nothing_twice(office: Office, tmp_path: Path) -> None:
    (tmp_path / "受理决定书.pdf").write_bytes(PAPER)
    first = as_line(11, external_id="A-11")
    second = as_line(12, same_injury_as=first["reference"])
    bad = as_line(13, entry="p01_16_serve")
    unproved = as_line(14, evidence=[])
    dry = lines(office, tmp_path, first, bad, dry_run=True)
    assert [one.status for one in dry] == ["valid", "refused"]
    taken = lines(office, tmp_path, first, second, bad, unproved, as_line(15, colour="red"))
    assert [one.status for one in taken] == ["imported", "imported", *["refused"] * 3]
    assert [one.faults[0].code for one in taken[2:]] == [
        "take_over_entry_unknown",
        "take_over_evidence_missing",
        "unknown_field",
    ]
    again = lines(office, tmp_path, first, second)
    assert [(one.status, one.case_no) for one in again] == [
        ("already_imported", one.case_no) for one in taken[:2]
    ]
    with office.kernel.database.session() as session:
        office.kernel.database.scope(session, ("*",))
        chains = session.scalars(
            select(Case.chain_id).where(Case.case_no.in_([one.case_no for one in taken[:2]]))
        ).all()
        assert len(set(chains)) == 1
        entered = session.scalars(
            select(CaseTakeOver.entered_by).where(CaseTakeOver.reference == first["reference"])
        ).one()
    assert entered is None, "the machine enters, and performs nothing"
