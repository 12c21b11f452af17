"""What statistical rules are told: figures reckoned over many acts, conclusions or bills. Pure.

Each reckoning gives samples (an office, an officer's day, an assessor, a provider); the rule's decision judges them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from statistics import fmean, pstdev
from typing import Any

from app.kernel.local_time import LOCAL_ZONE, local_day

PLACES = Decimal("0.0001")


@dataclass(frozen=True)
class Sample:
    """One thing judged: the facts by the contract's names, whom it is about, where."""

    subject: str
    region_code: str
    facts: Mapping[str, Any]
    persons: tuple[int, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class DecidedCase:
    """A decided case with its initial and final reviewer (canonical person, name)."""

    region_code: str
    region: str
    initial: tuple[int, str]
    final: tuple[int, str]


@dataclass(frozen=True, slots=True)
class Act:
    """Something a person effectively did."""

    person_id: int
    name: str
    region_code: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Conclusion:
    """An assessment conclusion of a panel or city; `changed` by a reassessment, None where there was none."""

    assessor: str
    region_code: str
    grade: int
    changed: bool | None = None


@dataclass(frozen=True, slots=True)
class ProviderFigure:
    """A figure of one provider: mean_bill, drug_share or device_price."""

    provider: str
    region_code: str
    measure: str
    value: Decimal


def concentration(cases: Iterable[DecidedCase]) -> Iterator[Sample]:
    """RSK-15: in each office the largest share of one officer in initial or final reviews, and of one pair."""
    by_region: dict[str, list[DecidedCase]] = defaultdict(list)
    for case in cases:
        by_region[case.region_code].append(case)
    for region, there in sorted(by_region.items()):
        shares = Counter(case.initial for case in there) | Counter(case.final for case in there)
        officer, most = max(shares.items(), key=lambda item: (item[1], item[0]))
        pairs = Counter((case.initial, case.final) for case in there)
        pair, together = max(pairs.items(), key=lambda item: (item[1], item[0]))
        names = "、".join(dict.fromkeys((officer[1], pair[0][1], pair[1][1])))
        facts = {
            "region": there[0].region,
            "officers": names,
            "cases": len(there),
            "officer_share": share(most, len(there)),
            "pair_share": share(together, len(there)),
        }
        people = tuple(sorted({officer[0], pair[0][0], pair[1][0]}))
        yield Sample(f"{region} {names}", region, facts, people)


def tempo(
    acts: Iterable[Act], is_working_day: Callable[[date], bool], opens: int, closes: int
) -> Iterator[Sample]:
    """RSK-16: each officer's day: acts outside hours, most acts in an hour, beside all officers' hours."""
    days: dict[tuple[int, date], list[Act]] = defaultdict(list)
    hours: Counter[tuple[int, datetime]] = Counter()
    for act in acts:
        local = act.at.astimezone(LOCAL_ZONE)
        days[act.person_id, local.date()].append(act)
        hours[act.person_id, local.replace(minute=0, second=0, microsecond=0)] += 1
    counts = list(hours.values())
    mean, deviation = (
        (rounded(fmean(counts)), rounded(pstdev(counts))) if counts else (Decimal(0), Decimal(0))
    )
    for (person, day), done in sorted(days.items()):
        outside = [act for act in done if _is_outside(act, is_working_day, opens, closes)]
        busiest = max(count for (who, hour), count in hours.items() if who == person and hour.date() == day)
        facts = {
            "officer": done[0].name,
            "day": day,
            "outside_hours": len(outside),
            "acts_in_hour": busiest,
            "mean_per_hour": mean,
            "deviation": deviation,
        }
        yield Sample(f"{done[0].name} {day.isoformat()}", done[-1].region_code, facts, (person,))


def _is_outside(act: Act, is_working_day: Callable[[date], bool], opens: int, closes: int) -> bool:
    local = act.at.astimezone(LOCAL_ZONE)
    return not is_working_day(local_day(act.at)) or not time(opens) <= local.time() < time(closes)


def grade_drift(conclusions: Iterable[Conclusion]) -> Iterator[Sample]:
    """RSK-17: how far each assessor's grades are from everybody's (total variation), and how many are changed."""
    known = list(conclusions)
    everybody = Counter(one.grade for one in known)
    by_assessor: dict[str, list[Conclusion]] = defaultdict(list)
    for one in known:
        by_assessor[one.assessor].append(one)
    for assessor, own in sorted(by_assessor.items()):
        grades = Counter(one.grade for one in own)
        apart = sum(
            abs(Decimal(grades[grade]) / len(own) - Decimal(count) / len(known))
            for grade, count in everybody.items()
        )
        judged = [one for one in own if one.changed is not None]
        facts = {
            "assessor": assessor,
            "conclusions": len(own),
            "grade_distance": rounded(apart / 2),
            "reversal_rate": share(sum(one.changed is True for one in judged), len(judged)),
        }
        yield Sample(assessor, own[0].region_code, facts)


def provider_outlier(figures: Iterable[ProviderFigure]) -> Iterator[Sample]:
    """RSK-20: each provider's figure beside the mean and deviation of the others'; at least two of them."""
    by_measure: dict[str, list[ProviderFigure]] = defaultdict(list)
    for one in figures:
        by_measure[one.measure].append(one)
    for measure, known in sorted(by_measure.items()):
        for one in known:
            peers = [float(other.value) for other in known if other.provider != one.provider]
            if len(peers) < 2:
                continue
            facts = {
                "provider": one.provider,
                "measure": measure,
                "provider_value": one.value,
                "peer_mean": rounded(fmean(peers)),
                "peer_deviation": rounded(pstdev(peers)),
            }
            yield Sample(f"{one.provider} {measure}", one.region_code, facts)


def share(part: int, whole: int) -> Decimal:
    """To four places; of nothing, nothing."""
    return rounded(Decimal(part) / whole) if whole else Decimal(0)


def rounded(value: float | Decimal) -> Decimal:
    """To four places."""
    return Decimal(str(value)).quantize(PLACES)
