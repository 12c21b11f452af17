"""Recusals in words: the same rows on the case page, the head's list and one's own page."""

from __future__ import annotations

from dataclasses import replace

from flask import url_for

from app.faces.recusal_words import CAUSE_WORDS, cause_word, origin_word
from app.faces.refusal_texts import text_of, text_of_field
from app.faces.translation import Lazy, _, _l
from app.faces.web.acting import Standing
from app.faces.web.pages.standing_view import RecusalRow, Refused
from app.faces.web.parts import Choice, ErrorLine
from app.faces.web.posted import Posted
from app.faces.web.words import moment
from app.kernel.recusal.queries import RecusalView
from app.kernel.refusals import InvalidInput, Refusal

LABELS: dict[str, Lazy] = {
    "person": _l("被申请回避的人"),
    "cause": _l("回避事由"),
    "detail": _l("具体情况"),
    "requested_by": _l("申请人"),
    "verdict": _l("裁定"),
    "reason": _l("理由"),
    "ruling": _l("裁定理由"),
    "evidence": _l("证据"),
    "relation": _l("关系"),
    "id_number": _l("身份证号"),
    "uscc": _l("统一社会信用代码"),
    "name": _l("单位全称"),
}


def recusal_row(found: RecusalView, who: Standing, *, rule: bool = False, linked: bool = False) -> RecusalRow:
    """One recusal. `rule`: this reader may rule on it. `linked`: with the way to its case."""
    state, tone = _state(found)
    return RecusalRow(
        key=str(found.recusal_id),
        name=found.name,
        cause=cause_word(found.cause),
        origin=origin_word(found.origin),
        when=moment(found.at, who.today),
        state=state,
        tone=tone,
        detail=found.detail,
        asked=found.requested_by or "",
        recorder=found.recorder or "" if found.origin == "requested" else "",
        ruling=_ruling(found, who),
        rule_url=_rule_url(found) if rule and found.verdict is None else "",
        case_no=found.case_no if linked else "",
        case_url=url_for("case.show", case_id=found.case_id) if linked else "",
    )


def own_row(found: RecusalView, who: Standing) -> RecusalRow:
    """For the person himself: which case it is and how it stands, nothing that was said about it."""
    head = found.head or ""
    when = moment(found.ruled_at, who.today) if found.ruled_at else ""
    ruled = _("%(head)s %(when)s裁定", head=head, when=when) if found.verdict else ""
    return replace(
        recusal_row(found, who), case_no=found.case_no, detail="", asked="", recorder="", ruling=ruled
    )


def _rule_url(found: RecusalView) -> str:
    return url_for("standing.rule_recusal", case_id=found.case_id, recusal_id=found.recusal_id)


def _state(found: RecusalView) -> tuple[str, str]:
    if found.verdict == "refused":
        return _("不同意回避"), ""
    if found.verdict == "upheld":
        return _("已决定回避"), "over"
    return _("已生效，待裁定"), "soon"


def _ruling(found: RecusalView, who: Standing) -> str:
    if found.verdict is None or found.ruled_at is None:
        return ""
    return _(
        "%(head)s %(when)s裁定：%(reason)s",
        head=found.head or "",
        when=moment(found.ruled_at, who.today),
        reason=found.ruling or "",
    )


def causes(chosen: str = "") -> list[Choice]:
    """The causes to choose from, none chosen at first."""
    blank = [Choice("", _("请选择"), not chosen)]
    return blank + [Choice(key, str(words), key == chosen) for key, words in CAUSE_WORDS.items()]


def refused(form: str, posted: Posted, refusal: Refusal) -> Refused:
    """The form as it comes back: typed texts, and what is wrong by field where a field is to blame."""
    typed = {key: value for key, value in posted.values.items() if isinstance(value, str)}
    return Refused(form, typed, _lines(form, refusal))


def _lines(form: str, refusal: Refusal) -> list[ErrorLine]:
    if isinstance(refusal, InvalidInput):
        return [_line(form, key, text_of_field(*error)) for key, error in refusal.errors.items()]
    if refusal.field:
        return [_line(form, refusal.field, text_of(refusal))]
    return [ErrorLine(text_of(refusal))]


def _line(form: str, key: str, message: str) -> ErrorLine:
    return ErrorLine(message, f"{form}-{key}", str(LABELS.get(key, key)))


def said(posted: Posted, key: str) -> str:
    """A single typed text."""
    value = posted.values.get(key, "")
    return value if isinstance(value, str) else ""
