"""Lowering the risk class (or the levels of approval) of one case: it rises by rule, it falls only this way."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from app.kernel.cases.models import Case
from app.kernel.changes.fields import FieldSpec, Option
from app.kernel.changes.kinds import Change, Difference, Moment, Payload, Touched, differences_by_field
from app.kernel.changes.refusals import ChangeOutdated
from app.kernel.changes.set_form import RISKS
from app.kernel.duties.models import CaseRisk
from app.kernel.duties.views import RISK_ORDER
from app.kernel.refusals import InvalidInput
from app.kernel.transaction.unit import Unit

LEVELS = (Option("1", "一级审批", "One level"), Option("2", "二级审批", "Two levels"))


class RiskLowerKind:
    """`risk_lower`: the target is the case's id."""

    key = "risk_lower"
    title_zh = "降低案件风险等级"
    title_en = "Lower a case's risk class"

    def form(self, session: Session, at: Moment) -> Sequence[FieldSpec]:
        return (
            FieldSpec(
                "case_no",
                "text",
                "案号",
                "Case number",
                maximum=40,
                hint_zh="例如 640100-2026-00012",
                hint_en="For example 640100-2026-00012",
            ),
            FieldSpec("risk", "choice", "降为", "New risk class", options=RISKS),
            FieldSpec("approval_levels", "choice", "审批级数", "Levels of approval", options=LEVELS),
            FieldSpec("case_id", "integer", "案件编号", "Case id", required=False, hidden=True),
        )

    def read(self, session: Session, payload: Payload, at: Moment) -> dict[str, Any]:
        case = session.scalars(select(Case).where(Case.case_no == payload["case_no"])).one_or_none()
        if case is None:
            raise InvalidInput({"case_no": ("case_not_found", {})})
        if case.status != "open" or case.decided_at is not None:
            raise InvalidInput({"case_no": ("case_decided", {})})
        risk, levels = RISK_ORDER[payload["risk"]], int(payload["approval_levels"])
        if risk > RISK_ORDER[case.risk]:
            raise InvalidInput({"risk": ("not_lower", {})})
        if levels > case.approval_levels:
            raise InvalidInput({"approval_levels": ("not_lower", {})})
        return {**payload, "case_id": case.id}

    def target(self, payload: Payload) -> str:
        return str(payload["case_id"])

    def cases(self, session: Session, payload: Payload) -> Collection[int]:
        return [int(payload["case_id"])]

    def subject(self, session: Session, payload: Payload) -> tuple[str, str]:
        risk = next(option for option in RISKS if option.value == payload["risk"])
        return f"案件 {payload['case_no']} 降为{risk.zh}", f"case {payload['case_no']} to {risk.en.lower()}"

    def current(self, session: Session, target: str, at: Moment) -> dict[str, Any] | None:
        case = session.get(Case, int(target), populate_existing=True)
        if case is None:
            return None
        return {
            "case_no": case.case_no,
            "risk": case.risk,
            "approval_levels": str(case.approval_levels),
            "case_id": case.id,
            "open": case.status == "open" and case.decided_at is None,
        }

    def prefill(self, session: Session, target: str, at: Moment) -> dict[str, Any]:
        return self.current(session, target, at) or {}

    def differences(
        self, session: Session, current: Payload | None, payload: Payload, at: Moment
    ) -> Sequence[Difference]:
        return differences_by_field(self.form(session, at), current, payload)

    def what_if(self, session: Session, payload: Payload, at: Moment) -> Iterable[Touched]:
        """The one case: fewer signatures at its gate, what was done stays bound."""
        case = session.get_one(Case, payload["case_id"])
        old, new = (next(o for o in RISKS if o.value == name) for name in (case.risk, payload["risk"]))
        yield Touched(
            case.id,
            case.case_no,
            "info",
            f"风险等级由{old.zh}降为{new.zh}，审批 {payload['approval_levels']} 级；已办的职责照样有效、照样互斥",
            f"risk class from {old.en.lower()} to {new.en.lower()}, {payload['approval_levels']} level(s) of "
            "approval; what was done still counts and still excludes",
        )

    def apply(self, unit: Unit, change: Change) -> None:
        """Under the case's own lock. Raise ChangeOutdated when it was decided meanwhile."""
        values, session = change.payload, unit.session
        lock = select(Case).where(Case.id == values["case_id"]).with_for_update()
        case = session.scalars(lock.execution_options(populate_existing=True)).one()
        if case.status != "open" or case.decided_at is not None:
            raise ChangeOutdated(target=case.case_no)
        before = {"risk": case.risk, "approval_levels": case.approval_levels}
        after = {"risk": values["risk"], "approval_levels": int(values["approval_levels"])}
        session.execute(
            insert(CaseRisk).values(
                case_id=case.id,
                **after,
                reason=f"controlled_change:{change.case_id}",
                at=unit.now,
                proposed_by=change.prepared_by,
                approved_by=change.approved_by,
            )
        )
        case.risk, case.approval_levels = after["risk"], after["approval_levels"]
        case.version += 1
        session.flush()
        unit.record(
            "case.risk_lowered", {"from": before, "to": after, "change": change.case_id}, case_id=case.id
        )
