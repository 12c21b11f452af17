"""Pure reckonings of injury recognition."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from app.kernel.identity.identifiers import parse_id_number

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
