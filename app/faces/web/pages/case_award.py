"""The award of a case: each line with its reckoning, and what became payable of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from app.domain.benefits.awards import PROCESSES
from app.domain.benefits.models import Entitlement, Payable, PayableEvent
from app.domain.benefits.queries import list_case_payables, list_events, list_lines
from app.faces.translation import _, _l
from app.faces.web.language import pick
from app.faces.web.words import day
from app.kernel.cases.models import Case

PAYERS = {"fund": _l("基金"), "employer": _l("用人单位")}
CYCLES = {"once": _l("一次性"), "monthly": _l("按月")}
STATES = {
    "ready": (_l("待支付"), "ok"),
    "frozen": (_l("已冻结"), "soon"),
    "stopped": (_l("已停止"), "over"),
    "superseded": (_l("已被重新核定替代"), ""),
}
GROUNDS = {
    "condition_lost": _l("丧失享受待遇条件"),
    "refuses_assessment": _l("拒不接受鉴定"),
    "refuses_treatment": _l("拒绝治疗"),
    "cause_gone": _l("停发的原因消失"),
    "retired": _l("办理退休手续"),
    "payee_died": _l("领取人死亡"),
    "not_certified": _l("没有通过资格认证"),
    "overpaid": _l("多发"),
    "recognition_revoked": _l("认定被撤销"),
    "assessment_revoked": _l("鉴定结论被撤销"),
    "new_injury": _l("再次发生工伤"),
    "survivor_ended": _l("供养亲属条件丧失"),
    "survivor_in_prison": _l("供养亲属收监执行"),
    "recalculated": _l("重新核定"),
    "reappeared": _l("下落不明的职工重新出现"),
}


@dataclass(frozen=True)
class AwardRow:
    """A line: who pays whom what; `reckonings` are derivations in the reader's language."""

    title: str
    payer: str
    payee: str
    cycle: str
    since: str
    amount: str
    basis: str
    provisional: bool
    state: str
    tone: str
    why: str
    reckonings: Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Award:
    """The latest draft, or the sealed award; `remark` says which."""

    rows: Sequence[AwardRow]
    remark: str


def award_of(session: Session, case: Case) -> Award | None:
    """None for a case in which nothing was reckoned."""
    lines = list_lines(session, case.id) if case.process_key in PROCESSES else ()
    if not lines:
        return None
    payables = {one.entitlement_id: one for one in list_case_payables(session, case.id)}
    last = {one.payable_id: one for one in list_events(session, [one.id for one in payables.values()])}
    remark = _("第 %(n)s 稿，尚未决定", n=lines[0].draft) if case.decided_at is None else _("已决定")
    rows = [_row(line, payables.get(line.id), last) for line in lines]
    return Award(rows, remark)


def _row(line: Entitlement, payable: Payable | None, last: Mapping[int, PayableEvent]) -> AwardRow:
    reckonings = line.derivation[pick("zh", "en")]
    state, tone, why = _state(payable, last)
    return AwardRow(
        title=reckonings[0]["title"],
        payer=str(PAYERS[line.payer]),
        payee=line.payee,
        cycle=str(CYCLES[line.cycle]),
        since=_("%(day)s起", day=day(line.period_from, date.min)),
        amount=f"{line.amount:,.2f}",
        basis=_basis(line.base, line.coefficient),
        provisional=line.provisional,
        state=state,
        tone=tone,
        why=why,
        reckonings=reckonings,
    )


def _state(payable: Payable | None, last: Mapping[int, PayableEvent]) -> tuple[str, str, str]:
    if payable is None:
        return "", "", ""
    words, tone = STATES[payable.state]
    event = last.get(payable.id)
    why = f"{GROUNDS[event.ground]} {day(event.effective_on, event.effective_on)}" if event else ""
    return str(words), tone, why


def _basis(base: Decimal | None, coefficient: Decimal | None) -> str:
    if base is None or coefficient is None:
        return ""
    return f"{base.normalize():,f} × {coefficient.normalize():f}"
