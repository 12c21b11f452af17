"""The page of one injury: the cases of all three authorities side by side."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

from flask import Blueprint, render_template, url_for
from sqlalchemy.orm import Session

from app.domain.benefits.models import Payable
from app.domain.benefits.queries import list_case_payables
from app.faces.message_words import message_word
from app.faces.translation import Lazy, _, _l
from app.faces.web.acting import Standing, carry_out, reading, standing
from app.faces.web.language import pick
from app.faces.web.pages.case_build import case_state
from app.faces.web.pages.case_chain import move_words, role_word, state_word
from app.faces.web.pages.case_clocks import large_clock, main_clock
from app.faces.web.pages.injury_view import ActLine, InjuryCase, InjuryPage, Lane, MoneyLine, PaperLine
from app.faces.web.words import day, duty, moment
from app.kernel.cases.models import Case
from app.kernel.chains.queries import ChainCase, list_chain, list_members, list_moves
from app.kernel.deadlines.queries import clocks_of
from app.kernel.decisions.formulas.catalogue import Item
from app.kernel.decisions.formulas.versions import standing_catalogue
from app.kernel.documents.models import Document
from app.kernel.documents.queries import documents_of
from app.kernel.duties.queries import list_case_views
from app.kernel.duties.views import CaseView
from app.kernel.engine.catalogue import get_deployed
from app.kernel.engine.deployed import Deployed
from app.kernel.engine.dossier import record_reading, require_reading
from app.kernel.engine.messages.models import CaseMessage
from app.kernel.engine.messages.queries import list_sent
from app.kernel.local_time import local_day
from app.kernel.transaction import Unit
from app.kernel.worklist.queries import list_open_tasks

pages = Blueprint("injury", __name__)

AUTHORITIES: dict[str, Lazy] = {
    "hrss_department": _l("人力资源社会保障行政部门"),
    "assessment_committee": _l("劳动能力鉴定委员会"),
    "agency": _l("社会保险经办机构"),
}
"""In the order in which an injury comes to them; any other authority follows under its own name."""
PAYABLE_STATES: dict[str, tuple[Lazy, str]] = {
    "ready": (_l("待支付"), "ok"),
    "frozen": (_l("已冻结"), "soon"),
    "stopped": (_l("已停发"), "over"),
    "superseded": (_l("已被新核定替换"), ""),
}
PAPER_STATES: dict[str, Lazy] = {
    "issued": _l("已发出"),
    "served": _l("已送达"),
    "revoked": _l("已撤销"),
    "replaced": _l("已被替换"),
}


@pages.get("/cases/<int:case_id>/chain")
def show(case_id: int) -> str:
    """For whoever may read this case; of the other cases, each as he may."""
    who = standing()
    carry_out(lambda unit: _enter(unit, case_id))
    with reading() as session:
        page = _page(session, case_id, who)
    return render_template("pages/injury.html", page=page)


def _enter(unit: Unit, case_id: int) -> None:
    """May he read it? And it goes on record that he read every dossier the page shows parts of."""
    case = require_reading(unit, case_id)
    person_id = unit.actor.person_id or 0
    shown = [one for one in list_chain(unit.session, case.chain_id, person_id, unit.today) if one.readable]
    members = {one.id: one for one in list_members(unit.session, [case.chain_id])}
    for one in shown:
        record_reading(unit, members[one.case_id])


def _page(session: Session, case_id: int, who: Standing) -> InjuryPage:
    members = {one.id: one for one in _members(session, case_id)}
    case = members[case_id]
    chain = list_chain(session, case.chain_id, who.person_id, who.today)
    views = list_case_views(session, list(members.values()))
    deployed = {one.id: get_deployed(session, one.definition_id) for one in members.values()}
    parts = [
        (
            _authority_of(deployed.get(one.case_id)),
            _case(session, one, members.get(one.case_id), deployed.get(one.case_id), views, who, case_id),
        )
        for one in chain
    ]
    return InjuryPage(
        subject=next(iter(members.values()), case).subject_name,
        organisation=case.organisation or "",
        event=day(case.event_on, who.today) if case.event_on else "",
        remark=_("%(n)s 件案件", n=len(chain)),
        case_no=case.case_no,
        case_url=url_for("case.show", case_id=case_id),
        lanes=_lanes(parts),
        messages=[_message(one, members, who) for one in list_sent(session, list(members))],
        moves=[move_words(move, who) for move in list_moves(session, case.chain_id)],
    )


def _members(session: Session, case_id: int) -> Sequence[Case]:
    case = session.get_one(Case, case_id)
    return list_members(session, [case.chain_id])


def _authority_of(deployed: Deployed | None) -> str:
    return str(deployed.process.get("authority", "")) if deployed else ""


def _lanes(parts: Sequence[tuple[str, InjuryCase]]) -> list[Lane]:
    """A lane for each of the three authorities even where it has no case yet: that is an answer too."""
    order = [*AUTHORITIES, *sorted({key for key, _case in parts} - AUTHORITIES.keys())]
    found = {
        key: [one for _key, one in group] for key, group in groupby(_sorted(parts, order), key=lambda p: p[0])
    }
    return [
        Lane(str(AUTHORITIES.get(key, key or _("外地案件"))), found.get(key, []))
        for key in order
        if key in AUTHORITIES or key in found
    ]


def _sorted(parts: Iterable[tuple[str, InjuryCase]], order: Sequence[str]) -> list[tuple[str, InjuryCase]]:
    return sorted(parts, key=lambda part: order.index(part[0]))


def _case(
    session: Session,
    one: ChainCase,
    case: Case | None,
    deployed: Deployed | None,
    views: dict[int, CaseView],
    who: Standing,
    here: int,
) -> InjuryCase:
    papers = list(documents_of(session, one.case_id)) if case is not None else []
    state, tone = state_word(one)
    risk, clock = "", None
    if case is not None and one.readable:
        state, tone = case_state(case, list(list_open_tasks(session, case.id)))
        risk, clock = case.risk, large_clock(main_clock(clocks_of(session, case.id, who.today)), who.today)
    passed = papers if one.readable else _passed(papers, deployed, who)
    return InjuryCase(
        case_no=one.case_no,
        title=pick(one.title_zh, one.title_en),
        role=role_word(one.case_role),
        place=pick(one.region_zh, one.region_en),
        state=state,
        tone=tone,
        risk=risk,
        dates=_dates(one, case if one.readable else None, who),
        clock=clock,
        papers=[_paper(paper, who, opens=one.readable) for paper in passed],
        money=_money(session, one.case_id, who) if one.readable else [],
        acts=_acts(views[one.case_id]) if one.readable and one.case_id in views else [],
        readable=one.readable,
        url=url_for("case.show", case_id=one.case_id) if one.readable else "",
        here=one.case_id == here,
        passed_on="" if one.readable else _passed_on(passed),
    )


def _passed(papers: Sequence[Document], deployed: Deployed | None, who: Standing) -> list[Document]:
    """Documents whose copy the law sends to an authority of the reader's (`[passes]` of the process)."""
    mine = {post.authority for post in who.posts}
    passes = deployed.passes if deployed else {}
    return [paper for paper in papers if mine.intersection(passes.get(paper.template, ()))]


