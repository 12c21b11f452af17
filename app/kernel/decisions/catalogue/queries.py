"""Reads for pages and commands: hits by rule, a rule's versions, where it is bound."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.kernel.cases.models import Case
from app.kernel.decisions.catalogue.binding import Supply, bind, find_missing
from app.kernel.decisions.catalogue.models import RuleFinding, RuleRelease, RuleVersion
from app.kernel.decisions.catalogue.rule import Rule
from app.kernel.decisions.models import RuleHit
from app.kernel.recusal.queries import barring


@dataclass(frozen=True)
class Bearing:
    """How a rule bears on work: `state` is bound, unbound, report or elsewhere; `lacking`: what it isn't told."""

    state: str
    processes: tuple[str, ...] = ()
    lacking: tuple[str, ...] = ()


@dataclass(frozen=True)
class VersionLine:
    """A version with the release that brought it; `from_day` None for one that was never released."""

    version: int
    digest: str
    created_at: datetime
    change_id: int | None
    from_day: date | None


@dataclass(frozen=True)
class HitLine:
    """A hit with its case, as far as the reader's regions let him see it."""

    case_id: int
    case_no: str
    version: int
    message_zh: str
    message_en: str
    disposition: str | None
    reason: str | None
    at: datetime


def find_bearing(
    rule: Rule, supplies: Sequence[tuple[str, Supply]], reckoned: Container[str] = ()
) -> Bearing:
    """`supplies`: of every process that rules judge, its key and what it supplies; `reckoned`: `list_reckoned`."""
    manifest = rule.manifest
    if manifest.statistic is not None:
        return Bearing("report" if manifest.statistic in reckoned else "unbound", (), manifest.required)
    bound = tuple(key for key, supply in supplies if bind(rule, supply) is not None)
    if bound:
        return Bearing("bound", bound)
    if manifest.carried_by_zh:
        return Bearing("elsewhere")
    nearest = [
        find_missing(rule, supply) for _key, supply in supplies if supply.business in manifest.business
    ]
    return Bearing("unbound", (), min(nearest, key=len, default=manifest.required))


def count_hits(session: Session) -> dict[str, int]:
    """Hits of each rule, findings included, lapsed ones too."""
    found: dict[str, int] = {}
    for model in (RuleHit, RuleFinding):
        for rule_id, count in session.execute(select(model.rule_id, func.count()).group_by(model.rule_id)):
            found[rule_id] = found.get(rule_id, 0) + count
    return found


def list_rule_hits(session: Session, rule_id: str, limit: int, *, reader: int) -> list[HitLine]:
    """The latest hits of a rule in cases the session's regions show and the reader (a person) isn't barred from."""
    rows = session.execute(
        select(
            Case.id,
            Case.case_no,
            RuleHit.rule_version,
            RuleHit.message_zh,
            RuleHit.message_en,
            RuleHit.disposition,
            RuleHit.reason,
            RuleHit.at,
        )
        .join(Case, Case.id == RuleHit.case_id)
        .where(RuleHit.rule_id == rule_id, ~barring(Case.id, reader))
        .order_by(RuleHit.id.desc())
        .limit(limit)
    )
    return [HitLine(*row) for row in rows]


def list_versions(session: Session, rule_id: str) -> list[VersionLine]:
    """All versions, the newest first."""
    rows = session.execute(
        select(
            RuleVersion.version,
            RuleVersion.digest,
            RuleVersion.created_at,
            RuleVersion.change_id,
            func.max(RuleRelease.effective_from),
        )
        .outerjoin(RuleRelease, RuleRelease.version_id == RuleVersion.id)
        .where(RuleVersion.rule_id == rule_id)
        .group_by(RuleVersion.id)
        .order_by(RuleVersion.version.desc())
    )
    return [VersionLine(*row) for row in rows]


def list_known(session: Session) -> set[str]:
    """Ids of all rules there ever were."""
    return set(session.scalars(select(RuleVersion.rule_id).distinct()))


def case_numbers(session: Session, case_ids: Iterable[int]) -> dict[int, str]:
    """Numbers of changes' cases by id, those that the session's regions show."""
    rows = session.execute(select(Case.id, Case.case_no).where(Case.id.in_(set(case_ids))))
    return {row.id: row.case_no for row in rows}
