"""Rules put into force: the shipped ones at the founding, all others by a change that three people decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select

from app.kernel.decisions.catalogue.models import RuleFile, RuleRelease, RuleVersion
from app.kernel.decisions.catalogue.reading import read_catalogue
from app.kernel.decisions.catalogue.rule import Rule
from app.kernel.duties.models import Founding
from app.kernel.transaction.unit import Unit

SHIPPED = "rules"
"""The folder of shipped rules among the workflows."""


@dataclass(frozen=True)
class Ground:
    """What a version rests on: who, with which recorded approval, by which change."""

    by: str
    approval: Mapping[str, Any]
    change_id: int | None = None


def install_rules(unit: Unit, workflows: Path, *, by: str, approval: Mapping[str, Any]) -> tuple[str, ...]:
    """Put the shipped rules into force, once; answers those that differ and only a change may bring.

    Raise RuleInvalid when a shipped file is wrong.
    """
    rules = read_catalogue(workflows / SHIPPED)
    stored = {
        (rule_id, digest)
        for rule_id, digest in unit.session.execute(select(RuleVersion.rule_id, RuleVersion.digest))
    }
    numbers = {rule_id for rule_id, _digest in stored}
    founded = unit.session.scalar(select(Founding.id)) is not None
    waiting = []
    for rule in rules.values():
        if (rule.id, rule.digest) in stored:
            continue
        if founded or rule.id in numbers:
            waiting.append(rule.id)
            continue
        version = store_version(unit, rule, Ground(by, approval))
        release_rule(unit, rule.id, version, rule.manifest.effective_from, None)
    return tuple(waiting)


def store_version(unit: Unit, rule: Rule, ground: Ground) -> int:
    """Keep a version with its files; answers its id. The fence wants a decided change behind it."""
    identity = unit.session.execute(
        insert(RuleVersion)
        .values(
            rule_id=rule.id,
            version=rule.manifest.version,
            digest=rule.digest,
            created_at=unit.now,
            created_by=ground.by,
            approval=dict(ground.approval),
            change_id=ground.change_id,
        )
        .returning(RuleVersion.id)
    ).scalar_one()
    files = [
        {"version_id": identity, "name": name, "content": content} for name, content in rule.files.items()
    ]
    unit.session.execute(insert(RuleFile), files)
    unit.record(
        "rule.version_kept",
        {
            "rule": rule.id,
            "version": rule.manifest.version,
            "digest": rule.digest,
            "change": ground.change_id,
        },
        chain="system",
    )
    return identity


def release_rule(
    unit: Unit, rule_id: str, version_id: int | None, effective_from: date, change_id: int | None
) -> None:
    """From that day on the version stands, or none (retirement)."""
    action = "retire" if version_id is None else "deploy"
    unit.session.execute(
        insert(RuleRelease).values(
            rule_id=rule_id,
            action=action,
            version_id=version_id,
            effective_from=effective_from,
            change_id=change_id,
            at=unit.now,
        )
    )
    unit.record(
        "rule.released",
        {"rule": rule_id, "action": action, "from": effective_from.isoformat(), "change": change_id},
        chain="system",
    )
