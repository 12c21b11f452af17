"""The pages about absences and substitutes, and the supervisor's: what they offer is what the operations allow."""

from __future__ import annotations

import html
import re
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import select

from app.kernel.absences.models import Absence, SubstitutionRequest
from app.kernel.absences.substitution import end_substitution
from app.kernel.audit.models import AuditEvent
from app.kernel.transaction import run
from app.kernel.worklist.models import Task
from app.kernel.worklist.operations import claim_task
from tests.office import CITY, COUNTY, Office, bring_to_review
from tests.pages import Desk, sit_down
from tests.substitution_office import DAY, act, away, hire_more, substitute, today_of


@pytest.fixture
def staffed(office: Office) -> Office:
    hire_more(office)
    return office


def desk(office: Office, name: str) -> Desk:
    return sit_down(office.kernel, name)


def to_recheck(office: Office, *, region: str = CITY) -> Task:
    """The recheck task of a new case."""
    case_id = bring_to_review(office)
    office.work(case_id, "handler", outcome="submit_positive")
    return office.open_task_of(case_id)


def claimed(office: Office, who: str) -> Task:
    task = to_recheck(office)
    run(office.kernel, partial(claim_task, task_id=task.id), office.actors[who], case_id=task.case_id)
    return office.open_task_of(task.case_id)


def words(page: str) -> str:
    """The text of a page, without tags."""
    return html.unescape(re.sub(r"<[^>]+>", " ", page))


def test_absence_is_previewed_confirmed_and_answered_item_by_item(staffed: Office, tmp_path: Path) -> None:
    task, first = claimed(staffed, "checker"), today_of(staffed)
    checker = desk(staffed, "checker")
    period = f"starts_on={first}&ends_on={first + 3 * DAY}"
    seen = words(checker.get(f"/absences/new?{period}").text)
    assert "名下 1 项任务" in seen and "clerk2" in seen and "handler持有不相容岗位" in seen
    form = {
        "person": staffed.person("checker"),
        "starts_on": first,
        "ends_on": first + 3 * DAY,
        "cause": "sick",
        "task": f"{task.id}:{task.version}",
        f"do-{task.id}": "put_back",
        f"sub-rec_checker:{CITY}": staffed.person("clerk2"),
        "idempotency_key": "once",
    }
    done = words(checker.post("/absences/new", form).text)
    assert "已登记" in done and "已放回队列" in done and "已提请" in done
    with staffed.kernel.database.session() as session:
        assert session.scalars(select(Absence.cause)).all() == ["sick"]
        assert session.scalars(select(SubstitutionRequest.substitute_id)).all() == [staffed.person("clerk2")]
    assert staffed.open_task_of(task.case_id).claimed_by is None
    again = checker.post("/absences/new", {**form, "idempotency_key": "another"})
    assert again.status_code == 422 and "已登记过" in words(again.text)


def test_supervisor_moves_the_tasks_of_whoever_is_away_and_the_head_approves(
    staffed: Office, tmp_path: Path
) -> None:
    task, first = claimed(staffed, "checker"), today_of(staffed)
    supervisor = desk(staffed, "supervisor")
    form = {
        "person": staffed.person("checker"),
        "starts_on": first,
        "ends_on": first + DAY,
        "cause": "leave",
        "task": f"{task.id}:{task.version}",
        f"do-{task.id}": staffed.person("checker2"),
        f"sub-rec_checker:{CITY}": staffed.person("clerk2"),
    }
    assert "已改派给checker2" in words(supervisor.post("/absences/new", form).text)
    assert staffed.open_task_of(task.case_id).claimed_by == staffed.person("checker2")
    own = words(supervisor.get("/absences/substitutes").text)
    assert "须由另一位主管批准" in own
    refused = supervisor.post("/absences/substitutes/requests/1/approve", {})
    assert refused.status_code == 409 and "请另一位主管批准" in words(refused.text)
    head = desk(staffed, "head")
    assert head.post("/absences/substitutes/requests/1/approve", {}).status_code == 302
    assert "clerk2 代 checker" in words(desk(staffed, "clerk2").get("/absences").text)


def test_calendar_tells_causes_to_supervisors_only(staffed: Office, tmp_path: Path) -> None:
    away(staffed, "checker")
    substitute(staffed)
    month = f"/absences/calendar?month={today_of(staffed):%Y-%m}&region={CITY}"
    told = words(desk(staffed, "supervisor").get(month).text)
    assert "休假" in told.split("checker", 1)[1] and "clerk2代办认定复核岗" in told
    colleague = desk(staffed, "handler").get(month).text
    row = words(colleague[colleague.index(">checker<") :].split("</tr>", 1)[0])
    assert "不在岗" in row and "休假" not in row
    assert words(desk(staffed, "checker").get("/absences/calendar?month=nonsense").text)


def test_queue_and_case_say_for_whom(staffed: Office, tmp_path: Path) -> None:
    task = to_recheck(staffed)
    substitute(staffed)
    clerk = desk(staffed, "clerk2")
    assert "代 checker" in words(clerk.get("/?tab=can_take").text)
    assert "您代checker办理" in words(clerk.get(f"/cases/{task.case_id}").text)
    staffed.work(task.case_id, "clerk2", outcome="agree")
    case = words(clerk.get(f"/cases/{task.case_id}").text)
    assert "clerk2（代checker）" in case
    assert "代 checker" in words(clerk.get("/?tab=done").text)


