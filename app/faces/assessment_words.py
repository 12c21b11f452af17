"""Refusals and field errors of draws and panels in words."""

from __future__ import annotations

from app.faces.translation import Lazy, _l

ASSESSMENT_TEXTS: dict[str, Lazy] = {
    "draw_not_open": _l("没有正在进行的抽取，这一步不能办理。"),
    "not_the_committer": _l("密语只能由提交承诺值的人公开；密语遗失的，选“密语遗失，本次作废”。"),
    "not_on_panel": _l("您不是本案专家组的成员，不能提出意见。"),
    "draw_not_public": _l("抽取结果自鉴定当天起公开。"),
    "draw_not_found": _l("没有找到这次抽取。"),
}
ASSESSMENT_FIELD_TEXTS: dict[str, Lazy] = {
    "not_a_commitment": _l("承诺值是 64 位十六进制数"),
    "secret_mismatch": _l("与您提交的承诺值不符，请核对密语，一字不差"),
    "too_many_specialities": _l("专业比席位多：%(size)s 名专家中至少一席由主要专业担任"),
    "departs_from_panel": _l("与专家组意见不同；要改变须退回，重新抽取专家组"),
    "recognition_revoked": _l("工伤认定已被撤销，只能拟不予受理或者不予确认"),
    "no_review_of_dependants": _l("供养亲属的鉴定没有复查鉴定"),
    "departs_from_conclusion": _l("与劳动能力鉴定结论不同"),
    "assessed_already": _l("其中有人已有鉴定结论；不服的向自治区申请再次鉴定"),
    "no_panel_opinion": _l("还没有专家组意见"),
    "panel_needed": _l("辅助器具配置必须抽取专家"),
}
