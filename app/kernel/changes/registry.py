"""The kinds of controlled change: the kernel's own and those a domain registered through the ports."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kernel.chains.change_kinds import ChainLinkKind, ChainSplitKind
from app.kernel.changes.conflict_sets import ConflictSetKind
from app.kernel.changes.content import Content
from app.kernel.changes.exclusions import PostExclusionKind
from app.kernel.changes.kinds import ChangeKind, NamesCases
from app.kernel.changes.models import ControlledChange
from app.kernel.changes.refusals import ChangeKindUnknown
from app.kernel.changes.risk import RiskLowerKind
from app.kernel.changes.tenure import TenureRuleKind
from app.kernel.decisions.parameters.change_kind import ParameterKind
from app.kernel.identity.change_kinds import IdentityDistinctKind, PersonMergeKind
from app.kernel.ports import Ports
from app.kernel.violations.change_kinds import ViolationRulingKind

KERNEL_KINDS: tuple[ChangeKind, ...] = (
    ConflictSetKind(),
    PostExclusionKind(),
    TenureRuleKind(),
    ParameterKind(),
    RiskLowerKind(),
    PersonMergeKind(),
    IdentityDistinctKind(),
    ChainLinkKind(),
    ChainSplitKind(),
    ViolationRulingKind(),
)


def change_kinds(ports: Ports) -> dict[str, ChangeKind]:
    """All kinds by key, in the order they are offered. Raise ValueError when a key is taken twice."""
    kinds: dict[str, ChangeKind] = {}
    for kind in (*KERNEL_KINDS, *ports.change_kinds.values()):
        if kind.key in kinds:
            raise ValueError(f"kind of change {kind.key!r} registered twice")
        kinds[kind.key] = kind
    return kinds


def cases_named(session: Session, ports: Ports, changes: Collection[int]) -> dict[int, frozenset[int]]:
    """Of changes (cases of a controlled change) the cases their content names, by the change's case."""
    rows = session.scalars(select(ControlledChange).where(ControlledChange.case_id.in_(changes)))
    kinds = change_kinds(ports)
    found: dict[int, frozenset[int]] = {}
    for row in rows:
        kind: object = kinds.get(row.kind)
        if isinstance(kind, NamesCases):
            found[row.case_id] = frozenset(kind.cases(session, Content.of(row).values))
    return found


def get_kind(ports: Ports, key: str) -> ChangeKind:
    """Raise ChangeKindUnknown."""
    kind = change_kinds(ports).get(key)
    if kind is None:
        raise ChangeKindUnknown(kind=key)
    return kind
