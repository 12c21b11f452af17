"""Refusals, lost races, stale forms, expired sessions and bad uploads, as people meet them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from playwright.sync_api import FilePayload, expect
from sqlalchemy import func, select, text

from app.kernel.audit.models import AuditEvent
from app.kernel.duties.models import DutyDecision, PostGrant
from app.kernel.worklist.models import Task
from tests.browser.conftest import Site, Visitor
from tests.office import PASSWORD, Office, bring_to_review, id_number, uscc

pytestmark = pytest.mark.browser
Visit = Callable[..., Visitor]
SERIAL = iter(range(1000, 9000, 7))


def worker(name: str) -> dict[str, str]:
    """An application of somebody who has no other case, so that no rule routes it."""
    serial = next(SERIAL)
    employer = f"银川第{serial}有限公司"
    return {
        "worker_name": name,
        "worker_id_no": id_number(serial),
        "applicant_name": employer,
        "employer_name": employer,
        "employer_uscc": uscc(serial),
        "responsible_employer": employer,
        "responsible_employer_uscc": uscc(serial),
    }


def scalar(office: Office, statement: Any) -> Any:
    with office.kernel.database.session() as session:
        office.kernel.database.scope(session, ("*",))
        return session.scalar(statement)


def test_second_account_of_the_initial_reviewer_is_refused_with_the_reason(site: Site, visit: Visit) -> None:
    office = site.office
    office.hire("mover", 400)
    office.grant("mover", "rec_handler")
    case_id = bring_to_review(office, **worker("白晓燕"))
    office.work(case_id, "mover", outcome="submit_positive")
    move_to_recheck_post(office, "mover")
    office.account("second", office.person("mover"))
    denied = select(func.count()).where(DutyDecision.verdict == "deny")
    before = scalar(office, denied)

    second = visit()
    second.log_in("second")
    second.go("/?tab=all")
    row = second.page.locator("[data-row]").filter(has_text="白晓燕")
    expect(row.locator(".deny")).to_contain_text("您已是本案初审人，不能复核")
    expect(row.locator(".deny")).to_contain_text("可办：checker")
    expect(row.get_by_role("button")).to_have_count(0)
    # Whoever sends the request anyway meets the same answer, and the attempt is kept.
    task = office.open_task_of(case_id)
    second.page.evaluate(
        """async (task) => {
            const form = new FormData();
            form.set("csrf_token", document.querySelector("input[name=csrf_token]").value);
            window.answer = await (await fetch(`/tasks/${task}/claim`, {method: "POST", body: form})).text();
        }""",
        task.id,
    )
    assert "您已是本案初审人，不能复核" in second.page.evaluate("window.answer")
    assert scalar(office, denied) == before + 1
    assert office.open_task_of(case_id).claimed_by is None


def move_to_recheck_post(office: Office, name: str) -> None:
    """A lawful transfer: the old post ends today, the new one begins today."""
    chiefs = [office.person(f"chief{n}") for n in (1, 2, 3)]
    grant_id = scalar(
        office,
        select(PostGrant.id).where(
            PostGrant.person_id == office.person(name), PostGrant.post == "rec_handler"
        ),
    )
    with office.kernel.database.session() as session:
        session.add(
            PostGrant(
                person_id=office.person(name),
                post="rec_handler",
                region_code="640100",
                valid_from=date.today(),  # noqa: DTZ011 (either day will do)
                valid_to=None,
                revokes=grant_id,
                recorded_at=office.kernel.clock(),
                requested_by=chiefs[0],
                reviewed_by=chiefs[1],
                approved_by=chiefs[2],
            )
        )
        session.commit()
    office.grant(name, "rec_checker", since=date.today())  # noqa: DTZ011


def test_who_comes_second_reads_who_took_the_task(site: Site, visit: Visit) -> None:
    case_id = bring_to_review(site.office, **worker("刘志强"))
    site.office.work(case_id, "handler", outcome="submit_positive")
    late = visit()
    late.log_in("checker2")
    late.go("/?tab=can_take")
    row = late.page.locator("[data-row]").filter(has_text="刘志强")
    expect(row).to_be_visible()
    site.office.take(case_id, "checker")
    row.get_by_role("button", name="领取").click()
    expect(late.page.get_by_text("已被checker领取。")).to_be_visible()


def test_wrong_fields_are_named_and_typed_text_stays(site: Site, visit: Visit) -> None:
    window = visit()
    window.log_in("window")
    window.go("/applications/new")
    page = window.page
    page.get_by_label("职工姓名").fill("高学文")
    page.locator('[name="worker_id_no"]').fill("640102198001011111")
    page.get_by_role("button", name="登记并生成案号").click()
    expect(page.locator(".errsum")).to_be_focused()
    expect(page.locator(".errsum")).to_contain_text("必填")
    expect(page.get_by_label("职工姓名")).to_have_value("高学文")
    page.locator('[name="applicant_type"]').select_option("employer")
    page.locator('[name="applicant_name"]').fill("宁夏启源电力安装有限公司")
    page.locator('[name="employer_name"]').fill("宁夏启源电力安装有限公司")
    page.locator('[name="accident_at"]').fill("2026-08-27T14:20")
    page.get_by_role("button", name="登记并生成案号").click()
    expect(page.locator("#field-worker_id_no-bad")).to_contain_text("身份证号")
    expect(page.locator('[name="worker_id_no"]')).to_have_value("640102198001011111")


def test_stale_form_says_so_and_keeps_the_opinion(site: Site, visit: Visit) -> None:
    case_id = site.office.start(**worker("杨秋霞"))
    task = site.office.take(case_id, "window")
    window = visit()
    window.log_in("window")
    window.go(f"/cases/{case_id}/")
    window.page.locator('[name="outcome"][value="complete"]').check()
    window.page.locator('textarea[name="opinion"]').fill("经核对，材料齐全。")
    with site.office.kernel.database.session() as session:
        site.office.kernel.database.scope(session, ("*",))
        session.execute(text("UPDATE task SET version = version + 1 WHERE id = :id"), {"id": task.id})
        session.commit()
    window.page.locator("#task button[type=submit]").first.click()
    expect(window.page.get_by_text("您填写期间这项任务有了变化")).to_be_visible()
    expect(window.page.locator('textarea[name="opinion"]')).to_have_value("经核对，材料齐全。")
    assert site.office.open_task_of(case_id).state == "open"


def test_second_submit_of_one_form_changes_nothing(site: Site, visit: Visit) -> None:
    window = visit()
    window.log_in("window")
    window.go("/applications/new")
    before = scalar(site.office, text('SELECT count(*) FROM "case"'))
    values = {
        "applicant_type": "employer",
        "applicant_name": "甲",
        "worker_name": "汪立新",
        "worker_id_no": id_number(next(SERIAL)),
        "employer_name": "甲",
        "accident_at": "2026-08-27T14:20",
        "region_code": "640100",
    }
    addresses = window.page.evaluate(
        """async (values) => {
            const form = new FormData(document.querySelector("form[data-guard]"));
            for (const [key, value] of Object.entries(values)) form.set(key, value);
            const send = async () => (await fetch(location.pathname, {method: "POST", body: form})).url;
            return [await send(), await send()];
        }""",
        values,
    )
    assert addresses[0] == addresses[1]
    assert "/cases/" in addresses[0]
    assert scalar(site.office, text('SELECT count(*) FROM "case"')) == before + 1


def test_expired_session_asks_for_log_in_and_brings_the_typed_text_back(site: Site, visit: Visit) -> None:
    case_id = site.office.start(**worker("陈桂香"))
    site.office.take(case_id, "window")
    window = visit()
    window.log_in("window")
    window.go(f"/cases/{case_id}/")
    page = window.page
    page.locator('[name="outcome"][value="complete"]').check()
    page.locator('textarea[name="opinion"]').fill("登录过期前写下的意见。")
    window.context.clear_cookies(name="sanshen")
    page.locator("#task button[type=submit]").first.click()
    expect(page.get_by_text("您刚才填的内容已经留住")).to_be_visible()
    page.get_by_label("账号").fill("window-account")
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    expect(page.locator('textarea[name="opinion"]')).to_have_value("登录过期前写下的意见。")
    expect(page.get_by_text("您填的内容已放回")).to_be_visible()
    assert site.office.open_task_of(case_id).state == "open"


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("扫描.pdf", b"MZ\x90\x00 program", "类型不接受"),
        ("病历.png", b"%PDF-1.7\n1 0 obj\n%%EOF\n", "扩展名不符"),
        ("空.pdf", b"", "是空的"),
        ("大.pdf", b"%PDF-1.7\n" + bytes(21 * 1024 * 1024), "太大，上限 20 MB"),
    ],
    ids=["program", "wrong extension", "empty", "too large"],
)
def test_upload_that_can_not_be_taken_is_refused_with_the_reason(
    site: Site, visit: Visit, name: str, content: bytes, words: str
) -> None:
    case_id = site.office.start(**worker("沈国强"))
    site.office.take(case_id, "window")
    window = visit()
    window.log_in("window")
    window.go(f"/cases/{case_id}/")
    file: FilePayload = {"name": name, "mimeType": "application/pdf", "buffer": content}
    window.page.locator("#upload").set_input_files(file)
    window.page.get_by_role("button", name="上传", exact=True).click()
    expect(window.page.locator("#upload-errors")).to_contain_text(words)
    expect(window.page.locator("#m")).to_contain_text("还没有材料")


def test_reading_a_case_writes_nothing_but_the_record_of_reading(site: Site, visit: Visit) -> None:
    case_id = site.office.start(**worker("罗玉芳"))
    task = site.office.take(case_id, "window")
    window = visit()
    window.log_in("window")
    newest = scalar(site.office, select(func.max(AuditEvent.id)))
    version = scalar(site.office, select(Task.version).where(Task.id == task.id))
    for path in ("/", "/?tab=all", f"/cases/{case_id}/", f"/cases/{case_id}/diagram", "/notices"):
        window.go(path)
    events = select(func.array_agg(AuditEvent.event.distinct())).where(AuditEvent.id > newest)
    assert scalar(site.office, events) == ["case.read"]
    assert scalar(site.office, select(Task.version).where(Task.id == task.id)) == version


def test_stranger_of_the_case_sees_no_facts(site: Site, visit: Visit) -> None:
    case_id = site.office.start(**worker("韩志远"))
    clerk = visit()
    clerk.log_in("clerk")
    clerk.go(f"/cases/{case_id}/")
    expect(clerk.page.get_by_text("卷宗未打开")).to_be_visible()
    expect(clerk.page.get_by_text("更换刀具时")).to_have_count(0)
    expect(clerk.page.locator("#task .deny")).to_contain_text("可办：window")


def test_supervisor_reassigns_and_reads_why_one_task_did_not_move(site: Site, visit: Visit) -> None:
    case_id = bring_to_review(site.office, **worker("贾淑琴"))
    site.office.work(case_id, "handler", outcome="submit_positive")
    task = site.office.take(case_id, "checker")
    supervisor = visit()
    supervisor.log_in("supervisor")
    page = supervisor.page
    target = site.office.person("checker2")
    supervisor.go(f"/board?from={site.office.person('checker')}&task={task.id}&to={target}#reassign")
    expect(page.locator("#reassign")).to_contain_text("合格")
    page.get_by_label("理由").fill("休假")
    page.get_by_role("button", name="改派选中的任务").click()
    expect(page.locator("#reassign")).to_contain_text("已改派")
    assert site.office.open_task_of(case_id).claimed_by == target


def test_supervisor_is_told_why_a_person_may_not_receive_a_task(site: Site, visit: Visit) -> None:
    office = site.office
    case_id = bring_to_review(office, **worker("陈思雨"))
    task = office.open_task_of(case_id)
    supervisor = visit()
    supervisor.log_in("supervisor")
    stranger = office.person("clerk")
    supervisor.go(f"/board?from=0&task={task.id}&to={stranger}#reassign")
    expect(supervisor.page.locator("#reassign .deny").first).to_contain_text("不在这项职责的岗位上")
    offered = supervisor.page.locator(f"select[name='to-{task.id}']")
    expect(offered).to_contain_text("handler")
    expect(offered).not_to_contain_text("clerk")


def test_board_is_only_for_supervisors(site: Site, visit: Visit) -> None:
    clerk = visit()
    clerk.log_in("clerk")
    clerk.go("/board")
    expect(clerk.page.get_by_role("heading", name="您不能看这一页")).to_be_visible()


def test_wrong_password_says_nothing_about_which_part_was_wrong(site: Site, visit: Visit) -> None:
    messages = []
    for login in ("approver-account", "nobody-at-all"):
        visitor = visit()
        visitor.go("/login")
        visitor.page.get_by_label("账号").fill(login)
        visitor.page.get_by_label("密码").fill("wrong-password")
        visitor.page.get_by_role("button", name="登录").click()
        messages.append(visitor.page.locator(".errsum").inner_text())
    assert messages[0] == messages[1]
    assert "账号或密码不对" in messages[0]
