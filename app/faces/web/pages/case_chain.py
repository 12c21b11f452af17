"""The case page's panel 同一工伤: the chain's cases, how they came together, violations, what may be ordered."""

from __future__ import annotations

from collections.abc import Sequence

from flask import url_for
from sqlalchemy.orm import Session

from app.faces.translation import Lazy, _, _l
from app.faces.web.acting import Standing
from app.faces.web.language import pick
from app.faces.web.pages.case_chain_view import ChainPart, ChainRow, ViolationLine
from app.faces.web.pages.case_messages import message_lines
from app.faces.web.words import day, moment
from app.kernel.cases.models import Case
from app.kernel.chains.queries import ChainCase, ChainMove, list_chain, list_moves
from app.kernel.duties.queries import get_candidate
from app.kernel.duties.rules import decide_supervising
from app.kernel.engine.dossier import Dossier
from app.kernel.identity.regions import get_lineage
from app.kernel.local_time import local_day
from app.kernel.violations.queries import Violation, list_violations

EDITOR = "rule_editor"
NOT_A_CHAIN = ("controlled_change",)
"""Processes whose cases are about no injury."""

ROLES: dict[str, Lazy] = {
    "first": _l("首次"),
    "redo": _l("重作"),
    "review": _l("复查"),
    "reassessment": _l("再次鉴定"),
    "reconsideration": _l("复议"),
}
VERDICTS: dict[str, Lazy] = {
    "redo": _l("裁定重新办理"),
    "upheld": _l("裁定维持"),
    "unfounded": _l("裁定不成立"),
}
CAUSES: dict[str, Lazy] = {
    "link": _l("关联案件后发现"),
    "merge": _l("合并档案后发现"),
    "activation": _l("规则生效后发现"),
    "risk": _l("风险提级后发现"),
    "watch": _l("职责监督发现"),
}


def chain_cases(session: Session, case: Case, who: Standing) -> list[ChainCase]:
    """The cases of the same injury as the reader may see them; none where a case is about no injury."""
    if case.process_key in NOT_A_CHAIN:
        return []
    return list_chain(session, case.chain_id, who.person_id, who.today)


def chain_part(
    session: Session, dossier: Dossier, who: Standing, cases: Sequence[ChainCase]
) -> ChainPart | None:
    """None for cases that stand in no chain of an injury."""
    case = dossier.case
    if not cases:
        return None
    edits = any(post.key == EDITOR for post in who.posts)
    supervises = _supervises(session, case, who)
    chain = str(case.chain_id)
    return ChainPart(
        remark=_("%(n)s 件", n=len(cases)),
        whole_url=url_for("injury.show", case_id=case.id),
        rows=[_row(one, case, who) for one in cases],
        messages=message_lines(session, dossier, who, cases),
        moves=[move_words(move, who) for move in list_moves(session, case.chain_id)],
        violations=[
            _violation(one, who, edits, decided=case.decided_at is not None)
            for one in list_violations(session, case_id=case.id)
        ],
        transfer_url=url_for("chains.transfer", case_id=case.id)
        if supervises and case.status == "open"
        else "",
        again_url=url_for("chains.again", case_id=case.id) if supervises and case.decided_at else "",
        link_url=url_for("changes.new", kind="chain_link", target=chain) if edits else "",
        split_url=url_for("changes.new", kind="chain_split", target=chain)
        if edits and len(cases) > 1
        else "",
    )


def _supervises(session: Session, case: Case, who: Standing) -> bool:
    if not who.holds("supervision"):
        return False
    me = get_candidate(session, who.person_id, who.today)
    return decide_supervising(me, get_lineage(session, case.region_code)).allowed


def role_word(role: str) -> str:
    """What a case is in its chain."""
    return str(ROLES.get(role, role))


def _row(one: ChainCase, case: Case, who: Standing) -> ChainRow:
    state, tone = state_word(one)
    when = ""
    if one.decided_at is not None:
        when = _("%(day)s决定", day=day(local_day(one.decided_at), who.today))
    elif one.received_at is not None:
        when = _("%(day)s收件", day=day(local_day(one.received_at), who.today))
    here = one.case_id == case.id
    return ChainRow(
        case_no=one.case_no,
        title=pick(one.title_zh, one.title_en),
        role=role_word(one.case_role),
        place=pick(one.region_zh, one.region_en),
        state=state,
        tone=tone,
        when=when,
        url=url_for("case.show", case_id=one.case_id) if one.readable and not here else "",
        here=here,
    )


def state_word(one: ChainCase) -> tuple[str, str]:
    """Word and tone of what is known of a case from outside."""
    if one.status is None:
        return _("外地案件"), ""
    if one.status == "open":
        return (_("已决定"), "ok") if one.decided_at is not None else (_("在办"), "acc")
    return {"closed": (_("已办结"), "ok"), "withdrawn": (_("已撤回"), "")}.get(
        one.status, (_("待处置"), "over")
    )


def move_words(move: ChainMove, who: Standing) -> str:
    """A link, split or transfer in a sentence."""
    words = {
        "link": _("%(when)s %(case_no)s 归入本链：%(reason)s"),
        "split": _("%(when)s %(case_no)s 从原链拆出：%(reason)s"),
        "transfer": _("%(when)s %(case_no)s 由 %(before)s 移送 %(after)s：%(reason)s"),
    }[move.kind]
    return words % {
        "when": moment(move.at, who.today),
        "case_no": move.case_no,
        "reason": move.reason,
        "before": move.before,
        "after": move.after,
    }


def _violation(one: Violation, who: Standing, edits: bool, *, decided: bool) -> ViolationLine:
    title = pick(one.title_zh, one.title_en)
    cause = str(CAUSES.get(one.cause, one.cause))
    numbers = _("、").join(case.case_no for case in one.cases)
    settled = ""
    if one.verdict is not None:
        settled = _("%(verdict)s：%(reason)s", verdict=VERDICTS[one.verdict], reason=one.reason or "")
    return ViolationLine(
        number=one.violation_id,
        words=_("%(person)s：%(title)s", person=one.person, title=title),
        state=_("待裁定") if one.open else str(VERDICTS[one.verdict or "upheld"]),
        tone="over" if one.open else "ok",
        detail=settled
        or _(
            "%(cause)s（%(when)s），涉及 %(numbers)s",
            cause=cause,
            when=moment(one.at, who.today),
            numbers=numbers,
        ),
        url=url_for("changes.new", kind="violation_ruling", target=str(one.violation_id))
        if one.open and edits
        else "",
        ways=_ways(decided) if one.open and not edits else "",
    )


def _ways(decided: bool) -> str:
    if decided:
        return _("本案的决定记录不变；裁定前不送达、不支付。由规则编制岗提出裁定，三人签署。")
    return _("裁定前本案不能作出决定。由规则编制岗提出裁定，三人签署。")
