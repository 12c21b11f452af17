"""The whole analysis of one log: every measure in one pass, the suggestions in a second."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from typing import Final, Protocol

from app.kernel.audit.logs.activities import ActivityUse, Acts
from app.kernel.audit.logs.alone import Alone, AloneMeasure
from app.kernel.audit.logs.event_log import NOBODY, NOTHING, Case, EventLog
from app.kernel.audit.logs.handovers import Handover, HandoverMeasure
from app.kernel.audit.logs.pairs import MOST_ACTIVITIES, PairFinding, PairMeasure, PairSearch
from app.kernel.audit.logs.policy import Pair, Policy
from app.kernel.audit.logs.staffing import Staffing, StaffingMeasure
from app.kernel.audit.logs.suspicious import SuspiciousName, suspicious_names

MOST_SUGGESTIONS: Final = 20
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Totals:
    """What the log holds. `acts`: events that count as work done; `transitions`: events by lifecycle word, "" none."""

    cases: int
    traces: int
    events: int
    acts: int
    persons: int
    activities: int
    events_without_resource: int
    events_without_activity: int
    events_without_time: int
    events_outside_cases: int
    times_unreadable: int
    times_without_zone: int
    attributes_repeated: int
    traces_unnamed: int
    first_event: datetime | None
    last_event: datetime | None
    transitions: dict[str, int]
    acting: frozenset[str]

    @property
    def duplicate_case_names(self) -> int:
        """Traces that carry the name of an earlier one; they count as the same case."""
        return self.traces - self.cases


@dataclass(frozen=True)
class UnknownActivity:
    """An activity of the policy that the log doesn't know, and names like it."""

    activity: str
    like: tuple[str, ...]


@dataclass(frozen=True)
class LogReport:
    """Without a policy `violations` is None and `suggestions` are pairs worth asking about, no violations."""

    totals: Totals
    alone: Alone
    policy: Policy | None
    violations: list[PairFinding] | None
    violating_cases: int | None
    unknown_activities: list[UnknownActivity]
    suggestions: list[PairFinding]
    suggestions_cut: bool
    handovers: list[Handover]
    handover_cases: int
    activities: list[ActivityUse]
    staffing: Staffing | None
    suspicious: list[SuspiciousName]

    @property
    def pair_violations(self) -> int | None:
        """Pairs broken, over all cases: a case that breaks two pairs counts twice. None without a policy."""
        return None if self.violations is None else sum(one.same_person for one in self.violations)

    @property
    def officer_pairs(self) -> list[Handover]:
        return [one for one in self.handovers if one.concentrated]


class _Measure(Protocol):
    def add(self, case: Case) -> None: ...


def analyse(log: EventLog, policy: Policy | None, *, every_transition: bool = False) -> LogReport:
    """All measures of a log; `every_transition` lets planning and starting count as acts too."""
    acting = log.acting_transitions(every_transition)
    acts = Acts(log, acting)
    people = log.people.texts
    alone = AloneMeasure(people, acts.doers)
    handovers = HandoverMeasure(people)
    search = PairSearch(acts.most_frequent() if policy is None else [])
    pairs = PairMeasure(policy.pairs if policy else (), log.activities, people)
    staffing = StaffingMeasure("policy", policy.pairs if policy else (), log.activities)
    _feed(log, acting, [alone, handovers, search] if policy is None else [alone, handovers, pairs, staffing])
    suggestions, suggested = _suggestions(log, acting, search)
    needs: Staffing | None = staffing.result() if policy else suggested
    return LogReport(
        totals=_totals(log, acts, acting),
        alone=alone.result(),
        policy=policy,
        violations=pairs.result() if policy else None,
        violating_cases=pairs.violating_cases if policy else None,
        unknown_activities=_unknown(log, policy),
        suggestions=suggestions,
        suggestions_cut=policy is None and len(acts.by_activity) > MOST_ACTIVITIES,
        handovers=handovers.result(),
        handover_cases=handovers.cases,
        activities=acts.uses(),
        staffing=needs,
        suspicious=suspicious_names(acts.named_people()),
    )


def _feed(log: EventLog, acting: frozenset[int], measures: Iterable[_Measure]) -> None:
    fed = [measure.add for measure in measures]
    for case in log.each_case(acting):
        for add in fed:
            add(case)


def _suggestions(
    log: EventLog, acting: frozenset[int], search: PairSearch
) -> tuple[list[PairFinding], Staffing | None]:
    names = log.activities.texts
    candidates = search.candidates()[:MOST_SUGGESTIONS]
    if not candidates:
        return [], None
    found: list[Pair] = [(names[one.activities[0]], names[one.activities[1]]) for one in candidates]
    pairs = PairMeasure(found, log.activities, log.people.texts)
    staffing = StaffingMeasure("suggestions", found, log.activities)
    _feed(log, acting, [pairs, staffing])
    judged = zip(pairs.result(), candidates, strict=True)
    return [replace(finding, custom=one.custom) for finding, one in judged], staffing.result()


def _unknown(log: EventLog, policy: Policy | None) -> list[UnknownActivity]:
    wanted = sorted(policy.activities) if policy else []
    return [
        UnknownActivity(name, _like(name, log.activities.texts))
        for name in wanted
        if log.activities.find(name) is None
    ]


def _like(name: str, known: list[str]) -> tuple[str, ...]:
    """Up to three activities that hold the name, or are written nearly so."""
    plain = name.casefold()
    holding = [other for other in known if plain in other.casefold()]
    return tuple((holding or get_close_matches(name, known, n=3))[:3])


def _totals(log: EventLog, acts: Acts, acting: frozenset[int]) -> Totals:
    span = log.time_span()
    first, last = (_moment(span[0]), _moment(span[1])) if span else (None, None)
    ways = log.transitions.texts
    return Totals(
        cases=len(log.cases),
        traces=log.traces,
        events=log.events,
        acts=acts.total,
        persons=len(log.people),
        activities=len(log.activities),
        events_without_resource=log.person_of.count(NOBODY),
        events_without_activity=log.activity_of.count(NOTHING),
        events_without_time=log.events_without_time,
        events_outside_cases=log.events_outside_cases,
        times_unreadable=log.times_unreadable,
        times_without_zone=log.times_without_zone,
        attributes_repeated=log.attributes_repeated,
        traces_unnamed=log.traces_unnamed,
        first_event=first,
        last_event=last,
        transitions={ways[way]: count for way, count in Counter(log.transition_of).most_common()},
        acting=frozenset(ways[way] for way in acting),
    )


def _moment(microseconds: int) -> datetime:
    return _EPOCH + timedelta(microseconds=microseconds)
