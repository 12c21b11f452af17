"""Staffing of offices: how many people may be absent with everything still finishable, and where it is tight.

Resilience (Wang and Li 2010) of an office in a procedure: over a new case of the procedure as most are, and over
every open case. Rated −1 (can't be finished), 0, 1, 2 (two or more).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.kernel.absences.queries import list_absent
from app.kernel.duties.lookahead import Problem, Undecided, resilience
from app.kernel.duties.lookahead.staffing import LIMIT, Resilience
from app.kernel.duties.pending import (
    EMPTY,
    Pair,
    Pending,
    Pool,
    build_problem,
    list_pending,
    rules_that_bind,
    wanted_signatures,
)
from app.kernel.duties.queries import list_rules
from app.kernel.duties.route import Route
from app.kernel.duties.views import CaseView, ConflictRule
from app.kernel.engine.models import ProcessDefinition
from app.kernel.worklist.lookahead import Routes, away_in, duties_of
from app.kernel.worklist.pools import load_pools
from app.kernel.worklist.standing_cases import Alike, group_open_cases


@dataclass(frozen=True)
class Rating:
    """`level` −1 … 2 (2 or more), None when it could not be found in time; `bottleneck`: duties, `people` for them."""

    level: int | None
    bottleneck: tuple[str, ...] = ()
    people: frozenset[int] = frozenset()
    short_by: int | None = 0


@dataclass(frozen=True)
class CaseAtRisk:
    """An open case that can't be finished, with the duties nobody is left for."""

    case_id: int
    case_no: str
    duties: tuple[str, ...]


@dataclass(frozen=True)
class OneMore:
    """What one more person in each of these posts would give; several where none alone changes anything."""

    posts: tuple[str, ...]
    level: int


@dataclass(frozen=True)
class Figures:
    """An office in a procedure on given days: a new case, the open ones, and both together (`overall`)."""

    typical: Rating
    overall: Rating
    by_level: Mapping[int, int]
    stuck: tuple[CaseAtRisk, ...]


@dataclass(frozen=True)
class OfficeStaffing:
    """One office in one procedure. `later`: with the absences asked about; `at_risk`: what only these stop."""

    region_code: str
    process_key: str
    title_zh: str
    title_en: str
    open_cases: int
    now: Figures
    later: Figures | None
    at_risk: tuple[CaseAtRisk, ...]
    gains: tuple[OneMore, ...]


@dataclass(frozen=True)
class StaffingReport:
    """Offices by region and procedure; names of everybody spoken of."""

    offices: tuple[OfficeStaffing, ...]
    names: Mapping[int, str]
    absent_now: frozenset[int]
    absent_later: frozenset[int] | None


@dataclass(frozen=True)
class Absences:
    """The what-if: these people too, and whoever is absent on a day of the period (today's absences without one)."""

    without: frozenset[int] = frozenset()
    first: date | None = None
    last: date | None = None


def list_staffing(
    session: Session,
    routes: Routes,
    regions: Collection[str],
    now: datetime,
    today: date,
    absences: Absences | None = None,
    *,
    open_cases: bool = True,
    gains: bool = True,
) -> StaffingReport:
    """Every procedure that each of these offices does: has its intake, or open cases of it.

    Without `open_cases` only new cases are looked at, which costs the same however much is open. Without `gains`
    nobody asks what one more person would give.
    """
    latest = _latest(session)
    rules = list_rules(session, now)
    groups: dict[tuple[str, str], list[Alike]] = defaultdict(list)
    for alike in group_open_cases(session, routes, regions) if open_cases else ():
        groups[alike.view.region_code, alike.view.process_key].append(alike)
    new_cases = {
        (region, row.key): _new_case(routes(session, row.id), row.key, region)
        for region in regions
        for row in latest
    }
    pairs = {one.pair for _, left, _ in new_cases.values() for one in left}
    pairs |= {one.pair for held in groups.values() for alike in held for one in alike.pending}
    pairs |= {intake for _, _, intake in new_cases.values()}
    pools = load_pools(session, pairs, today)
    people = frozenset[int]().union(*(pool.able for pool in pools.values()))
    here = away_in(pools)
    later = None if absences is None else _absent_later(session, absences, people, here)
    offices = []
    for row in latest:
        for region in sorted(regions):
            view, left, intake = new_cases[region, row.key]
            held = groups.get((region, row.key), [])
            if not held and not pools.get(intake, EMPTY).able:
                continue
            office = _Office(view, left, held, rules, pools)
            figures = office.figures(here)
            then = None if later is None else office.figures(later)
            known = {case.case_id for case in figures.stuck}
            offices.append(
                OfficeStaffing(
                    region,
                    row.key,
                    row.title_zh,
                    row.title_en,
                    sum(len(alike.cases) for alike in held),
                    figures,
                    then,
                    tuple(case for case in then.stuck if case.case_id not in known) if then else (),
                    office.gains(here, figures.typical) if gains else (),
                )
            )
    names = {person: name for pool in pools.values() for person, name in pool.names.items()}
    ordered = sorted(offices, key=lambda one: (one.region_code, one.process_key))
    return StaffingReport(tuple(ordered), names, here, later)


