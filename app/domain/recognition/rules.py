"""Pure reckonings of injury recognition."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from app.kernel.deadlines.calendar import WorkingCalendar
from app.kernel.deadlines.rules import add_months, end_of_day
from app.kernel.identity.identifiers import parse_id_number
from app.kernel.local_time import local_minute

EMPLOYER_WINDOW_DAYS = 30
"""条例 17(1): the employer applies within 30 days of the accident."""


def complete_identity(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Birth date, sex and age on the accident day as the ID number tells them, where nobody entered them."""
    number = facts.get("worker_id_no")
    if not number:
        return {}
    identity = parse_id_number(number)
    told: dict[str, Any] = {
        "worker_birth_date": identity.birth_date.isoformat(),
        "worker_sex": identity.sex.value,
    }
    accident = facts.get("accident_at")
    if accident:
        told["worker_age"] = age_on(identity.birth_date, date.fromisoformat(accident[:10]))
    return {key: value for key, value in told.items() if facts.get(key) in (None, "")}


def age_on(born: date, day: date) -> int:
    """Completed years."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def is_insured_on_accident(facts: Mapping[str, Any]) -> bool | None:
    """Enrolment start on or before the accident day; None when either is unknown."""
    since, accident = facts.get("insured_since"), facts.get("accident_at")
    return None if not since or not accident else bool(since <= accident[:10])


def days_until_application(facts: Mapping[str, Any], received: date) -> int | None:
    """Days from accident to application, the first day not counted (CR01)."""
    accident = facts.get("accident_at")
    return (received - date.fromisoformat(accident[:10])).days if accident else None


def employer_applied_late(facts: Mapping[str, Any], received: date) -> bool:
    """条例 17(4): a late employer bears the costs of the time until acceptance; the case goes on."""
    days = days_until_application(facts, received)
    return facts.get("applicant_type") == "employer" and days is not None and days > EMPLOYER_WINDOW_DAYS


SUIT_MONTHS = 6
"""行诉法 46: a suit within 6 months; the 60 days of 复议法 20 end before."""
SUIT_AFTER_RECONSIDERATION_DAYS = 15
"""行诉法 45."""


def application_counts_from(facts: Mapping[str, Any]) -> str | None:
    """The day CR01 and CR02 count from: of an occupational disease its diagnosis, else the accident (条例 17)."""
    disease = facts.get("occupational_disease_certificate")
    stated = (disease and facts.get("diagnosis_at")) or facts.get("accident_at")
    return str(stated)[:10] if stated else None


def named_investigators(facts: Mapping[str, Any]) -> list[str]:
    """Officers of another region who investigated by delegation (认定办法 14), as its record names them."""
    stated = str(facts.get("delegated_investigators") or "")
    return [name for name in re.split(r"[、，,;；\s]+", stated) if name]


def day_of(stated: Any) -> date | None:
    """The day of a date or moment as facts keep it."""
    return date.fromisoformat(str(stated)[:10]) if stated else None


def remedies_until(received: Iterable[date], calendar: WorkingCalendar) -> str:
    """The moment after the last party's last day to sue, by the days they received the decision."""
    last = max(calendar.shift_off_holiday(add_months(day, SUIT_MONTHS)) for day in received)
    return local_minute(end_of_day(last))


def suit_until(received: date, calendar: WorkingCalendar) -> str:
    """The moment after the last day to sue against a decision that reconsideration upheld."""
    last = calendar.shift_off_holiday(received + timedelta(days=SUIT_AFTER_RECONSIDERATION_DAYS))
    return local_minute(end_of_day(last))
