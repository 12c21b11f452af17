"""What a case told the others of its chain and heard from them, and which of its facts came from there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from flask import url_for
from sqlalchemy.orm import Session

from app.faces.message_words import message_word
from app.faces.translation import _
from app.faces.web.acting import Standing
from app.faces.web.language import pick
from app.faces.web.pages.case_chain_view import MessageLine
from app.faces.web.pages.case_view import Origin
from app.faces.web.words import day, moment
from app.kernel.chains.queries import ChainCase
from app.kernel.engine.catalogue import Deployed, list_latest
from app.kernel.engine.dossier import Dossier
from app.kernel.engine.messages.manifest import expected
from app.kernel.engine.messages.models import CaseFactOrigin, CaseMessageDelivery
from app.kernel.engine.messages.queries import Exchanged, list_exchanged, list_origins
from app.kernel.local_time import local_day


def message_lines(
    session: Session, dossier: Dossier, who: Standing, chain: Sequence[ChainCase]
) -> list[MessageLine]:
    """Sent, received and awaited messages of the case, oldest first, what it waits for last."""
    others = {one.case_id: one for one in chain}
    exchanged = list_exchanged(session, dossier.case.id)
    opens = any(one.delivery and one.delivery.receiver_id is None for one in exchanged)
    processes = {one.key: one for one in list_latest(session)} if opens else {}
    return [
        *(_line(one, dossier, who, others, processes) for one in exchanged),
        *_awaited(dossier, {one.message.name for one in exchanged if _is_pending(one, dossier)}),
    ]


def _is_pending(one: Exchanged, dossier: Dossier) -> bool:
    delivery = one.delivery
    return delivery is not None and delivery.receiver_id == dossier.case.id and delivery.state == "waiting"


def _awaited(dossier: Dossier, pending: set[str]) -> Iterator[MessageLine]:
    heard = expected(dossier.deployed.receives, opens=False)
    for name in sorted({item.name for item in dossier.waiting} & heard.keys() - pending):
        words = _("等候“%(name)s”", name=message_word(name))
        yield MessageLine(words, "", _("还没有收到"), "hold")


def _line(
    one: Exchanged,
    dossier: Dossier,
    who: Standing,
    others: Mapping[int, ChainCase],
    processes: Mapping[str, Deployed],
) -> MessageLine:
    sent = one.message.case_id == dossier.case.id
    name = message_word(one.message.name)
    delivery = one.delivery
    other_id = delivery.receiver_id if sent and delivery is not None else one.message.case_id
    other = others.get(other_id or 0) if other_id != dossier.case.id else None
    opens = processes.get(delivery.opens or "") if sent and delivery is not None and other is None else None
    state, tone = _state(delivery, sent=sent)
    return MessageLine(
        words=_("发出“%(name)s”", name=name) if sent else _("收到“%(name)s”", name=name),
        when=moment(one.message.sent_at, who.today),
        state=state,
        tone=tone,
        case_no=other.case_no if other else "",
        title=_title(other, opens),
        url=_url(other),
    )


def _title(other: ChainCase | None, opens: Deployed | None) -> str:
    if other is not None:
        return pick(other.title_zh, other.title_en)
    return _("另立%(title)s", title=pick(opens.title_zh, opens.title_en)) if opens is not None else ""


def _url(other: ChainCase | None) -> str:
    return url_for("case.show", case_id=other.case_id) if other is not None and other.readable else ""


def _state(delivery: CaseMessageDelivery | None, *, sent: bool) -> tuple[str, str]:
    """What became of it: an officer reads whether somebody heard."""
    if delivery is None:
        return _("保留在链中：还没有案件等它"), "hold"
    if delivery.state == "done":
        return _("已送达"), "ok"
    if delivery.state == "missed":
        return _("未接收：收件案件已办结或者不再等它"), ""
    return (_("等收件案件接收"), "soon") if sent else (_("等本案接收"), "soon")


def fact_origins(
    session: Session, dossier: Dossier, who: Standing, chain: Sequence[ChainCase]
) -> dict[str, Origin]:
    """Facts of the case that came from another one of the chain, by fact."""
    if not chain:
        return {}
    cases = {one.case_id: one for one in chain}
    origins = list_origins(session, dossier.case.id)
    names = (
        {one.message.id: one.message.name for one in list_exchanged(session, dossier.case.id)}
        if origins
        else {}
    )
    return {
        fact: _origin(fact, row, cases[row.from_case_id], names.get(row.message_id or 0, ""), dossier, who)
        for fact, row in origins.items()
        if row.from_case_id in cases
    }


def _origin(
    fact: str, row: CaseFactOrigin, source: ChainCase, message: str, dossier: Dossier, who: Standing
) -> Origin:
    words = [pick(source.title_zh, source.title_en)]
    if source.draft_no is not None:
        words.append(_("第 %(n)s 稿", n=source.draft_no))
    on = day(local_day(row.at), who.today)
    if message:
        words.append(_("%(day)s随“%(name)s”而来", day=on, name=message_word(message)))
    else:
        words.append(_("%(day)s沿用", day=on))
    changed = any(
        item.event == "case.facts_changed" and item.at > row.at and fact in item.payload.get("changed", ())
        for item in dossier.story
    )
    return Origin(source.case_no, _("，").join(words), _url(source), changed)
