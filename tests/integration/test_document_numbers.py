"""Issued documents on the real database: numbers without gaps, content kept by digest."""

import io
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import docx as word
import pytest

from app.kernel.documents import operations, queries
from app.kernel.documents.models import Document
from app.kernel.documents.numbering import next_number
from app.kernel.documents.operations import DocumentNotIssued, DocumentTemplate
from app.kernel.documents.render import DocumentDataMissing
from app.kernel.kernel import Kernel
from app.kernel.transaction import Unit, run, system_actor
from app.kernel.transaction.run import lock_case
from app.storage.blobs import BlobStore
from app.storage.crypto import KeyRing
from app.storage.database import Database
from tests.clock_office import ClockOffice
from tests.databases import CopiedDatabase
from tests.moving_clock import MovingClock

DATA = {"worker": "苏国栋"}


def template(*paragraphs: str) -> DocumentTemplate:
    document, target = word.Document(), io.BytesIO()
    for paragraph in paragraphs:
        document.add_paragraph(paragraph)
    document.save(target)
    return DocumentTemplate(
        key="recognition_decision",
        title_zh="认定工伤决定书",
        title_en="Decision",
        number_format="{prefix}认〔{year}〕{serial}号",
        docx=target.getvalue(),
        print_page="<p>{{ number }}</p>",
    )


DECISION = template("{{ number }}", "{{ authority }}：{{ worker }}", "{{ issued_on|date_formal }}")


@pytest.fixture
def office(fresh_database: CopiedDatabase, clock: MovingClock, tmp_path: Path) -> Iterator[ClockOffice]:
    database = Database(fresh_database.app_url)
    keyring = KeyRing.create(tmp_path / "keys.json")
    clock.set(datetime(2026, 11, 23, 2, tzinfo=UTC))
    place = ClockOffice(fresh_database, Kernel(database, keyring, BlobStore(tmp_path / "blobs"), clock=clock))
    yield place
    place.close()
    database.dispose()


def issue(office: ClockOffice, of: DocumentTemplate = DECISION) -> Document:
    def operation(unit: Unit) -> Document:
        return operations.issue(unit, lock_case(unit.session, office.case_id), of, DATA)

    return run(office.kernel, operation, system_actor())


def test_document_carries_its_number_the_authority_and_the_day(office: ClockOffice) -> None:
    document = issue(office)
    blobs = office.kernel.blobs
    text = [p.text for p in word.Document(io.BytesIO(queries.docx_of(blobs, document))).paragraphs]
    assert text == [
        "测640100认〔2026〕1号",
        "人力资源和社会保障局：苏国栋",
        "二〇二六年十一月二十三日",
    ]
    assert queries.print_page_of(blobs, document) == "<p>测640100认〔2026〕1号</p>"
    assert office.events("document.issued") == 1


def test_refused_document_uses_up_no_number(office: ClockOffice) -> None:
    issue(office)
    with pytest.raises(DocumentDataMissing, match="accident_place"):
        issue(office, template("{{ accident_place }}"))
    assert issue(office).number == "测640100认〔2026〕2号"


def test_numbers_begin_anew_each_year(office: ClockOffice, clock: MovingClock) -> None:
    issue(office)
    clock.set(datetime(2026, 12, 31, 16, 30, tzinfo=UTC))  # already 2027 in Shanghai
    assert issue(office).number == "测640100认〔2027〕1号"


def test_preview_has_no_number_and_leaves_no_trace(office: ClockOffice) -> None:
    def operation(unit: Unit) -> operations.Rendered:
        return operations.preview(unit, lock_case(unit.session, office.case_id), DECISION, DATA)

    shown = run(office.kernel, operation, system_actor())
    assert shown.print_page == "<p>（草稿，未编号）</p>"
    assert issue(office).number == "测640100认〔2026〕1号"


def test_rivals_for_a_number_get_every_number_once(office: ClockOffice) -> None:
    taken: list[int] = []

    def take(unit: Unit) -> int:
        return next_number(
            unit.session,
            authority="640100",
            kind="notice",
            year=2026,
            number_format="{year}{serial}",
            prefix="",
        ).serial

    def rival(number: int) -> None:
        with office.kernel.database.session() as session:
            unit = Unit(office.kernel, session, system_actor(), office.kernel.clock())
            serial = take(unit)
            if number % 4 == 0:
                return  # changes its mind: the number goes back
            session.commit()
            taken.append(serial)

    rivals = [threading.Thread(target=rival, args=(number,)) for number in range(16)]
    for thread in rivals:
        thread.start()
    for thread in rivals:
        thread.join()
    assert sorted(taken) == list(range(1, 13))


def test_served_document_is_not_served_again_but_can_be_revoked(office: ClockOffice) -> None:
    uid = issue(office).uid

    def change(what: str) -> None:
        def operation(unit: Unit) -> None:
            document = queries.document_by_uid(unit.session, uid)
            assert document is not None
            if what == "serve":
                operations.serve(unit, document, manner="direct")
            else:
                operations.revoke(unit, document, ground="法释9 9")

        run(office.kernel, operation, system_actor())

    change("serve")
    with pytest.raises(DocumentNotIssued):
        change("serve")
    change("revoke")
    with pytest.raises(DocumentNotIssued):
        change("revoke")
    assert [office.events(f"document.{what}") for what in ("served", "revoked")] == [1, 1]