def _latest(session: Session) -> list[ProcessDefinition]:
    newest = select(func.max(ProcessDefinition.id)).group_by(ProcessDefinition.key)
    rows = session.scalars(select(ProcessDefinition).where(ProcessDefinition.id.in_(newest)))
    return sorted(rows, key=lambda row: row.key)


def _new_case(route: Route, process_key: str, region: str) -> tuple[CaseView, list[Pending], Pair]:
    """A case as it begins, everything it will need, and where it comes in."""
    view = CaseView(0, region, 0, process_key, "first", route.risk)
    left = list_pending(route, view, (), wanted_signatures(route, view, ()))
    return view, left, (route.intake_post, region)


def _absent_later(
    session: Session, absences: Absences, people: Collection[int], here: frozenset[int]
) -> frozenset[int]:
    if absences.first is None:
        return here | absences.without
    return frozenset(list_absent(session, people, absences.first, absences.last)) | absences.without


class _Office:
    """One office in one procedure."""

    def __init__(
        self,
        view: CaseView,
        left: Sequence[Pending],
        held: Sequence[Alike],
        rules: Sequence[ConflictRule],
        pools: Mapping[Pair, Pool],
    ) -> None:
        self.view, self.left, self.rules, self.pools = view, left, rules, pools
        self.held = merged(held, rules, pools)
        self.problems = [self._problem(alike.view, alike.pending) for alike in self.held]

    def _problem(self, view: CaseView, left: Sequence[Pending]) -> Problem:
        return build_problem(left, view, rules_that_bind(self.rules, view), self.pools)

    def figures(self, absent: frozenset[int]) -> Figures:
        typical = _rate(self._problem(self.view, self.left).without(absent), duties_of(self.left))
        rated = [
            (_rate(problem.without(absent), duties_of(alike.pending)), alike)
            for problem, alike in zip(self.problems, self.held, strict=True)
        ]
        by_level: Counter[int] = Counter()
        for rating, alike in rated:
            if rating.level is not None:
                by_level[rating.level] += len(alike.cases)
        stuck = [
            CaseAtRisk(case_id, case_no, rating.bottleneck)
            for rating, alike in rated
            if rating.level == -1
            for case_id, case_no in alike.cases
        ]
        return Figures(
            typical,
            _worst([typical, *(rating for rating, _ in rated)]),
            dict(by_level),
            tuple(sorted(stuck, key=lambda case: case.case_no)),
        )

    def gains(self, absent: frozenset[int], typical: Rating) -> tuple[OneMore, ...]:
        """Posts in which one more person raises the level of a new case; else the few that together do."""
        if typical.level is None or typical.level >= LIMIT:
            return ()
        pairs = dict.fromkeys(one.pair for one in self.left)
        alone = [(pair, self._with_more([pair], absent)) for pair in pairs]
        found = [
            OneMore((pair[0],), rating.level)
            for pair, rating in alone
            if rating.level is not None and rating.level > typical.level
        ]
        return tuple(found) or self._together(absent, typical)

    def _together(self, absent: frozenset[int], typical: Rating) -> tuple[OneMore, ...]:
        """One person more for each bottleneck in turn, until the level rises."""
        added: list[Pair] = []
        rating = typical
        while rating.level == typical.level and len(added) < len(self.left):
            tight = [one.pair for one in self.left if one.duty in rating.bottleneck and one.pair not in added]
            if not tight:
                return ()
            added.append(tight[0])
            rating = self._with_more(added, absent)
        if rating.level is None or typical.level is None or rating.level <= typical.level:
            return ()
        return (OneMore(tuple(post for post, _ in added), rating.level),)

    def _with_more(self, pairs: Collection[Pair], absent: frozenset[int]) -> Rating:
        """A new case with one more person in each of these posts."""
        newcomer = 1 + max((one for pool in self.pools.values() for one in pool.able), default=0)
        more = dict(self.pools)
        for place, pair in enumerate(pairs):
            pool = more.get(pair, EMPTY)
            more[pair] = replace(pool, able=pool.able | {newcomer + place})
        rules = rules_that_bind(self.rules, self.view)
        problem = build_problem(self.left, self.view, rules, more)
        return _rate(problem.without(absent), duties_of(self.left))


