"""The words of recusal: causes and origins; every face uses the same."""

from __future__ import annotations

from app.faces.translation import Lazy, _l

CAUSE_WORDS: dict[str, Lazy] = {
    "interest": _l("利害关系"),
    "kinship": _l("近亲属"),
    "former_employer": _l("曾在该单位工作"),
    "treating_hospital": _l("与救治医疗机构有关系"),
    "shareholding": _l("持有该单位股份"),
    "other": _l("其他可能影响公正的关系"),
}

ORIGIN_WORDS: dict[str, Lazy] = {
    "declared": _l("本人声明"),
    "data": _l("数据比对发现"),
    "requested": _l("当事人申请"),
}


def cause_word(key: str) -> str:
    """The cause in the reader's language; an unknown key shows itself."""
    return str(CAUSE_WORDS.get(key, key))


def origin_word(key: str) -> str:
    """How the recusal came about, in the reader's language."""
    return str(ORIGIN_WORDS.get(key, key))
