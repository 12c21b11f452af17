"""Documents issued, sealed, verified and made again; served on each party through the shipped block."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import orjson
import psycopg
import pytest
from pypdf import PdfReader
from sqlalchemy import select

from app.kernel.audit.models import AuditEvent
from app.kernel.cases.facts import load_facts
from app.kernel.cases.models import Case
from app.kernel.documents.models import Document, SealUse, Service
from app.kernel.documents.operations import DocumentContentChanged
from app.kernel.documents.service_records import list_services
from app.kernel.duties.records import permit_system
from app.kernel.duties.views import Action
from app.kernel.engine.catalogue import get_deployed
from app.kernel.engine.context import CaseContext
from app.kernel.engine.materials import Upload, add_material
from app.kernel.engine.operations import CaseStart, complete_task, run_timers, start_case
from app.kernel.engine.papers import reissue_document
from app.kernel.refusals import InvalidInput, TaskNotOpened
from app.kernel.transaction import Unit, run, system_actor
from app.kernel.worklist.models import Task
from app.kernel.worklist.operations import claim_task, open_task
from app.storage.embedded import EmbeddedServer
from tests.moving_clock import MovingClock
from tests.office import CITY, Office, bring_to_review, open_office
from tests.pages import ORIGIN, sit_down
from tests.service_probe import KEY, deploy_probe

START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
PDF = b"%PDF-1.4\n% return slip of "


@pytest.fixture(scope="module")
def clock() -> MovingClock:
    return MovingClock(START)


@pytest.fixture(scope="module")
def office(
    server: EmbeddedServer, clock: MovingClock, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Office]:
    with open_office(server, clock, Path(tmp_path_factory.mktemp("service")) / "data") as opened:
        run(opened.kernel, deploy_probe, system_actor())
        yield opened


@pytest.fixture
def case_id(office: Office, clock: MovingClock) -> int:
    clock.set(START)
    start = CaseStart(KEY, CITY, {"worker_name": "苏国栋"})
    return int(run(office.kernel, partial(start_case, start=start), office.actors["window"])["case_id"])


def tasks(office: Office, case_id: int) -> dict[str, Task]:
    with office.kernel.database.session() as session:
        office.kernel.database.scope(session, ("*",))
        found = session.scalars(select(Task).where(Task.case_id == case_id, Task.state == "open"))
        return {task.title_zh: task for task in found}


def take(office: Office, case_id: int, title: str) -> Task:
    task = tasks(office, case_id)[title]
    for operation in (claim_task, open_task):
        run(office.kernel, partial(operation, task_id=task.id), office.actors["clerk"], case_id=case_id)
    return tasks(office, case_id)[title]


def prove(office: Office, case_id: int, task: Task, what: str) -> bool:
    upload = Upload("other", f"{what}.pdf", "application/pdf", PDF + what.encode(), "officer")
    operation = partial(add_material, task_id=task.id, upload=upload)
    return run(office.kernel, operation, office.actors["clerk"], case_id=case_id)


def submit(office: Office, case_id: int, task: Task, **form: Any) -> None:
    operation = partial(complete_task, task_id=task.id, submitted=form, version=task.version)
    run(office.kernel, operation, office.actors["clerk"], case_id=case_id)


def facts(office: Office, case_id: int) -> dict[str, Any]:
    with office.kernel.database.session() as session:
        office.kernel.database.scope(session, ("*",))
        return load_facts(session, office.kernel.keyring, session.get_one(Case, case_id))


DIRECT = {
    "outcome": "served",
    "task_way": "direct",
    "task_sent_on": "2026-03-02",
    "task_received_at": "2026-03-02T08:40",
    "task_receiver": "苏国栋",
}


def test_each_party_is_served_by_itself_and_the_document_when_all_are(office: Office, case_id: int) -> None:
    assert set(tasks(office, case_id)) == {"送达（职工）", "送达（用人单位）"}
    worker = take(office, case_id, "送达（职工）")
    assert prove(office, case_id, worker, "receipt")
    submit(office, case_id, worker, **DIRECT)
    assert facts(office, case_id)["served_worker_at"] == "2026-03-02T08:40"
    assert document(office, case_id).state == "issued"
    employer = take(office, case_id, "送达（用人单位）")
    assert not prove(office, case_id, employer, "receipt"), "one receipt for both proves both"
    submit(office, case_id, employer, **{**DIRECT, "task_receiver": "收发室 王敏"})
    assert facts(office, case_id)["served_employer_at"] == "2026-03-02"
    assert document(office, case_id).state == "served"
    assert office.case(case_id).status == "closed"
    first, second = receipts(office, case_id)
    assert (first.title_zh, second.title_zh) == ("送达回证（职工）", "送达回证（用人单位）")
    told = words_of(office, second)
    for said in (
        document(office, case_id).number,
        "直接送达",
        "收发室王敏",
        "2026年3月2日08:40",
        "receipt.pdf",
    ):
        assert said in told, said


def test_a_blank_receipt_names_party_and_document_and_leaves_no_trace_in_the_case(
    office: Office, case_id: int
) -> None:
    desk = sit_down(office.kernel, "clerk")
    waiting = tasks(office, case_id)["送达（职工）"]
    assert desk.get(f"/tasks/{waiting.id}/receipt").status_code == 403, "nobody has it open"
    task = take(office, case_id, "送达（职工）")
    before = len(all_of(office, select(Document).where(Document.case_id == case_id)))
    assert f"/tasks/{task.id}/receipt" in desk.get(f"/cases/{case_id}").text
    told = re.sub(r"\s", "", desk.get(f"/tasks/{task.id}/receipt").text)
    for said in (
        f"（{document(office, case_id).number}）",
        "职工：苏国栋",
        "□直接送达",
        "年月日时分",
        "送达后由系统编号",
        "<td></td>",
    ):
        assert said in told, said
    assert len(all_of(office, select(Document).where(Document.case_id == case_id))) == before
    assert sit_down(office.kernel, "checker").get(f"/tasks/{task.id}/receipt").status_code == 403


def receipts(office: Office, case_id: int) -> list[Document]:
    """The paper of each service, oldest first."""
    told = select(Service.receipt_id).where(Service.case_id == case_id)
    return all_of(office, select(Document).where(Document.id.in_(told)).order_by(Document.id))


def words_of(office: Office, document: Document) -> str:
    """The text of a document's PDF."""
    pdf = office.kernel.blobs.get(document.pdf_digest or "")
    return re.sub(r"\s", "", "".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages))


