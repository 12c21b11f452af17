"""Helpers of the tests about absences: people who changed posts, and substitutes asked for and approved."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from typing import Any

from app.kernel.absences.operations import AbsenceEntry, record_absence
from app.kernel.absences.substitution import SubstitutionAsk, approve_substitution, name_substitute
from app.kernel.duties.operations import GrantRequest, grant_posts
from app.kernel.local_time import local_day
from app.kernel.transaction import Unit, run, system_actor
from tests.office import CITY, COUNTY, Office

DAY = timedelta(days=1)
CHANGES_POST = date(2026, 4, 1)
"""`changer` is a handler until the day before and a checker from then; `leaver` holds nothing but the archive."""


def hire_more(office: Office) -> None:
    """A higher supervisor, a second clerk, people who change posts, a checker and handlers of the county."""
    people = ("head", "clerk2", "changer", "leaver", "county_checker", "county_handler", "county_supervisor")
    for number, name in enumerate(people):
        office.hire(name, 60 + number)
    office.grant("head", "supervisor", region="640000")
    office.grant("clerk2", "rec_clerk")
    office.grant("county_checker", "rec_checker", region=COUNTY)
    office.grant("county_handler", "rec_handler", region=COUNTY)
    office.grant("county_supervisor", "supervisor", region=COUNTY)
    since = date(2026, 1, 1)
    for name, post, begins, ends in (
        ("changer", "rec_handler", since, CHANGES_POST),
        ("changer", "rec_checker", CHANGES_POST, None),
        ("leaver", "rec_handler", since, CHANGES_POST),
        ("leaver", "rec_clerk", CHANGES_POST, None),
    ):
        _grant(office, name, post, begins, ends)


def _grant(office: Office, name: str, post: str, begins: date, ends: date | None) -> None:
    chiefs = [office.person(f"chief{n}") for n in (1, 2, 3)]
    request = GrantRequest(office.person(name), post, CITY, begins, ends, *chiefs)
    run(office.kernel, lambda unit: grant_posts(unit, [request]), system_actor())


def today_of(office: Office) -> date:
    return local_day(office.kernel.clock())


def ask(office: Office, **changed: Any) -> SubstitutionAsk:
    """clerk2 for checker, from today for five days; people by name."""
    day = today_of(office)
    values: dict[str, Any] = {
        "principal_id": "checker",
        "substitute_id": "clerk2",
        "post": "rec_checker",
        "region_code": CITY,
        "valid_from": day,
        "valid_to": day + 5 * DAY,
        "reason": "年休假",
        **changed,
    }
    for key in ("principal_id", "substitute_id"):
        values[key] = office.person(values[key])
    return SubstitutionAsk(**values)


def act(
    office: Office, who: str, operation: Callable[..., Any], *args: Any, case_id: int | None = None
) -> Any:
    """Run one operation as that person."""

    def bound(unit: Unit) -> Any:
        return operation(unit, *args)

    return run(office.kernel, bound, office.actors[who], case_id=case_id)


def substitute(office: Office, by: str = "supervisor", approver: str = "head", **changed: Any) -> int:
    """A substitution asked for and approved; answers its id."""
    request = act(office, by, name_substitute, ask(office, **changed))
    return int(act(office, approver, approve_substitution, request))


def away(office: Office, who: str, *, days: int = 5, starts: int = 0, by: str | None = None) -> int:
    """Record an absence of so many days, beginning `starts` days from today."""
    first = today_of(office) + starts * DAY
    entry = AbsenceEntry(office.person(who), first, first + (days - 1) * DAY, "leave")
    return int(run(office.kernel, partial(record_absence, entry=entry), office.actors[by or who]))
