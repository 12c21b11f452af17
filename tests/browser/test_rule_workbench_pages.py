"""A rule tuned in the browser: a cell edited, a case that fails, mended, tried on a past case, proposed."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import select

from app.faces.worker.trials import try_rule
from app.kernel.engine.workbench.models import RuleTrial
from tests.browser.conftest import Site, Visitor
from tests.browser.designing import PATIENCE, drawn, settled
from tests.changing import add_changers
from tests.office import Office, bring_to_review

pytestmark = pytest.mark.browser


def cell(page: Page, key: str) -> Locator:
    """A cell of the decision table."""
    return page.locator(f"#canvas td[data-element-id='{key}']")


def type_into(page: Page, key: str, text: str) -> None:
    """Behind what stands there."""
    cell(page, key).click()
    page.keyboard.press("Control+End")
    page.keyboard.type(text)
    page.locator("#views button").first.focus()  # what was typed goes into the table


def carried_out(office: Office) -> None:
    """What the worker does with the one trial that waits."""
    with office.kernel.database.session() as session:
        waiting = session.scalars(select(RuleTrial.id).where(RuleTrial.state == "waiting")).one()
    try_rule(office.kernel, 1, {"trial_id": waiting})


def test_a_rule_is_edited_mended_tried_and_proposed(site: Site, visit: type[Visitor]) -> None:
    office = site.office
    add_changers(office)
    case_id = bring_to_review(office)
    office.work(case_id, "handler", outcome="submit_positive")
    editor = visit()
    editor.log_in("editor")
    page = editor.page
    editor.go("/rules/drafts/new?rule=REC-01")
    page.get_by_role("button", name="起草", exact=True).click()
    drawn(page)

    type_into(page, "hit_1_in_2", "(")
    settled(page)
    expect(cell(page, "hit_1_in_2")).to_have_attribute("data-finding", "error")
    expect(page.locator("#results")).to_contain_text("第 1 行输入 2")
    page.locator("#undo").click()
    settled(page)
    expect(page.locator("#canvas [data-finding]")).to_have_count(0)

    type_into(page, "hit_1_in_2", ', "14-1"')
    settled(page)
    expect(page.locator("#cases")).to_contain_text("不符 1")
    expect(page.locator("#publish")).to_contain_text("不能提交复核：1 个用例不符")
    row = page.locator("#cases tr", has_text="工作时间、场所、原因")
    row.locator("summary").click()
    row.get_by_label("应当").select_option("hit")
    row.get_by_role("button", name="保存用例").click()
    expect(page.locator("#cases")).to_contain_text("通过 4", timeout=PATIENCE)

    page.get_by_role("button", name="试算").click()
    expect(page.get_by_text("等后台开始")).to_be_visible(timeout=PATIENCE)
    carried_out(office)
    expect(page.locator("#progress")).to_contain_text("1 件中会命中 1 件：新命中 1", timeout=PATIENCE)
    page.reload()
    expect(page.get_by_role("link", name=office.case(case_id).case_no)).to_be_visible()

    page.get_by_role("link", name="REC-01").first.click()
    drawn(page)
    page.locator("#publish").get_by_role("link", name="提交复核").click()
    page.get_by_label("变更理由").fill("第十四条第（一）项也要核对")
    page.get_by_label("变更依据").fill("内控制度第三条")
    page.get_by_role("button", name="提交复核").click()
    expect(page.get_by_text("已提出规则变更")).to_be_visible(timeout=PATIENCE)
