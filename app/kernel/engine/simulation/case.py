"""The made-up case of a simulation: risk, facts, who did what, signatures, clocks, documents. Immutable values.

What the real case keeps in tables stands here in one value, so that a step back is the value before.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import orjson

from app.kernel.cases.schema import FactSchema
from app.kernel.deadlines.transitions import Clock
from app.kernel.duties.signatures import SignatureView, missing_signature, required_signatures
from app.kernel.duties.views import RISK_ORDER, CaseView, PastAct

CASE_ID = 0
CASE_NO = "—"


@dataclass(frozen=True, slots=True)
class Part:
    """One of several people's share in a task."""

    person_id: int
    name: str
    outcome: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the history; `what` is a word of `docs/simulation.md`, `params` fill its sentence."""

    at: datetime
    what: str
    step_key: str = ""
    params: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PassedEffect:
    """A guarded point that was passed: the duties it requires, and those done by then, with who did them."""

    step_key: str
    kind: str
    required: tuple[str, ...]
    earned: tuple[tuple[str, str], ...]

    @property
    def carried(self) -> bool:
        """Were all required duties done, in their order?"""
        done = [duty for duty, _ in self.earned]
        return [duty for duty in done if duty in self.required] == list(self.required)


@dataclass(frozen=True)
class SimulatedCase:
    """The case as it stands between two moves. `parts` by the engine's task id, `clocks` by kind."""

    process_key: str
    region: str
    risk: str
    now: datetime
    levels: int = 1
    outcome: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    acts: tuple[PastAct, ...] = ()
    signatures: tuple[SignatureView, ...] = ()
    edition: int = 0
    """How often the content changed otherwise than by facts: materials came, a correction."""
    used: int = 0
    """Signatures that an effect has used up."""
    parts: Mapping[str, tuple[Part, ...]] = field(default_factory=dict)
    clocks: Mapping[str, Clock] = field(default_factory=dict)
    documents: tuple[str, ...] = ()
    effects: tuple[PassedEffect, ...] = ()
    hits: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    assumed: frozenset[str] = frozenset()
    decided: bool = False
    open_names: frozenset[str] = frozenset()
    """Variables left open on purpose: whoever reads them asks the player."""
    history: tuple[Entry, ...] = ()

    def noted(self, what: str, step_key: str = "", **params: str) -> SimulatedCase:
        """With one more line of history."""
        return replace(self, history=(*self.history, Entry(self.now, what, step_key, params)))

    def view(self) -> CaseView:
        """The case as `decide` sees it."""
        return CaseView(
            case_id=CASE_ID,
            region_code=self.region,
            chain_id=CASE_ID,
            process_key=self.process_key,
            case_role="first",
            risk=self.risk,
            acts=self.acts,
            approval_levels=self.levels,
        )

    def performed(self, person_id: int, name: str, duty: str, task_id: int) -> SimulatedCase:
        """A duty was done by a person."""
        act = PastAct(
            person_id, name, duty, "performed", CASE_ID, CASE_NO, self.process_key, "first", self.now,
            task_id=task_id,
        )  # fmt: skip
        return replace(self, acts=(*self.acts, act))

    def signed(self, person_id: int, duty: str, content: bytes, *, agrees: bool) -> SimulatedCase:
        """A duty was signed on a content."""
        seq = max((one.seq for one in self.signatures), default=self.used) + 1
        signature = SignatureView(seq, duty, person_id, seq, content, agrees)
        return replace(self, signatures=(*self.signatures, signature))

    def raised(self, risk: str, reason: str) -> SimulatedCase:
        """With at least this risk class."""
        if RISK_ORDER[risk] <= RISK_ORDER[self.risk]:
            return self
        return replace(self, risk=risk).noted("risk_raised", risk=risk, reason=reason)

    def with_levels(self, levels: int, reason: str) -> SimulatedCase:
        """With at least so many levels of approval."""
        if levels <= self.levels:
            return self
        return replace(self, levels=levels).noted("levels_raised", reason=reason)

    def latest(self) -> dict[str, SignatureView]:
        """The last signature of each duty."""
        return {signature.duty: signature for signature in self.signatures}

    def missing(self, kind: str, content: bytes) -> str | None:
        """The earliest signature the gate lacks for an effect of this kind; None when it is complete."""
        required = required_signatures(self.risk, self.levels, kind)
        return missing_signature(required, content, self.latest())

    def name_of(self, person_id: int) -> str:
        """Name of somebody who did something in the case."""
        return next((act.name for act in self.acts if act.person_id == person_id), "")


def content_of(schema: FactSchema, case: SimulatedCase) -> bytes:
    """Digest of what is being decided: drafted outcome, facts marked `decided`, materials (by their edition)."""
    content = {"outcome": case.outcome, "facts": schema.decided(case.facts), "edition": case.edition}
    return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).digest()
