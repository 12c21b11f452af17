"""Near-misses: denials, refusals of the fence and warnings gone through, by rule, person and office; the command."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import orjson
import pytest
from click.testing import CliRunner

from app.faces.cli.commands import main
from app.kernel.duties.operations import perform_apart
from app.kernel.duties.records import permit_system
from app.kernel.duties.refusals import DutyDenied
from app.kernel.duties.views import Action
from app.kernel.refusals import FenceRefused
from app.kernel.transaction import Unit, run
from app.kernel.violations.near_misses import By, Period, count_misses, list_misses
from app.kernel.worklist.operations import claim_task
from tests.databases import CopiedDatabase
from tests.fence_world import act
from tests.office import CITY, COUNTY, Office, bring_to_review
from tests.watch_world import watched


def period(office: Office) -> Period:
    now = office.kernel.clock()
    return Period(now - timedelta(days=1), now + timedelta(days=1))


def counted(office: Office, by: By, regions: tuple[str, ...] = (CITY, COUNTY)) -> dict[str, tuple[int, int]]:
    with office.kernel.database.session() as session:
        office.kernel.database.scope(session, regions)
        found = count_misses(session, period(office), by, regions)
    return {tally.key: (tally.denied, tally.fenced) for tally in found}


def deny(office: Office, case_id: int, who: str) -> None:
    task = office.open_task_of(case_id)
    with pytest.raises(DutyDenied):
        run(office.kernel, partial(claim_task, task_id=task.id), office.actors[who], case_id=case_id)


def test_denials_are_counted_by_rule_person_and_office(office: Office) -> None:
    case_id = bring_to_review(office)
    office.work(case_id, "handler", outcome="submit_positive")
    for who in ("window", "window", "handler2"):
        deny(office, case_id, who)
    window, second = str(office.person("window")), str(office.person("handler2"))
    assert counted(office, By.RULE) == {"post_not_held": (3, 0)}
    assert counted(office, By.PERSON) == {window: (2, 0), second: (1, 0)}
    assert counted(office, By.OFFICE) == {CITY: (3, 0)}
    assert counted(office, By.RULE, (COUNTY,)) == {}


def test_attempts_are_listed_newest_first_page_by_page_and_by_key(office: Office) -> None:
    case_id = bring_to_review(office)
    for who in ("window", "checker", "window"):
        deny(office, case_id, who)
    regions = (CITY, COUNTY)
    with office.kernel.database.session() as session:
        office.kernel.database.scope(session, regions)
        everything = list_misses(session, period(office), regions)
        pages = [
            list_misses(session, period(office), regions, offset=number, limit=1)[0].person_id
            for number in range(3)
        ]
        own = list_misses(session, period(office), regions, only={By.PERSON: str(office.person("checker"))})
    assert [one.person_id for one in everything] == pages
    assert [(one.person, one.reason, one.case_id) for one in own] == [("checker", "post_not_held", case_id)]


def test_refusal_of_the_fence_is_a_near_miss_under_its_set(office: Office) -> None:
    case_id = bring_to_review(office)
    office.work(case_id, "handler", outcome="submit_positive")

    def past_decide(unit: Unit) -> None:
        assert unit.case is not None
        permit_system(unit, Action.SYSTEM, unit.case.id)
        unit.record("test.act", {})
        perform_apart(unit, unit.case, "recheck")

    with pytest.raises(FenceRefused):
        run(office.kernel, past_decide, office.actors["handler"], case_id=case_id)
    assert counted(office, By.RULE) == {"case_reviews": (0, 1)}


def test_command_ends_with_one_when_something_is_found(
    fresh_database: CopiedDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", fresh_database.app_url)
    monkeypatch.setenv("SANSHEN_DATA", str(tmp_path / "data"))
    with watched(fresh_database, tmp_path / "data") as site:
        site.decided_case()
        clean = called()
        staff, case = site.world.staff(1)[0], site.world.case("high")
        for duty in ("initial_review", "recheck"):
            act(site.planter, case, staff, duty)
        broken = called()
    assert (clean[0], clean[1]["violations"], clean[1]["full"]) == (0, 0, True)
    assert (broken[0], broken[1]["violations"], broken[1]["findings"][0]["rule"]) == (1, 1, "case_reviews")


def called() -> tuple[int, dict[str, Any]]:
    result = CliRunner().invoke(main, ["duties", "watch", "--json"])
    with suppress(orjson.JSONDecodeError):
        return result.exit_code, orjson.loads(result.output)
    pytest.fail(result.output)
