"""Actions on steps as the case page shows them: withdraw, several people, consultations, reports."""

from __future__ import annotations

from collections.abc import Sequence

from flask import url_for
from sqlalchemy.orm import Session

from app.faces.duty_words import duty_word
from app.faces.translation import _
from app.faces.web.acting import Standing
from app.faces.web.language import pick
from app.faces.web.pages.case_actions_view import (
    AnswerForm,
    AskForm,
    ConsultationRow,
    ReportForm,
    SharedTask,
    StepActions,
    Withdrawal,
)
from app.faces.web.pages.case_again import again_rows
from app.faces.web.pages.case_dossier import outcome_words
from app.faces.web.pages.case_task import Attempt, own_open_task
from app.faces.web.pages.queue_rows import denial, may
from app.faces.web.parts import Choice
from app.faces.web.words import moment
from app.kernel.cases.models import Case
from app.kernel.duties.queries import get_candidate, list_case_views, list_rules
from app.kernel.duties.views import Action
from app.kernel.engine.dossier import Dossier
from app.kernel.identity.regions import get_lineage
from app.kernel.worklist.consultation_queries import Asked, list_askable
from app.kernel.worklist.consultations import KINDS, REPORTS, decide_asked
from app.kernel.worklist.models import Task
from app.kernel.worklist.staff import StaffChoice, list_staff
from app.kernel.worklist.steps import list_parts


def step_actions(session: Session, dossier: Dossier, who: Standing, attempt: Attempt) -> StepActions:
    """What this reader can do beside filling the form, and what happened so far."""
    mine = own_open_task(dossier.open_tasks, who)
    shared = next((task for task in dossier.open_tasks if task.persons_required > 1), None)
    return StepActions(
        again=again_rows(dossier),
        withdrawal=_withdrawal(dossier, who),
        shared=_shared(session, dossier, shared, who) if shared is not None else None,
        asked=[_asked_row(one, mine, who) for one in dossier.consultations],
        ask=_ask_forms(session, mine, dossier.case, who) if mine is not None else (),
        answers=answer_forms(session, dossier.consultations, dossier.case, who, attempt, opened=True),
        report=_report_form(shared, mine, dossier, who),
        reports=_reports(dossier),
    )


def _withdrawal(dossier: Dossier, who: Standing) -> Withdrawal | None:
    """Offered to whoever did the last step; gone at the effect."""
    last = dossier.last_step
    if last is None or last.person_id != who.person_id:
        return None
    step = pick(last.task.title_zh, last.task.title_en)
    if last.gone_on is not None:
        return Withdrawal(step, refused=_("%(name)s已打开卷宗，不能再撤回。", name=last.gone_on))
    return Withdrawal(step, url=url_for("acts.withdraw", case_id=dossier.case.id))


def _shared(session: Session, dossier: Dossier, task: Task, who: Standing) -> SharedTask:
    """Who has acted, how many are still needed and who they could be."""
    acted = [
        (dossier.people.get(part.get("person") or 0, ""), outcome_words(dossier, task, part.get("outcome")))
        for part in list_parts(task)
    ]
    left = task.persons_required - task.acts
    staff = list_staff(session, task, dossier.case, who.now, who.today)
    able = [one.name for one in staff if one.decision.allowed]
    return SharedTask(acted, _("还须 %(n)s 个不同的人办理", n=left), may(able))


def _asked_row(one: Asked, mine: Task | None, who: Standing) -> ConsultationRow:
    asked = one.consultation
    if asked.cancelled_at is not None:
        state, tone = _("已取消"), ""
    elif asked.agrees is None:
        state, tone = _("等候答复"), "soon"
    else:
        state, tone = (_("同意"), "ok") if asked.agrees else (_("不同意"), "over")
    holds = mine is not None and mine.id == one.task.id and one.awaited
    return ConsultationRow(
        kind=kind_word(asked.kind),
        person=one.person,
        asker=one.asker,
        when=moment(asked.asked_at, who.today),
        question=asked.question,
        state=state,
        tone=tone,
        answer=asked.answer or "",
        answered=moment(asked.answered_at, who.today) if asked.answered_at else "",
        cancel_url=url_for("acts.cancel_asked", consultation_id=asked.id) if holds else "",
    )


