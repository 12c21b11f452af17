"""The register's pages: found by what people type, read for a purpose that is kept, files put up and proposed."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

import orjson
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from app.domain.registry.queries import find_person
from app.kernel.audit.models import AuditEvent
from app.kernel.identity.login import Credentials, log_in
from app.storage.embedded import EmbeddedServer
from tests.conftest import START
from tests.moving_clock import MovingClock
from tests.office import COUNTY, PASSWORD, Office
from tests.pages import application, browser
from tests.parameter_office import open_parameter_office
from tests.recusal_office import declare
from tests.registry_office import EMPLOYER, NEIGHBOUR, WORKER, fill, wages_text

WHY = "窗口核对参保"


@dataclass
class Place:
    """The application over a filled register, and a case of the worker."""

    app: Flask
    office: Office
    case_id: int

    def browser(self, name: str) -> FlaskClient:
        opened = log_in(self.office.kernel, Credentials(f"{name}-account", PASSWORD, None, None, "test"))
        client = browser(self.office.kernel)
        client.set_cookie("sanshen", opened.token)
        client.environ_base["HTTP_ORIGIN"] = "http://localhost"
        client.environ_base["HTTP_X_CSRF_TOKEN"] = opened.csrf_token
        return client

    def search(self, text: str, by: str = "handler", purpose: str = WHY, **more: str) -> TestResponse:
        asked = {"q": text, "purpose": purpose}
        browser = self.browser(by)
        if more:
            return browser.get("/registry", query_string={**asked, **more})
        return browser.post("/registry", data=asked, follow_redirects=True)

    def person(self, number: str = WORKER) -> int:
        with self.office.kernel.database.session() as session:
            found = find_person(session, self.office.kernel.keyring, number)
        assert found is not None
        return found.id

    def kept(self, event: str) -> list[dict[str, object]]:
        with self.office.kernel.database.session() as session:
            return [
                orjson.loads(row.payload)
                for row in session.scalars(
                    select(AuditEvent).where(AuditEvent.event == event).order_by(AuditEvent.id)
                )
            ]


@pytest.fixture(scope="module")
def place(server: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("office")
    with open_parameter_office(server, MovingClock(START), folder / "data") as office:
        fill(office)
        office.hire("county", 71)
        office.grant("county", "rec_handler", region=COUNTY)
        office.actors["county"] = replace(office.actors["county"], regions=(COUNTY,))
        yield Place(application(office.kernel), office, office.start())


@pytest.mark.parametrize(
    "typed", ["苏国", "sgd", "suguo", WORKER, f" {WORKER[:6]}-{WORKER[6:]}", WORKER[-4:], EMPLOYER, "case"]
)
def test_a_person_is_found_by_what_people_type(place: Place, typed: str) -> None:
    text = place.office.case(place.case_id).case_no if typed == "case" else typed
    page = place.search(text)
    assert page.status_code == 200
    assert "苏国栋" in page.text
    assert WORKER not in page.text
    assert WORKER not in page.request.url


@pytest.mark.parametrize("typed", ["朔峰", "机械厂", "nxsf", EMPLOYER])
def test_an_employer_is_found_by_present_and_former_name(place: Place, typed: str) -> None:
    page = place.search(typed, what="employers")
    assert "宁夏朔峰机械制造有限公司" in page.text


def test_a_search_finds_nobody_beyond_the_region_but_by_the_whole_number(place: Place) -> None:
    assert "苏国栋" not in place.search("sgd", by="county").text
    assert "马秀英" in place.search("mxy", by="county").text
    refused = place.search(WORKER, by="county")
    assert (refused.status_code, refused.request.path) == (422, f"/registry/people/{place.person()}")
    assert "登记在别的地区" in refused.text
    assert "宁夏朔峰" not in refused.text


def test_without_a_purpose_nothing_is_shown_and_nothing_is_kept(place: Place) -> None:
    before = len(place.kept("registry.searched"))
    page = place.search("苏国栋", purpose=" ")
    assert page.status_code == 422
    assert 'href="/registry/people/' not in page.text
    assert place.search("苏国栋", purpose="640100-2026-99999").status_code == 422
    assert len(place.kept("registry.searched")) == before
    gate = place.browser("handler").get(f"/registry/people/{place.person()}")
    assert "苏国栋" not in gate.text
    assert 'name="purpose"' in gate.text


def test_every_reading_is_kept_with_its_purpose_and_without_the_words_searched(place: Place) -> None:
    case_no = place.office.case(place.case_id).case_no
    place.search("sgd", purpose=case_no)
    searched = place.kept("registry.searched")[-1]
    assert searched == {"by": "letters", "found": 1, "purpose": case_no, "purpose_case_id": place.case_id}
    place.browser("handler").get(f"/registry/people/{place.person()}", query_string={"purpose": case_no})
    read = place.kept("registry.person_read")[-1]
    assert (read["insured_person_id"], read["purpose_case_id"]) == (place.person(), place.case_id)


def test_an_entry_answers_for_a_day_by_what_was_known(place: Place) -> None:
    address = f"/registry/people/{place.person(NEIGHBOUR)}"

    def answer(**asked: str) -> str:
        page = place.browser("handler").get(address, query_string={"purpose": WHY, **asked}).text
        return str(re.findall(r'<div class="note[^>]*>.*?<span>(.*?)</span>', page, re.DOTALL)[-1])

    assert answer(on="2024-12-01").startswith("2024年12月1日在保：永宁启山建筑有限公司")
    assert answer(on="2025-08-01") == "2025年8月1日不在保。"
    assert answer(on="2024-12-01", known="2024-12-31") == "2024年12月1日不在保。"


def test_an_entry_shows_wages_with_their_derivation_and_a_masked_number(place: Place) -> None:
    page = place.browser("handler").get(
        f"/registry/people/{place.person()}", query_string={"purpose": WHY, "on": "2026-03-10"}
    )
    assert "本人工资 5,800.00 元/月（暂按上一期平均工资）" in page.text
    assert "月平均缴费工资" in page.text
    assert WORKER not in page.text
    assert f"{WORKER[:3]}***********{WORKER[-4:]}" in page.text


def test_an_entry_names_no_case_the_reader_is_barred_from(place: Place) -> None:
    address, asked = f"/registry/people/{place.person()}", {"purpose": WHY}
    link = f"/cases/{place.case_id}/"
    assert link in place.browser("checker").get(address, query_string=asked).text
    declare(place.office, place.case_id, "checker")
    assert link not in place.browser("checker").get(address, query_string=asked).text
    number = place.office.case(place.case_id).case_no
    assert place.browser("checker").get(address, query_string={"purpose": number}).status_code == 422


def test_employers_institutions_and_experts_have_their_pages(place: Place) -> None:
    browser = place.browser("supervisor")
    found = re.search(
        r"/registry/employers/\d+", place.search(EMPLOYER, by="supervisor", what="employers").text
    )
    assert found
    employer = browser.get(found[0]).text
    assert "宁夏朔峰机械厂" in employer
    institutions = browser.get("/registry/institutions?running=1").text
    assert "银川市某三级医院" in institutions
    assert "永宁县康复中心" not in institutions
    assert "白文斌" in browser.get("/registry/experts?q=bwb&speciality=骨科").text
    assert "白文斌" in browser.get("/registry/experts?q=Bai wen").text, "the whole pinyin"
    assert "没有符合条件的" in browser.get("/registry/experts?q=无此人").text
    assert place.browser("handler").get("/registry/experts").status_code == 403
    assert place.browser("editor").get("/registry/institutions").status_code == 403


def test_a_file_is_put_up_looked_at_and_proposed(place: Place) -> None:
    editor = place.browser("editor")

    def upload(content: str, kind: str = "wages") -> TestResponse:
        sent = {"kind": kind, "file": (io.BytesIO(content.encode()), "四月.csv")}
        return editor.post("/registry/imports", data=sent, content_type="multipart/form-data")

    assert "缺少列" in upload("month\n2026-01").text
    put = upload(wages_text(START.date().replace(day=1), ["6600", "-5"]).replace("2026-", "2025-"))
    assert put.status_code == 302
    page = editor.get(put.location).text
    assert "请填金额，最多两位小数" in page
    assert "提请写入" in page
    empty = editor.post(put.location, data={"reason": "", "ground": "申报"})
    assert empty.status_code == 422
    proposed = editor.post(put.location, data={"reason": "四月申报", "ground": "社保法 60"})
    assert proposed.location.startswith("/changes/")
    change = editor.get(proposed.location).text
    assert "登记库批量导入" in change
    assert "看变更" in editor.get(put.location).text
    assert place.browser("handler").get("/registry/imports").status_code == 403
    assert place.browser("rechecker").post(put.location, data={"reason": "x"}).status_code == 403
