"""One person under two records, found late: merged by three people; his conflicting acts wait for a ruling."""

from __future__ import annotations

from app.demo.changes import carry_change
from app.demo.roster import TWO_RECORDS
from app.demo.staff import Staff
from app.kernel.engine.changes import Proposal
from app.kernel.kernel import Kernel
from app.kernel.transaction.unit import EVERY_REGION
from app.kernel.violations.queries import Violation, list_acts, list_violations

GROUND = "《社会保险经办条例》第三十六条；内部控制制度"


def merge_found_late(kernel: Kernel, staff: Staff) -> None:
    """The merge in force, and a proposal what becomes of one of the violations it brought to light."""
    first, second = (staff.named(name) for name in TWO_RECORDS)
    carry_change(
        kernel,
        staff,
        Proposal(
            "person_merge",
            {
                "person_id": str(second.person_id),
                "canonical_id": str(first.person_id),
                "finding": "调取人事档案和身份证原件：登记时姓名、证件号各错一字，指纹和照片一致，系同一人。",
            },
            "人事核查发现同一人有两份档案，以两个账号分别办理初审和复核。",
            GROUND,
            "合并重复登记的人员档案",
        ),
    )
    found = _found(kernel, first.person_id)
    if found is not None:
        carry_change(kernel, staff, _ruling(kernel, found), until=1)


def _found(kernel: Kernel, person_id: int) -> Violation | None:
    """The newest that rests on acts; posts that now collide end in another way."""
    with kernel.database.session() as session:
        kernel.database.scope(session, EVERY_REGION)
        found = list_violations(session, person_id=person_id, open_only=True)
    return next((violation for violation in found if violation.performance_ids), None)


def _ruling(kernel: Kernel, found: Violation) -> Proposal:
    """Done again where nothing is decided yet; otherwise the acts stand, because the outcome was checked anew."""
    with kernel.database.session() as session:
        kernel.database.scope(session, EVERY_REGION)
        acts = list_acts(session, found.performance_ids)
    decided = any(case.decided_at is not None for case in found.cases)
    latest = max(acts, key=lambda act: act.performance_id)
    return Proposal(
        "violation_ruling",
        {
            "violation": str(found.violation_id),
            "verdict": "upheld" if decided else "redo",
            "void": [] if decided else [str(latest.performance_id)],
        },
        "经另组人员全面复查，事实和结论无误。" if decided else "复核不是另一人所为，由他人重新复核。",
        GROUND,
        f"{found.person}的职责冲突",
    )
