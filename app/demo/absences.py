"""Two absences of the demonstration: one now, with a substitute who was asked for and approved, one to come."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from app.demo.roster import AWAY, AWAY_APPROVER, AWAY_SOON, AWAY_SUBSTITUTE, YINCHUAN
from app.demo.staff import Staff
from app.kernel.absences.operations import AbsenceEntry, record_absence
from app.kernel.absences.substitution import SubstitutionAsk, approve_substitution, name_substitute
from app.kernel.kernel import Kernel
from app.kernel.local_time import local_day
from app.kernel.transaction import run

DAY = timedelta(days=1)
POST = "rec_approver"


def enter_absences(kernel: Kernel, staff: Staff) -> None:
    """Today in the kernel's clock; with the real operations, by the people who would do it."""
    today = local_day(kernel.clock())
    away, substitute = staff.named(AWAY), staff.named(AWAY_SUBSTITUTE)
    last = today + 3 * DAY
    absence_id = run(
        kernel,
        partial(
            record_absence,
            entry=AbsenceEntry(away.person_id, today - DAY, last, "training", "自治区业务培训"),
        ),
        staff.actor(away, YINCHUAN),
    )
    ask = SubstitutionAsk(
        away.person_id, substitute.person_id, POST, YINCHUAN, today, last + DAY, "自治区业务培训", absence_id
    )
    request_id = run(kernel, partial(name_substitute, ask=ask), staff.actor(away, YINCHUAN))
    approver = staff.named(AWAY_APPROVER)
    run(kernel, partial(approve_substitution, request_id=request_id), staff.actor(approver, YINCHUAN))
    soon = staff.named(AWAY_SOON)
    planned = AbsenceEntry(soon.person_id, today + 3 * DAY, today + 7 * DAY, "leave", "年休假")
    run(kernel, partial(record_absence, entry=planned), staff.actor(soon, YINCHUAN))
