"""`decide`: the one function that answers "may this person do this?". Pure over data loaded once.

Model: docs/segregation-of-duties.md (ANSI INCITS 359 dynamic separation of duty; Crampton 2005).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cached_property

REVIEW_DUTIES = ("initial_review", "recheck", "risk_review", "final_review", "final_review_2")
"""Signing duties in the order in which they must be performed."""

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

    @cached_property
    def _by_duty(self) -> Mapping[str, tuple[Member, ...]]:
        duties = {member.duty for member in self.members}
        return {duty: tuple(m for m in self.members if m.duty == duty) for duty in duties}

    def members_of(self, duty: str, process_key: str, case_role: str) -> frozenset[str]:
        """The members a duty counts as (usually none or one)."""
        candidates = self._by_duty.get(duty, ())
        return frozenset(m.member for m in candidates if m.matches(duty, process_key, case_role))


@dataclass(frozen=True)
class PastAct:
    """A duty opened or performed, with the case it was on."""

    person_id: int
    name: str
    duty: str
    state: str
    case_id: int
    case_no: str
    process_key: str
    case_role: str
    at: datetime


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
    party_indexes: frozenset[bytes] = frozenset()


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


@dataclass(frozen=True)
class Candidate:
    """A natural person with the posts held today: (post, region) pairs and the kinds of those posts."""

    person_id: int
    name: str
    pinyin: str
    id_number_index: bytes
    posts: frozenset[tuple[str, str]]
    post_kinds: frozenset[str]
    supervised: frozenset[str] = frozenset()
    """Region codes in which a supervision post is held; their subtrees are supervised with them."""
    active: bool = True


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

    @property
    def allowed(self) -> bool:
        return self.verdict is not Verdict.DENY


ALLOWED = Decision(Verdict.ALLOW, "allowed")


def deny(reason: str, **params: object) -> Decision:
    return Decision(Verdict.DENY, reason, params=params)


def decide(
    candidate: Candidate,
    action: Action,
    case: CaseView | None,
    task: TaskView | None,
    rules: Iterable[ConflictRule],
) -> Decision:
    """Answer for one person, action, case and task. Deny by default; the first denial found is told.

    A warning is returned only when nothing denies. Raises nothing: missing facts deny.
    """
    if not candidate.active:
        return deny("account_inactive")
    if "platform" in candidate.post_kinds:
        return deny("platform_holds_no_duty")
    if case is not None and candidate.id_number_index in case.party_indexes:
        return deny("party_of_case")
    if action is Action.READ:
        return _decide_reading(candidate, case)
    if task is None or case is None:
        return deny("nothing_to_act_on")
    return _decide_task(candidate, action, case, task, rules)


def _decide_task(
    candidate: Candidate, action: Action, case: CaseView, task: TaskView, rules: Iterable[ConflictRule]
) -> Decision:
    if action is Action.RELEASE:  # whoever learns that he may not go on must be able to give the task back
        return ALLOWED if task.claimed_by == candidate.person_id else deny("not_claimant")
    if (task.post, task.region_code) not in candidate.posts:
        return deny("post_not_held", post=task.post, region=task.region_code)
    if candidate.person_id in task.acted_by:
        return deny("second_person_required", duty=task.duty)
    if action in _CLAIMANT_ACTIONS and task.claimed_by != candidate.person_id:
        return deny("not_claimant")
    return check_conflicts(candidate.person_id, task.duty, case, rules)


_CLAIMANT_ACTIONS = frozenset(
    {Action.OPEN, Action.SAVE_DRAFT, Action.UPLOAD, Action.RELEASE, Action.COMPLETE}
)


def decide_intake(
    candidate: Candidate,
    post: str,
    region_code: str,
    case: CaseView | None,
    rules: Iterable[ConflictRule],
) -> Decision:
    """May this person register a case (none yet) or receive for one? Only who holds the intake post there."""
    if not candidate.active:
        return deny("account_inactive")
    if "platform" in candidate.post_kinds:
        return deny("platform_holds_no_duty")
    if (post, region_code) not in candidate.posts:
        return deny("post_not_held", post=post, region=region_code)
    if case is None:
        return ALLOWED
    if candidate.id_number_index in case.party_indexes:
        return deny("party_of_case")
    return check_conflicts(candidate.person_id, "intake", case, rules)


def decide_supervising(candidate: Candidate, lineage: Iterable[str]) -> Decision:
    """May this person reassign work in a region? `lineage` is the region with its ancestors.

    Supervising gives no duty: whoever receives the task is decided on like anybody else.
    """
    if not candidate.active:
        return deny("account_inactive")
    if candidate.supervised & frozenset(lineage):
        return ALLOWED
    return deny("not_supervisor")


def _decide_reading(candidate: Candidate, case: CaseView | None) -> Decision:
    """Earlier performers, supervisors without a signing post, internal auditors (need to know)."""
    if case is None:
        return deny("nothing_to_act_on")
    if any(act.person_id == candidate.person_id and act.case_id == case.case_id for act in case.acts):
        return ALLOWED
    if "audit" in candidate.post_kinds:
        return ALLOWED
    if "supervision" in candidate.post_kinds and "business" not in candidate.post_kinds:
        return ALLOWED
    return deny("reading_needs_claim")


def check_conflicts(person_id: int, duty: str, case: CaseView, rules: Iterable[ConflictRule]) -> Decision:
    """Would performing `duty` give the person more members of a conflict set than its maximum?"""
    warning: Decision | None = None
    for rule in rules:
        if case.risk not in rule.risk_classes:
            continue
        found = _conflict(person_id, duty, case, rule)
        if found is None:
            continue
        if found.verdict is Verdict.DENY:
            return found
        warning = warning or found
    return warning or ALLOWED


def _conflict(person_id: int, duty: str, case: CaseView, rule: ConflictRule) -> Decision | None:
    new = rule.members_of(duty, case.process_key, case.case_role)
    if not new:
        return None
    held: dict[str, list[PastAct]] = {}
    for act in case.acts:
        if act.person_id != person_id or (rule.scope == "case" and act.case_id != case.case_id):
            continue
        for member in rule.members_of(act.duty, act.process_key, act.case_role):
            held.setdefault(member, []).append(act)
    if new <= held.keys() or len(held.keys() | new) <= rule.maximum:
        return None
    evidence = tuple(act for member, acts in held.items() if member not in new for act in acts)
    return Decision(
        Verdict.DENY if rule.severity == "deny" else Verdict.WARN,
        "conflicting_duty" if rule.severity == "deny" else "conflicting_duty_advised",
        rule=rule.key,
        rule_version=rule.version,
        ground=rule.ground,
        scope=rule.scope,
        evidence=evidence,
        params={"held": evidence[0].duty, "wanted": duty, "case_no": evidence[0].case_no},
    )


def required_signatures(risk: str) -> tuple[str, ...]:
    """Signing duties the gate demands, in order: normal two, high three, routed four different persons."""
    return {
        "normal": ("initial_review", "final_review"),
        "high": ("initial_review", "recheck", "final_review"),
        "routed": ("initial_review", "recheck", "risk_review", "final_review"),
    }[risk]


@dataclass(frozen=True)
class SignatureView:
    """The latest signature of a duty on a subject."""

    signature_id: int
    duty: str
    person_id: int
    seq: int
    content_hash: bytes
    agrees: bool


def missing_signature(risk: str, content_hash: bytes, latest: Mapping[str, SignatureView]) -> str | None:
    """The earliest required signing duty that is missing, stale, out of order or by a person used before.

    `latest` maps duty to its latest signature. None when the gate is satisfied.
    """
    persons: set[int] = set()
    last_seq = 0
    for duty in required_signatures(risk):
        signature = latest.get(duty)
        if signature is None or not signature.agrees or signature.content_hash != content_hash:
            return duty
        if signature.seq <= last_seq or signature.person_id in persons:
            return duty
        persons.add(signature.person_id)
        last_seq = signature.seq
    return None
