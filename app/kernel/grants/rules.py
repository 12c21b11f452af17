"""`decide_grant_step`: who may take which step towards a post. Pure over data loaded once.

Permission chain: the business unit applies, internal control reviews, the head approves, the security
administrator assigns (岗位权限(甘) 16); four natural persons, none of them the one the post is for. What the
database would refuse at the end (static exclusion, tenure) is foreseen at every step, with its evidence.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from app.kernel.duties.views import Verdict
from app.kernel.grants.entities import (
    GRANTABLE,
    TAKERS,
    GrantDecision,
    Grantee,
    GrantRules,
    Officer,
    PostWanted,
    Step,
    TakenStep,
    next_step,
    state_of,
)
from app.kernel.grants.foresight import find_dormancy, find_exclusion, find_same, find_tenure


def _deny(reason: str, **params: object) -> GrantDecision:
    return GrantDecision(Verdict.DENY, reason, params=params)


def decide_grant_step(
    officer: Officer,
    step: Step,
    wanted: PostWanted,
    taken: Sequence[TakenStep],
    grantee: Grantee,
    rules: GrantRules,
    today: date,
) -> GrantDecision:
    """May this person take this step? Deny by default; the first denial found is told, a warning only without one."""
    denied = decide_taker(officer, step, wanted, taken)
    if not denied.allowed or step in (Step.REFUSE, Step.CANCEL):
        return denied
    return decide_content(wanted, grantee, rules, today, applying=step is Step.APPLY)


def decide_content(
    wanted: PostWanted, grantee: Grantee, rules: GrantRules, today: date, *, applying: bool
) -> GrantDecision:
    """Only what is asked for, whoever takes the step."""
    if wanted.ends is None:
        return decide_post(wanted, grantee, rules, today, applying=applying)
    if applying and grantee.asked_already is not None:
        return _deny("grant_asked_already", request=grantee.asked_already)
    if applying and wanted.valid_from < today:
        return _deny("grant_backdated", today=today)
    return _decide_end(wanted, grantee)


def decide_taker(
    officer: Officer, step: Step, wanted: PostWanted, taken: Sequence[TakenStep]
) -> GrantDecision:
    """Only whether this person may take this step, whatever becomes of the request."""
    coming = next_step(taken)
    if not officer.active:
        return _deny("account_inactive")
    if officer.in_doubt:
        return _deny("identity_in_doubt")
    if coming is None:
        return _deny("grant_closed", state=state_of(taken))
    if officer.person_id == wanted.person_id:
        return _deny("grant_self", post=wanted.post)
    if step is Step.CANCEL:
        applied = any(t.step is Step.APPLY and t.person_id == officer.person_id for t in taken)
        return GRANTABLE if applied else _deny("grant_not_applicant")
    if step not in (coming, Step.REFUSE):
        return _deny("grant_out_of_order", step=coming)
    earlier = tuple(item for item in taken if item.person_id == officer.person_id)
    if earlier:
        return GrantDecision(
            Verdict.DENY,
            "grant_step_repeated",
            rule="grant_chain",
            ground="岗位权限（甘）第十六条",
            params={"step": earlier[0].step},
            steps=earlier,
        )
    if not holds_for(officer, coming, wanted.lineage):
        return _deny("grant_step_not_yours", step=coming)
    return GRANTABLE


def holds_for(officer: Officer, step: Step, lineage: Iterable[str]) -> bool:
    """Whether a post held today lets one take this step in a region with this lineage."""
    by, name = TAKERS[step]
    regions = frozenset(lineage)
    return any(
        region in regions and (kind if by == "kind" else post) == name for post, kind, region in officer.held
    )


def decide_post(
    wanted: PostWanted, grantee: Grantee, rules: GrantRules, today: date, *, applying: bool
) -> GrantDecision:
    """May the person have the post in that period, as far as can be known today?"""
    if grantee.in_doubt:
        return _deny("grantee_in_doubt", name=wanted.name)
    if applying and wanted.valid_from < today:
        return _deny("grant_backdated", today=today)
    if applying and grantee.asked_already is not None:
        return _deny("grant_asked_already", request=grantee.asked_already)
    if wanted.kind == "platform" and wanted.level == "county":
        return GrantDecision(Verdict.DENY, "grant_county_administrator", ground="岗位权限（甘）第十七条")
    return (
        find_same(wanted, grantee.holdings)
        or find_exclusion(wanted, grantee.holdings, rules.exclusions)
        or find_tenure(wanted, grantee.holdings, rules.tenures.get(wanted.post))
        or find_dormancy(wanted, grantee)
        or GRANTABLE
    )


def _decide_end(wanted: PostWanted, grantee: Grantee) -> GrantDecision:
    held = next((item for item in grantee.holdings if item.grant_id == wanted.ends), None)
    if held is None or not held.overlaps(wanted.valid_from, None) or wanted.valid_from < held.valid_from:
        return _deny("grant_nothing_to_end", day=wanted.valid_from)
    return GRANTABLE
