"""Real logs, where a folder with them is named: `EVENT_LOGS=<folder>`. They aren't ours to ship."""

from __future__ import annotations

import gzip
import os
import re
from collections import Counter
from pathlib import Path

import pytest

from app.kernel.audit.logs import LogReport, Policy, analyse, read_log

FOLDER = os.environ.get("EVENT_LOGS", "")
NAME = "receipt.xes.gz"
CHECKED = ("T02 Check confirmation of receipt", "T04 Determine confirmation of receipt")

pytestmark = pytest.mark.skipif(not FOLDER, reason="EVENT_LOGS names no folder with real logs")


@pytest.fixture(scope="module")
def report() -> LogReport:
    return analyse(read_log(Path(FOLDER) / NAME), Policy((CHECKED,)))


@pytest.fixture(scope="module")
def cases() -> list[list[tuple[str, str]]]:
    """(activity, person) by case, taken out of the text with patterns: another way than the reader's."""
    text = gzip.decompress((Path(FOLDER) / NAME).read_bytes()).decode()
    value = 'key="{}" value="([^"]*)"'
    found = []
    for part in re.findall(r"<trace>(.*?)</trace>", text, re.DOTALL):
        events = re.findall(r"<event>(.*?)</event>", part, re.DOTALL)
        found.append(
            [
                (
                    re.findall(value.format("concept:name"), one)[0],
                    re.findall(value.format("org:resource"), one)[0],
                )
                for one in events
            ]
        )
    return found


def test_totals(report: LogReport, cases: list[list[tuple[str, str]]]) -> None:
    assert (len(cases), sum(map(len, cases))) == (1434, 8577), "the published figures"
    assert (report.totals.cases, report.totals.events) == (1434, 8577)
    assert report.totals.persons == len({person for case in cases for _, person in case}) == 48


def test_cases_by_one_person(report: LogReport, cases: list[list[tuple[str, str]]]) -> None:
    alone = [case for case in cases if len({person for _, person in case}) == 1]
    assert report.alone.cases == len(alone)
    assert report.alone.min3 == sum(len(case) >= 3 for case in alone)
    by_person = Counter(case[0][1] for case in alone)
    assert {one.person: one.cases for one in report.alone.people} == by_person


def test_pair_violations(report: LogReport, cases: list[list[tuple[str, str]]]) -> None:
    doers = [[{p for a, p in case if a == activity} for activity in CHECKED] for case in cases]
    assert report.pair_violations == sum(bool(first & second) for first, second in doers)
    assert report.violations is not None
    assert report.violations[0].together == sum(bool(first and second) for first, second in doers)
