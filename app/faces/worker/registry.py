"""Which jobs exist: name, what runs, and when the periodic ones run (cron, UTC).

A handler gets the kernel, the job's id and its arguments. It may run more than once: what it
writes is idempotent, or begins with `app.storage.jobs.first_run` in the same transaction.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import Any

from app.faces.worker.interventions import carry_out_change
from app.faces.worker.messages import deliver_case_message, sweep_messages
from app.faces.worker.timers import advance_case, retry, sweep_incidents, sweep_timers
from app.faces.worker.trials import try_rule
from app.kernel.deadlines.calendar_operations import RECOMPUTE
from app.kernel.deadlines.jobs import check_clocks, recompute_clocks
from app.kernel.decisions.catalogue.reports import REPORTS_JOB, run_reports
from app.kernel.engine.catalogue import list_in_force, list_routing
from app.kernel.engine.designing.checked import check_shared
from app.kernel.engine.incidents.recording import RETRY_JOB
from app.kernel.engine.messages.sending import DELIVER_JOB
from app.kernel.engine.progress import TIMER_JOB
from app.kernel.engine.running.operations import CARRY_OUT_JOB
from app.kernel.engine.workbench.trials import TRIAL_JOB
from app.kernel.identity.attempts import forget_attempts
from app.kernel.identity.doubts import raise_likely_doubts
from app.kernel.identity.sessions import forget_sessions
from app.kernel.kernel import Kernel
from app.kernel.recusal.interests import FIND_JOB
from app.kernel.recusal.jobs import find_recusals
from app.kernel.sharing.reports import forget_reports
from app.kernel.transaction import run, system_actor
from app.kernel.violations.watch.run import run_watch
from app.kernel.worklist.claims import RECONSIDER_JOB
from app.kernel.worklist.reconsidering import end_lapsed_claims, reconsider_claims
from app.kernel.worklist.staffing import recheck_staffing
from app.storage.jobs import forget_receipts

Handler = Callable[[Kernel, int, Mapping[str, Any]], object]

RECEIPT_DAYS = 30
REPORT_DAYS = 30


@dataclass(frozen=True, slots=True)
class Job:
    """One kind of job. `cron` None: only when deferred. `attempts`: how often it may run in all."""

    name: str
    handler: Handler
    cron: str | None = None
    attempts: int = 5


def _check_clocks(kernel: Kernel, job_id: int, args: Mapping[str, Any]) -> int:
    return check_clocks(kernel)


def _recompute_clocks(kernel: Kernel, job_id: int, args: Mapping[str, Any]) -> int:
    return recompute_clocks(kernel, date.fromisoformat(args["day"]))


def _forget_receipts(kernel: Kernel, job_id: int, args: Mapping[str, Any]) -> int:
    return run(kernel, lambda unit: forget_receipts(unit.session, RECEIPT_DAYS), system_actor())


def _recheck_staffing(kernel: Kernel, job_id: int, args: Mapping[str, Any]) -> int:
    with kernel.database.session() as session:
        routing = list_routing(session)
    return end_lapsed_claims(kernel) + recheck_staffing(kernel, routing)


def _reconsider_claims(kernel: Kernel, job_id: int, args: Mapping[str, Any]) -> int:
    return reconsider_claims(kernel, args)


def _find_recusals(kernel: Kernel, job_id: int, args: Mapping[str, Any]) -> int:
    return find_recusals(kernel, int(args["person_id"]))


def _forget_logins(kernel: Kernel, job_id: int, args: Mapping[str, Any]) -> None:
    for forget in (forget_attempts, forget_sessions):
        run(kernel, forget, system_actor())


def _find_duplicates(kernel: Kernel, job_id: int, args: Mapping[str, Any]) -> int:
    return raise_likely_doubts(kernel)


def _watch_duties(kernel: Kernel, job_id: int, args: Mapping[str, Any]) -> None:
    run_watch(kernel)


def _watch_all_duties(kernel: Kernel, job_id: int, args: Mapping[str, Any]) -> None:
    run_watch(kernel, full=True)


def _check_definitions(kernel: Kernel, job_id: int, args: Mapping[str, Any]) -> int:
    """So that a page needn't wait for the check of what is in force."""
    with kernel.database.session() as session:
        deployed = list_in_force(session)
        return sum(1 for one in deployed if check_shared(kernel, session, one.files).deployable)


def _forget_reports(kernel: Kernel, job_id: int, args: Mapping[str, Any]) -> int:
    before = kernel.clock() - timedelta(days=REPORT_DAYS)
    return run(kernel, partial(forget_reports, before=before), system_actor())


def _report_rules(kernel: Kernel, job_id: int, args: Mapping[str, Any]) -> int:
    return run_reports(kernel)


JOBS: tuple[Job, ...] = (
    Job("check_clocks", _check_clocks, cron="* * * * *"),
    Job(RECOMPUTE, _recompute_clocks),
    Job(TIMER_JOB, advance_case),
    Job("sweep_timers", sweep_timers, cron="*/5 * * * *"),
    Job(RETRY_JOB, retry),
    Job(CARRY_OUT_JOB, carry_out_change),
    Job(DELIVER_JOB, deliver_case_message),
    Job("sweep_messages", sweep_messages, cron="4-59/5 * * * *"),
    Job(TRIAL_JOB, try_rule),
    Job("sweep_incidents", sweep_incidents, cron="2-59/5 * * * *"),
    Job("recheck_staffing", _recheck_staffing, cron="*/10 * * * *"),
    Job(RECONSIDER_JOB, _reconsider_claims),
    Job(FIND_JOB, _find_recusals),
    Job("watch_duties", _watch_duties, cron="*/15 * * * *"),
    Job(REPORTS_JOB, _report_rules, cron="7 19 * * *"),
    Job("watch_all_duties", _watch_all_duties, cron="37 17 * * *"),
    Job("check_definitions", _check_definitions, cron="9-59/10 * * * *"),
    Job("forget_reports", _forget_reports, cron="57 3 * * *"),
    Job("forget_logins", _forget_logins, cron="47 3 * * *"),
    Job("find_duplicates", _find_duplicates, cron="27 18 * * *"),
    Job("forget_receipts", _forget_receipts, cron="17 3 * * *"),
)
