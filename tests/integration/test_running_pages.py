"""Heat figures against hand-counted cases, and the pages of incidents, holds, heat and migration."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest

from app.kernel.engine.check.report import CheckReport
from app.kernel.engine.designing import checked
from app.kernel.engine.designing.checked import check_shared
from app.kernel.engine.running.heat import list_heat, shared_heat
from app.kernel.local_time import local_day
from app.kernel.sharing.reports import forget_reports
from app.kernel.transaction import run, system_actor
from tests import changing, trial
from tests.integration.test_running_cases import inserted, renamed, worked_off
from tests.moving_clock import MovingClock
from tests.office import CITY, COUNTY, Office
from tests.pages import sit_down

HOUR = 3600.0


@pytest.fixture
def office(office: Office) -> Office:
    trial.compute(office, {})
    trial.put(office, trial.files())
    return office


def heat_of(
    office: Office, definition_id: int | None = None, *, days: int = 90
) -> dict[str, tuple[object, ...]]:
    with office.kernel.database.session() as session:
        office.kernel.database.scope(session, office.actors["supervisor"].regions)
        now = office.kernel.clock()
        found = list_heat(session, "trial", now, local_day(now), now - timedelta(days=days), definition_id)
    return {
        key: (item.open, item.median, item.p90, item.done, item.done_median, item.waiting, item.incidents)
        for key, item in found.items()
    }


def test_heat_counts_what_was_counted_by_hand(office: Office, clock: MovingClock) -> None:
    """Three drafts begun at 0, 2 and 4 hours; the first is completed at 5 hours, looked at at 10 hours."""
    cases = []
    for number in range(3):
        cases.append(trial.begin(office, number=830 + number))
        clock.move(hours=2)
    clock.move(hours=-1)
    office.work(cases[0], "handler", outcome="submit_positive")
    clock.move(hours=5)
    found = heat_of(office)
    assert found["draft"] == (2, 7 * HOUR, pytest.approx(7.8 * HOUR), 1, 5 * HOUR, 0, 0)
    assert found["approve"] == (1, 5 * HOUR, 5 * HOUR, 0, None, 0, 0)
    assert heat_of(office, days=0)["draft"][3:5] == (0, None), "finished before the period"


def test_heat_counts_incidents_waits_and_one_version_apart(office: Office) -> None:
    trial.compute(office, ValueError("gone"))
    case_id = trial.begin(office, number=840)
    office.work(case_id, "handler", outcome="submit_positive")
    newest = trial.put(office, inserted())
    trial.begin(office, number=841)
    found = heat_of(office)
    assert found["compute"][-2:] == (1, 1)
    assert found["draft"][0] == 1
    assert set(heat_of(office, newest)) == {"draft"}


def test_figures_that_took_long_serve_other_readers_of_the_same_regions_for_a_while(
    office: Office, clock: MovingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def open_drafts(*regions: str) -> int:
        with office.kernel.database.session() as session:
            office.kernel.database.scope(session, regions)
            shared = shared_heat(office.kernel, session, "trial", office.kernel.clock(), regions)
        return shared.steps["draft"].open if "draft" in shared.steps else 0

    trial.begin(office, number=850)
    assert open_drafts(CITY) == 1
    trial.begin(office, number=851)
    assert open_drafts(CITY) == 2, "what was quick is computed each time"
    monkeypatch.setattr("app.kernel.engine.running.heat.SLOW", -1.0)
    assert open_drafts(CITY) == 2
    trial.begin(office, number=852)
    assert open_drafts(CITY) == 2
    assert open_drafts(COUNTY) == 0, "another reader's regions are another report"
    clock.move(minutes=6)
    assert open_drafts(CITY) == 3


def test_a_check_is_read_from_where_another_process_kept_it(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = trial.files(
        bpmn=trial.bpmn([node for node in trial.NODES if node.id != "done"], trial.FLOWS[:-1])
    )

    def check() -> CheckReport:
        with office.kernel.database.reading() as session:
            return check_shared(office.kernel, session, files)

    first = check()
    assert not first.deployable and first.findings
    monkeypatch.setattr(checked, "_reports", {})  # a process that was just started
    monkeypatch.setattr(checked, "check_files", lambda *_, **__: pytest.fail("computed again"))
    assert check() == first
    run(
        office.kernel,
        partial(forget_reports, before=office.kernel.clock() + timedelta(days=1)),
        system_actor(),
    )
    with pytest.raises(pytest.fail.Exception):
        check()


def test_supervisor_retries_from_the_page_and_others_may_not_see_it(office: Office) -> None:
    trial.compute(office, ValueError("the register is not there"))
    case_id = trial.begin(office, number=842)
    office.work(case_id, "handler", outcome="submit_positive")
    assert sit_down(office.kernel, "handler").get("/incidents").status_code == 403
    desk = sit_down(office.kernel, "supervisor")
    page = desk.get("/incidents").text
    assert "the register is not there" in page
    assert "/incidents/1/retry" in page
    assert "incident_failed" in desk.post("/incidents/1/retry", {}).headers["Location"]
    pending = desk.post("/incidents/1/resolve", {"reason": "x"})
    assert pending.status_code == 409
    assert "重试" in pending.text
    assert "1 号事件" in desk.get(f"/cases/{case_id}/").text
    trial.compute(office, {})
    assert "incident_passed" in desk.post("/incidents/1/retry", {}).headers["Location"]
    assert office.open_task_of(case_id).step_key == "approve"
    assert "没有这样的事件" in desk.get("/incidents").text


def test_officer_is_told_that_his_act_stands_though_a_step_behind_it_failed(
    office: Office,
) -> None:
    trial.compute(office, ValueError("gone"))
    case_id = trial.begin(office, number=843)
    task = office.take(case_id, "handler")
    desk = sit_down(office.kernel, "handler")
    form = {"outcome": "submit_positive", "opinion": "材料齐全。", "task_version": task.version}
    answer = desk.post(f"/tasks/{task.id}/complete", form)
    assert "said=completed_incident" in answer.headers["Location"]
    assert "您不用再办" in desk.get(answer.headers["Location"]).text


def test_holding_from_the_pages_says_so_before_the_click(office: Office) -> None:
    case_id = trial.begin(office, number=844)
    boss, handler = (sit_down(office.kernel, name) for name in ("supervisor", "handler"))
    assert boss.post(f"/cases/{case_id}/holds", {"reason": ""}).status_code == 422
    assert boss.post(f"/cases/{case_id}/holds", {"reason": "模板有误"}).status_code == 302
    gate = handler.get(f"/cases/{case_id}/").text
    assert "模板有误" in gate
    assert "时限照常计算" in gate
    assert "/holds/1/end" not in gate
    assert "模板有误" in handler.get("/?tab=all").text
    assert boss.post(f"/cases/{case_id}/holds/1/end", {"reason": "已改"}).status_code == 302
    assert "模板有误" not in handler.get(f"/cases/{case_id}/").text
    held = {"region": "640100", "version": "", "reason": "全部有误"}
    assert boss.post("/designer/processes/trial/holds", held).status_code == 302
    assert "全部有误" in handler.get(f"/cases/{case_id}/").text
    assert boss.post("/designer/processes/trial/holds", held).status_code == 422


def test_heat_page_draws_and_lists_the_same_figures(office: Office, clock: MovingClock) -> None:
    trial.begin(office, number=845)
    clock.move(hours=2)
    desk = sit_down(office.kernel, "supervisor")
    page = desk.get("/designer/processes/trial/heat").text
    assert "● 1 · 2.0 小时" in page.encode().decode("unicode_escape", "ignore") or "\\u25cf 1" in page
    assert "2.0 小时" in page
    for address in ("?version=1&sort=late", "?version=99", "?sort=nonsense"):
        assert desk.get(f"/designer/processes/trial/heat{address}").status_code == 200
    assert desk.get("/designer/processes/nothing/heat").status_code == 404
    assert sit_down(office.kernel, "handler").get("/designer/processes/trial/heat").status_code == 403


def test_migration_is_previewed_proposed_and_its_progress_shown(office: Office) -> None:
    changing.add_changers(office)
    trial.begin(office, number=846)
    stays = trial.begin(office, number=847)
    office.work(stays, "handler", outcome="submit_positive")
    trial.put(office, renamed())
    desk = sit_down(office.kernel, "editor")
    address = "/designer/processes/trial/migrate"
    page = desk.get(address).text
    assert "能换 1 件，不能 1 件" in page
    wrong = desk.post(address, {"from": "1", "to": "2", "cases": "", "reason": "", "ground": "依据"})
    assert wrong.status_code == 422
    right = desk.post(address, {"from": "1", "to": "2", "cases": "", "reason": "改版", "ground": "依据"})
    assert right.status_code == 302
    change_id = int(right.headers["Location"].split("/changes/")[1].split("?")[0])
    changing.to_approval(office, change_id)
    changing.sign(office, change_id, "authoriser", "approve")
    assert "还有 2 件在执行" in desk.get(address).text
    assert worked_off(office) == 1
    done = desk.get(address).text
    assert "已换 1" in done
    assert "留下 1" in done
    assert sit_down(office.kernel, "supervisor").post(address, {}).status_code == 403
