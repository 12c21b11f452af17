"""The ruling on a violation, a controlled change: acts done again, left standing, or the finding unfounded."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from app.kernel.changes.fields import FieldSpec, Option
from app.kernel.changes.kinds import Change, Difference, Moment, Payload, Touched, differences_by_field
from app.kernel.refusals import InvalidInput
from app.kernel.transaction.unit import Unit
from app.kernel.violations.operations import rule_on_violation
from app.kernel.violations.queries import Violation, get_violation, list_acts, list_violations

OFFERED = 100
"""Open violations offered in the form, newest first."""
VERDICTS = (
    Option("redo", "重新办理：所选办理作废，由他人再办", "Done again: the chosen acts are void"),
    Option("upheld", "维持：原办理有效，说明理由", "Upheld: the acts stand, for the reasons given"),
    Option("unfounded", "不成立：关联或合并有误，另行更正", "Unfounded: the link or merge was wrong"),
)


class ViolationRulingKind:
    """`violation_ruling`: the target is the violation's id."""

    key = "violation_ruling"
    title_zh = "职责冲突裁定"
    title_en = "Ruling on a violation"

    def form(self, session: Session, at: Moment) -> Sequence[FieldSpec]:
        waiting = list_violations(session, open_only=True, limit=OFFERED)
        return (
            FieldSpec("violation", "choice", "职责冲突", "Violation", options=_offer(waiting), typed=True),
            FieldSpec("verdict", "choice", "裁定", "Verdict", options=VERDICTS),
            FieldSpec(
                "void",
                "many",
                "作废并重新办理的办理",
                "Acts that are void and done again",
                required=False,
                options=_acts(session, waiting),
                hint_zh="只在“重新办理”时选；已作出决定的案件另立新案重办",
                hint_en="only for “done again”; a decided case is done again as a new one",
            ),
        )

    def read(self, session: Session, payload: Payload, at: Moment) -> dict[str, Any]:
        violation = get_violation(session, int(payload["violation"]))
        if violation is None or not violation.open:
            raise InvalidInput({"violation": ("violation_settled", {})})
        chosen = {int(number) for number in payload["void"]}
        if (payload["verdict"] == "redo") != bool(chosen):
            raise InvalidInput({"void": ("void_with_redo_only", {})})
        _check_chosen(session, violation, chosen)
        return {**payload, "violation": str(violation.violation_id)}

    def target(self, payload: Payload) -> str:
        return str(int(payload["violation"]))

    def cases(self, session: Session, payload: Payload) -> Collection[int]:
        violation = get_violation(session, int(payload["violation"]))
        return [case.case_id for case in violation.cases] if violation is not None else []

    def subject(self, session: Session, payload: Payload) -> tuple[str, str]:
        violation = get_violation(session, int(payload["violation"]))
        if violation is None:
            return self.target(payload), self.target(payload)
        number, person = violation.violation_id, violation.person
        return f"{number} 号：{person}，{violation.title_zh}", f"no. {number}: {person}, {violation.title_en}"

    def current(self, session: Session, target: str, at: Moment) -> dict[str, Any] | None:
        violation = get_violation(session, int(target))
        if violation is None:
            return None
        decided = sorted(case.case_id for case in violation.cases if case.decided_at is not None)
        return {"state": violation.verdict or "open", "decided": decided}

    def prefill(self, session: Session, target: str, at: Moment) -> dict[str, Any]:
        return {"violation": target}

    def differences(
        self, session: Session, current: Payload | None, payload: Payload, at: Moment
    ) -> Sequence[Difference]:
        return differences_by_field(self.form(session, at), None, payload)

    def what_if(self, session: Session, payload: Payload, at: Moment) -> Iterable[Touched]:
        violation = get_violation(session, int(payload["violation"]))
        return () if violation is None else _touched(session, violation, payload)

    def apply(self, unit: Unit, change: Change) -> None:
        rule_on_violation(
            unit,
            int(change.payload["violation"]),
            change.payload["verdict"],
            [int(number) for number in change.payload["void"]],
            change_id=change.case_id,
            reason=change.reason,
        )


def _check_chosen(session: Session, violation: Violation, chosen: set[int]) -> None:
    decided = {case.case_id for case in violation.cases if case.decided_at is not None}
    for act in list_acts(session, chosen):
        if act.case_id in decided:
            raise InvalidInput({"void": ("act_decided", {"person": act.person})})
    if not chosen <= set(violation.performance_ids):
        raise InvalidInput({"void": ("not_an_option", {})})


def _offer(waiting: Sequence[Violation]) -> tuple[Option, ...]:
    return tuple(
        Option(
            str(item.violation_id),
            f"{item.violation_id} 号 {item.person}：{item.title_zh}",
            f"no. {item.violation_id} {item.person}: {item.title_en}",
        )
        for item in waiting
    )


def _acts(session: Session, waiting: Sequence[Violation]) -> tuple[Option, ...]:
    """The acts of the violations offered that are not decided on, named by violation, person, duty and case."""
    numbers = defaultdict(list)
    for item in waiting:
        for performance in item.performance_ids:
            numbers[performance].append(str(item.violation_id))
    cases = {case.case_id: case for item in waiting for case in item.cases}
    options = []
    for act in {act.whole: act for act in list_acts(session, numbers)}.values():
        case = cases.get(act.case_id)
        if case is None or case.decided_at is not None:
            continue
        who = f"{act.person} 代 {act.principal}" if act.principal else act.person
        who_en = f"{act.person} on behalf of {act.principal}" if act.principal else act.person
        options.append(
            Option(
                str(act.performance_id),
                f"{'、'.join(numbers[act.performance_id])} 号 {case.case_no} {who} {act.duty}",
                f"no. {', '.join(numbers[act.performance_id])} {case.case_no} {who_en} {act.duty}",
            )
        )
    return tuple(options)


def _touched(session: Session, violation: Violation, payload: Mapping[str, Any]) -> Iterator[Touched]:
    again = {act.case_id for act in list_acts(session, [int(number) for number in payload["void"]])}
    for case in violation.cases:
        if case.decided_at is not None:
            continue
        if case.case_id in again:
            words = ("所选办理作废，须由他人重新办理", "the chosen acts are void and done again by others")
        else:
            words = ("不再冻结", "is no longer frozen")
        yield Touched(case.case_id, case.case_no, "info", *words)
