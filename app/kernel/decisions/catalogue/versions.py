"""Rules as they stand in the database: which version on which day, and the parsed version by id."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import URL, func, select
from sqlalchemy.orm import Session

from app.kernel.decisions.catalogue.models import RuleFile, RuleRelease, RuleVersion
from app.kernel.decisions.catalogue.reading import read_rule
from app.kernel.decisions.catalogue.rule import Rule


@dataclass(frozen=True, slots=True)
class Standing:
    """A version that stands; `id` is its row's, None for a rule that is in no database (simulation, drafts)."""

    id: int | None
    rule: Rule


@dataclass(frozen=True, slots=True)
class _Known:
    """What stood on a day, as long as nothing more was released."""

    newest: int
    standing: tuple[Standing, ...]


_VERSIONS: dict[tuple[URL, int], Standing] = {}
_STANDING: dict[tuple[URL, date], _Known] = {}
_DAYS_KEPT = 8


def list_standing(session: Session, on: date) -> tuple[Standing, ...]:
    """The rules in force on a day, by id. Asked often: kept until something is released."""
    newest = session.scalar(select(func.max(RuleRelease.id))) or 0
    key = (session.get_bind().engine.url, on)
    known = _STANDING.get(key)
    if known is None or known.newest != newest:
        known = _Known(newest, tuple(_standing(session, on)))
        while len(_STANDING) >= _DAYS_KEPT:
            _STANDING.pop(next(iter(_STANDING)), None)
        _STANDING[key] = known
    return known.standing


def _standing(session: Session, on: date) -> list[Standing]:
    """Of each rule the release of the latest day that has come, of one day the newest."""
    found = session.execute(
        select(RuleRelease.rule_id, RuleRelease.version_id)
        .where(RuleRelease.effective_from <= on)
        .order_by(RuleRelease.rule_id, RuleRelease.effective_from, RuleRelease.id)
    )
    last = {rule_id: version_id for rule_id, version_id in found}  # noqa: C416 rows, of which the last counts
    standing = load_versions(session, [one for one in last.values() if one is not None])
    return [one for one in standing if is_in_force(one.rule, on)]


def is_in_force(rule: Rule, on: date) -> bool:
    """By the rule's own last day; its first day is the release's."""
    return rule.manifest.effective_to is None or on <= rule.manifest.effective_to


def load_versions(session: Session, ids: Sequence[int]) -> list[Standing]:
    """Versions by id, in the order asked; each read once in the life of the process (they never change)."""
    url = session.get_bind().engine.url
    fresh = [one for one in ids if (url, one) not in _VERSIONS]
    if fresh:
        files: dict[int, dict[str, bytes]] = {}
        for file in session.scalars(select(RuleFile).where(RuleFile.version_id.in_(fresh))):
            files.setdefault(file.version_id, {})[file.name] = bytes(file.content)
        rows = session.execute(select(RuleVersion.id, RuleVersion.rule_id).where(RuleVersion.id.in_(fresh)))
        for identity, rule_id in rows:
            _VERSIONS[url, identity] = Standing(identity, read_rule(rule_id, files[identity]))
    return [_VERSIONS[url, one] for one in ids]


def find_version(session: Session, rule_id: str, version: int) -> Standing | None:
    """A version by its number, whether it stands or not."""
    identity = session.scalar(
        select(RuleVersion.id).where(RuleVersion.rule_id == rule_id, RuleVersion.version == version)
    )
    return load_versions(session, [identity])[0] if identity is not None else None


def newest_version(session: Session, rule_id: str) -> int:
    """The highest number of a rule's versions, 0 for a rule that is new."""
    highest = select(func.max(RuleVersion.version)).where(RuleVersion.rule_id == rule_id)
    return session.scalar(highest) or 0


def list_releases(session: Session, rule_id: str) -> list[RuleRelease]:
    """A rule's releases, the latest first."""
    found = select(RuleRelease).where(RuleRelease.rule_id == rule_id).order_by(RuleRelease.id.desc())
    return list(session.scalars(found))