def test_reassigning_offers_eligible_people_and_answers_task_by_task(staffed: Office, tmp_path: Path) -> None:
    tasks = [claimed(staffed, "checker") for _ in range(2)]
    away(staffed, "checker2")
    supervisor, holder = desk(staffed, "supervisor"), staffed.person("checker")
    substitute(staffed, principal_id="checker2")
    page = supervisor.get(f"/board?from={holder}&to={staffed.person('clerk2')}").text
    assert "代 checker2" in words(page)
    offered = re.findall(rf'name="to-{tasks[0].id}".*?</select>', page, re.S)[0]
    assert f'value="{staffed.person("clerk2")}" selected' in offered
    assert f'value="{staffed.person("checker2")}"' not in offered
    assert "checker2" in words(page) and "以前不在岗" in words(page)
    form = [
        ("from", holder),
        ("to", staffed.person("clerk2")),
        ("reason", "复核岗休假"),
        ("task", f"{tasks[0].id}:{tasks[0].version}"),
        (f"to-{tasks[0].id}", staffed.person("clerk2")),
        ("task", f"{tasks[1].id}:{tasks[1].version}"),
        (f"to-{tasks[1].id}", staffed.person("handler")),
    ]
    done = words(supervisor.post("/board/reassign", form).text)
    assert "已改派" in done and "不在" in done
    assert staffed.open_task_of(tasks[0].case_id).claimed_by == staffed.person("clerk2")
    assert staffed.open_task_of(tasks[1].case_id).claimed_by == holder
    with staffed.kernel.database.session() as session:
        events = session.scalars(select(AuditEvent).where(AuditEvent.event == "task.reassigned")).all()
    assert len(events) == 1 and "复核岗休假" in bytes(events[0].payload).decode()


def test_long_list_goes_on_in_further_requests(
    staffed: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.faces.web.pages.supervisor.AT_ONCE", 1)
    tasks = [claimed(staffed, "checker") for _ in range(2)]
    supervisor = desk(staffed, "supervisor")
    form = [("from", staffed.person("checker")), ("to", "put_back"), ("reason", "离岗")]
    for task in tasks:
        form += [("task", f"{task.id}:{task.version}"), (f"to-{task.id}", "put_back")]
    page = supervisor.post("/board/reassign", form).text
    assert "data-continue" in page and "已办 1 件，共 2 件" in words(page)
    assert [staffed.open_task_of(task.case_id).claimed_by is None for task in tasks] == [True, False]
    carried = re.findall(r'name="(rest|done)" value="([^"]+)"', page)
    more = [("from", staffed.person("checker")), ("to", "put_back"), ("reason", "离岗"), *carried]
    page = supervisor.post("/board/reassign", [(key, html.unescape(str(value))) for key, value in more]).text
    assert "data-continue" not in page and words(page).count("已放回队列") == 2
    assert all(staffed.open_task_of(task.case_id).claimed_by is None for task in tasks)


def test_board_shows_who_is_away_and_hands_waiting_tasks_upwards(staffed: Office, tmp_path: Path) -> None:
    for name in ("checker", "checker2"):
        away(staffed, name)
    staffed.grant("county_checker", "rec_checker", region="640000")
    task = to_recheck(staffed)
    assert task.waiting_for_staff
    supervisor = desk(staffed, "supervisor")
    page = words(supervisor.get("/board").text)
    assert "今天不在岗" in page and "转宁夏回族自治区" in page
    assert supervisor.post(f"/board/route/{task.id}", {"reason": ""}).status_code == 409
    assert supervisor.post(f"/board/route/{task.id}", {"reason": "复核岗都不在岗"}).status_code == 302
    moved = staffed.open_task_of(task.case_id)
    assert (moved.region_code, moved.home_region_code) == ("640000", CITY)
    assert "已转上一级" in words(supervisor.get("/board").text)
    assert supervisor.get(f"/board?office={COUNTY}").status_code == 200


def test_pages_are_closed_to_whoever_does_not_supervise(staffed: Office, tmp_path: Path) -> None:
    handler = desk(staffed, "handler")
    assert handler.get("/board").status_code == 403
    assert handler.post("/board/reassign", {"from": "0"}).status_code == 403
    assert handler.post("/board/route/1", {"reason": "x"}).status_code == 403
    form = {"person": staffed.person("checker"), "starts_on": today_of(staffed), "ends_on": today_of(staffed)}
    assert handler.post("/absences/new", form).status_code == 422


def test_board_marks_claims_whose_holder_has_no_post_any_more(staffed: Office, tmp_path: Path) -> None:
    task = to_recheck(staffed)
    substitution = substitute(staffed)
    act(staffed, "clerk2", claim_task, task.id, case_id=task.case_id)
    supervisor = desk(staffed, "supervisor")
    assert "已不在岗位上" not in words(supervisor.get("/board").text)
    act(staffed, "checker", end_substitution, substitution, "已回岗")
    assert "1 件已不在岗位上" in words(supervisor.get("/board").text)
    holder = staffed.person("clerk2")
    page = supervisor.get(f"/board?from={holder}&to={staffed.person('checker2')}").text
    assert f'value="{staffed.person("checker2")}" selected' in page
