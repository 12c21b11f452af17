"""Service (送达): the lawful ways, what each asks for, and when a public notice is over. Pure.

民诉法 88-95 by way of the acts that refer to them (认定办法 22): direct, left in place (留置), entrusted (委托、转交),
by post, electronic with consent, by public notice when the addressee can't be found or reached otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from typing import Any, Final, Self

from app.kernel.deadlines.calendar import WorkingCalendar
from app.kernel.deadlines.rules import ClockSpec, DueDate, due_on
from app.kernel.local_time import LOCAL_ZONE

WAYS_ZH: Final[Mapping[str, str]] = {
    "direct": "直接送达",
    "left": "留置送达",
    "entrusted": "委托或者转交送达",
    "post": "邮寄送达",
    "electronic": "电子送达",
    "public_notice": "公告送达",
}
"""The lawful ways, as papers name them."""
WAYS: Final = tuple(WAYS_ZH)
RECEIVED, FAILED, PUBLISHED, DEEMED = "received", "failed", "published", "deemed"
RESULTS: Final[Mapping[str, str]] = {
    "served": RECEIVED,
    "failed": FAILED,
    "notice": PUBLISHED,
    "again": FAILED,
}
"""What an outcome of the task comes to."""
SIGNED_FOR: Final = ("direct", "left", "entrusted")
"""Ways in which a person puts his name to the receipt: the addressee, who received for him, or a witness."""

Errors = dict[str, tuple[str, Mapping[str, object]]]


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody to be served, as process.toml declares him; the facts named are used where a process has them."""

    key: str
    zh: str
    en: str
    fact: str
    name_fact: str = ""
    address_fact: str = ""
    consent_fact: str = ""
    copy: bool = False

    @classmethod
    def of(cls, key: str, table: Mapping[str, Any]) -> Self:
        """From `[service.party.<key>]`; a party nobody declared goes by its key."""
        return cls(
            key=key,
            zh=str(table.get("zh", key)),
            en=str(table.get("en", key)),
            fact=str(table.get("fact", f"served_{key}_at")),
            name_fact=str(table.get("name_fact", "")),
            address_fact=str(table.get("address_fact", "")),
            consent_fact=str(table.get("consent_fact", "")),
            copy=bool(table.get("copy", False)),
        )


@dataclass(frozen=True, slots=True)
class ServiceRules:
    """`[service]` of a process and of those it calls: the period of a public notice and the known parties."""

    notice: ClockSpec | None = None
    parties: Mapping[str, Party] = field(default_factory=dict)

    @classmethod
    def of(cls, manifests: Iterable[Mapping[str, Any]]) -> Self:
        """From manifests, later ones winning: callees first, then the process itself."""
        days, told, parties = 0, dict[str, str](), dict[str, dict[str, Any]]()
        for manifest in manifests:
            table = manifest.get("service", {})
            days = int(table.get("public_notice_days", days))
            told |= {name: str(table[name]) for name in ("ground_zh", "ground_en", "source") if name in table}
            for key, party in table.get("party", {}).items():
                parties[key] = {**parties.get(key, {}), **party}
        known = {key: Party.of(key, table) for key, table in parties.items()}
        return cls(_notice_clock(days, told) if days else None, known)

    def party(self, key: str) -> Party:
        """The party of that key, declared or not."""
        return self.parties.get(key) or Party.of(key, {})


def _notice_clock(days: int, told: Mapping[str, str]) -> ClockSpec:
    return ClockSpec(
        kind="public_notice",
        title_zh=f"公告送达 {days} 日",
        title_en=f"Public notice, {days} days",
        length=days,
        unit="days",
        ground_zh=told.get("ground_zh", ""),
        ground_en=told.get("ground_en", ""),
        binding=True,
        main=False,
        source=told.get("source", ""),
    )


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to serve a party, as the clerk states it. `received_at` is local time to the minute, or None."""

    result: str
    way: str
    sent_on: date | None = None
    received_at: datetime | None = None
    receiver: str = ""
    reference: str = ""
    reason: str = ""
    consent: bool = False
    untraceable: bool = False

    @classmethod
    def of(cls, outcome: str, own: Mapping[str, Any]) -> Self:
        """From a completed form: its outcome and its `task_…` fields."""
        sent, received = own.get("task_sent_on"), own.get("task_received_at")
        return cls(
            result=RESULTS.get(outcome, FAILED),
            way="public_notice" if outcome == "again" else str(own.get("task_way") or ""),
            sent_on=date.fromisoformat(sent) if sent else None,
            received_at=datetime.fromisoformat(received) if received else None,
            receiver=str(own.get("task_receiver") or ""),
            reference=str(own.get("task_reference") or ""),
            reason=str(own.get("task_reason") or ""),
            consent=bool(own.get("task_consent")),
            untraceable=bool(own.get("task_untraceable")),
        )


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What else an attempt is measured by."""

    today: date
    now: datetime
    issued_on: date
    """Day of issue of the latest document served with it."""
    consent: bool = False
    """The party consented to electronic service before."""
    failed_before: bool = False
    proofs: int = 0
    """Files received at this task."""
    copy: bool = False


