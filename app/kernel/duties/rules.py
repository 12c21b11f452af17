"""`decide`: the one function that answers "may this person do this?". Pure over data loaded once.

Model: docs/segregation-of-duties.md (ANSI INCITS 359 dynamic separation of duty; Crampton 2005).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from functools import cached_property

REVIEW_DUTIES = ("initial_review", "recheck", "risk_review", "final_review", "final_review_2")
"""Signing duties in the order in which they must be performed."""

FAR_SCOPES = ("region_period", "party")

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


@dataclass(frozen=True)
class Bar:
    """Why a person may neither read nor act in a case: party (its role) or recused (the cause)."""

    kind: str
    cause: str


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
    denied = standing(candidate, case)
    if denied is not None:
        return denied
    if action is Action.READ:
        return _decide_reading(candidate, case)
    if task is None or case is None:
        return deny("nothing_to_act_on")
    return _decide_task(candidate, action, case, task, rules)


def standing(candidate: Candidate, case: CaseView | None) -> Decision | None:
    """Why this person may do nothing at all (in this case), whatever the duty; None when nothing stands so."""
    if not candidate.active:
        return deny("account_inactive")
    if "platform" in candidate.post_kinds:
        return deny("platform_holds_no_duty")
    bar = case.bars.get(candidate.person_id) if case else None
    if bar is not None:
        return deny("party_of_case") if bar.kind == "party" else deny("recused", cause=bar.cause)
    if candidate.in_doubt:
        return deny("identity_in_doubt")
    if candidate.posts_collide:
        return deny("posts_in_violation")
    return None


def _decide_task(
    candidate: Candidate, action: Action, case: CaseView, task: TaskView, rules: Iterable[ConflictRule]
) -> Decision:
    if action is Action.RELEASE:  # whoever learns that he may not go on must be able to give the task back
        return ALLOWED if task.claimed_by == candidate.person_id else deny("not_claimant")
    post = (task.post, task.region_code)
    principal = None if post in candidate.posts else candidate.substituting.get(post)
    if post not in candidate.posts and principal is None:
        return deny("post_not_held", post=task.post, region=task.region_code)
    people = (candidate.person_id,) if principal is None else (candidate.person_id, principal.person_id)
    if not task.acted_by.isdisjoint(people):
        return deny("second_person_required", duty=task.duty)
    if action in _CLAIMANT_ACTIONS and task.claimed_by != candidate.person_id:
        return deny("not_claimant")
    if action in (Action.ASSIGN, Action.REASSIGN) and candidate.absent_until is not None:
        return deny("absent", until=candidate.absent_until.isoformat())
    if case.frozen and task.duty in EFFECT_DUTIES:
        return deny("case_frozen")
    found = check_conflicts(candidate.person_id, task.duty, case, rules, task.task_id)
    if principal is not None and found.allowed:
        found = _for_principal(candidate, principal, case, task, rules, found)
    return _check_tenure(candidate, task, found)


def _for_principal(
    candidate: Candidate,
    principal: Candidate,
    case: CaseView,
    task: TaskView,
    rules: Iterable[ConflictRule],
    own: Decision,
) -> Decision:
    """Acting for somebody counts for both, so both must be free to act."""
    theirs = standing(replace(principal, active=True), case) or check_conflicts(
        principal.person_id, task.duty, case, rules, task.task_id
    )
    if not theirs.allowed:
        return replace(theirs, params={**theirs.params, "principal": principal.name})
    tied = any(
        rule.kind == "same" and rule.members_of(task.duty, case.process_key, case.case_role)
        for rule in rules
        if case.risk in rule.risk_classes
    )
    if tied:
        return deny("same_person_required", principal=principal.name)
    answer = own if own.verdict is Verdict.WARN else theirs
    return replace(answer, on_behalf_of=principal.person_id)


def _check_tenure(candidate: Candidate, task: TaskView, found: Decision) -> Decision:
    stay = candidate.stays_too_long.get(task.post)
    if stay is None or not found.allowed or (found.verdict is Verdict.WARN and stay.severity == "warn"):
        return found
    severe = stay.severity == "deny"
    return replace(
        found,
        verdict=Verdict.DENY if severe else Verdict.WARN,
        reason="tenure_exceeded" if severe else "tenure_reached",
        params={"post": task.post, "since": stay.since.isoformat(), "months": stay.months},
    )


EFFECT_DUTIES = frozenset({"serve", "payment_make", "payment_check", "payment_release"})
"""Duties that carry out a decision: an open violation stops them, while reviews go on."""

_CLAIMANT_ACTIONS = frozenset(
    {Action.OPEN, Action.SAVE_DRAFT, Action.UPLOAD, Action.RELEASE, Action.COMPLETE, Action.OVERRIDE}
)


def decide_intake(
    candidate: Candidate,
    post: str,
    region_code: str,
    case: CaseView | None,
    rules: Iterable[ConflictRule],
) -> Decision:
    """May this person register a case (none yet) or receive for one? Only who holds the intake post there."""
    denied = standing(candidate, case)
    if denied is not None:
        return denied
    if (post, region_code) not in candidate.posts:
        return deny("post_not_held", post=post, region=region_code)
    return ALLOWED if case is None else check_conflicts(candidate.person_id, "intake", case, rules)


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


def check_conflicts(
    person_id: int, duty: str, case: CaseView, rules: Iterable[ConflictRule], task_id: int | None = None
) -> Decision:
    """Would performing `duty` break a conflict set for this person? The first denial, else a warning."""
    warning: Decision | None = None
    for rule in rules:
        if case.risk not in rule.risk_classes:
            continue
        found = _conflict(person_id, duty, case, rule, task_id)
        if found is None:
            continue
        if found.verdict is Verdict.DENY:
            return found
        warning = warning or found
    return warning or ALLOWED


def _conflict(
    person_id: int, duty: str, case: CaseView, rule: ConflictRule, task_id: int | None
) -> Decision | None:
    new = rule.members_of(duty, case.process_key, case.case_role)
    if not new or rule.kind == "minimum" or (rule.scope == "task" and task_id is None):
        return None
    acts = [act for act in case.acts if _in_scope(act, case, rule, task_id)]
    if rule.kind == "same":
        return _tied_to_another(person_id, acts, rule)
    held: dict[str, list[PastAct]] = {}
    for act in acts:
        if act.person_id == person_id:
            for member in rule.members_of(act.duty, act.process_key, act.case_role):
                held.setdefault(member, []).append(act)
    maximum = 1 if rule.scope == "party" else rule.maximum
    if len(held.keys() | new) <= maximum or (rule.severity == "warn" and new <= held.keys()):
        return None  # repeating a duty is lawful, unless a late link or merge made what was done collide
    evidence = tuple(act for member, acts in held.items() if member not in new for act in acts)
    reason = "recent_party_act" if rule.scope == "party" else "conflicting_duty"
    params = {"held": evidence[0].duty, "wanted": duty, "case_no": evidence[0].case_no}
    if rule.window_days is not None:
        params["days"] = str(rule.window_days)
    return _breach(rule, reason, evidence, params)


def _in_scope(act: PastAct, case: CaseView, rule: ConflictRule, task_id: int | None) -> bool:
    if act.rules:
        return rule.key in act.rules
    match rule.scope:
        case "task":
            return act.task_id == task_id
        case "case" | "party":
            return rule.scope == "case" and act.case_id == case.case_id
        case "region_period":
            return False  # acts of the period come with the sets they share, this case's among them
        case _:
            return True


def _tied_to_another(person_id: int, acts: Iterable[PastAct], rule: ConflictRule) -> Decision | None:
    """Binding of duty: whoever performed the first member of the scope must perform them all."""
    first = next((a for a in acts if rule.members_of(a.duty, a.process_key, a.case_role)), None)
    if first is None or first.person_id == person_id:
        return None
    return _breach(rule, "same_person_required", (first,), {"held": first.duty, "case_no": first.case_no})


def _breach(
    rule: ConflictRule, reason: str, evidence: tuple[PastAct, ...], params: Mapping[str, object]
) -> Decision:
    denies = rule.severity == "deny"
    return Decision(
        Verdict.DENY if denies else Verdict.WARN,
        reason if denies else "conflicting_duty_advised",
        rule=rule.key,
        rule_version=rule.version,
        ground=rule.ground,
        scope=rule.scope,
        evidence=evidence,
        params=params,
    )


def required_signatures(risk: str, approval_levels: int = 1, kind: str = "decided") -> tuple[str, ...]:
    """Signing duties an effect demands, in order, each by another person.

    A change (deployed) three of its own; a procedural decision (issued) two; a conclusion two when its risk
    is normal, three when high, four when routed, and one more with a second level of approval.
    """
    if kind == "deployed":
        return CHANGE_DUTIES
    if kind == "issued":
        return ("initial_review", "final_review")
    return {
        "normal": ("initial_review", "final_review"),
        "high": ("initial_review", "recheck", "final_review"),
        "routed": ("initial_review", "recheck", "risk_review", "final_review"),
    }[risk] + (("final_review_2",) if approval_levels == 2 else ())


CHANGE_DUTIES = ("rule_edit", "rule_recheck", "rule_approve")


@dataclass(frozen=True)
class SignatureView:
    """The latest signature of a duty on a subject that still counts (not voided, its signer not barred)."""

    signature_id: int
    duty: str
    person_id: int
    seq: int
    content_hash: bytes
    agrees: bool
    principal_id: int | None = None
    """For whom the signer acted."""

    @property
    def persons(self) -> frozenset[int]:
        """Everybody the signature counts for."""
        return frozenset({self.person_id} | ({self.principal_id} if self.principal_id else set()))


def missing_signature(
    required: Iterable[str], content_hash: bytes, latest: Mapping[str, SignatureView]
) -> str | None:
    """The earliest required signing duty that is missing, stale, out of order or by a person used before.

    `latest` maps duty to its latest signature. None when the gate is satisfied.
    """
    persons: set[int] = set()
    last_seq = 0
    for duty in required:
        signature = latest.get(duty)
        if signature is None or not signature.agrees or signature.content_hash != content_hash:
            return duty
        if signature.seq <= last_seq or not signature.persons.isdisjoint(persons):
            return duty
        persons |= signature.persons
        last_seq = signature.seq
    return None
