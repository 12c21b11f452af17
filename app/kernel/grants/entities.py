"""What the permission chain speaks of: steps, officers, requests, holdings, exclusions, decisions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from app.kernel.duties.views import Verdict


class Step(StrEnum):
    APPLY = "apply"
    REVIEW = "review"
    APPROVE = "approve"
    ASSIGN = "assign"
    REFUSE = "refuse"
    CANCEL = "cancel"


CHAIN = (Step.APPLY, Step.REVIEW, Step.APPROVE, Step.ASSIGN)
ENDINGS = frozenset({Step.ASSIGN, Step.REFUSE, Step.CANCEL})

TAKERS: Mapping[Step, tuple[str, str]] = {
    Step.APPLY: ("kind", "supervision"),
    Step.REVIEW: ("kind", "audit"),
    Step.APPROVE: ("post", "dept_head"),
    Step.ASSIGN: ("post", "security_admin"),
}
"""By which post, or kind of post, held in the request's region or above it, a step is taken."""

TOGGLE_DAYS = 90
"""[D] A post that ended and is given again within so many days is told to the auditors."""

DORMANT_DAYS = 30
"""An account unused for so long is dormant (RSK-24)."""


class State(StrEnum):
    """Where a request stands."""

    APPLIED = "applied"
    REVIEWED = "reviewed"
    APPROVED = "approved"
    ASSIGNED = "assigned"
    REFUSED = "refused"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class Officer:
    """Who takes a step: canonical id, and (post, kind, region) of every grant in force today."""

    person_id: int
    held: frozenset[tuple[str, str, str]]
    active: bool = True
    in_doubt: bool = False


@dataclass(frozen=True)
class TakenStep:
    """A step that was taken, by a canonical person."""

    step: Step
    person_id: int
    name: str
    at: datetime
    comment: str = ""


@dataclass(frozen=True)
class PostWanted:
    """What a request asks for; `lineage` is the region with its ancestors, `ends` names the grant to be ended."""

    person_id: int
    name: str
    post: str
    kind: str
    region_code: str
    level: str
    lineage: tuple[str, ...]
    valid_from: date
    valid_to: date | None
    ends: int | None = None


@dataclass(frozen=True)
class Holding:
    """A post held by grant or substitution, the end exclusive (None: open)."""

    post: str
    title_zh: str
    title_en: str
    region_code: str
    valid_from: date
    valid_to: date | None
    grant_id: int | None = None

    def overlaps(self, begin: date, end: date | None) -> bool:
        return (end is None or self.valid_from < end) and (self.valid_to is None or begin < self.valid_to)


@dataclass(frozen=True)
class ExclusionPair:
    """A pair of static exclusion (controls.md 2a): no post of one side together with one of the other."""

    pair: int
    sides: tuple[frozenset[str], frozenset[str]]
    title_zh: str
    title_en: str
    ground: str

    def against(self, post: str) -> frozenset[str]:
        """The posts that exclude this one by this pair."""
        left, right = self.sides
        return (right if post in left else frozenset()) | (left if post in right else frozenset())


@dataclass(frozen=True)
class TenureLimit:
    """The version in force of the longest stay in a post."""

    post: str
    version: int
    months: int
    gap_months: int
    severity: str
    ground: str


@dataclass(frozen=True)
class Grantee:
    """What is known of the person a post is asked for, all records of his together."""

    holdings: tuple[Holding, ...] = ()
    in_doubt: bool = False
    dormant_days: int | None = None
    """Days since any of his accounts was used, when that is longer than `DORMANT_DAYS` (RSK-24)."""
    asked_already: int | None = None
    """An open request for the same post and region."""


@dataclass(frozen=True)
class GrantRules:
    exclusions: tuple[ExclusionPair, ...] = ()
    tenures: Mapping[str, TenureLimit] = field(default_factory=dict)


@dataclass(frozen=True)
class GrantDecision:
    """The answer with what it rests on."""

    verdict: Verdict
    reason: str
    rule: str | None = None
    rule_version: int | None = None
    ground: str | None = None
    params: Mapping[str, object] = field(default_factory=dict)
    holdings: tuple[Holding, ...] = ()
    steps: tuple[TakenStep, ...] = ()
    possible_from: date | None = None
    """The first day on which nothing that is known today would stand against it."""

    @property
    def allowed(self) -> bool:
        return self.verdict is not Verdict.DENY


GRANTABLE = GrantDecision(Verdict.ALLOW, "grant_allowed")


def next_step(taken: Sequence[TakenStep]) -> Step | None:
    """The step of the chain that comes next; None when the request is closed."""
    steps = {item.step for item in taken}
    if steps & ENDINGS:
        return None
    return next(step for step in CHAIN if step not in steps)


def state_of(taken: Sequence[TakenStep]) -> State:
    """Where a request with these steps stands."""
    steps = {item.step for item in taken}
    if Step.CANCEL in steps:
        return State.CANCELLED
    if Step.REFUSE in steps:
        return State.REFUSED
    reached = {Step.ASSIGN: State.ASSIGNED, Step.APPROVE: State.APPROVED, Step.REVIEW: State.REVIEWED}
    return next((state for step, state in reached.items() if step in steps), State.APPLIED)
