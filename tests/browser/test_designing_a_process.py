"""A process edited, proved, approved by three people; a new case runs on it, old ones end on theirs or migrate."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from app.kernel.engine.operations import run_timers
from app.kernel.transaction import run, system_actor
from tests.browser.conftest import Site, Visitor
from tests.browser.designing import (
    BLOCK,
    PATIENCE,
    begin,
    drawn,
    drop_on_flow,
    element,
    make_user_task,
    open_diagram,
    panel,
    settled,
)
from tests.browser.test_controlled_changes_pages import sign, take
from tests.changing import add_changers
from tests.integration.test_running_cases import worked_off
from tests.office import Office, bring_to_review

pytestmark = pytest.mark.browser
STEP = "会商"


@pytest.fixture(scope="module")
def designing(site: Site) -> Site:
    add_changers(site.office)
    return site


REVIEWERS = {
    "initial_review": ("handler", "submit_positive"),
    "recheck": ("checker", "agree"),
    "risk_review": ("risk", "agree"),
    "final_review": ("approver", "approve"),
}


def finish(office: Office, case_id: int) -> None:
    """From initial review to served, through whatever reviews its risk asks for, until the remedies have lapsed."""
    while not office.open_tasks(case_id, "serve"):
        who, outcome = REVIEWERS[office.open_task_of(case_id).duty]
        office.work(case_id, who, outcome=outcome)
    office.serve(case_id)
    a_year_on = office.kernel.clock() + timedelta(days=365)
    run(replace(office.kernel, clock=lambda: a_year_on), run_timers, system_actor(), case_id=case_id)


def add_step(page: Page, draft_url: str) -> None:
    """A task between acceptance and assignment, with duty, post and form."""
    open_diagram(page, draft_url)
    drop_on_flow(page, "flow_p01_06_07")
    make_user_task(page, STEP)
    settled(page)
    expect(page.locator("#results")).to_contain_text("阻止")
    expect(page.locator("#publish")).to_contain_text("不能提交复核")
    panel(page).get_by_label("职责", exact=True).select_option("investigation")
    panel(page).get_by_label("候选组（岗位）").select_option("rec_handler")
    panel(page).get_by_label("表单", exact=True).select_option("p01_07_assign")
    settled(page)
    expect(page.locator("#publish").get_by_role("link", name="提交复核")).to_be_visible()
    row = page.locator("#steps tr", has_text=STEP).last
    expect(row).to_contain_text("调查核实")
    expect(row).to_contain_text("指派与回避")


def open_a_bypass(page: Page, draft_url: str) -> None:
    """The recheck made an investigation: a path to the decision lacks it, and is drawn."""
    open_diagram(page, draft_url, BLOCK)
    element(page, "rb3_recheck").click()
    panel(page).get_by_label("职责", exact=True).select_option("investigation")
    settled(page)
    expect(page.locator("#publish")).to_contain_text("绕过路径")
    expect(page.locator(".bypass-line")).not_to_have_count(0)
    expect(page.locator(".bypass-tag")).to_contain_text("①")
    words = page.locator("#results .bypass-words").first
    expect(words).to_contain_text("复核 → 复核结论？ → 审核")
    expect(page.locator("#steps tr.cur", has_text="复核结论？")).to_have_count(2)


def mend(page: Page) -> None:
    """Undone by keyboard: the red line goes."""
    page.locator("#canvas .djs-container svg").first.focus()
    page.keyboard.press("Control+z")
    settled(page)
    expect(panel(page).get_by_label("职责", exact=True)).to_have_value("recheck")
    expect(page.locator(".bypass-line")).to_have_count(0)
    expect(page.locator("#results")).to_contain_text("已证明")


def submit(page: Page) -> str:
    """Reason and ground; answers the change's case."""
    page.locator("#publish").get_by_role("link", name="提交复核").click()
    expect(page.get_by_text("改过这份草稿的人都不能复核、批准。")).to_be_visible(timeout=PATIENCE)
    page.get_by_role("button", name="提交复核").click()
    expect(page.get_by_role("alert")).to_contain_text("必填", timeout=PATIENCE)
    page.get_by_label("变更理由").fill("受理后先会商，再指派")
    page.get_by_label("变更依据").fill("内控制度第三条")
    page.get_by_label("版本说明").fill("加会商一步")
    page.get_by_role("button", name="提交复核").click()
    expect(page.get_by_text("已提出流程变更")).to_be_visible(timeout=PATIENCE)
    page.get_by_role("link", name="去办理并签名").click()
    return page.url


def approved_by_two(visit: type[Visitor], case_url: str) -> None:
    for name, outcome in (("rechecker", "同意，报批准"), ("authoriser", "批准，立即实施")):
        person = visit()
        person.log_in(name)
        take(person, case_url)
        sign(person.page, outcome)


