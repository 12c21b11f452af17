"""Why a claim ended without its holder's doing, as the notice and the case say it."""

from __future__ import annotations

from app.faces.translation import Lazy, _l

CLAIM_ENDS: dict[str, Lazy] = {
    "merged": _l("两份档案合并为一人"),
    "set_activated": _l("新的职责约束生效，与领取人以前办过的不相容"),
    "post_ended": _l("岗位或者代办已经结束"),
    "substitution_ended": _l("代办已经结束"),
    "risk": _l("风险等级提高，须由另一人办理"),
    "chain_linked": _l("案件并入一链，领取人在链上办过不相容的职责"),
    "chain_split": _l("案件链已拆分"),
    "transferred": _l("案件已移送其他地区"),
    "ruled": _l("职责冲突已裁定"),
}
OTHER = _l("领取人不能再办，或者案件已移送")


def claim_end(cause: object) -> str:
    """The words of a cause; of one without words, that the holder may not go on."""
    return str(CLAIM_ENDS.get(str(cause), OTHER))