def document(office: Office, case_id: int) -> Document:
    return latest(office, case_id, "decision")


def test_service_without_proof_or_consent_is_refused_and_leaves_nothing(office: Office, case_id: int) -> None:
    task = take(office, case_id, "送达（职工）")
    with pytest.raises(InvalidInput) as refused:
        submit(office, case_id, task, **{**DIRECT, "task_way": "electronic", "task_reference": "短信 7"})
    assert set(refused.value.errors) == {"task_consent", "outcome"}
    assert rows(office, case_id) == []


def rows(office: Office, case_id: int) -> list[tuple[str, str, str]]:
    with office.kernel.database.session() as session:
        office.kernel.database.scope(session, ("*",))
        return [(s.row.party, s.row.way, s.row.result) for s in list_services(session, case_id)]


def test_a_failure_is_kept_and_a_public_notice_then_runs_out_by_itself(
    office: Office, case_id: int, clock: MovingClock
) -> None:
    first = take(office, case_id, "送达（职工）")
    submit(
        office,
        case_id,
        first,
        outcome="failed",
        task_way="post",
        task_sent_on="2026-03-02",
        task_reason="原址查无此人，退回",
    )
    again = take(office, case_id, "送达（职工）")
    assert again.id != first.id
    prove(office, case_id, again, "newspaper")
    submit(
        office,
        case_id,
        again,
        outcome="notice",
        task_way="public_notice",
        task_sent_on="2026-03-02",
        task_reference="宁夏日报 3 月 2 日第 6 版",
        task_reason="邮件退回，电话无人接听",
    )
    assert "公告期间（职工）" in tasks(office, case_id)
    clock.set(datetime(2026, 4, 1, 15, 59, tzinfo=UTC))
    run(office.kernel, run_timers, system_actor(), case_id=case_id)
    assert "served_worker_at" not in facts(office, case_id)
    clock.move(minutes=1)
    run(office.kernel, run_timers, system_actor(), case_id=case_id)
    assert facts(office, case_id)["served_worker_at"] == "2026-04-01T23:59"
    assert rows(office, case_id) == [
        ("worker", "post", "failed"),
        ("worker", "public_notice", "published"),
        ("worker", "public_notice", "deemed"),
    ]
    (receipt,) = receipts(office, case_id)
    for said in ("公告期满，视为送达", "宁夏日报", "newspaper.pdf", "系统登记"):
        assert said in words_of(office, receipt), said
    employer = take(office, case_id, "送达（用人单位）")
    again = partial(reissue_document, uid=receipt.uid, reason="印制有误")
    run(office.kernel, again, office.actors["clerk"], case_id=case_id)
    newest = latest(office, case_id, "service_receipt")
    assert (newest.number, newest.version, newest.title_zh) == (receipt.number, 2, receipt.title_zh)
    assert "宁夏日报" in words_of(office, newest)
    assert employer.state == "open"


