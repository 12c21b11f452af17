"""Refusals of segregation of duties."""

from __future__ import annotations

from app.kernel.duties.records import keep_decision
from app.kernel.duties.views import Action, Decision
from app.kernel.refusals import Refusal
from app.kernel.transaction.unit import Unit


class DutyDenied(Refusal):
    """`decide` said no. The face words `decision.reason`; the attempt is kept with its evidence.

    params: reason, and what the reason names (held, wanted, case_no, post, …).
    """

    code = "duty_denied"

    def __init__(
        self, decision: Decision, action: Action, case_id: int | None, task_id: int | None, duty: str | None
    ) -> None:
        super().__init__(ground=decision.ground)
        self.params = {"reason": decision.reason, **decision.params}
        self.decision = decision
        self.action = action
        self.case_id = case_id
        self.task_id = task_id
        self.duty = duty

    def record_attempt(self, unit: Unit) -> None:
        keep_decision(unit, self.decision, self.action, self.case_id, self.task_id, self.duty)
        unit.record(
            "duty.denied",
            {"action": self.action.value, "reason": self.decision.reason, "rule": self.decision.rule},
            case_id=self.case_id,
            task_id=self.task_id,
        )


class GateClosed(Refusal):
    """The effect's signatures are not complete; params: missing (duty)."""

    code = "gate_closed"
