"""Reads of violations: open ones, those of a case, those of a person, and what became of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, exists, func, select, text
from sqlalchemy.orm import Session, aliased

from app.kernel.cases.models import Case
from app.kernel.duties.models import Performance, Signature
from app.kernel.identity.models import Person
from app.kernel.violations.models import SodViolation, ViolationCase, ViolationRuling


@dataclass(frozen=True)
class TouchedCase:
    """A case that a violation touches; `decided_at` None while nothing is decided in it."""

    case_id: int
    case_no: str
    region_code: str
    decided_at: datetime | None


@dataclass(frozen=True)
class Violation:
    """A collision with the acts it rests on and, once settled, its ruling.

    `title_zh`/`title_en` are those of the conflict set or the pair of posts that the rule names.
    """

    violation_id: int
    rule: str
    rule_version: int
    title_zh: str
    title_en: str
    scope: str
    scope_id: int
    person_id: int
    person: str
    members: tuple[str, ...]
    performance_ids: tuple[int, ...]
    cause: str
    at: datetime
    cases: tuple[TouchedCase, ...]
    verdict: str | None
    reason: str | None
    ruled_at: datetime | None

    @property
    def open(self) -> bool:
        return self.verdict is None


@dataclass(frozen=True)
class ViolatingAct:
    """One of the acts a violation rests on. `principal`: on whose behalf it was done."""

    performance_id: int
    person_id: int
    person: str
    principal_id: int | None
    principal: str | None
    duty: str
    state: str
    at: datetime
    case_id: int
    signed: bool

    @property
    def whole(self) -> tuple[int, str, int, int | None]:
        """What opening and performing have in common."""
        return self.case_id, self.duty, self.person_id, self.principal_id


TITLES = text(
    "SELECT key AS rule, title_zh, title_en FROM (SELECT DISTINCT ON (key) key, title_zh, title_en"
    " FROM conflict_set ORDER BY key, version DESC) AS newest"
    " UNION ALL SELECT DISTINCT ON (pair) 'exclusion:' || pair, title_zh, title_en FROM post_exclusion"
)


def rule_titles(session: Session) -> dict[str, tuple[str, str]]:
    """Chinese and English titles by rule: a conflict set's key, or `exclusion:<pair>`."""
    return {row.rule: (row.title_zh, row.title_en) for row in session.execute(TITLES)}


def newest_violation(session: Session) -> int:
    """The highest violation id; an operation that may find some asks before it writes (0: none yet)."""
    return session.scalar(select(func.max(SodViolation.id))) or 0


def is_open() -> ColumnElement[bool]:
    """Condition on SodViolation: no ruling yet."""
    ruling = aliased(ViolationRuling)
    return ~exists().where(ruling.violation_id == SodViolation.id)


def list_violations(
    session: Session,
    *,
    case_id: int | None = None,
    person_id: int | None = None,
    violation_id: int | None = None,
    open_only: bool = False,
    limit: int = 50,
    before: int | None = None,
) -> list[Violation]:
    """Newest first. Violations touching no visible case are listed too (posts held by one person).

    `before` is the id of the last one on the page before. The ledger knows no regions: a caller that shows
    cases shows those in `Violation.cases`, which row-level security limits to what its reader may see.
    """
    wanted = _wanted()
    if case_id is not None:
        wanted = wanted.where(
            exists().where(ViolationCase.violation_id == SodViolation.id, ViolationCase.case_id == case_id)
        )
    if person_id is not None:
        wanted = wanted.where(SodViolation.person_id == person_id)
    if violation_id is not None:
        wanted = wanted.where(SodViolation.id == violation_id)
    if open_only:
        wanted = wanted.where(is_open())
    if before is not None:
        wanted = wanted.where(SodViolation.id < before)
    rows = session.execute(wanted.order_by(SodViolation.id.desc()).limit(limit)).all()
    cases = _touched(session, [row.SodViolation.id for row in rows])
    titles = rule_titles(session) if rows else {}
    return [_violation(row.SodViolation, row.name, row.ViolationRuling, cases, titles) for row in rows]


def get_violation(session: Session, violation_id: int) -> Violation | None:
    """One violation; None when there is none of this id."""
    return next(iter(list_violations(session, violation_id=violation_id, limit=1)), None)


