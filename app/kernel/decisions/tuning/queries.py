"""How rules do: hits by rule, version and month, what came of them, and how often they were false alarms."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Date, cast, func, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from app.kernel.cases.models import Case
from app.kernel.decisions.models import RuleHit
from app.kernel.decisions.operations import EXPLAINED, LAPSED
from app.kernel.decisions.overrides import DISPOSITIONS
from app.kernel.decisions.tuning.models import RuleVerdict
from app.kernel.identity.models import Person
from app.kernel.local_time import LOCAL_ZONE, start_of_day


@dataclass(frozen=True)
class HitCounts:
    """Hits of one rule (or version, or month) and what came of them.

    Every hit is counted once: as judged (`justified`, `false_alarm`), else by its ruling (`overridden`, and a refused
    override is `justified`), else `explained`, `lapsed` (the facts changed), or still `open`.
    """

    hits: int = 0
    justified: int = 0
    false_alarm: int = 0
    overridden: int = 0
    explained: int = 0
    lapsed: int = 0
    open: int = 0

    @property
    def judged(self) -> int:
        """Hits of which it is known what they were."""
        return self.justified + self.false_alarm + self.overridden

    @property
    def false_rate(self) -> float | None:
        """False alarms among the judged hits, 0 to 1; None while nothing is judged."""
        return self.false_alarm / self.judged if self.judged else None

    def __add__(self, other: HitCounts) -> HitCounts:
        return HitCounts(
            self.hits + other.hits,
            self.justified + other.justified,
            self.false_alarm + other.false_alarm,
            self.overridden + other.overridden,
            self.explained + other.explained,
            self.lapsed + other.lapsed,
            self.open + other.open,
        )


@dataclass(frozen=True)
class HitLine:
    """The hits of one version of a rule in one month (its first day)."""

    rule_id: str
    version: int
    month: date
    counts: HitCounts


@dataclass(frozen=True)
class HitVerdict:
    """What a hit turned out to be, who said so, why."""

    hit_id: int
    verdict: str
    reason: str
    person: str
    at: datetime


def count_hits(session: Session, since: date, until: date, rule_id: str = "") -> list[HitLine]:
    """Hits of a period (both days included) in the regions the session sees, by rule, version and month."""
    latest = (
        select(RuleVerdict.hit_id, RuleVerdict.verdict)
        .ext(distinct_on(RuleVerdict.hit_id))
        .order_by(RuleVerdict.hit_id, RuleVerdict.id.desc())
        .subquery()
    )
    fate = func.coalesce(latest.c.verdict, RuleHit.disposition, "open").label("fate")
    month = cast(func.date_trunc("month", func.timezone(LOCAL_ZONE.key, RuleHit.at)), Date).label("month")
    wanted = [
        RuleHit.at >= start_of_day(since),
        RuleHit.at < start_of_day(until + timedelta(days=1)),
    ] + ([RuleHit.rule_id == rule_id] if rule_id else [])
    found = session.execute(
        select(RuleHit.rule_id, RuleHit.rule_version, month, fate, func.count())
        .join(Case, Case.id == RuleHit.case_id)
        .outerjoin(latest, latest.c.hit_id == RuleHit.id)
        .where(*wanted)
        .group_by(RuleHit.rule_id, RuleHit.rule_version, month, fate)
        .order_by(RuleHit.rule_id, RuleHit.rule_version, month)
    )
    lines: dict[tuple[str, int, date], HitCounts] = {}
    for rule, version, of_month, came, number in found:
        key = (rule, version, of_month)
        lines[key] = lines.get(key, HitCounts()) + counts_of(came, number)
    return [HitLine(*key, counts) for key, counts in lines.items()]


def counts_of(fate: str, number: int) -> HitCounts:
    """So many hits of which the same came."""
    field = _FATES.get(fate, "open")
    return HitCounts(hits=number, **{field: number})


def add_up(lines: Iterable[HitLine]) -> HitCounts:
    """All together."""
    return sum((line.counts for line in lines), HitCounts())


def list_verdicts(session: Session, hit_ids: Collection[int]) -> dict[int, HitVerdict]:
    """The newest verdict of each of these hits that has one."""
    found = session.execute(
        select(RuleVerdict, Person.name)
        .join(Person, Person.id == RuleVerdict.given_by)
        .where(RuleVerdict.hit_id.in_(hit_ids))
        .order_by(RuleVerdict.id)
    )
    return {
        row.hit_id: HitVerdict(row.hit_id, row.verdict, row.reason, name, row.given_at) for row, name in found
    }


def list_months(since: date, until: date) -> Sequence[date]:
    """The first days of the months from one day to another."""
    months, month = [], since.replace(day=1)
    while month <= until:
        months.append(month)
        month = (month + timedelta(days=32)).replace(day=1)
    return months


_FATES = {
    "justified": "justified",
    "false_alarm": "false_alarm",
    DISPOSITIONS["granted"]: "overridden",
    DISPOSITIONS["refused"]: "justified",
    EXPLAINED: "explained",
    LAPSED: "lapsed",
}