def test_what_was_recorded_of_a_service_can_be_neither_changed_nor_made_up(
    office: Office, case_id: int
) -> None:
    task = take(office, case_id, "送达（职工）")
    prove(office, case_id, task, "slip")
    submit(office, case_id, task, **DIRECT)
    with office.kernel.database.session() as session:
        row = session.scalars(select(Service).where(Service.case_id == case_id)).one()
        session.expunge(row)
    electronic = (
        "INSERT INTO service (case_id, document_id, party, way, result, received_at, performed_by, at) "
        "SELECT case_id, document_id, party, 'electronic', 'received', now(), performed_by, now() FROM service"
    )
    url = office.kernel.database.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    for statement, why in (
        ("UPDATE service SET received_at = now()", "permission denied"),
        ("DELETE FROM service", "permission denied"),
        (electronic, "ck_service_consent"),
    ):
        with psycopg.connect(url) as connection, pytest.raises(psycopg.Error, match=why):
            connection.execute(statement)
    assert row.task_id == task.id


@pytest.fixture(scope="module")
def decided(office: Office, clock: MovingClock) -> tuple[int, Document]:
    """A recognition case that waits for service, with its decision."""
    clock.set(START)
    case_id = bring_to_review(office)
    for who, outcome in (("handler", "submit_positive"), ("checker", "agree"), ("approver", "approve")):
        office.work(case_id, who, outcome=outcome)
    take(office, case_id, "送达（用人单位）")
    return case_id, latest(office, case_id, "recognition_decision")


def latest(office: Office, case_id: int, template: str) -> Document:
    with office.kernel.database.session() as session:
        office.kernel.database.scope(session, ("*",))
        chosen = select(Document).where(Document.case_id == case_id, Document.template == template)
        return session.scalars(chosen.order_by(Document.id.desc()).limit(1)).one()


def all_of(office: Office, statement: Any) -> list[Any]:
    with office.kernel.database.session() as session:
        office.kernel.database.scope(session, ("*",))
        return list(session.scalars(statement))


def test_a_decision_is_issued_as_a_sealed_pdf_whose_digest_is_in_the_audit_chain(
    office: Office, decided: tuple[int, Document]
) -> None:
    case_id, document = decided
    words = words_of(office, document)
    for text in ("苏国栋", document.number, document.verify_code, "工伤认定专用章", "本文件未作电子签名"):
        assert str(text) in words, text
    (use,) = all_of(office, select(SealUse).where(SealUse.document_id == document.id))
    assert (use.decision_id, use.person_id) == (document.decision_id, office.person("approver"))
    issued = all_of(office, select(AuditEvent).where(AuditEvent.event == "document.issued"))
    payloads = [orjson.loads(event.payload) for event in issued if event.case_id == case_id]
    assert document.pdf_digest in {payload["pdf"] for payload in payloads}
    notices = select(Document.id).where(Document.case_id == case_id, Document.decision_id.is_(None))
    unsealed = all_of(office, notices)
    assert unsealed
    assert all_of(office, select(SealUse).where(SealUse.document_id.in_(unsealed))) == []


