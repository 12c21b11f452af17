"""Which duty must be done again, why, and by whom it can be: after RB-5a sent the case back, and before."""

from __future__ import annotations

from app.faces.duty_words import duty_word
from app.faces.translation import _, _l
from app.faces.web.language import pick
from app.faces.web.pages.case_actions_view import AgainRow
from app.faces.web.pages.queue_rows import denial, may
from app.faces.web.words import duty
from app.kernel.engine.dossier import Dossier
from app.kernel.engine.seats import Again, ReviewSeat

CAUSES = {
    "withdrawn": _l("签名已由本人撤回"),
    "violation": _l("签名因职责分离违规裁定作废"),
    "recusal": _l("签名人已回避，签名不再有效"),
}


def again_rows(dossier: Dossier) -> list[AgainRow]:
    """Nothing once the case is decided, nothing while every signature counts."""
    if dossier.case.decided_at is not None:
        return []
    return [_row(dossier, seat, seat.again) for seat in dossier.seats if seat.again is not None]


def _row(dossier: Dossier, seat: ReviewSeat, again: Again) -> AgainRow:
    return AgainRow(
        duty=duty(seat.duty),
        why=_why(dossier, seat, again),
        may=_("%(name)s正在办理", name=seat.holder) if seat.holder else may(seat.able),
        denied=[denial(one.decision, seat.duty, name=one.name) for one in seat.unable]
        if not seat.able
        else (),
    )


def _why(dossier: Dossier, seat: ReviewSeat, again: Again) -> str:
    if again.why == "voided":
        return str(CAUSES.get(again.cause, CAUSES["withdrawn"]))
    if again.why == "order":
        return _("前一职责已重新签名，须依次再签")
    if again.why == "risk":
        return _risen(dossier, seat, again.rule)
    return _stale(dossier, again)


def _risen(dossier: Dossier, seat: ReviewSeat, rule: str) -> str:
    hit = next((one for one in reversed(dossier.hits) if one.rule_id == rule), None)
    named = f"{rule} {pick(hit.title_zh, hit.title_en)}" if hit is not None else rule
    if seat.duty == "final_review_2":
        return _("规则 %(rule)s 要求两级审批", rule=named)
    return _("规则 %(rule)s 提高了风险等级，须加%(duty)s", rule=named, duty=duty_word(seat.duty))


def _stale(dossier: Dossier, again: Again) -> str:
    facts, kinds = dossier.deployed.schema.facts, {one.kind: one for one in dossier.deployed.materials}
    changed = [pick(facts[key].label_zh, facts[key].label_en) for key in again.facts]
    received = [pick(kinds[key].zh, kinds[key].en) if key in kinds else key for key in again.materials]
    parts = []
    if changed:
        parts.append(_("改了%(facts)s", facts=_("、").join(changed)))
    if received:
        parts.append(_("收到新材料（%(kinds)s）", kinds=_("、").join(received)))
    if not parts:
        parts.append(_("结论重新拟定"))
    return _("签名后内容有变：%(what)s", what=_("，").join(parts))