def kind_word(kind: str) -> str:
    """加签 or 会签."""
    return _("加签") if kind == "opinion" else _("会签")


def _ask_forms(session: Session, task: Task, case: Case, who: Standing) -> list[AskForm]:
    forms = []
    for kind, choices in list_askable(session, task, case, KINDS, who.now, who.today).items():
        able = [choice for choice in choices if choice.decision.allowed]
        forms.append(
            AskForm(
                kind=kind,
                title=_("加签：请人提意见") if kind == "opinion" else _("会签：请人一同签署"),
                words=_("被征求的人记为本案专家意见人，不能再审查本案。答复前本任务不能提交。")
                if kind == "opinion"
                else _(
                    "会签人同样记为本案%(duty)s人。不同意时本任务不能通过，只能退回。",
                    duty=duty_word(task.duty),
                ),
                url=url_for("acts.ask_people", task_id=task.id),
                people=[Choice(str(one.person_id), _asked_name(one)) for one in able],
                denied=[
                    denial(one.decision, _wanted(kind, task), name=one.name)
                    for one in choices
                    if not one.decision.allowed
                ],
            )
        )
    return forms


def _asked_name(choice: StaffChoice) -> str:
    return _("%(name)s，在办 %(n)s 件", name=choice.name, n=choice.open_tasks)


def _wanted(kind: str, task: Task) -> str:
    return "panel_opinion" if kind == "opinion" else task.duty


def answer_forms(
    session: Session, asked: Sequence[Asked], case: Case, who: Standing, attempt: Attempt, *, opened: bool
) -> list[AnswerForm]:
    """Requests that wait for this reader; `opened`: he may read the dossier already.

    Reading because of another act is not opening for this one: the button says what opening makes of him.
    """
    mine = [one for one in asked if one.awaited and one.person_id == who.person_id]
    if not mine:
        return []
    me, lineage = get_candidate(session, who.person_id, who.today), get_lineage(session, case.region_code)
    view, rules = list_case_views(session, [case])[case.id], list_rules(session, who.now)
    bound = {act.duty for act in view.acts if act.person_id == who.person_id and act.case_id == case.id}
    forms = []
    for one in mine:
        key = one.consultation.id
        ready = opened and one.duty in bound
        decision = decide_asked(me, Action.COMPLETE, view, one.task, one.consultation.kind, rules, lineage)
        typed = attempt.typed.get("answer", "")
        forms.append(
            AnswerForm(
                key=str(key),
                kind=one.consultation.kind,
                title=_("征求意见") if one.consultation.kind == "opinion" else _("请您会签"),
                asker=one.asker,
                question=one.consultation.question,
                words=before_open(one),
                open_url="" if ready else url_for("acts.open_asked", consultation_id=key),
                answer_url=url_for("acts.answer_asked", consultation_id=key) if ready else "",
                typed=typed if isinstance(typed, str) else "",
                denied="" if decision.allowed else denial(decision, one.duty),
            )
        )
    return forms


def before_open(one: Asked) -> str:
    """What opening the dossier makes of whoever was asked."""
    if one.consultation.kind == "opinion":
        return _("打开卷宗即记为本案专家意见人，之后不能审查本案。")
    return _("打开卷宗即记为本案%(duty)s人，之后不能换职责。", duty=duty_word(one.duty))


def _report_form(task: Task | None, mine: Task | None, dossier: Dossier, who: Standing) -> ReportForm | None:
    """Earlier performers report to a discussion they may not vote in."""
    if task is None or task.signs or task.duty != "final_review" or mine is not None:
        return None
    if not any(act.person_id == who.person_id and act.case_id == dossier.case.id for act in dossier.acts):
        return None
    return ReportForm(
        url_for("acts.report_to", task_id=task.id), _("您办过本案，可以向讨论会汇报，不参加表决。")
    )


def _reports(dossier: Dossier) -> list[tuple[str, str]]:
    return [
        (dossier.people.get(said.get("person") or 0, ""), said.get("text", ""))
        for task in dossier.tasks
        for said in (task.result or {}).get(REPORTS, [])
    ]