def consenting(attempt: Attempt, around: Circumstances) -> Attempt:
    """The attempt with a consent given earlier in the case."""
    return replace(attempt, consent=attempt.consent or around.consent)


def check(attempt: Attempt, around: Circumstances) -> Errors:
    """What is wrong with an attempt, by field of the form; empty when it may be kept."""
    errors: Errors = {}
    if attempt.way not in WAYS:
        errors["task_way"] = ("required", {})
    elif (attempt.way == "public_notice") != (attempt.result == PUBLISHED) and attempt.result != FAILED:
        errors["task_way"] = ("service_way_outcome", {})
    errors |= _days_wrong(attempt, around)
    if attempt.result == RECEIVED and not around.copy:
        errors |= _receipt_wrong(attempt)
    if attempt.way == "electronic" and attempt.result == RECEIVED and not attempt.consent and not around.copy:
        errors["task_consent"] = ("service_consent", {})
    if _needs_reason(attempt) and not attempt.reason:
        errors["task_reason"] = ("required", {})
    if attempt.result == PUBLISHED:
        errors |= _notice_wrong(attempt, around)
    if attempt.result in (RECEIVED, PUBLISHED) and not around.copy and not around.proofs:
        errors["outcome"] = ("service_proof", {})
    return errors


def _days_wrong(attempt: Attempt, around: Circumstances) -> Errors:
    errors: Errors = {}
    if attempt.sent_on is None:
        if attempt.result != FAILED:
            errors["task_sent_on"] = ("required", {})
    elif attempt.sent_on > around.today:
        errors["task_sent_on"] = ("in_the_future", {})
    elif attempt.sent_on < around.issued_on:
        errors["task_sent_on"] = ("service_before_issue", {"issued": around.issued_on.isoformat()})
    if attempt.result != RECEIVED:
        return errors
    if attempt.received_at is None:
        errors["task_received_at"] = ("required", {})
    elif attempt.received_at.replace(tzinfo=LOCAL_ZONE) > around.now:
        errors["task_received_at"] = ("in_the_future", {})
    elif attempt.sent_on is not None and attempt.received_at.date() < attempt.sent_on:
        errors["task_received_at"] = ("service_before_sent", {})
    return errors


def _receipt_wrong(attempt: Attempt) -> Errors:
    errors: Errors = {}
    if attempt.way in SIGNED_FOR and not attempt.receiver:
        errors["task_receiver"] = ("required", {})
    if attempt.way in ("post", "electronic") and not attempt.reference:
        errors["task_reference"] = ("required", {})
    return errors


def _needs_reason(attempt: Attempt) -> bool:
    """Why it failed; why it was refused (民诉法 89); reason and course of a notice (95)."""
    left = attempt.way == "left" and attempt.result == RECEIVED
    return left or attempt.result in (FAILED, PUBLISHED)


def _notice_wrong(attempt: Attempt, around: Circumstances) -> Errors:
    errors: Errors = {}
    if not attempt.reference:
        errors["task_reference"] = ("required", {})
    if not attempt.untraceable and not around.failed_before:
        errors["task_untraceable"] = ("service_notice_last", {})
    return errors


def notice_end(notice: ClockSpec, published_on: date, calendar: WorkingCalendar) -> DueDate:
    """The last day of a public notice; the day of publication isn't counted, a rest day at the end is passed over."""
    return due_on(notice, published_on, (), calendar)


def deemed_at(last_day: date) -> datetime:
    """The last minute of the period, in local time: periods that begin with receipt count from the next day."""
    return datetime.combine(last_day, time(23, 59))
