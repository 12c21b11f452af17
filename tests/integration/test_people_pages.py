"""Pages of people, accounts, posts and grants: each reader sees and does what is his, and nothing else."""

from __future__ import annotations

import html
import re
from datetime import date
from functools import partial
from typing import Any

import pytest
from sqlalchemy import select

from app.kernel.duties.models import PostGrant
from app.kernel.grants.models import GrantRequest, GrantStep
from app.kernel.grants.operations import PostApplication, apply_for_post
from app.kernel.identity.models import Account, IdentityDoubt, Person
from app.kernel.transaction import run
from tests.office import CITY, PASSWORD, Office, id_number
from tests.pages import Desk, sit_down

REGION = "640000"
TODAY = date(2026, 3, 2)
POSTS = {
    "head": "dept_head",
    "auditor2": "internal_auditor",
    "security": "security_admin",
    "watcher": "audit_admin",
    "sysadm": "system_admin",
    "editor": "rule_editor",
}


@pytest.fixture
def bureau(office: Office) -> Office:
    for number, (name, post) in enumerate(POSTS.items()):
        office.hire(name, 200 + number)
        office.grant(name, post, region=REGION)
    office.hire("newcomer", 220)
    return office


def words(page: str) -> str:
    """The text of a page, without tags."""
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page)))


def one(office: Office, query: Any) -> Any:
    with office.kernel.database.session() as session:
        return session.scalars(query).one()


@pytest.fixture
def desks(bureau: Office) -> dict[str, Desk]:
    """Browsers by name, opened when asked for."""

    class Desks(dict[str, Desk]):
        def __missing__(self, name: str) -> Desk:
            self[name] = sit_down(bureau.kernel, name)
            return self[name]

    return Desks()


def asked_for(office: Office, post: str = "rec_window") -> int:
    asked = PostApplication(office.person("newcomer"), post, CITY, TODAY, None, "窗口缺人")
    return run(office.kernel, partial(apply_for_post, application=asked), office.actors["supervisor"])


@pytest.mark.parametrize("path", ["/people", "/people/requests", "/posts"])
def test_pages_are_for_administrators_supervisors_and_auditors_only(
    bureau: Office, desks: dict[str, Desk], path: str
) -> None:
    for name in ("sysadm", "security", "watcher", "supervisor", "head", "auditor", "editor"):
        assert desks[name].get(path).status_code == 200, name
    for name in ("handler", "window", "newcomer"):
        assert desks[name].get(path).status_code == 403, name


def test_list_finds_by_name_login_post_and_whole_id_number_and_never_shows_a_number(
    bureau: Office, desks: dict[str, Desk]
) -> None:
    auditor = desks["watcher"]
    for query in ("q=newcomer", "q=newcomer-acc", f"q={id_number(220)}", "state=no_post&q=newc"):
        page = auditor.get(f"/people?{query}").text
        assert ">newcomer</a>" in page and ">handler</a>" not in page, query
    page = auditor.get("/people?post=rec_handler").text
    assert ">handler</a>" in page and ">handler2</a>" in page and ">checker</a>" not in page
    for path in ("/people", f"/people/{bureau.person('newcomer')}"):
        assert id_number(220) not in auditor.get(path).text
    assert "没有符合条件的人" in auditor.get("/people?q=zzzz").text


def test_supervisor_sees_people_of_his_region_and_who_has_no_post_yet(
    bureau: Office, desks: dict[str, Desk]
) -> None:
    page = desks["supervisor"].get("/people").text
    assert ">handler</a>" in page and ">newcomer</a>" in page and ">security</a>" not in page
    assert desks["supervisor"].get(f"/people/{bureau.person('security')}").status_code == 404
    assert desks["supervisor"].get("/people/999999").status_code == 404


