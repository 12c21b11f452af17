"""What heads and officers find of recusal: one declared interest with the case it recuses from, one open request."""

from __future__ import annotations

from functools import partial

from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from app.demo.roster import YINCHUAN
from app.demo.staff import Staff
from app.kernel.cases.models import Case
from app.kernel.kernel import Kernel
from app.kernel.recusal.interests import Declaration, declare_interest
from app.kernel.recusal.jobs import find_recusals
from app.kernel.recusal.operations import request_recusal
from app.kernel.transaction import run
from app.kernel.worklist.models import Task

_HERE = aliased(Case)
FORMER_EMPLOYEE, ASKED_ABOUT, RECORDER = "杨慧敏", "撒秀兰", "郭志强"


def show_recusals(kernel: Kernel, staff: Staff) -> None:
    """杨慧敏 declares a former employer, which a case waiting for a handler is about; a worker asks for
    撒秀兰 to stand back from a case waiting for recheck. Few cases may hold no such case: then it is left out."""
    employer, waiting = _employer(kernel), _waiting_for_recheck(kernel)
    if employer is not None:
        worker = staff.named(FORMER_EMPLOYEE)
        declared = Declaration("former_employer", name=employer)
        run(kernel, partial(declare_interest, declaration=declared), staff.actor(worker, YINCHUAN))
        find_recusals(kernel, worker.person_id)
    if waiting is not None:
        case_id, subject = waiting
        operation = partial(
            request_recusal,
            person_id=staff.named(ASKED_ABOUT).person_id,
            cause="interest",
            detail="听说复核的人是我们厂长的姐姐，请换一个人看。",
            requested_by=f"职工{subject}，电话申请",
        )
        recorder = staff.actor(staff.named(RECORDER), YINCHUAN)
        run(kernel, operation, recorder, case_id=case_id)


def _employer(kernel: Kernel) -> str | None:
    """The employer with the fewest cases among those whose case waits for a handler."""
    cases = select(func.count()).where(Case.organisation == _HERE.organisation).scalar_subquery()
    with kernel.database.session() as session:
        kernel.database.scope(session, (YINCHUAN,))
        return session.scalar(
            select(_HERE.organisation)
            .join(Task, Task.case_id == _HERE.id)
            .where(Task.state == "open", Task.post == "rec_handler", Task.claimed_by.is_(None))
            .order_by(cases, _HERE.id.desc())
            .limit(1)
        )


def _waiting_for_recheck(kernel: Kernel) -> tuple[int, str] | None:
    """The newest unclaimed case waiting for recheck."""
    with kernel.database.session() as session:
        kernel.database.scope(session, (YINCHUAN,))
        row = session.execute(
            select(Case.id, Case.subject_name)
            .join(Task, Task.case_id == Case.id)
            .where(Task.state == "open", Task.duty == "recheck", Task.claimed_by.is_(None))
            .order_by(Case.id.desc())
            .limit(1)
        ).one_or_none()
    return (row.id, row.subject_name) if row else None
