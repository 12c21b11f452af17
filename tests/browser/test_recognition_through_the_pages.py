"""One application from the window to the served decision, each step by its own person in a browser."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import datetime

import docx
import pytest
from playwright.sync_api import FilePayload, Page, expect

from app.demo.paper import pdf_page
from app.kernel.local_time import LOCAL_ZONE
from tests.browser.conftest import Site, Visitor
from tests.office import id_number, uscc

pytestmark = pytest.mark.browser
Visit = Callable[..., Visitor]
OPINION = "经核对笔录、考勤与监控，事故发生在工作时间和工作场所，三要件成立。"


def register(page: Page, url: str) -> str:
    """The window registers an application; answers the case's address."""
    page.goto(f"{url}/applications/new")
    fill(page, "applicant_type", "employer")
    fill(page, "applicant_name", "宁夏朔峰机械制造有限公司")
    fill(page, "worker_name", "苏国栋")
    fill(page, "worker_id_no", id_number(777))
    fill(page, "employer_name", "宁夏朔峰机械制造有限公司")
    fill(page, "accident_at", "2026-08-27T14:20")
    page.get_by_role("button", name="登记并生成案号").click()
    expect(page.get_by_text("已登记，案号已生成。")).to_be_visible()
    return page.url.split("?")[0]


def fill(page: Page, key: str, value: str) -> None:
    """Fill whatever control the form has for a key; one that is not there or hidden is passed by."""
    for control in page.locator(f'form [name="{key}"]:visible').all():
        kind = control.evaluate("e => e.type || e.tagName")
        if kind in ("checkbox", "radio"):
            if control.get_attribute("value") == value or value == "true":
                control.check()
        elif kind.startswith("select"):
            control.select_option(value)
        else:
            control.fill(value)


FACTS = {
    "employer_uscc": uscc(1),
    "responsible_employer": "宁夏朔峰机械制造有限公司",
    "responsible_employer_uscc": uscc(1),
    "diagnosis_at": "2026-08-27T15:05",
    "diagnosis_date": "2026-08-27",
    "employment_proof_kind": "contract",
    "accident_place": "二号机加车间 6 号车床",
    "accident_course": "更换刀具时主轴未完全停转，左手示指被夹伤。",
    "hospital": "银川市某三级医院",
    "diagnosis_text": "左手示指末节开放性骨折",
    "injury_description": "左手示指末节开放性骨折",
    "occupation": "数控车床操作工",
    "legal_basis_code": "14-1",
    "investigated_on": "2026-09-01",
}
SAMPLES = {"number": "1", "date": "2026-09-01", "datetime-local": "2026-09-02T09:00"}


def take(page: Page, case_url: str) -> None:
    """Claim at the gate, read what opening means, open."""
    page.goto(case_url)
    page.get_by_role("button", name="领取").click()
    expect(page.get_by_text("打开卷宗即记为本案")).to_be_visible()
    page.get_by_role("button", name="打开卷宗办理").click()
    expect(page.locator("#task form textarea, #task form input[type=radio]").first).to_be_visible()


def submit(page: Page, outcome: str, **more: str) -> None:
    """Choose the outcome, fill what is asked, sign."""
    fill(page, "outcome", outcome)
    for key, value in {**FACTS, **more}.items():
        fill(page, key, value)
    fill_required(page)
    fill(page, "opinion", OPINION)
    page.locator("#task button[type=submit]").first.click()
    expect(page.get_by_text("已签名并提交。")).to_be_visible()


def serve(page: Page, case_url: str, slip: str) -> None:
    """The next party receives: its own slip is uploaded, then how and when is stated."""
    take(page, case_url)
    content = pdf_page(["送达回证", slip])
    file: FilePayload = {"name": f"{slip}.pdf", "mimeType": "application/pdf", "buffer": content}
    page.locator("#upload").set_input_files(file)
    page.get_by_role("button", name="上传", exact=True).click()
    expect(page.locator("#m").get_by_text(f"{slip}.pdf")).to_be_visible()
    now = datetime.now(LOCAL_ZONE).strftime("%Y-%m-%dT%H:%M")
    said = {
        "task_way": "direct",
        "task_sent_on": now[:10],
        "task_received_at": now,
        "task_receiver": "本人签收",
    }
    submit(page, "served", **said)


def fill_required(page: Page) -> None:
    """Something sensible in what is demanded and still empty."""
    task = page.locator("#task")
    for box in task.locator('input[type=checkbox][aria-required="true"]:visible').all():
        box.check()
    for field in task.locator("fieldset:visible:has(> legend.req)").all():
        if not field.locator("input:checked").count():
            field.locator("input").first.check()
    for control in task.locator('select[aria-required="true"]:visible').all():
        if not control.input_value():
            control.select_option(index=1)
    for control in task.locator('.form-control[aria-required="true"]:visible').all():
        if not control.input_value():
            control.fill(SAMPLES.get(control.get_attribute("type") or "", "已核对"))


def test_application_goes_through_intake_three_reviews_and_service_by_different_people(
    site: Site, visit: Visit
) -> None:
    people = {name: visit() for name in ("window", "handler", "handler2", "checker", "approver", "clerk")}
    for name, visitor in people.items():
        visitor.log_in(name)
    pages = {name: visitor.page for name, visitor in people.items()}

    case_url = register(pages["window"], site.url)
    for outcome in ("complete", "accept"):
        take(pages["window"], case_url)
        submit(pages["window"], outcome)
    take(pages["approver"], case_url)
    submit(pages["approver"], "assigned")
    take(pages["handler"], case_url)
    submit(pages["handler"], "ordinary")
    for name in ("handler", "handler2"):
        take(pages[name], case_url)
        submit(pages[name], "done")
    take(pages["handler"], case_url)
    submit(pages["handler"], "submit_positive")

    # The initial reviewer may not recheck, and the page says so before any click.
    pages["handler"].goto(case_url)
    expect(pages["handler"].locator("#task .deny")).to_be_visible()
    expect(pages["handler"].locator("#task button")).to_have_count(0)

    take(pages["checker"], case_url)
    submit(pages["checker"], "agree")
    take(pages["approver"], case_url)
    submit(pages["approver"], "approve")
    for party in ("worker", "employer"):
        serve(pages["clerk"], case_url, party)

    page = pages["clerk"]
    page.goto(case_url)
    expect(page.locator(".three li.done")).to_have_count(3)
    # Served, effective, open until nobody can challenge it any more.
    expect(page.get_by_text("等候").first).to_be_visible()
    assert "苏国栋" in decision_text(page)


def decision_text(page: Page) -> str:
    """The words of the decision's DOCX, downloaded as an officer would."""
    row = page.locator("#d tbody tr").filter(has_text="认定工伤决定书")
    with page.expect_download() as download:
        row.get_by_role("link", name="DOCX").click()
    document = docx.Document(io.BytesIO(download.value.path().read_bytes()))
    cells = [cell.text for table in document.tables for line in table.rows for cell in line.cells]
    return "\n".join([paragraph.text for paragraph in document.paragraphs] + cells)
