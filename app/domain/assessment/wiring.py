"""Registers what assessment and confirmation answer to the kernel's ports."""

from __future__ import annotations

from app.domain.assessment import operations, steps
from app.domain.assessment.drafting import (
    check_again,
    check_conclusion,
    check_conditions,
    check_confirmation,
    check_way,
)
from app.domain.assessment.facts import derive_assessment, derive_confirmation
from app.domain.assessment.figures import sample_grades
from app.kernel.ports import Ports, ServiceHandler, StepCheck

ASSESSMENT, CONFIRMATION = "capacity_assessment", "capacity_confirmation"
HANDLERS: dict[str, ServiceHandler] = {
    "open_draw": operations.open_draw,
    "seat_experts": operations.seat_experts,
    "fetch_for_assessment": steps.fetch_for_assessment,
    "fetch_for_confirmation": steps.fetch_for_confirmation,
    "note_revocation": steps.note_revocation,
    "accept_assessment": steps.accept,
    "extend_correction": steps.extend_correction,
    "note_appointment": steps.note_appointment,
    "tally_opinions": steps.tally_opinions,
    "extend_conclusion": steps.extend_conclusion,
    "note_conclusion": steps.note_conclusion,
    "reckon_reassessment": steps.reckon_reassessment,
    "note_effect": steps.note_effect,
}
DRAW_CHECKS: dict[str, StepCheck] = {
    "ed3_commit": operations.commit_secret,
    "ed4_commit": operations.commit_secret,
    "ed5_reveal": operations.reveal_secret,
    "ed6_reveal": operations.reveal_secret,
    "ed8_confirm": operations.confirm_panel,
}


def register(ports: Ports) -> None:
    """Join the domain to the kernel."""
    ports.samples["grade_drift"] = sample_grades
    ports.derived_facts[ASSESSMENT] = derive_assessment
    ports.derived_facts[CONFIRMATION] = derive_confirmation
    for task_type, handler in HANDLERS.items():
        ports.register_handler(task_type, handler)
    for process in (ASSESSMENT, CONFIRMATION):
        for step, check in DRAW_CHECKS.items():
            ports.step_checks[process, step] = check
    ports.step_checks.update(
        {
            (ASSESSMENT, "p02_02_check"): check_conditions,
            (CONFIRMATION, "p03_01_check"): check_conditions,
            (ASSESSMENT, "p02_04_file_review"): operations.check_plan,
            (ASSESSMENT, "p02_08_opinion"): operations.sign_opinion,
            (ASSESSMENT, "rb2_initial_review"): check_conclusion,
            (CONFIRMATION, "p03_03_file_review"): check_way,
            (CONFIRMATION, "p03_06_returned"): check_again,
            (CONFIRMATION, "p03_04_opinion"): operations.sign_opinion,
            (CONFIRMATION, "rb2_initial_review"): check_confirmation,
        }
    )
