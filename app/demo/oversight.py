"""What auditors and seniors find: refused attempts, rules set aside or to be, and accounts in use yesterday."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial

from sqlalchemy import select

from app.demo.plans import INITIAL, Plan
from app.demo.playing import SimulatedClock
from app.demo.roster import SECOND_ACCOUNT, TRANSFERRED, WUZHONG, YINCHUAN
from app.demo.staff import Staff
from app.kernel.cases.models import Case
from app.kernel.decisions.models import RuleHit
from app.kernel.decisions.overrides import propose_override as propose
from app.kernel.decisions.overrides import rule_on_override
from app.kernel.decisions.seniority import list_seniors
from app.kernel.duties.models import Performance
from app.kernel.identity.login import account_by_login
from app.kernel.identity.models import Account
from app.kernel.identity.queries import accounts_of
from app.kernel.identity.sessions import open_session
from app.kernel.kernel import Kernel
from app.kernel.local_time import local_day
from app.kernel.refusals import Refusal
from app.kernel.transaction import Actor, Unit, run, system_actor
from app.kernel.transaction.unit import EVERY_REGION
from app.kernel.violations.watch.run import run_watch
from app.kernel.worklist.models import Task
from app.kernel.worklist.operations import claim_task

OTHER_CHARACTER = "玥"
TRIED = (
    # Who, which duty, where: none of them may.
    (TRANSFERRED, "recheck", YINCHUAN),
    ("郭志强", "final_review", YINCHUAN),
    ("马晓峰", "recheck", YINCHUAN),
    (TRANSFERRED, "recheck", YINCHUAN),
    ("许静", "final_review", WUZHONG),
    ("左建民", "recheck", "640323"),
)


def with_names_that_differ(plans: Sequence[Plan]) -> list[Plan]:
    """Two cases of the city stop at the identity match: the public security register writes the name otherwise."""
    stopped = [plan for plan in plans if plan.region == YINCHUAN and plan.waits_at == INITIAL][:2]
    return [_misnamed(plan) if any(plan is one for one in stopped) else plan for plan in plans]


def _misnamed(plan: Plan) -> Plan:
    registered = plan.facts["worker_name"][:-1] + OTHER_CHARACTER
    return replace(plan, facts={**plan.facts, "worker_registered_name": registered}, taken="open")


def show_oversight(kernel: Kernel, staff: Staff) -> None:
    """Played with the real operations."""
    _work_yesterday(kernel)
    _try_in_vain(kernel, staff)
    _set_rules_aside(kernel)
    run_watch(kernel, full=True)


def _work_yesterday(kernel: Kernel) -> None:
    """Everybody logged in yesterday: nobody's account wakes from a sleep it never had."""

    def log_in(unit: Unit) -> None:
        for account in unit.session.scalars(select(Account).where(Account.kind == "human")):
            open_session(unit, account, None)
        unit.record("login.succeeded", {"accounts": "demonstration"}, chain="login")

    yesterday = replace(kernel, clock=SimulatedClock(kernel.clock() - timedelta(days=1)))
    run(yesterday, log_in, system_actor("demo"))


def _try_in_vain(kernel: Kernel, staff: Staff) -> None:
    for place, (name, duty, region) in enumerate(TRIED):
        with kernel.database.session() as session:
            kernel.database.scope(session, EVERY_REGION)
            own = select(Performance.case_id).where(Performance.person_id == staff.named(name).person_id)
            found = session.execute(
                select(Task.id, Task.case_id)
                .where(Task.state == "open", Task.duty == duty, Task.region_code == region)
                .order_by(Task.case_id.in_(own).desc(), Task.claimed_by.is_not(None), Task.id)
                .limit(1)
            ).one_or_none()
        if found is None:
            continue
        actor = staff.actor(staff.named(name), region)
        if name == TRANSFERRED and place:
            actor = replace(actor, account_id=_account(kernel, SECOND_ACCOUNT))
        with suppress(Refusal):
            run(kernel, partial(claim_task, task_id=found.id), actor, case_id=found.case_id)


def _account(kernel: Kernel, login: str) -> int:
    with kernel.database.session() as session:
        account = account_by_login(session, login)
    if account is None:
        raise LookupError(login)
    return account.id


def _set_rules_aside(kernel: Kernel) -> None:
    """Proposals for a senior: one he has granted, one that waits for him."""
    with kernel.database.session() as session:
        kernel.database.scope(session, EVERY_REGION)
        found = session.execute(
            select(Task.case_id, Task.claimed_by, Task.claimed_account, RuleHit.id)
            .join(RuleHit, RuleHit.case_id == Task.case_id)
            .where(Task.state == "open", Task.opened_at.is_not(None), RuleHit.action == "block")
            .order_by(Task.case_id)
            .limit(2)
        ).all()
    for place, row in enumerate(found):
        holder = Actor(row.claimed_account, row.claimed_by, (YINCHUAN,), request_id="demo")
        reason, evidence = "异体字，系同一人", f"派出所证明 2026-{31 + place:03d} 号"
        asked = partial(propose, hit_id=row.id, reason=reason, evidence=evidence)
        run(kernel, asked, holder, case_id=row.case_id)
    for row in found[1:]:
        _grant(kernel, row.case_id, row.id, row.claimed_by)


def _grant(kernel: Kernel, case_id: int, hit_id: int, proposer: int) -> None:
    """By the first of those who stand higher in this business."""
    with kernel.database.session() as session:
        kernel.database.scope(session, EVERY_REGION)
        case = session.get_one(Case, case_id)
        senior = list_seniors(session, case, proposer, local_day(kernel.clock()))[0]
        account = accounts_of(session, senior.person_id)[0]
    ruler = Actor(account.id, senior.person_id, (YINCHUAN,), request_id="demo")
    ruling = "已核对派出所证明原件，确系同一人，准予放行。"
    granted = partial(rule_on_override, hit_id=hit_id, verdict="granted", ruling=ruling)
    run(kernel, granted, ruler, case_id=case_id)