def test_post_is_asked_for_and_given_through_the_pages_by_four_people(
    bureau: Office, desks: dict[str, Desk]
) -> None:
    person = bureau.person("newcomer")
    form = {
        "post": "rec_window",
        "region": CITY,
        "valid_from": "2026-03-02",
        "valid_to": "2026-12-31",
        "reason": "窗口缺人",
        "idempotency_key": "ask",
    }
    supervisor = desks["supervisor"]
    preview = supervisor.post(f"/people/{person}/posts/new", {**form, "check": "1"})
    assert "可以申请，没有发现冲突" in words(preview.text)
    for _ in range(2):  # a second press of the button changes nothing
        assert supervisor.post(f"/people/{person}/posts/new", form).status_code == 302
    request = one(bureau, select(GrantRequest.id))
    for name, step in (("auditor2", "review"), ("head", "approve"), ("security", "assign")):
        waiting = words(desks[name].get("/people/requests").text)
        assert f"第 {request} 号" in waiting and "待我办" in waiting
        path = f"/people/requests/{request}"
        assert desks[name].post(path, {"step": step}).status_code == 422, "not confirmed"
        answer = desks[name].post(path, {"step": step, "confirmed": "1", "comment": "同意"})
        assert answer.status_code == 302
    grant = one(bureau, select(PostGrant).where(PostGrant.person_id == person))
    assert (grant.valid_to, grant.request_id) == (date(2027, 1, 1), request)
    page = words(supervisor.get(f"/people/{person}").text)
    assert "2026年3月2日至2026年12月31日" in page.replace(" ", "") and "在任" in page
    assert "申请 supervisor，审核 auditor2，批准 head，分配 security" in page
    sheet = words(desks["watcher"].get(f"/people/{person}/sheet").text)
    assert "岗位权限表" in sheet and "认定受理岗" in sheet


def test_exclusion_is_told_before_anything_is_submitted_with_evidence_and_remedy(
    bureau: Office, desks: dict[str, Desk]
) -> None:
    form = {"post": "rec_checker", "region": CITY, "valid_from": "2026-03-02", "reason": "轮岗"}
    person = bureau.person("handler")
    page = words(desks["supervisor"].post(f"/people/{person}/posts/new", {**form, "check": "1"}).text)
    assert "不相容" in page and "认定经办岗" in page and "先申请结束那个岗位" in page
    answer = desks["supervisor"].post(f"/people/{person}/posts/new", form)
    assert answer.status_code == 409 and "不相容" in words(answer.text)
    with bureau.kernel.database.session() as session:
        assert session.scalars(select(GrantRequest.id)).all() == []


def test_form_names_each_field_that_is_wrong_and_keeps_what_was_typed(
    bureau: Office, desks: dict[str, Desk]
) -> None:
    form = {"post": "", "region": CITY, "valid_from": "2026-13-40", "valid_to": "", "reason": "保留我"}
    answer = desks["supervisor"].post(f"/people/{bureau.person('newcomer')}/posts/new", form)
    assert answer.status_code == 422
    assert 'href="#post"' in answer.text and 'href="#valid_from"' in answer.text and "保留我" in answer.text


def test_request_offers_only_what_the_reader_may_do_and_says_who_may(
    bureau: Office, desks: dict[str, Desk]
) -> None:
    request = asked_for(bureau)
    path = f"/people/requests/{request}"
    assert 'value="review"' in desks["auditor2"].get(path).text
    for name in ("head", "security", "watcher", "sysadm"):
        page = desks[name].get(path).text
        assert 'name="step"' not in page, name
        assert "可办：" in page and "auditor2" in page
    own = desks["supervisor"].get(path).text
    assert 'value="cancel"' in own and 'value="review"' not in own
    answer = desks["head"].post(path, {"step": "approve", "confirmed": "1"})
    assert answer.status_code == 409 and "现在轮到内控审核" in answer.text
    with bureau.kernel.database.session() as session:
        assert session.scalars(select(GrantStep.step)).all() == ["apply"]


def test_refusing_and_withdrawing_want_a_reason(bureau: Office, desks: dict[str, Desk]) -> None:
    path = f"/people/requests/{asked_for(bureau)}"
    assert desks["auditor2"].post(path, {"step": "refuse"}).status_code == 422
    assert desks["auditor2"].post(path, {"step": "refuse", "comment": "编制已满"}).status_code == 302
    assert "编制已满" in desks["supervisor"].get(path).text
    assert "未同意" in desks["supervisor"].get("/people/requests?scope=closed").text


def test_end_of_a_post_is_asked_for_on_its_own_page(bureau: Office, desks: dict[str, Desk]) -> None:
    grant = one(bureau, select(PostGrant.id).where(PostGrant.person_id == bureau.person("handler2")))
    path = f"/people/grants/{grant}/end"
    assert "认定经办岗" in desks["supervisor"].get(path).text
    answer = desks["supervisor"].post(path, {"valid_from": "2026-04-01", "reason": "轮岗"})
    assert answer.status_code == 302
    assert one(bureau, select(GrantRequest.revokes)) == grant
    assert desks["security"].get(path).status_code == 403


