"""What shall become of every made-up case: its region, where it stands today, and how long each step took. Pure."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from app.demo.generator import Employer, Generator
from app.demo.roster import HELAN, TRANSFERRED, TWO_RECORDS, WUZHONG, YANCHI, YINCHUAN, YONGNING
from app.kernel.local_time import LOCAL_ZONE

CHECK, ACCEPT, ASSIGN = "p01_02_material_check", "p01_06_accept", "p01_07_assign"
CHOOSE, INVESTIGATE = "p01_08_choose_procedure", "p01_10_investigation"
INITIAL, RECHECK, RISK, FINAL = "rb2_initial_review", "rb3_recheck", "rb4_risk_review", "rb5_final_review"
SERVE, CORRECTION = "sv1_serve", "correction"

# How many of 400 cases stand where; a step's second number counts those that stand at its second visit.
STANDING: Mapping[tuple[str, int], int] = {
    (CHECK, 1): 36,
    (CORRECTION, 1): 22,
    (CHECK, 2): 12,
    (ACCEPT, 1): 18,
    (ASSIGN, 1): 20,
    (CHOOSE, 1): 20,
    (INVESTIGATE, 1): 32,
    (INVESTIGATE, 2): 20,
    (INITIAL, 1): 34,
    (INITIAL, 2): 8,
    (RECHECK, 1): 36,
    (RECHECK, 2): 8,
    (RISK, 1): 14,
    (FINAL, 1): 30,
    (SERVE, 1): 26,
    ("", 0): 64,
}
SHARES = ((YINCHUAN, 46), (WUZHONG, 24), (YONGNING, 12), (HELAN, 12), (YANCHI, 6))
BEYOND_YANCHI = (RISK, FINAL, SERVE, "")
# Usual days from the step before until this one is done.
USUAL = {
    CHECK: (1, 9),
    CORRECTION: (4, 20),
    ACCEPT: (0.2, 2),
    ASSIGN: (0.2, 2),
    CHOOSE: (0.3, 3),
    INVESTIGATE: (2, 12),
    INITIAL: (1, 7),
    RECHECK: (0.5, 4),
    RISK: (0.5, 3),
    FINAL: (0.5, 4),
    SERVE: (2, 16),
}
REMEDIES_OVER = (190, 205)
BEFORE_ACCEPTANCE = (CHECK, CORRECTION, ACCEPT)


@dataclass(frozen=True)
class Step:
    """One stop on the way: what is answered there, and who must do it, if it matters."""

    key: str
    outcome: str
    days: float
    cast: str | None = None


@dataclass
class Plan:
    """One case: its application, the steps already taken and the age of the one it waits at."""

    region: str
    received: datetime
    facts: dict[str, Any]
    conclusion: dict[str, Any]
    steps: list[Step]
    waits_at: str
    taken: str
    """How the waiting task is held: "" by nobody, "open" or "draft" by somebody."""
    seed: int
    done: dict[str, set[str]] = field(default_factory=dict)
    """Names by duty, filled while the case is played."""


class Planner:
    """Draws plans so that clocks stand near and past their limits on `today` (local)."""

    def __init__(self, seed: str, now: datetime) -> None:
        self.rng = random.Random(seed)
        self.generator = Generator(f"{seed}:facts")
        self.now = now.astimezone(LOCAL_ZONE).replace(tzinfo=None)
        self._employers: dict[str, list[Employer]] = {}

    def plans(self, count: int) -> Iterator[Plan]:
        """`count` plans in the proportions of `STANDING`, in no order of time."""
        stands = [stand for stand, number in STANDING.items() for _ in range(number)]
        regions = [region for region, share in SHARES for _ in range(share)]
        for number in range(count):
            stand = stands[number * len(stands) // count]
            region = self.rng.choice(regions)
            if region == YANCHI and stand[0] in BEYOND_YANCHI:
                region = WUZHONG
            yield self._plan(region, *stand)

    def old_case(self, transfer: date) -> Plan:
        """The case its initial reviewer meets again as rechecker: reviewed in May, returned, redone now."""
        may = transfer - timedelta(days=28)
        since_return = (self.now.date() - transfer).days + 4 - 9
        steps = [
            Step(CHECK, "complete", 3),
            Step(ACCEPT, "accept", 1),
            Step(ASSIGN, "assigned", 1),
            Step(CHOOSE, "simple", 1, TRANSFERRED),
            Step(INITIAL, "submit_positive", 8, TRANSFERRED),
            Step(RECHECK, "return", 10, "周立群"),
            Step(INITIAL, "submit_positive", since_return, "马晓峰"),
        ]
        received = datetime.combine(may, time(9, 20))
        return self._drawn(YINCHUAN, received, steps, RECHECK, routed=False, simple=True, taken="")

    def case_of_two_records(self, transfer: date) -> Plan:
        """A case that one person reviewed and rechecked under two records nobody knew to be one, open to this day."""
        first, second = TWO_RECORDS
        may = transfer - timedelta(days=28)
        since_return = (self.now.date() - transfer).days + 4 - 9
        steps = [
            Step(CHECK, "complete", 3),
            Step(ACCEPT, "accept", 1),
            Step(ASSIGN, "assigned", 1),
            Step(CHOOSE, "simple", 1, first),
            Step(INITIAL, "submit_positive", 8, first),
            Step(RECHECK, "agree", 4, second),
            Step(FINAL, "return", 6, "张永宁"),
            Step(INITIAL, "submit_positive", since_return, "许静"),
        ]
        received = datetime.combine(may, time(10, 5))
        return self._drawn(WUZHONG, received, steps, RECHECK, routed=False, simple=True, taken="")

    def small_county(self) -> Plan:
        """A case whose recheck came up this morning in a county where nobody may do it: it waits for staff."""
        taken = ((CHECK, "complete", 1.0), (ACCEPT, "accept", 0.5), (ASSIGN, "assigned", 0.5))
        reviewed = ((CHOOSE, "simple", 1.0), (INITIAL, "submit_positive", 5.0))
        steps = [Step(key, outcome, days) for key, outcome, days in (*taken, *reviewed)]
        received = self.now - timedelta(days=sum(step.days for step in steps))
        return self._drawn(YANCHI, received, steps, RECHECK, routed=False, simple=True, taken="")

    def applied(self, days: int) -> Plan:
        """An application of so many days ago, of which the rest is told elsewhere."""
        received = datetime.combine(self.now.date() - timedelta(days=days), time(10, 15))
        return self._drawn(YINCHUAN, received, [], "", routed=False, simple=False, taken="")

    def _plan(self, region: str, stand: str, visit: int) -> Plan:
        rng = self.rng
        routed = stand == RISK or (stand not in (CHECK, CORRECTION) and rng.random() < 0.1)
        simple = visit == 1 and stand not in (INVESTIGATE, CHOOSE) and rng.random() < 0.2
        positive = "submit_positive" if rng.random() < 0.86 else "submit_negative"
        way = list(self._way(stand, visit, routed=routed, simple=simple, positive=positive))
        days = self._days(way, stand, simple=simple)
        steps = [Step(key, outcome, taken) for (key, outcome), taken in zip(way, days, strict=False)]
        received = self.now - timedelta(days=sum(days))
        taken = rng.choices(("", "open", "draft"), (6, 3, 1))[0] if stand and stand != CORRECTION else ""
        return self._drawn(region, received, steps, stand, routed=routed, simple=simple, taken=taken)

    def _way(
        self, stand: str, visit: int, *, routed: bool, simple: bool, positive: str
    ) -> Iterator[tuple[str, str]]:
        """Steps already taken on the way to where the case stands, with their outcomes."""
        seen: dict[str, int] = {}
        for key, outcome in self._whole_way(stand, visit, routed=routed, simple=simple, positive=positive):
            seen[key] = seen.get(key, 0) + 1
            if (key, seen[key]) == (stand, visit):
                return
            yield key, outcome

    def _whole_way(
        self, stand: str, visit: int, *, routed: bool, simple: bool, positive: str
    ) -> Iterator[tuple[str, str]]:
        corrected = stand == CORRECTION or (stand, visit) == (CHECK, 2) or self.rng.random() < 0.15
        if corrected and (stand, visit) != (CHECK, 1):
            yield CHECK, "incomplete"
            yield CORRECTION, ""
        yield CHECK, "complete"
        yield ACCEPT, "accept"
        yield ASSIGN, "assigned"
        yield CHOOSE, "simple" if simple else "ordinary"
        if not simple:
            yield INVESTIGATE, "done"
            yield INVESTIGATE, "done"
        if (stand, visit) in ((INITIAL, 2), (RECHECK, 2)) or (visit != 1 and self.rng.random() < 0.08):
            yield INITIAL, positive
            yield RECHECK, "return"
        yield INITIAL, positive
        yield RECHECK, "agree"
        if routed:
            yield RISK, "agree"
        yield FINAL, "approve"
        yield SERVE, "served"

    def _days(self, way: list[tuple[str, str]], stand: str, *, simple: bool) -> list[float]:
        """Days each step took, and last the age of the waiting one; what the running clock counts is scaled."""
        natural = [self.rng.uniform(*USUAL[key]) for key, _ in way]
        if not stand:
            # One in three was served so long ago that nobody can challenge it any more: it is archived.
            return [*natural, self.rng.uniform(*(REMEDIES_OVER if self.rng.random() < 1 / 3 else (2, 110)))]
        natural.append(self.rng.uniform(*USUAL[stand]))
        if stand in (CORRECTION, ACCEPT):
            return natural
        first, limit = self._clock(way, stand, simple=simple)
        counted = natural[first:]
        scale = self._used() * limit / sum(counted)
        return natural[:first] + [days * scale for days in counted]

    def _clock(self, way: list[tuple[str, str]], stand: str, *, simple: bool) -> tuple[int, int]:
        """Where in the way the waiting step's clock began, and its days (CR03/CR04, CR06/CR07, CR09)."""
        keys = [key for key, _ in way]
        if stand == CHECK:
            return (len(keys), 15) if keys else (0, 15)
        if stand == SERVE:
            return len(keys), 20
        return keys.index(ACCEPT) + 1, 15 if simple else 60

    def _used(self) -> float:
        """Which part of a clock is used up: mostly little, some near the end, some past it."""
        low, high = self.rng.choices(
            ((0.05, 0.72), (0.8, 0.94), (0.95, 0.995), (1.02, 1.25)), (56, 20, 12, 8)
        )[0]
        return self.rng.uniform(low, high)

    def _drawn(
        self,
        region: str,
        received: datetime,
        steps: list[Step],
        waits_at: str,
        *,
        routed: bool,
        simple: bool,
        taken: str,
    ) -> Plan:
        employer = self._employer(region)
        facts = self.generator.application(region, employer, received, simple=simple, late=routed)
        positive = not any(step.outcome == "submit_negative" for step in steps)
        conclusion = self.generator.conclusion(facts, positive=positive)
        aware = received.replace(tzinfo=LOCAL_ZONE)
        return Plan(region, aware, facts, conclusion, steps, waits_at, taken, seed=self.rng.randrange(2**31))

    def _employer(self, region: str) -> Employer:
        """Mostly a new one; some come back, as a site with many accidents does."""
        known = self._employers.setdefault(region, [])
        if known and self.rng.random() < 0.3:
            return self.rng.choice(known)
        known.append(self.generator.employer(region))
        return known[-1]