def merged(held: Sequence[Alike], rules: Sequence[ConflictRule], pools: Mapping[Pair, Pool]) -> list[Alike]:
    """Cases whose past differs only in what touches nothing that is left, put together."""
    found: dict[Any, Alike] = {}
    related: dict[Any, tuple[frozenset[str], bool]] = {}
    for alike in held:
        view = alike.view
        kind = (view.risk, view.case_role, view.process_key, frozenset(one.duty for one in alike.pending))
        if kind not in related:
            related[kind] = _related(alike, rules)
        duties, by_anybody = related[kind]
        people = _people_for(alike.pending, pools)
        past: dict[int, set[tuple[str, bool, str, str]]] = defaultdict(set)
        for act in view.acts:
            if act.duty in duties and (by_anybody or act.person_id in people):
                own = act.case_id == view.case_id
                past[act.person_id].add((act.duty, own, act.process_key, act.case_role))
        # Of people who may do none of what is left it matters how many did what, not who they are.
        named = frozenset((person, frozenset(did)) for person, did in past.items() if person in people)
        others = Counter(frozenset(did) for person, did in past.items() if person not in people)
        barred = frozenset(people & view.bars.keys())
        key = (alike.definition_id, kind, alike.pending, named, frozenset(others.items()), barred)
        known = found.get(key)
        found[key] = alike if known is None else replace(known, cases=known.cases + alike.cases)
    return list(found.values())


def _related(alike: Alike, rules: Sequence[ConflictRule]) -> tuple[frozenset[str], bool]:
    """Duties that a set joins with one that is left; and whether acts of people who may do none of it count too."""
    view = alike.view
    touching = [
        rule
        for rule in rules_that_bind(rules, view)
        if any(rule.members_of(one.duty, view.process_key, view.case_role) for one in alike.pending)
    ]
    duties = frozenset(member.duty for rule in touching for member in rule.members)
    return duties, any(rule.kind != "exclusive" for rule in touching)


def _people_for(pending: Sequence[Pending], pools: Mapping[Pair, Pool]) -> frozenset[int]:
    """Everybody who may do any of it, and for whom."""
    some = {one.pair for one in pending}
    able = frozenset[int]().union(*(pools[pair].able for pair in some if pair in pools))
    return able.union(*(pools[pair].principals.values() for pair in some if pair in pools))


def _worst(ratings: Iterable[Rating]) -> Rating:
    known = [rating for rating in ratings if rating.level is not None]
    return min(known, key=lambda rating: rating.level or 0, default=Rating(None))


def _rate(problem: Problem, duties: Mapping[str, str]) -> Rating:
    if not problem.steps:
        return Rating(LIMIT)
    found = _RATED.of(problem)
    if found is None:
        return Rating(None)
    tight = tuple(dict.fromkeys(duties[step] for step in found.bottleneck))
    return Rating(found.level, tight, found.people, found.short_by)


class _Rated:
    """Answers by what was asked: offices and cases that stand alike today mostly stood so a minute ago."""

    KEPT = 20_000

    def __init__(self) -> None:
        self._known: dict[tuple[object, ...], Resilience | None] = {}

    def of(self, problem: Problem) -> Resilience | None:
        """None when it could not be found in time."""
        key = problem.content()
        if key not in self._known:
            if len(self._known) >= self.KEPT:
                self._known.clear()
            self._known[key] = _solved(problem)
        return self._known[key]


def _solved(problem: Problem) -> Resilience | None:
    try:
        return resilience(problem)
    except Undecided:
        return None


_RATED = _Rated()
