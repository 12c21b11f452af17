"""What the watch finds."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

KINDS = (
    "conflict",
    "binding_of_duty",
    "too_few_persons",
    "party_window",
    "decision",
    "undecided_effect",
    "party",
    "recused",
    "platform_post",
    "machine_account",
    "exclusion",
    "identity",
    "chain",
)


@dataclass(frozen=True)
class Finding:
    """A breach of segregation of duties that no recorded violation explains.

    `kind` is one of KINDS; `rule` a conflict set's key, `exclusion:<pair>`, or what a decision lacks.
    `persons` are canonical ids. `revealed`: lawful by what was known then; a later merge showed who acted.
    """

    kind: str
    rule: str
    scope: str
    scope_id: int
    persons: tuple[int, ...]
    members: tuple[str, ...] = ()
    performance_ids: tuple[int, ...] = ()
    case_ids: tuple[int, ...] = ()
    at: datetime | None = None
    rule_version: int | None = None
    revealed: bool = False
    detail: Mapping[str, Any] = field(default_factory=dict)

    @property
    def fingerprint(self) -> str:
        """16 hex digits that stay the same from run to run: an alert is given once."""
        parts = (
            self.kind,
            self.rule,
            self.scope,
            sorted(self.persons),
            sorted(self.members),
            sorted(self.case_ids),
        )
        return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]

    def as_json(self) -> dict[str, Any]:
        """All fields, JSON-native."""
        return {
            "fingerprint": self.fingerprint,
            "kind": self.kind,
            "rule": self.rule,
            "version": self.rule_version,
            "scope": self.scope,
            "scope_id": self.scope_id,
            "persons": list(self.persons),
            "members": list(self.members),
            "performances": list(self.performance_ids),
            "cases": list(self.case_ids),
            "at": self.at.isoformat() if self.at else None,
            "revealed": self.revealed,
            "detail": dict(self.detail),
        }
