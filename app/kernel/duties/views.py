"""What `decide` is asked with and answers: persons, cases, tasks, acts, conflict sets, decisions. Plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from functools import cached_property

REVIEW_DUTIES = ("initial_review", "recheck", "risk_review", "final_review", "final_review_2")
"""Signing duties in the order in which they must be performed."""


FAR_SCOPES = ("region_period", "party")


PANEL_DUTY = "panel_opinion"
"""What the persons drawn for a case do, and nobody else who holds the same post."""


RISK_ORDER = {"normal": 0, "high": 1, "routed": 2}


class Action(StrEnum):
    """The moments at which `decide` is asked."""

    START = "start"
    READ = "read"
    CLAIM = "claim"
    ASSIGN = "assign"
    REASSIGN = "reassign"
    OPEN = "open"
    SAVE_DRAFT = "save_draft"
    UPLOAD = "upload"
    RELEASE = "release"
    COMPLETE = "complete"
    DELIVER = "deliver"
    SYSTEM = "system"
    SUBSTITUTE = "substitute"
    GRANT = "grant"
    RECUSE = "recuse"
    RULE_RECUSAL = "rule_recusal"
    OVERRIDE = "override"
    RULE_OVERRIDE = "rule_override"
    WITHDRAW = "withdraw"
    CONSULT = "consult"
    ANSWER = "answer"
    TRANSFER = "transfer"
    REOPEN = "reopen"
    HOLD = "hold"
    RESUME = "resume"
    RETRY = "retry"
    RESOLVE = "resolve"


class Verdict(StrEnum):
    ALLOW = "allow"
    WARN = "warn"
    DENY = "deny"


@dataclass(frozen=True)
class Member:
    """A duty as a conflict set counts it; empty process or role means any."""

    member: str
    duty: str
    process_key: str
    case_role: str

    def matches(self, duty: str, process_key: str, case_role: str) -> bool:
        return (
            self.duty == duty and self.process_key in ("", process_key) and self.case_role in ("", case_role)
        )


@dataclass(frozen=True)
class ConflictRule:
    """The version in force of a conflict set."""

    set_id: int
    version: int
    key: str
    scope: str
    maximum: int
    severity: str
    risk_classes: frozenset[str]
    ground: str
    members: tuple[Member, ...]
    kind: str = "exclusive"
    """exclusive: at most `maximum` members a person; same: all members by one person; minimum: the gate's."""
    period: str | None = None
    party_role: str | None = None
    window_days: int | None = None

    @property
    def is_far(self) -> bool:
        """Does the set count acts on cases outside the chain?"""
        return self.scope in FAR_SCOPES

    @cached_property
    def _by_duty(self) -> Mapping[str, tuple[Member, ...]]:
        duties = {member.duty for member in self.members}
        return {duty: tuple(m for m in self.members if m.duty == duty) for duty in duties}

    @cached_property
    def _answers(self) -> dict[tuple[str, str, str], frozenset[str]]:
        """What `members_of` answered before: lists of cases ask the same thing thousands of times."""
        return {}

    def members_of(self, duty: str, process_key: str, case_role: str) -> frozenset[str]:
        """The members a duty counts as (usually none or one)."""
        asked = (duty, process_key, case_role)
        known = self._answers.get(asked)
        if known is None:
            candidates = self._by_duty.get(duty, ())
            known = frozenset(m.member for m in candidates if m.matches(duty, process_key, case_role))
            self._answers[asked] = known
        return known


@dataclass(frozen=True)
class PastAct:
    """A duty opened or performed, with the case it was on. An act for somebody is one of each of the two."""

    person_id: int
    name: str
    duty: str
    state: str
    case_id: int
    case_no: str
    process_key: str
    case_role: str
    at: datetime
    on_behalf_of: str | None = None
    """The principal's name, when this person acted for somebody."""
    performance_id: int = 0
    task_id: int | None = None
    rules: frozenset[str] = frozenset()
    """Of an act outside the chain: the keys of the sets whose scope it shares with the case."""
    redone: bool = False
    """A ruling had it done again: it excludes its person still, but binds nobody to do the rest."""


@dataclass(frozen=True)
class Bar:
    """Why a person may neither read nor act in a case: party (its role) or recused (the cause)."""

    kind: str
    cause: str


@dataclass(frozen=True)
class Held:
    """A technical hold on a case, or on its process in its region (`process`)."""

    reason: str
    by: str
    since: datetime
    process: bool


@dataclass(frozen=True)
class CaseView:
    """What `decide` needs to know of a case."""

    case_id: int
    region_code: str
    chain_id: int
    process_key: str
    case_role: str
    risk: str
    acts: tuple[PastAct, ...] = ()
    """Acts of the whole chain; those of this case carry its id."""
    bars: Mapping[int, Bar] = field(default_factory=dict)
    """Persons who are parties or recused."""
    frozen: bool = False
    """An open violation touches the case: nothing takes effect until it is settled."""
    approval_levels: int = 1
    hold: Held | None = None
    """A technical hold: the case is read, and nothing is done in it."""

    @property
    def unheld(self) -> CaseView:
        """Without the hold: who could do the work once it has ended. Nobody lacks because a case is on hold."""
        return self if self.hold is None else replace(self, hold=None)


@dataclass(frozen=True)
class TaskView:
    """What `decide` needs to know of a task."""

    task_id: int
    duty: str
    post: str
    region_code: str
    claimed_by: int | None = None
    opened: bool = False
    acted_by: frozenset[int] = frozenset()
    """Persons whose act on this task already counts (persons="2")."""
    drawn: frozenset[int] | None = None
    """The persons drawn for the case, to whom a task of theirs belongs; None where nobody was drawn for it."""


@dataclass(frozen=True)
class Stay:
    """A stay in a post that has lasted longer than its tenure rule allows."""

    since: date
    months: int
    severity: str


@dataclass(frozen=True)
class Candidate:
    """A natural person (canonical id) with the posts held today, of all records of that person.

    `substituting` are posts filled for a principal, (post, region) → the principal.
    """

    person_id: int
    name: str
    pinyin: str
    posts: frozenset[tuple[str, str]]
    post_kinds: frozenset[str]
    supervised: frozenset[str] = frozenset()
    """Region codes in which a supervision post is held; their subtrees are supervised with them."""
    active: bool = True
    rank: int = 0
    substituting: Mapping[tuple[str, str], Candidate] = field(default_factory=dict)
    absent_until: date | None = None
    in_doubt: bool = False
    posts_collide: bool = False
    stays_too_long: Mapping[str, Stay] = field(default_factory=dict)

    @property
    def fills(self) -> frozenset[tuple[str, str]]:
        """Posts held or filled for somebody."""
        return self.posts | self.substituting.keys()


@dataclass(frozen=True)
class Decision:
    """The answer, with its reason and the rows it rests on."""

    verdict: Verdict
    reason: str
    rule: str | None = None
    rule_version: int | None = None
    ground: str | None = None
    scope: str | None = None
    evidence: tuple[PastAct, ...] = ()
    params: Mapping[str, object] = field(default_factory=dict)
    on_behalf_of: int | None = None
    """The principal for whom the act would be performed."""

    @property
    def allowed(self) -> bool:
        return self.verdict is not Verdict.DENY


ALLOWED = Decision(Verdict.ALLOW, "allowed")


def deny(reason: str, **params: object) -> Decision:
    return Decision(Verdict.DENY, reason, params=params)
