"""Staffing of an office: its level, its bottleneck, what an absence stops, what one more person gives."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import timedelta
from itertools import combinations
from pathlib import Path
from typing import Any

import orjson
import pytest
from click.testing import CliRunner

from app.faces.cli.staffing import staffing
from app.kernel.absences.operations import AbsenceEntry, record_absence
from app.kernel.local_time import local_day
from app.kernel.transaction import run
from app.kernel.worklist.pools import forget_pools
from app.kernel.worklist.resilience import Absences, OfficeStaffing, StaffingReport, list_staffing
from tests.lookahead_county import WHOLE_WAY, found_county
from tests.office import CITY, COUNTY, Office, bring_to_review, id_number


@pytest.fixture(autouse=True)
def _fresh_pools() -> Iterator[None]:
    forget_pools()
    yield
    forget_pools()


def report_of(office: Office, regions: Collection[str], absences: Absences | None = None) -> StaffingReport:
    kernel, now = office.kernel, office.kernel.clock()
    with kernel.database.session() as session:
        kernel.database.scope(session, ("*",))
        assert kernel.ports.routes is not None
        return list_staffing(session, kernel.ports.routes, regions, now, local_day(now), absences)


def staffing_of(office: Office, region: str, absences: Absences | None = None) -> OfficeStaffing:
    (found,) = report_of(office, [region], absences).offices
    return found


def without(office: Office, *names: str) -> Absences:
    return Absences(frozenset(office.person(name) for name in names))


def test_county_where_everybody_counts_can_miss_nobody(office: Office) -> None:
    found_county(office)
    found = staffing_of(office, COUNTY)
    assert found.now.overall.level == 0
    assert found.now.typical.bottleneck
    assert found.later is None
    (gain,) = found.gains  # several posts have one holder: no single newcomer changes anything
    assert len(gain.posts) > 1
    assert gain.level == 1


def test_county_without_a_checker_cannot_finish_and_says_who_is_missing(office: Office) -> None:
    found_county(office, without="third")
    found = staffing_of(office, COUNTY)
    assert found.now.overall.level == -1
    assert found.now.typical.bottleneck == ("recheck",)
    assert found.now.typical.short_by == 1
    assert [gain.posts for gain in found.gains] == [("rec_checker",)]


def test_absence_asked_about_names_the_open_cases_it_stops(office: Office) -> None:
    found_county(office)
    office.hire("spare", 59)
    office.grant("spare", "rec_checker", region=COUNTY)
    fine = office.start("front", region=COUNTY)
    other = {"worker_name": "马学礼", "worker_id_no": id_number(777), "accident_at": "2026-02-19T09:10"}
    tight = office.start("front", region=COUNTY, **other)
    for who, form in WHOLE_WAY[:7]:
        office.work(tight, who, **form)
    office.work(tight, "third", outcome="agree")
    found = staffing_of(office, COUNTY, without(office, "both"))
    assert found.later is not None
    assert found.later.overall.level == -1
    assert {case.case_id for case in found.at_risk} == {fine, tight}
    assert next(case for case in found.at_risk if case.case_id == tight).duties == ("final_review",)
    assert staffing_of(office, COUNTY, without(office, "spare")).at_risk == ()


def test_recorded_absences_of_the_days_asked_about_count(office: Office) -> None:
    found_county(office)
    case_id = office.start("front", region=COUNTY)
    day = local_day(office.kernel.clock()) + timedelta(days=10)
    entry = AbsenceEntry(office.person("third"), day, day + timedelta(days=2), "leave", "")

    def operation(unit: Any) -> None:
        record_absence(unit, entry)

    run(office.kernel, operation, office.actors["third"])
    inside = staffing_of(office, COUNTY, Absences(first=day, last=day))
    outside = staffing_of(
        office, COUNTY, Absences(first=day + timedelta(days=3), last=day + timedelta(days=4))
    )
    assert [case.case_id for case in inside.at_risk] == [case_id]
    assert outside.at_risk == ()


def test_case_that_stands_worse_than_a_new_one_sets_the_level(office: Office) -> None:
    found_county(office)
    for number, (name, post) in enumerate(
        (
            ("w", "rec_window"),
            ("h", "rec_handler"),
            ("c", "rec_checker"),
            ("a", "rec_approver"),
            ("k", "rec_clerk"),
        )
    ):
        office.hire(f"more-{name}", 60 + number)
        office.grant(f"more-{name}", post, region=COUNTY)
    assert staffing_of(office, COUNTY).now.overall.level == 1
    case_id = office.start("front", region=COUNTY)
    office.take(case_id, "both")  # the approver sat at the window: one approver is left for this case
    found = staffing_of(office, COUNTY)
    assert (found.now.typical.level, found.now.overall.level) == (1, 0)
    assert found.now.overall.bottleneck == ("final_review",)
    assert found.now.by_level == {0: 1}


def test_level_is_the_most_people_that_may_be_absent(office: Office) -> None:
    """Against taking out every set of people."""
    found_county(office)
    office.hire("spare", 59)
    office.grant("spare", "rec_checker", region=COUNTY)
    office.hire("spare2", 58)
    office.grant("spare2", "rec_approver", region=COUNTY)
    people = ("both", "front", "first", "second", "third", "last", "spare", "spare2")
    level = staffing_of(office, COUNTY).now.typical.level
    stopped = [
        size
        for size in (1, 2)
        for gone in combinations(people, size)
        if (later := staffing_of(office, COUNTY, without(office, *gone)).later) and later.typical.level == -1
    ]
    assert level == min(stopped) - 1


def test_office_without_people_and_cases_is_left_out(office: Office) -> None:
    assert report_of(office, [COUNTY]).offices == ()
    assert [one.process_key for one in report_of(office, [CITY]).offices] == ["injury_recognition"]


def test_cases_that_stand_alike_are_counted_each(office: Office) -> None:
    for _ in range(3):
        bring_to_review(office)
    found = staffing_of(office, CITY)
    assert found.open_cases == 3
    assert sum(found.now.by_level.values()) == 3


def test_command_tells_level_bottleneck_and_cases_at_risk(
    office: Office, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    found_county(office)
    case_id = office.start("front", region=COUNTY)
    case_no = office.case(case_id).case_no
    monkeypatch.setenv("DATABASE_URL", office.kernel.database.url)
    monkeypatch.setenv("SANSHEN_DATA", str(tmp_path / "data"))
    runner = CliRunner()
    text = runner.invoke(staffing, [COUNTY, "--without", "third-account"])
    assert text.exit_code == 0, text.output
    assert "−1 办不完" in text.output
    assert case_no in text.output
    result = runner.invoke(staffing, [COUNTY, "--without", "third", "--json"])
    assert result.exit_code == 0, result.output
    (told,) = orjson.loads(result.output)["offices"]
    assert told["now"]["level"] == 0
    assert told["without"]["level"] == -1
    assert told["without"]["tightest"]["bottleneck"] == ["recheck"]
    assert [case["case_id"] for case in told["at_risk"]] == [case_id]
    unknown = runner.invoke(staffing, [COUNTY, "--without", "nobody"])
    assert unknown.exit_code == 1
    assert "nobody" in unknown.output
    nowhere = runner.invoke(staffing, ["999999"])
    assert nowhere.exit_code == 1
    assert "999999" in nowhere.output
