"""Reassigning with a preview: whose tasks, to whom, what each of them meets, and afterwards what became of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from flask import url_for
from sqlalchemy.orm import Session

from app.faces.translation import _
from app.faces.web.acting import Standing
from app.faces.web.pages.queue_rows import clock_words, denial, may, warning
from app.faces.web.pages.supervisor_view import CountTag, ReassignPanel, ReassignRow
from app.faces.web.parts import Choice
from app.faces.web.words import duty
from app.kernel.cases.models import Case
from app.kernel.deadlines.queries import load_calendar
from app.kernel.worklist.board import count_load_by_duty, list_held
from app.kernel.worklist.models import Task
from app.kernel.worklist.queries import StaffChoice, list_nearest_clocks, list_staff

SHOWN = 30


@dataclass(frozen=True)
class Plan:
    """What the address asks for: 0 as holder means unclaimed tasks; `tasks` narrows to some of them."""

    holder: int
    candidate: int | None
    tasks: frozenset[int] = frozenset()

    @classmethod
    def of(cls, texts: Mapping[str, str], tasks: Sequence[str]) -> Plan | None:
        """Read the address; None when nobody's tasks are asked for."""
        holder, candidate = texts.get("from", ""), texts.get("to", "")
        if not _is_id(holder):
            return None
        chosen = frozenset(int(task) for task in tasks if _is_id(task))
        return cls(int(holder), int(candidate) if _is_id(candidate) else None, chosen)


@dataclass(frozen=True)
class Outcome:
    """What became of one task: `words` and whether it moved."""

    ok: bool
    words: str
    may: str = ""


@dataclass(frozen=True)
class Tried:
    """Results by task id after the supervisor pressed the button."""

    outcomes: Mapping[int, Outcome] = field(default_factory=dict)
    reason: str = ""


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 18


def reassign_panel(session: Session, who: Standing, plan: Plan | None, tried: Tried) -> ReassignPanel:
    """The panel; before anyone is chosen it only offers whose tasks to look at."""
    holders = _holders(session, plan)
    if plan is None:
        return ReassignPanel(_("先选原办理人"), _("尚未生效"), holders, "", [], "", [], [])
    pairs = _pairs(session, plan, tried)
    staff = {task.id: list_staff(session, task, case, who.now, who.today) for task, case in pairs}
    rows = _rows(session, who, plan, pairs, staff, tried)
    return ReassignPanel(
        remark=_("%(n)s 件任务", n=len(pairs)),
        state=_("已办，结果如下") if tried.outcomes else _("尚未生效"),
        holders=holders,
        holder=str(plan.holder),
        candidates=_candidates(staff, plan),
        candidate=str(plan.candidate or ""),
        tags=_tags(rows) if plan.candidate and not tried.outcomes else [],
        rows=rows,
        tasks=[str(task) for task in sorted(plan.tasks)],
        reason=tried.reason,
        done=bool(tried.outcomes),
    )


def _pairs(session: Session, plan: Plan, tried: Tried) -> list[tuple[Task, Case]]:
    if tried.outcomes:
        found = [(session.get(Task, task_id), task_id) for task_id in tried.outcomes]
        return [(task, session.get_one(Case, task.case_id)) for task, _id in found if task is not None]
    held = list_held(session, plan.holder or None)
    return [pair for pair in held if not plan.tasks or pair[0].id in plan.tasks][:SHOWN]


def _holders(session: Session, plan: Plan | None) -> list[Choice]:
    totals: dict[int, tuple[str, int]] = {}
    for cell in count_load_by_duty(session):
        name, count = totals.get(cell.person_id or 0, (cell.name or _("待领取"), 0))
        totals[cell.person_id or 0] = (name, count + cell.count)
    chosen = plan.holder if plan else None
    blank = [Choice("", _("请选择"), chosen is None)]
    return blank + [
        Choice(str(person), _("%(name)s（%(n)s 件）", name=name, n=count), person == chosen)
        for person, (name, count) in totals.items()
    ]


def _candidates(staff: Mapping[int, Sequence[StaffChoice]], plan: Plan) -> list[Choice]:
    """Everyone who holds the post of any of the tasks, with his load, but not the present holder."""
    known = {choice.person_id: choice for choices in staff.values() for choice in choices}
    return [
        Choice(
            str(choice.person_id),
            _("%(name)s（现有 %(n)s 件）", name=choice.name, n=choice.open_tasks),
            choice.person_id == plan.candidate,
        )
        for choice in known.values()
        if choice.person_id != plan.holder
    ]


def _rows(
    session: Session,
    who: Standing,
    plan: Plan,
    pairs: Sequence[tuple[Task, Case]],
    staff: Mapping[int, Sequence[StaffChoice]],
    tried: Tried,
) -> list[ReassignRow]:
    clocks = list_nearest_clocks(session, {case.id for _task, case in pairs})
    calendar = load_calendar(session)
    rows = []
    for task, case in pairs:
        verdict = _verdict(task, plan, staff[task.id])
        outcome = tried.outcomes.get(task.id)
        rows.append(
            ReassignRow(
                task=task.id,
                version=task.version,
                url=url_for("case.show", case_id=case.id),
                case_no=case.case_no,
                worker=case.subject_name,
                duty=duty(task.duty),
                clock=clock_words(clocks.get(case.id), who.today, calendar),
                chosen=not verdict.get("denied"),
                result=outcome.words if outcome else "",
                result_ok=bool(outcome and outcome.ok),
                **verdict,
            )
        )
    return rows


def _verdict(task: Task, plan: Plan, choices: Sequence[StaffChoice]) -> dict[str, str]:
    if plan.candidate is None:
        return {}
    able = may([item.name for item in choices if item.decision.allowed and item.person_id != plan.holder])
    found = next((item for item in choices if item.person_id == plan.candidate), None)
    if found is None:
        return {"denied": _("不在这项职责的岗位上"), "may": able}
    if not found.decision.allowed:
        return {"denied": denial(found.decision, task.duty, name=found.name), "may": able}
    return {"warning": warning(found.decision, task.duty)}


def _tags(rows: Sequence[ReassignRow]) -> list[CountTag]:
    denied = sum(1 for row in rows if row.denied)
    warned = sum(1 for row in rows if row.warning)
    fine = len(rows) - denied - warned
    tags = [CountTag(_("可改派 %(n)s", n=fine), "ok", "check-lg")]
    if warned:
        tags.append(CountTag(_("可改派，有提醒 %(n)s", n=warned), "soon", "exclamation-triangle"))
    if denied:
        tags.append(CountTag(_("不能改派 %(n)s", n=denied), "over", "lock"))
    return tags
