"""The case page from a dossier, and what a reader sees who may not read it (yet)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from flask import url_for
from sqlalchemy.orm import Session

from app.faces.duty_words import duty_word
from app.faces.translation import _
from app.faces.web.acting import Standing
from app.faces.web.language import pick
from app.faces.web.pages import case_clocks as clocks
from app.faces.web.pages import case_dossier as parts
from app.faces.web.pages import case_position as position
from app.faces.web.pages.case_actions import answer_forms, step_actions
from app.faces.web.pages.case_actions_view import StepActions
from app.faces.web.pages.case_award import award_of
from app.faces.web.pages.case_entries_build import entry_links
from app.faces.web.pages.case_story import timeline
from app.faces.web.pages.case_task import Attempt, Situation, own_open_task, task_panel
from app.faces.web.pages.case_view import CaseHead, CasePage, Correction, GatePage, Origin, Rules
from app.faces.web.pages.clock_words import clock_reason
from app.faces.web.pages.queue_rows import clock_words, procedure
from app.faces.web.parts import ErrorLine
from app.faces.web.signin import kernel
from app.faces.web.words import day, local, moment
from app.kernel.cases.models import Case
from app.kernel.deadlines.queries import load_calendar
from app.kernel.decisions.catalogue.evaluation import Lacking
from app.kernel.decisions.tuning.queries import list_verdicts
from app.kernel.engine.catalogue import Deployed
from app.kernel.engine.dossier import Dossier
from app.kernel.engine.unjudged import list_unjudged
from app.kernel.identity.models import Region
from app.kernel.local_time import local_day
from app.kernel.worklist.consultation_queries import list_case_consultations
from app.kernel.worklist.models import Task
from app.kernel.worklist.queries import list_nearest_clocks

CORRECTION_RECEIVED = "correction_received"


def case_page(
    session: Session,
    dossier: Dossier,
    who: Standing,
    attempt: Attempt,
    *,
    revealed: str = "",
    upload_errors: list[ErrorLine] | None = None,
    origins: Mapping[str, Origin] = MappingProxyType({}),
) -> CasePage:
    """Everything the template prints."""
    case, open_tasks = dossier.case, dossier.open_tasks
    mine = own_open_task(open_tasks, who)
    main = clocks.main_clock(dossier.clocks)
    situation = Situation(
        case, dossier.deployed, open_tasks, dossier.facts, attempt, dossier.required_outcomes, dossier.served
    )
    shown = position.diagrams(dossier)
    return CasePage(
        head=case_head(case, dossier.deployed, dossier.region, open_tasks, who, bound=_bound(dossier, who)),
        main_clock=clocks.large_clock(main, who.today),
        axis=clocks.axis(main, who.today),
        clock_sentence=clocks.sentence(main, who.today),
        clock_why=clock_reason(main, dossier.deployed, who.today) if main is not None else "",
        facts=parts.facts(dossier, revealed, origins),
        materials=parts.materials(dossier, who, mine, upload_errors or []),
        rules=_rules(session, dossier, who, works_here=mine is not None),
        award=award_of(session, case),
        opinions=parts.opinions(dossier, who),
        documents=parts.documents(dossier, who),
        service=parts.service(dossier, who),
        timeline=timeline(dossier, who),
        clocks=clocks.clock_rows(dossier.clocks, dossier.deployed, who.today),
        steps=position.steps(dossier, who),
        task=task_panel(session, situation, who),
        correction=_correction(dossier, who),
        entries=entry_links(session, dossier, who, works_here=mine is not None),
        three=position.reviews(dossier, who, position.barred(session, dossier, who)),
        three_remark=position.three_remark(case.risk),
        diagram=shown[-1] if shown else None,
        actions=step_actions(session, dossier, who, attempt),
    )


def _rules(session: Session, dossier: Dossier, who: Standing, *, works_here: bool) -> Rules | None:
    """Hits with what they turned out to be; who works on the case or supervises says so.

    Of an open case also the rules that can't be asked yet for want of facts.
    """
    case, lacking = dossier.case, list[Lacking]()
    if case.status == "open":
        lacking = list_unjudged(session, kernel().ports, case, dossier.deployed, dossier.facts, who.now)
    if not dossier.hits and not lacking:
        return None
    verdicts = list_verdicts(session, [hit.id for hit in dossier.hits])
    return parts.rules(dossier, verdicts, lacking, may_judge=works_here or who.holds("supervision"))


def gate_page(
    session: Session,
    case: Case,
    deployed: Deployed,
    region: Region,
    tasks: list[Task],
    who: Standing,
    attempt: Attempt,
) -> GatePage:
    """What the queue shows of the case, and the way in (or who can): no dossier before it is opened."""
    situation = Situation(case, deployed, tasks, {}, attempt)
    nearest = list_nearest_clocks(session, [case.id]).get(case.id)
    asked = list_case_consultations(session, case.id)
    return GatePage(
        head=case_head(case, deployed, region, tasks, who),
        clock=clock_words(nearest, who.today, load_calendar(session)),
        task=task_panel(session, situation, who),
        actions=StepActions(answers=answer_forms(session, asked, case, who, attempt, opened=False)),
    )


def case_head(
    case: Case, deployed: Deployed, region: Region, tasks: list[Task], who: Standing, *, bound: str = ""
) -> CaseHead:
    """The title line; the state tag names the duty in progress."""
    state, tone = case_state(case, tasks)
    return CaseHead(
        worker=case.subject_name,
        title=pick(deployed.title_zh, deployed.title_en),
        case_no=case.case_no,
        employer=case.organisation,
        state=state,
        state_tone=tone,
        risk=case.risk,
        authority=region.authority_zh,
        printed_at=local(who.now).strftime("%Y-%m-%d %H:%M"),
        print_url=url_for("case.printed", case_id=case.id),
        draws_url=url_for("draws.show", case_id=case.id) if "ed1_open" in deployed.steps else "",
        procedure=procedure(case.track),
        accepted=day(local_day(case.accepted_at), who.today) if case.accepted_at else "",
        bound=bound,
    )


def case_state(case: Case, tasks: list[Task]) -> tuple[str, str]:
    """Word and tone of the case's state."""
    closed = {
        "closed": (_("已办结"), "ok"),
        "withdrawn": (_("已撤回"), ""),
        "incident": (_("待处置"), "over"),
    }
    if case.status in closed:
        return closed[case.status]
    if any(task.waiting_for_staff for task in tasks):
        return _("等人办理"), "soon"
    if tasks:
        return _("%(duty)s中", duty=duty_word(tasks[0].duty)), "acc"
    return _("等候"), "hold"


def _bound(dossier: Dossier, who: Standing) -> str:
    """When the reader opened the dossier and what that made him."""
    own = [act for act in dossier.acts if act.person_id == who.person_id and act.case_id == dossier.case.id]
    if not own:
        return ""
    return _(
        "您 %(when)s 打开卷宗，已记为本案%(duty)s人",
        when=moment(own[-1].at, who.today),
        duty=duty_word(own[-1].duty),
    )


def _correction(dossier: Dossier, who: Standing) -> Correction | None:
    """The window's form for corrected materials, while the case waits for them."""
    waits = any(item.name == CORRECTION_RECEIVED for item in dossier.waiting)
    post = dossier.deployed.intake_post
    here = any(held.key == post and held.region_code == dossier.case.region_code for held in who.posts)
    if not waits or not here:
        return None
    return Correction(url_for("task.correction", case_id=dossier.case.id))