def migrate(editor: Visitor, visit: type[Visitor], office: Office, case_id: int) -> None:
    """Seen beforehand, decided by three, carried out by the worker, told on the page."""
    case_no = office.case(case_id).case_no
    editor.go("/designer/processes/injury_recognition/migrate")
    page = editor.page
    expect(page.locator("#preview").get_by_role("row", name=case_no)).to_contain_text("能换")
    page.get_by_label("案号").fill(case_no)
    page.get_by_label("变更理由").fill("按新流程会商")
    page.get_by_label("变更依据").fill("内控制度第三条")
    page.get_by_role("button", name="提请换版本").click()
    page.get_by_role("link", name="去办理并签名").click()
    case_url = page.url
    sign(page, "编制完成，报复核")
    approved_by_two(visit, case_url)
    assert worked_off(office) == 1
    editor.go("/designer/processes/injury_recognition/migrate")
    expect(page.locator("#progress")).to_contain_text("已换 1")


def test_process_is_edited_proved_approved_and_runs(designing: Site, visit: type[Visitor]) -> None:
    office = designing.office
    old, moving = bring_to_review(office), bring_to_review(office)
    editor = visit()
    editor.log_in("editor")
    draft_url = begin(editor)
    add_step(editor.page, draft_url)
    open_a_bypass(editor.page, draft_url)
    mend(editor.page)
    case_url = submit(editor.page)
    sign(editor.page, "编制完成，报复核")
    approved_by_two(visit, case_url)
    editor.page.goto(draft_url)
    expect(editor.page.locator("#publish [aria-current=step]")).to_contain_text("已部署")
    expect(editor.page.locator("#canvas [data-element-id]").first).to_be_attached()

    new = office.start()
    for _step in range(2):
        office.work(new, "window")
    finish(office, old)
    assert office.open_task_of(new).step_key.startswith("Activity_")  # the id the modeler gave the step
    assert office.case(new).definition_id != office.case(old).definition_id
    assert office.case(old).status == "closed"
    migrate(editor, visit, office, moving)
    assert office.case(moving).definition_id == office.case(new).definition_id
    finish(office, moving)
    editor.go("/designer")
    expect(editor.page.get_by_role("row", name="工伤认定")).to_contain_text("v2")


def test_conflicting_save_is_told_and_nothing_is_lost(designing: Site, visit: type[Visitor]) -> None:
    first = visit()
    first.log_in("editor2")
    draft_url = begin(first)
    open_diagram(first.page, draft_url)
    second = first.context.new_page()
    open_diagram(second, draft_url)
    for page, name in ((first.page, "先存的"), (second, "后存的")):
        element(page, "p01_06_accept").click()
        page.locator("#row-p01_06_accept summary").click()
        row = page.locator("form[data-step=p01_06_accept]")
        row.get_by_label("名称", exact=True).fill(name)
        row.get_by_role("button", name="改这一步").click()
    settled(first.page)
    notice = second.get_by_role("alert")
    expect(notice).to_contain_text("刚被改过", timeout=PATIENCE)
    with second.expect_download() as kept:
        notice.get_by_role("button", name="下载我的这一份").click()
    assert "后存的" in Path(kept.value.path()).read_text("utf-8")
    notice.get_by_role("button", name="看最新的").click()
    drawn(second)
    expect(second.locator("#steps")).to_contain_text("先存的")
    second.get_by_role("button", name="用本机的这一份").click()
    settled(second)
    expect(second.locator("#steps")).to_contain_text("后存的")
    second.close()


def test_change_made_offline_is_kept_and_saved_later(designing: Site, visit: type[Visitor]) -> None:
    person = visit()
    person.log_in("editor2")
    draft_url = begin(person)
    page = person.page
    open_diagram(page, draft_url)
    person.context.set_offline(True)
    element(page, "p01_06_accept").click()
    panel(page).get_by_label("职责", exact=True).select_option("assign")
    expect(page.locator("#save-state")).to_have_text("没有存上，改动留在本机")
    expect(page.get_by_role("alert")).to_contain_text("连不上服务器")
    assert page.evaluate("Object.keys(localStorage).some(key => key.startsWith('sanshen-draft'))")
    person.context.set_offline(False)  # back on line it saves without being told
    settled(page)
    expect(page.get_by_role("alert")).to_have_count(0)
    assert not page.evaluate("Object.keys(localStorage).some(key => key.startsWith('sanshen-draft'))")
    page.reload()
    drawn(page)
    expect(page.locator("#row-p01_06_accept")).to_contain_text("分派")