def _passed_on(passed: Sequence[Document]) -> str:
    if passed:
        return _("其他机关的案件：只列依法抄送本机关的文书")
    return _("其他机关的案件：没有依法应当抄送本机关的文书")


def _dates(one: ChainCase, case: Case | None, who: Standing) -> list[str]:
    accepted = case.accepted_at if case is not None else None
    closed = case.closed_at if case is not None else None
    known = (
        (_("%(day)s收件"), one.received_at),
        (_("%(day)s受理"), accepted),
        (_("%(day)s决定"), one.decided_at),
        (_("%(day)s办结"), closed),
    )
    return [words % {"day": day(local_day(at), who.today)} for words, at in known if at is not None]


def _paper(paper: Document, who: Standing, *, opens: bool) -> PaperLine:
    return PaperLine(
        title=pick(paper.title_zh, paper.title_en),
        number=paper.number,
        when=day(paper.issued_on, who.today),
        state=str(PAPER_STATES.get(paper.state, paper.state)),
        url=url_for("documents.page", uid=paper.uid) if opens else "",
    )


def _acts(view: CaseView) -> list[ActLine]:
    """Who performed which duty on this case, each person once, in the order of their acts."""
    found: dict[str, dict[str, None]] = {}
    for act in view.acts:
        if act.case_id == view.case_id and act.state == "performed":
            name = f"{act.name}（{_('代%(who)s', who=act.on_behalf_of)}）" if act.on_behalf_of else act.name
            found.setdefault(act.duty, {})[name] = None
    return [ActLine(duty(key), list(people)) for key, people in found.items()]


def _money(session: Session, case_id: int, who: Standing) -> list[MoneyLine]:
    """What is payable of the case's sealed award."""
    payables = list_case_payables(session, case_id)
    items = standing_catalogue(session, who.today).items if payables else {}
    return [_money_line(one, items.get(one.item), who) for one in payables]


def _money_line(one: Payable, item: Item | None, who: Standing) -> MoneyLine:
    amount = f"{one.amount:,.2f}"
    state, tone = PAYABLE_STATES[one.state]
    return MoneyLine(
        item=pick(item.title_zh, item.title_en) if item else one.item,
        payee=one.payee,
        amount=_("每月 %(amount)s 元", amount=amount)
        if one.cycle == "monthly"
        else _("%(amount)s 元", amount=amount),
        payer=_("基金") if one.payer == "fund" else _("用人单位"),
        since=day(one.period_from, who.today),
        state=str(state),
        tone=tone,
    )


def _message(one: CaseMessage, members: Mapping[int, Case], who: Standing) -> str:
    return _(
        "%(when)s %(case_no)s：%(what)s",
        when=moment(one.sent_at, who.today),
        case_no=members[one.case_id].case_no,
        what=message_word(one.name),
    )
