"""Names of messages between cases in words."""

from __future__ import annotations

from app.faces.translation import Lazy, _l

MESSAGES: dict[str, Lazy] = {
    "recognition.effective": _l("工伤认定生效"),
    "recognition.revoked": _l("工伤认定被撤销"),
    "assessment.effective": _l("劳动能力鉴定结论生效"),
    "assessment.revoked": _l("劳动能力鉴定结论被撤销"),
    "assessment.terminated_repeatedly": _l("劳动能力鉴定多次终止"),
    "confirmation.effective": _l("劳动能力确认结论生效"),
    "assessment.requested": _l("请求鉴定供养亲属的劳动能力"),
    "assessment.not_concluded": _l("劳动能力鉴定没有结论"),
    "assessment.reassessment_applied": _l("已申请再次鉴定"),
    "assessment.reassessment_dropped": _l("再次鉴定未作出结论"),
    "award.payable": _l("待遇可以支付"),
    "award.recalculate": _l("待遇重新核定"),
    "award.superseded": _l("新的待遇核定生效，此前有核定的由其取代"),
    "death_award.recalculate": _l("工亡待遇重新核定"),
    "death_award.superseded": _l("新的工亡待遇核定生效，此前有核定的由其取代"),
    "recognition.redo_ordered": _l("责令重新认定"),
    "recovery.lead": _l("追回线索"),
    "incident.suspected": _l("疑似要情"),
}


def message_word(name: str) -> str:
    """A message's name for the reader; one that has no words yet as it is."""
    return str(MESSAGES.get(name, name))