def count_open(session: Session) -> int:
    """Violations without a ruling, in all regions."""
    return session.scalar(select(func.count()).select_from(SodViolation).where(is_open())) or 0


def frozen_cases(session: Session, case_ids: Collection[int]) -> dict[int, list[int]]:
    """Ids of open violations by case, for the cases that have any."""
    rows = session.execute(
        select(ViolationCase.case_id, SodViolation.id)
        .join(SodViolation, SodViolation.id == ViolationCase.violation_id)
        .where(ViolationCase.case_id.in_(bindparam("cases", expanding=True)), is_open())
        .order_by(SodViolation.id),
        {"cases": list(case_ids)},
    )
    found: dict[int, list[int]] = defaultdict(list)
    for row in rows:
        found[row.case_id].append(row.id)
    return dict(found)


def list_acts(session: Session, performance_ids: Collection[int]) -> list[ViolatingAct]:
    """The named performances in order, with both persons where one acted for another."""
    principal = aliased(Person)
    rows: Iterable[Any] = session.execute(
        select(
            Performance.id,
            Performance.person_id,
            Person.name,
            Performance.on_behalf_of,
            principal.name.label("principal"),
            Performance.duty,
            Performance.state,
            Performance.at,
            Performance.case_id,
            exists(select(Signature.id).where(Signature.performance_id == Performance.id)).label("signed"),
        )
        .join(Person, Person.id == Performance.person_id)
        .outerjoin(principal, principal.id == Performance.on_behalf_of)
        .where(Performance.id.in_(bindparam("ids", expanding=True)))
        .order_by(Performance.id),
        {"ids": list(performance_ids)},
    )
    return [ViolatingAct(*row) for row in rows]


def case_numbers(session: Session, case_ids: Collection[int]) -> dict[int, str]:
    """Numbers of the visible ones by id, in the order of ids."""
    rows = session.execute(select(Case.id, Case.case_no).where(Case.id.in_(case_ids)).order_by(Case.id))
    return {row.id: row.case_no for row in rows}


def whole_acts(session: Session, violation: Violation, chosen: Collection[int]) -> list[int]:
    """The acts of a violation that belong to the chosen ones: the same duty of the same people on the same case."""
    acts = list_acts(session, violation.performance_ids)
    wanted = {act.whole for act in acts if act.performance_id in chosen}
    return [act.performance_id for act in acts if act.whole in wanted]


def _wanted() -> Select[SodViolation, str, ViolationRuling]:
    return (
        select(SodViolation, Person.name, ViolationRuling)
        .join(Person, Person.id == SodViolation.person_id)
        .outerjoin(ViolationRuling, ViolationRuling.violation_id == SodViolation.id)
    )


def _touched(session: Session, violation_ids: Sequence[int]) -> dict[int, list[TouchedCase]]:
    rows = session.execute(
        select(ViolationCase.violation_id, Case.id, Case.case_no, Case.region_code, Case.decided_at)
        .join(Case, Case.id == ViolationCase.case_id)
        .where(ViolationCase.violation_id.in_(violation_ids))
        .order_by(Case.id)
    )
    touched: dict[int, list[TouchedCase]] = defaultdict(list)
    for row in rows:
        touched[row.violation_id].append(TouchedCase(row.id, row.case_no, row.region_code, row.decided_at))
    return touched


def _violation(
    row: SodViolation,
    person: str,
    ruling: ViolationRuling | None,
    cases: Mapping[int, Sequence[TouchedCase]],
    titles: Mapping[str, tuple[str, str]],
) -> Violation:
    title_zh, title_en = titles.get(row.rule, (row.rule, row.rule))
    return Violation(
        violation_id=row.id,
        rule=row.rule,
        rule_version=row.rule_version,
        title_zh=title_zh,
        title_en=title_en,
        scope=row.scope,
        scope_id=row.scope_id,
        person_id=row.person_id,
        person=person,
        members=tuple(row.members),
        performance_ids=tuple(row.performance_ids),
        cause=row.cause,
        at=row.at,
        cases=tuple(cases.get(row.id, ())),
        verdict=ruling.verdict if ruling else None,
        reason=ruling.reason if ruling else None,
        ruled_at=ruling.at if ruling else None,
    )
