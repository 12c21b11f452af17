"""`decide`: the one function that answers "may this person do this?". Pure over data loaded once.

Model: docs/segregation-of-duties.md (ANSI INCITS 359 dynamic separation of duty; Crampton 2005).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from app.kernel.duties.conflicts import check_conflicts
from app.kernel.duties.views import (
    ALLOWED,
    Action,
    Candidate,
    CaseView,
    ConflictRule,
    Decision,
    Held,
    TaskView,
    Verdict,
    deny,
)
from app.kernel.local_time import local_day


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
    if case.hold is not None:
        return deny_held(case.hold)
    if task.drawn is not None and candidate.person_id not in task.drawn:
        return deny("not_drawn")
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


def deny_held(hold: Held) -> Decision:
    """A technical hold: nobody does anything until it is ended."""
    return deny("case_held", by=hold.by, since=local_day(hold.since).isoformat(), why=hold.reason)


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
    if case is not None and case.hold is not None:
        return deny_held(case.hold)
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