def test_no_seal_stands_under_a_notice_or_by_hand(office: Office, decided: tuple[int, Document]) -> None:
    case_id, document = decided
    url = office.kernel.database.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    notice = latest(office, case_id, "recognition_acceptance")
    insert = (
        "INSERT INTO seal_use (seal_id, document_id, decision_id, at) "
        f"SELECT s.id, {notice.id}, {document.decision_id}, now() FROM seal s WHERE s.region_code = '640100'"
    )
    for statement, why in (
        (insert, "SD060|decision of its own authority"),
        ("UPDATE seal_use SET seal_id = seal_id", "permission denied"),
        ("DELETE FROM seal", "permission denied"),
        ("UPDATE document SET pdf_digest = 'x'", "permission denied"),
    ):
        with psycopg.connect(url) as connection, pytest.raises(psycopg.Error, match=why):
            connection.execute(statement)


def test_a_document_made_again_is_a_new_version_and_the_public_learns_which_one_stands(
    office: Office,
    decided: tuple[int, Document],
) -> None:
    case_id, document = decided
    again = partial(reissue_document, uid=document.uid, reason="印制有误，重新制发")
    with pytest.raises(TaskNotOpened):
        run(office.kernel, again, office.actors["handler"], case_id=case_id)
    desk = sit_down(office.kernel, "clerk")
    page = desk.get(f"/documents/{document.uid}")
    assert "重新制发" in page.text and document.verify_code in page.text
    assert desk.post(f"/documents/{document.uid}/again", {"reason": " "}).status_code == 422
    made = desk.post(f"/documents/{document.uid}/again", {"reason": "印制有误，重新制发"})
    assert made.status_code == 302
    newest = latest(office, case_id, "recognition_decision")
    assert (newest.number, newest.version, newest.state) == (document.number, 2, "issued")
    assert newest.replaces_id == document.id
    visitor = desk.client.application.test_client()
    old = visitor.get(f"/verify/{document.verify_code}").text
    assert "已被新版取代" in old and "苏国栋" not in old and "第 2 版" in old
    found = visitor.get(
        "/verify", query_string={"code": str(newest.verify_code).lower()}, follow_redirects=True
    )
    assert "有效" in found.text and document.number in found.text
    token = re.search(r'name="csrf_token" value="([^"]+)"', found.text)
    assert token is not None
    for content, said in (
        (office.kernel.blobs.get(newest.pdf_digest or ""), "逐字节一致"),
        (office.kernel.blobs.get(document.pdf_digest or ""), "不一致"),
    ):
        form = {"csrf_token": token.group(1), "file": (io.BytesIO(content), "a.pdf")}
        answer = visitor.post(
            f"/verify/{newest.verify_code}", data=form, headers=ORIGIN, content_type="multipart/form-data"
        )
        assert said in answer.text
    assert visitor.get("/verify/AAAA-BBBB-CCCC").status_code == 404
    codes = [visitor.get("/verify/AAAA-BBBB-CCCC").status_code for _ in range(40)]
    assert codes[-1] == 429
    assert document.number in sit_down(office.kernel, "auditor").get(seal_page(office)).text


def seal_page(office: Office) -> str:
    """Of the seal that was used."""
    return f"/seals/{all_of(office, select(SealUse.seal_id))[0]}"


def test_what_was_decided_must_not_have_changed(office: Office, decided: tuple[int, Document]) -> None:
    case_id, _document = decided
    newest = latest(office, case_id, "recognition_decision")

    def change(unit: Unit) -> None:
        permit_system(unit, Action.SYSTEM, case_id)
        assert unit.case is not None
        deployed = get_deployed(unit.session, unit.case.definition_id)
        CaseContext(unit, unit.case, deployed).change({"occupation": "铣工"})

    run(office.kernel, change, system_actor(), case_id=case_id)
    again = partial(reissue_document, uid=newest.uid, reason="更新职业")
    with pytest.raises(DocumentContentChanged):
        run(office.kernel, again, office.actors["clerk"], case_id=case_id)
