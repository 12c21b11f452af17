"""A conflict set changed by three people through the pages, with what it would do to open cases shown before."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Site, Visitor
from tests.changing import add_changers
from tests.office import bring_to_review

pytestmark = pytest.mark.browser
KEY = "case_investigation_review"


@pytest.fixture(scope="module")
def changing(site: Site) -> Site:
    add_changers(site.office)
    bring_to_review(site.office)
    return site


def fill_set(page: Page) -> None:
    """The form of a new conflict set."""
    for label, text in (
        ("代号", KEY),
        ("名称", "同案调查与初审分离"),
        ("英文名称", "Investigation and initial review of one case"),
        ("上限或最少人数", "1"),
        ("规则依据", "内控制度第三条"),
        ("第 1 行成员名", "investigation"),
        ("第 2 行成员名", "initial_review"),
        ("变更理由", "调查人不宜自行初审"),
        ("变更依据", "内控制度第三条"),
    ):
        page.get_by_label(label, exact=True).fill(text)
    for label, value in (
        ("类型", "exclusive"),
        ("范围", "case"),
        ("效力", "deny"),
        ("第 1 行职责", "investigation"),
        ("第 2 行职责", "initial_review"),
    ):
        page.get_by_label(label, exact=True).select_option(value)
    for label in ("一般", "高风险", "提级"):
        page.get_by_label(label, exact=True).check()


def sign(page: Page, outcome: str) -> None:
    """On the case page: the form of the task."""
    page.get_by_label(outcome).check()
    for box in page.locator("#task input[type=checkbox]:visible").all():
        box.check()
    page.get_by_label("意见").fill("经核对，同意。")
    page.locator("#task form .btn-primary").first.click()
    # A click doesn't wait for what it sends: the next person would find the task still open.
    page.wait_for_url(re.compile("said=completed"))


def take(visitor: Visitor, case_url: str) -> None:
    """Claim and open."""
    visitor.page.goto(case_url)
    visitor.page.get_by_role("button", name="领取", exact=True).first.click()
    visitor.page.goto(case_url)
    visitor.page.get_by_role("button", name=re.compile("打开卷宗")).first.click()


def test_three_people_change_a_set_through_the_pages(changing: Site, visit: type[Visitor]) -> None:
    editor = visit()
    editor.log_in("editor")
    editor.page.get_by_role("navigation", name="主导航").get_by_role("link", name="受控变更").click()
    editor.page.get_by_role("link", name="提出变更").first.click()
    editor.page.get_by_role("link", name="职责冲突集").click()
    editor.page.get_by_role("button", name="提出变更").click()
    expect(editor.page.get_by_role("alert")).to_contain_text("必填")
    fill_set(editor.page)
    editor.page.get_by_role("button", name="再加三行").click()
    expect(editor.page.get_by_label("第 6 行成员名")).to_be_visible()
    expect(editor.page.get_by_label("代号", exact=True)).to_have_value(KEY)
    editor.page.get_by_role("button", name="提出变更").click()
    expect(editor.page.get_by_role("heading", level=1)).to_contain_text("同案调查与初审分离")
    effects = editor.page.locator("#what-if")
    expect(effects).to_contain_text("待办")
    change_url = editor.page.url.partition("?")[0]
    editor.page.get_by_role("link", name="去办理并签名").click()
    case_url = editor.page.url
    expect(editor.page.locator("#change")).to_contain_text("investigation")
    sign(editor.page, "编制完成，报复核")
    for name, outcome in (("rechecker", "同意，报批准"), ("authoriser", "批准，立即实施")):
        person = visit()
        person.log_in(name)
        take(person, case_url)
        sign(person.page, outcome)
    editor.page.goto(change_url)
    expect(editor.page.get_by_role("heading", level=1).locator("..")).to_contain_text("已实施")
    expect(editor.page.locator("#signatures")).to_contain_text("authoriser")


def test_the_pages_are_closed_to_other_posts(changing: Site, visit: type[Visitor]) -> None:
    clerk = visit()
    clerk.log_in("clerk")
    answer = clerk.page.goto(f"{changing.url}/changes")
    assert answer is not None
    assert answer.status == 403
    auditor = visit()
    auditor.log_in("auditor")
    auditor.go("/changes")
    expect(auditor.page.get_by_role("heading", level=1)).to_have_text("受控变更")
    expect(auditor.page.get_by_role("link", name="提出变更")).to_have_count(0)
