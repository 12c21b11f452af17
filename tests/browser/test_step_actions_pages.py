"""Withdrawing, asking and answering, returning to a named step and batch approval, as people click them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from app.kernel.duties.models import CaseDecision, Performance
from app.kernel.worklist.models import Task
from tests.browser.conftest import Site, Visitor
from tests.office import Office, bring_to_review, id_number, uscc

pytestmark = pytest.mark.browser
Visit = Callable[..., Visitor]


def case_for(site: Site, serial: int, **facts: Any) -> int:
    """A case of its own worker and employer, so that no rule about other cases raises its risk."""
    return bring_to_review(
        site.office,
        worker_id_no=id_number(serial),
        worker_name=f"职工{serial}",
        employer_name=f"宁夏第{serial}机械厂",
        employer_uscc=uscc(serial),
        **facts,
    )


def rows(office: Office, statement: Any) -> list[Any]:
    with office.kernel.database.session() as session:
        office.kernel.database.scope(session, ("*",))
        return list(session.scalars(statement))


def test_reviewer_withdraws_his_step_and_finds_his_words_again(site: Site, visit: Visit) -> None:
    case_id = case_for(site, 611)
    site.office.work(case_id, "handler", outcome="submit_positive", opinion="拟认定，证据另附。")
    handler = visit()
    handler.log_in("handler")
    handler.go(f"/cases/{case_id}/")
    box = handler.page.locator("#withdraw")
    assert "还没有人打开卷宗" in box.inner_text()
    box.get_by_role("button", name="撤回我的上一步").click()
    handler.page.wait_for_url(f"**/cases/{case_id}/?said=withdrawn")
    assert handler.page.locator("textarea[name=opinion]").input_value() == "拟认定，证据另附。"
    assert "签名已由本人撤回" in handler.page.locator("#again").inner_text()
    assert "撤回初审" in handler.page.locator("#t").inner_text()


def test_withdrawal_is_gone_once_the_next_has_opened_and_the_page_says_who(site: Site, visit: Visit) -> None:
    case_id = case_for(site, 612)
    site.office.work(case_id, "handler", outcome="submit_positive")
    handler = visit()
    handler.log_in("handler")
    handler.go(f"/cases/{case_id}/")
    site.office.take(case_id, "checker")
    handler.page.locator("#withdraw button").click()
    assert "checker已经接着办理，不能再撤回" in handler.page.locator("#main").inner_text()
    handler.go(f"/cases/{case_id}/")
    assert handler.page.locator("#withdraw button").count() == 0
    assert "checker已打开卷宗" in handler.page.locator("#withdraw").inner_text()


def test_opinion_is_asked_opened_with_a_warning_answered_and_shown(site: Site, visit: Visit) -> None:
    case_id = case_for(site, 613)
    site.office.take(case_id, "handler")
    handler, adviser = visit(), visit(390, 844)
    handler.log_in("handler")
    handler.go(f"/cases/{case_id}/")
    handler.page.locator("#ask summary", has_text="加签").first.click()
    handler.page.locator("#ask").get_by_label("risk", exact=False).first.check()
    handler.page.locator("#question-opinion").fill("因果关系是否成立？")
    handler.page.locator("#ask").get_by_role("button", name="发出").first.click()
    handler.page.wait_for_url("**said=asked")
    assert "等候答复" in handler.page.locator("#o").inner_text()
    adviser.log_in("risk")
    row = adviser.page.locator("#asked").inner_text()
    assert "职工613" in row
    assert "因果关系" not in row  # a queue shows nothing of a dossier
    adviser.page.locator("#asked a").first.click()
    assert "卷宗未打开" in adviser.page.locator("#main").inner_text()
    assert "因果关系是否成立？" in adviser.page.locator("#main").inner_text()
    assert "记为本案专家意见人，之后不能审查本案" in adviser.page.locator("#main").inner_text()
    adviser.page.get_by_role("button", name="打开卷宗答复").click()
    adviser.page.get_by_label("同意", exact=True).check()
    adviser.page.get_by_label("答复").fill("成立。")
    adviser.page.get_by_role("button", name="签署答复").click()
    adviser.page.wait_for_url("**said=answered")
    handler.go(f"/cases/{case_id}/")
    assert "成立。" in handler.page.locator("#o").inner_text()


def test_form_offers_only_steps_of_this_case_and_the_next_holder_reads_why(site: Site, visit: Visit) -> None:
    case_id = case_for(site, 614)
    site.office.work(case_id, "handler", outcome="submit_positive")
    site.office.take(case_id, "checker")
    checker = visit()
    checker.log_in("checker")
    checker.go(f"/cases/{case_id}/")
    assert not checker.page.locator("#field-return_to").is_visible()
    checker.page.get_by_label("退回", exact=False).first.check()
    offered = checker.page.locator("input[name=return_to]")
    assert offered.evaluate_all("all => all.map(one => one.value)") == ["initial_review", "investigation"]
    checker.page.locator("input[name=return_to][value=investigation]").check()
    checker.page.locator("textarea[name=opinion]").fill("请补充现场勘验。")
    checker.page.get_by_role("button", name="签名并提交").click()
    checker.page.wait_for_url("**said=completed*")
    handler = visit()
    handler.log_in("handler")
    handler.go(f"/cases/{case_id}/")
    words = handler.page.locator("#task").inner_text()
    assert "上次由handler2办理" in words
    handler.page.get_by_role("button", name="领取").click()
    handler.page.get_by_role("button", name="打开卷宗办理").click()
    assert "请补充现场勘验。" in handler.page.locator("#task").inner_text()


def test_batch_opens_each_dossier_and_signs_only_what_was_ticked(site: Site, visit: Visit) -> None:
    office = site.office
    cases = [case_for(site, serial) for serial in (621, 622, 623)]
    routed = case_for(site, 624, enrolment_received_at="2026-02-19", insured_since="2026-02-19")
    for case_id in (*cases, routed):
        office.work(case_id, "handler", outcome="submit_positive")
        office.work(case_id, "checker", outcome="agree")
    office.work(routed, "risk", outcome="agree")
    approver = visit()
    approver.log_in("approver")
    approver.page.keyboard.press("b")
    approver.page.wait_for_url("**/batch/")
    page = approver.page
    excluded = page.locator("tr", has_text="职工624")
    assert "高风险且有规则命中，须单独审核" in excluded.inner_text()
    assert excluded.locator("input[type=checkbox]").is_disabled()
    assert "打开卷宗即记为这些案件的审核人" in page.locator("#main").inner_text()
    for serial in (621, 622, 623):
        page.locator("tr", has_text=f"职工{serial}").locator("input[type=checkbox]").check()
    page.get_by_role("button", name="打开所选卷宗并预览").click()
    page.wait_for_url("**/batch/preview**")
    opened = select(Performance.case_id).where(
        Performance.duty == "final_review", Performance.state == "opened", Performance.case_id.in_(cases)
    )
    assert sorted(rows(office, opened)) == sorted(cases)
    assert "拟作肯定决定" in page.locator("section", has_text="职工621").first.inner_text()
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.locator("section[data-row]", has_text="职工622").locator("input[type=checkbox]").check()
    page.locator("#opinion").fill("同意。")
    page.get_by_role("button", name="逐件签署勾选的案件").click()
    page.wait_for_url("**/batch/complete")
    assert page.locator("tr[data-result=done]").count() == 2
    assert "办结 2 件，拒绝 0 件，出错 0 件" in page.locator("#summary").inner_text()
    decided = rows(office, select(CaseDecision.case_id).where(CaseDecision.case_id.in_([*cases, routed])))
    assert len(decided) == 2
    left = (set(cases) - set(decided)).pop()
    assert rows(office, select(Task.step_key).where(Task.case_id == left, Task.state == "open")) == [
        "rb5_final_review"
    ]
