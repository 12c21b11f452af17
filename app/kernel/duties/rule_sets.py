"""Conflict sets and tenure rules in force, loaded once per number of versions: the tables only ever grow."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

from sqlalchemy import URL, func, select
from sqlalchemy.orm import Session

from app.kernel.duties.models import ConflictMember, ConflictSet, TenureRule
from app.kernel.duties.views import ConflictRule, Member
from app.storage.core import execute, table
from app.storage.reading import remembered_one

_SETS, _TENURES = table(ConflictSet), table(TenureRule)
COUNT_SETS = select(func.count()).select_from(_SETS)
COUNT_TENURES = select(func.count()).select_from(_TENURES)

_RULES: dict[tuple[URL, int], tuple[tuple[datetime, ConflictRule], ...]] = {}
_STAYS: dict[tuple[URL, int], tuple[tuple[datetime, TenureRule], ...]] = {}


def list_rules(session: Session, now: datetime) -> tuple[ConflictRule, ...]:
    """The version in force of every conflict set, in order of set id."""

    def count() -> int:
        return int(execute(session, COUNT_SETS, {}).scalar_one())

    return rules_in_force(session, remembered_one(session, "versions of sets", None, count), now)


def rules_in_force(session: Session, versions: int, now: datetime) -> tuple[ConflictRule, ...]:
    """The same, when the number of versions is known already."""
    key = (session.get_bind().engine.url, versions)
    known = _RULES.get(key)
    if known is None:
        known = _RULES[key] = _load_versions(session)
    return tuple({rule.set_id: rule for since, rule in known if since <= now}.values())


def tenure_rules(session: Session, versions: int, now: datetime) -> dict[str, TenureRule]:
    """The tenure rule in force of every post that has one. `versions`: how many rows the table has."""
    if not versions:
        return {}
    key = (session.get_bind().engine.url, versions)
    known = _STAYS.get(key)
    if known is None:
        rows = session.scalars(select(TenureRule).order_by(TenureRule.post, TenureRule.version)).all()
        for row in rows:
            session.expunge(row)
        known = _STAYS[key] = tuple((row.active_from, row) for row in rows)
    return {row.post: row for since, row in known if since <= now}


def _load_versions(session: Session) -> tuple[tuple[datetime, ConflictRule], ...]:
    """All versions with the moment each counts from, by set id and version."""
    members: dict[tuple[int, int], list[Member]] = defaultdict(list)
    for row in session.scalars(select(ConflictMember)):
        members[row.set_id, row.version].append(Member(row.member, row.duty, row.process_key, row.case_role))
    sets = session.scalars(select(ConflictSet).order_by(ConflictSet.set_id, ConflictSet.version))
    return tuple((row.active_from, _rule(row, members[row.set_id, row.version])) for row in sets)


def _rule(row: ConflictSet, members: list[Member]) -> ConflictRule:
    return ConflictRule(
        set_id=row.set_id,
        version=row.version,
        key=row.key,
        scope=row.scope,
        maximum=row.maximum,
        severity=row.severity,
        risk_classes=frozenset(row.risk_classes),
        ground=row.ground,
        members=tuple(members),
        kind=row.kind,
        period=row.period,
        party_role=row.party_role,
        window_days=row.window_days,
    )