def test_system_administrator_registers_a_person_and_learns_who_has_the_number_already(
    bureau: Office, desks: dict[str, Desk]
) -> None:
    form = {"name": "杨雪", "id_number": id_number(900), "login": "yangxue", "password": PASSWORD}
    assert desks["security"].get("/people/new").status_code == 403
    assert desks["security"].post("/people/new", form).status_code == 403
    assert desks["sysadm"].post("/people/new", form).status_code == 302
    spelled = f"{id_number(900)[:6]} {id_number(900)[6:].lower()}"
    again = desks["sysadm"].post("/people/new", {**form, "id_number": spelled, "login": "yangxue2"})
    assert again.status_code == 409 and "杨雪" in again.text and PASSWORD not in again.text
    wrong = desks["sysadm"].post("/people/new", {**form, "id_number": id_number(900)[:17] + "0"})
    assert wrong.status_code == 422 and 'href="#id_number"' in wrong.text
    assert one(bureau, select(Person.name).where(Person.name == "杨雪")) == "杨雪"


def test_accounts_are_locked_enabled_and_reset_with_a_reason(bureau: Office, desks: dict[str, Desk]) -> None:
    person, account = bureau.person("handler"), bureau.actors["handler"].account_id
    path = f"/people/{person}/accounts/{account}"
    state = select(Account.state).where(Account.id == account)
    assert desks["sysadm"].post(path, {"act": "lock", "reason": ""}).status_code == 422
    for act, expected in (("lock", "locked"), ("enable", "active"), ("disable", "disabled")):
        assert desks["sysadm"].post(path, {"act": act, "reason": "离岗"}).status_code == 302
        assert one(bureau, state) == expected
    assert desks["sysadm"].post(path, {"act": "enable", "reason": "返岗"}).status_code == 302
    refused = desks["security"].post(path, {"act": "lock", "reason": "试"})
    assert refused.status_code == 409 and "只由系统管理员管理" in refused.text
    own = f"/people/{bureau.person('sysadm')}/accounts/{bureau.actors['sysadm'].account_id}"
    assert "不能管理自己的账号" in desks["sysadm"].post(own, {"act": "lock", "reason": "试"}).text


def test_login_of_somebody_else_never_moves_to_another_person(bureau: Office, desks: dict[str, Desk]) -> None:
    path = f"/people/{bureau.person('newcomer')}/accounts"
    answer = desks["sysadm"].post(path, {"login": "handler-account", "password": PASSWORD})
    assert answer.status_code == 409 and "已有人用" in answer.text
    owner = select(Account.person_id).where(Account.login == "handler-account")
    assert one(bureau, owner) == bureau.person("handler")


def test_doubt_is_raised_shown_on_both_records_and_leads_to_the_controlled_change(
    bureau: Office, desks: dict[str, Desk]
) -> None:
    one_id, other_id = bureau.person("handler"), bureau.person("newcomer")
    path = f"/people/{one_id}/doubts"
    assert desks["auditor"].post(path, {"other": "abc", "ground": "x"}).status_code == 422
    answer = desks["auditor"].post(path, {"other": f"#{other_id}", "ground": "照片疑为同一人"})
    assert answer.status_code == 302
    for person in (one_id, other_id):
        assert "身份存疑未了结" in desks["sysadm"].get(f"/people/{person}").text
    doubt = one(bureau, select(IdentityDoubt.id))
    page = html.unescape(desks["editor"].get(f"/people/{one_id}").text)
    assert f"kind=person_merge&target={max(one_id, other_id)}" in page
    assert f"kind=identity_distinct&target={doubt}" in page
    assert "kind=person_merge" not in desks["auditor"].get(f"/people/{one_id}").text


def test_posts_show_exclusions_and_holders(bureau: Office, desks: dict[str, Desk]) -> None:
    page = words(desks["watcher"].get("/posts?post=rec_handler").text)
    assert "认定复核岗" in page and "高风险业务初审" in page
    assert "handler2" in page and "checker2" not in page


def test_notice_of_a_waiting_request_leads_to_it(bureau: Office, desks: dict[str, Desk]) -> None:
    request = asked_for(bureau)
    page = desks["auditor2"].get("/notices").text
    assert f'href="/people/requests/{request}"' in page and "newcomer的岗位申请（认定受理岗）待您办理" in page
