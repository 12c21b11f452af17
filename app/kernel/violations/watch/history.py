"""What held when: identities, chains, regions, risk classes and versions of the sets, as they were at an instant."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, func, select, text
from sqlalchemy.orm import Session

from app.kernel.cases.models import CaseTransfer, ChainLink
from app.kernel.duties.models import CaseRisk, ConflictMember, ConflictSet, Performance, PerformanceVoid
from app.kernel.identity.models import PersonAlias
from app.kernel.violations.models import SodViolation
from app.kernel.violations.watch.findings import Finding


class Moment(NamedTuple):
    """An instant of the history: the number of the act done then (or the last before it), and its time."""

    act_id: int
    at: datetime


class Since(NamedTuple):
    """From when something holds. What a controlled change brought holds for the acts after its approval, whose
    number orders them better than any clock; anything else goes by its time."""

    act_id: int | None
    at: datetime

    def holds(self, moment: Moment) -> bool:
        return self.at <= moment.at if self.act_id is None else self.act_id < moment.act_id


class Act(NamedTuple):
    """A performance with the present place of its case. `person` and `principal` are the records it names."""

    id: int
    case_id: int
    task_id: int | None
    person: int
    principal: int | None
    duty: str
    state: str
    at: datetime
    chain_id: int
    process_key: str
    case_role: str
    region_code: str

    @property
    def moment(self) -> Moment:
        return Moment(self.id, self.at)

    @property
    def records(self) -> tuple[int, ...]:
        """Both records when one acted for another: both persons count."""
        return (self.person,) if self.principal is None else (self.person, self.principal)


@dataclass(frozen=True, eq=False)
class SetVersion:
    """A version of a conflict set that denies, with its members as (member, process, role) by duty."""

    set_id: int
    version: int
    key: str
    kind: str
    scope: str
    period: str | None
    party_role: str | None
    window_days: int | None
    maximum: int
    denies: bool
    risk_classes: frozenset[str]
    since: Since
    members: dict[str, list[tuple[str, str, str]]]

    def members_of(self, act: Act) -> list[str]:
        """What an act counts as here."""
        return [
            member
            for member, process, role in self.members.get(act.duty, ())
            if process in ("", act.process_key) and role in ("", act.case_role)
        ]

    def concerns(self, risk: str | None) -> bool:
        """A case without a risk row is in every set."""
        return risk is None or risk in self.risk_classes


class Move(NamedTuple):
    """A case went from one place to another (chain ids or region codes)."""

    since: Since
    before: int | str
    after: int | str


class History:
    """The small tables of the history, read once per run."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.now: datetime = session.execute(text("SELECT clock_timestamp()")).scalar_one()
        aliases = session.scalars(select(PersonAlias)).all()
        links = session.scalars(select(ChainLink).order_by(ChainLink.id)).all()
        sets = session.scalars(select(ConflictSet).order_by(ConflictSet.set_id, ConflictSet.version)).all()
        changes = {row.change_id for row in aliases} | {row.change_id for row in links}
        self._approved = self._approvals(changes | {row.change_id for row in sets if row.change_id})
        self.aliases = {row.person_id: (row.canonical_id, self._since(row)) for row in aliases}
        self.versions = self._versions(sets)
        self._moves: dict[int, list[Move]] = defaultdict(list)
        self._components: dict[int, int] = {}
        self._split_chains: set[int] = set()
        self._load_links(links)
        self._transfers: dict[int, list[Move]] = defaultdict(list)
        for row in session.scalars(select(CaseTransfer).order_by(CaseTransfer.id)):
            self._transfers[row.case_id].append(Move(Since(None, row.at), row.from_region, row.to_region))
        self._risks: dict[int, list[tuple[datetime, str]]] = {}
        self.voids = {
            row.performance_id: (row.cause, row.at) for row in session.scalars(select(PerformanceVoid))
        }
        self._recorded = session.scalars(select(SodViolation)).all()

    def _approvals(self, change_ids: Collection[int]) -> dict[int, int]:
        """The number of the last act on each controlled change: its approval."""
        rows = self._session.execute(
            select(Performance.case_id, func.max(Performance.id))
            .where(
                Performance.case_id.in_(bindparam("changes", expanding=True)),
                Performance.state == "performed",
            )
            .group_by(Performance.case_id),
            {"changes": sorted(change_ids)},
        )
        return {row[0]: row[1] for row in rows}

    def _since(self, row: PersonAlias | ChainLink | ConflictSet) -> Since:
        at = row.active_from if isinstance(row, ConflictSet) else row.at
        return Since(self._approved.get(row.change_id or 0), at)

    def _load_links(self, links: Iterable[ChainLink]) -> None:
        for row in links:
            self._moves[row.case_id].append(Move(self._since(row), row.from_chain_id, row.to_chain_id))
            if row.kind == "split":
                self._join(row.from_chain_id, row.to_chain_id)
        self._split_chains = {*self._components, *self._components.values()}

    def _join(self, one: int, other: int) -> None:
        self._components[self.component(one)] = self.component(other)

    def component(self, chain_id: int) -> int:
        """One name for all chains whose cases once stood together and were split."""
        while (above := self._components.get(chain_id, chain_id)) != chain_id:
            chain_id = above
        return chain_id

    def was_split(self, chain_id: int) -> bool:
        """Whether cases of this chain once shared another chain with cases that are elsewhere now."""
        return chain_id in self._split_chains

    def with_component(self, chain_ids: Iterable[int]) -> set[int]:
        """The chains and all those they were split from or into."""
        wanted = set(chain_ids)
        roots = {self.component(chain_id) for chain_id in wanted}
        return wanted | {chain_id for chain_id in self._split_chains if self.component(chain_id) in roots}

    def canonical(self, person_id: int, when: Moment | None = None) -> int:
        """The natural person behind a record, as known at `when` (None: today)."""
        while person_id in self.aliases:
            canonical, since = self.aliases[person_id]
            if when is not None and not since.holds(when):
                break
            person_id = canonical
        return person_id

    def actors(self, act: Act, when: Moment | None = None) -> frozenset[int]:
        """The natural persons an act counts for."""
        return frozenset(self.canonical(record, when) for record in act.records)

    def chain_at(self, act: Act, when: Moment) -> int:
        """The chain of the act's case at an instant."""
        return int(_place(self._moves.get(act.case_id, ()), when, act.chain_id))

    def region_at(self, act: Act, when: Moment) -> str:
        """The region of the act's case at an instant."""
        return str(_place(self._transfers.get(act.case_id, ()), when, act.region_code))

    def load_risks(self, case_ids: Collection[int]) -> None:
        """Read the risk rows of these cases: asked for before `risk_at`."""
        wanted = [case_id for case_id in case_ids if case_id not in self._risks]
        for case_id in wanted:
            self._risks[case_id] = []
        rows = self._session.execute(
            select(CaseRisk.case_id, CaseRisk.at, CaseRisk.risk)
            .where(CaseRisk.case_id.in_(bindparam("cases", expanding=True)))
            .order_by(CaseRisk.id),
            {"cases": wanted},
        )
        for row in rows:
            self._risks[row.case_id].append((row.at, row.risk))

    def risk_at(self, case_id: int, when: datetime | None) -> str | None:
        """The risk class at an instant (None: today); None when no row is that old."""
        known = [risk for at, risk in self._risks[case_id] if when is None or at <= when]
        return known[-1] if known else None

    def in_force(self, set_id: int, when: Moment | None) -> SetVersion | None:
        """The newest version of a set that counted at an instant (None: today)."""
        found = [
            version
            for version in self.versions[set_id]
            if (version.since.at <= self.now if when is None else version.since.holds(when))
        ]
        return found[-1] if found else None

    def is_recorded(self, finding: Finding) -> bool:
        """Does a recorded violation tell of this: the same rule and person, these members, one of these acts?"""
        for row in self._recorded:
            if row.rule != finding.rule or self.canonical(row.person_id) not in finding.persons:
                continue
            told = set(row.performance_ids) & set(finding.performance_ids) or not finding.performance_ids
            if told and (not finding.performance_ids or set(finding.members) <= set(row.members)):
                return True
        return False

    def _versions(self, sets: Iterable[ConflictSet]) -> dict[int, list[SetVersion]]:
        members: dict[tuple[int, int], dict[str, list[tuple[str, str, str]]]] = defaultdict(
            lambda: defaultdict(list)
        )
        for item in self._session.scalars(select(ConflictMember)):
            members[item.set_id, item.version][item.duty].append(
                (item.member, item.process_key, item.case_role)
            )
        versions: dict[int, list[SetVersion]] = defaultdict(list)
        for row in sets:
            versions[row.set_id].append(
                SetVersion(
                    set_id=row.set_id,
                    version=row.version,
                    key=row.key,
                    kind=row.kind,
                    scope=row.scope,
                    period=row.period,
                    party_role=row.party_role,
                    window_days=row.window_days,
                    maximum=row.maximum,
                    denies=row.severity == "deny",
                    risk_classes=frozenset(row.risk_classes),
                    since=self._since(row),
                    members=dict(members[row.set_id, row.version]),
                )
            )
        return dict(versions)


def _place(moves: Iterable[Move], when: Moment, today: int | str) -> int | str:
    place: int | str | None = None
    for move in moves:
        if place is None:
            place = move.before
        if move.since.holds(when):
            place = move.after
    return today if place is None else place
