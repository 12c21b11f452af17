"""The pages of transfer, doing a case again and leads, from what the kernel answers."""

from __future__ import annotations

from collections.abc import Sequence

from flask import url_for
from sqlalchemy.orm import Session

from app.faces.duty_words import duty_word
from app.faces.refusal_texts import reason_text
from app.faces.translation import _
from app.faces.web.acting import Standing
from app.faces.web.language import pick
from app.faces.web.pages.case_chain import EDITOR, role_word
from app.faces.web.pages.case_chain_view import (
    AgainPage,
    LeadRow,
    LeadSide,
    LeadsPage,
    OfferRow,
    TransferPage,
)
from app.faces.web.parts import Choice, ErrorLine, Link
from app.faces.web.words import day
from app.kernel.cases.models import Case
from app.kernel.chains.suggestions import NEAR_DAYS, Lead, LeadCase, list_leads
from app.kernel.chains.transfer import Offer, Target, list_targets, preview_transfer
from app.kernel.duties.queries import list_candidates
from app.kernel.duties.views import Decision
from app.kernel.engine.catalogue import get_deployed
from app.kernel.engine.dossier import get_case
from app.kernel.engine.reopening import list_signers, roles_again
from app.kernel.identity.regions import get_region
from app.kernel.worklist.models import Task
from app.kernel.worklist.queries import list_open_tasks

SHOWN = 20
WINDOWS = (1, NEAR_DAYS, 30, 90)


def transfer_page(
    session: Session, who: Standing, case_id: int, target: str, reason: str, errors: Sequence[ErrorLine]
) -> TransferPage:
    """With a target chosen, who of it could take each open task."""
    case = get_case(session, case_id)
    tasks = list(list_open_tasks(session, case_id))
    targets = list_targets(session, case, tasks, who.today)
    known = next((one for one in targets if one.code == target), None)
    offers = preview_transfer(session, case, tasks, target, who.now, who.today) if known else []
    region = get_region(session, case.region_code)
    holders = list_candidates(session, [task.claimed_by for task in tasks if task.claimed_by], who.today)
    names = {person: one.name for person, one in holders.items()}
    return TransferPage(
        case_no=case.case_no,
        subject=case.subject_name,
        case_url=url_for("case.show", case_id=case.id),
        url=url_for("chains.do_transfer", case_id=case.id),
        here=pick(region.name_zh, region.name_en),
        targets=[_target(one, target) for one in targets],
        chosen=pick(known.name_zh, known.name_en) if known else "",
        offers=[_offer(one, names) for one in offers],
        warning=_("有任务在那里没有人可办，移送后将“等人办理”。")
        if any(not one.able for one in offers)
        else "",
        reason=reason,
        errors=errors,
    )


def _target(one: Target, chosen: str) -> Choice:
    name = pick(one.name_zh, one.name_en)
    words = name if one.staffed else _("%(name)s（岗位不全）", name=name)
    return Choice(one.code, words, one.code == chosen)


def _offer(one: Offer, names: dict[int, str]) -> OfferRow:
    return OfferRow(
        step=pick(one.task.title_zh, one.task.title_en),
        duty=duty_word(one.task.duty),
        able=_("、").join(one.able),
        unable=[
            _("%(name)s：%(why)s", name=name, why=_why(decision, one.task)) for name, decision in one.unable
        ],
        holder=names.get(one.task.claimed_by or 0, ""),
    )


def _why(decision: Decision, task: Task) -> str:
    return reason_text(decision.reason, {"wanted": task.duty, **decision.params}, scope=decision.scope)


def again_page(
    session: Session, who: Standing, case_id: int, reason: str, errors: Sequence[ErrorLine]
) -> AgainPage:
    """What the new case will be, and who can't sign it."""
    case: Case = get_case(session, case_id)
    deployed = get_deployed(session, case.definition_id)
    groups = deployed.process.get("carried_groups")
    return AgainPage(
        case_no=case.case_no,
        subject=case.subject_name,
        case_url=url_for("case.show", case_id=case.id),
        url=url_for("chains.do_again", case_id=case.id),
        roles=[Choice(role, role_word(role)) for role in roles_again(deployed)],
        signers=_("、").join(list_signers(session, case.id)),
        carried=[
            pick(group.zh, group.en)
            for group in deployed.schema.groups
            if groups is None or group.value in groups
        ],
        reason=reason,
        errors=errors,
    )


def leads_page(session: Session, who: Standing, near: int, page: int, *, closed_too: bool) -> LeadsPage:
    """Leads within `near` days, SHOWN to a page; of open cases, or of all."""
    found = list_leads(session, near=near, closed_too=closed_too, offset=(page - 1) * SHOWN, limit=SHOWN + 1)

    def address(near: int, page: int = 1, closed: bool = closed_too) -> str:
        return url_for("chains.suggestions", days=near, page=page, closed=1 if closed else None)

    edits = any(post.key == EDITOR for post in who.posts)
    return LeadsPage(
        remark=_("同一职工、事故日期相差 %(n)s 天以内、分属两条链", n=near),
        rows=[_lead(one, who, edits) for one in found[:SHOWN]],
        windows=[Link(address(days), _("%(n)s 天内", n=days), days == near) for days in WINDOWS],
        reach=[
            Link(address(near, closed=False), _("有一件在办"), not closed_too),
            Link(address(near, closed=True), _("包括都已办结的"), closed_too),
        ],
        earlier=address(near, page - 1) if page > 1 else "",
        later=address(near, page + 1) if len(found) > SHOWN else "",
    )


def _lead(one: Lead, who: Standing, edits: bool) -> LeadRow:
    target = f"{one.older.chain_id}:{one.newer.chain_id}"
    link = under_way = None
    if one.change_id is not None:
        under_way = Link(url_for("case.show", case_id=one.change_id), _("关联变更在办"))
    elif edits:
        link = Link(url_for("changes.new", kind="chain_link", target=target), _("提出关联"))
    return LeadRow(
        subject=one.older.subject_name,
        sides=[_side(side, who) for side in (one.older, one.newer)],
        days=_("同一天") if one.days == 0 else _("相差 %(n)s 天", n=one.days),
        link=link,
        under_way=under_way,
    )


def _side(side: LeadCase, who: Standing) -> LeadSide:
    return LeadSide(
        case_no=side.case_no,
        title=pick(side.title_zh, side.title_en),
        organisation=side.organisation,
        event=day(side.event_on, who.today),
        place=pick(side.region_zh, side.region_en),
        url=url_for("case.show", case_id=side.case_id),
    )
