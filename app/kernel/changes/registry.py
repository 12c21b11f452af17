"""The kinds of controlled change: the kernel's own and those a domain registered through the ports."""

from __future__ import annotations

from app.kernel.chains.change_kinds import ChainLinkKind, ChainSplitKind
from app.kernel.changes.conflict_sets import ConflictSetKind
from app.kernel.changes.exclusions import PostExclusionKind
from app.kernel.changes.kinds import ChangeKind
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


def get_kind(ports: Ports, key: str) -> ChangeKind:
    """Raise ChangeKindUnknown."""
    kind = change_kinds(ports).get(key)
    if kind is None:
        raise ChangeKindUnknown(kind=key)
    return kind
