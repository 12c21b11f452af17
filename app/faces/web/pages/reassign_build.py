"""Reassigning with a preview: whose tasks, to whom, what each of them meets, and afterwards what became of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from flask import url_for
from sqlalchemy.orm import Session

from app.faces.translation import _
from app.faces.web.acting import Standing
from app.faces.web.pages.queue_rows import clock_words, denial, warning
from app.faces.web.pages.reassign_ahead import ahead_cells
from app.faces.web.pages.supervisor_view import CountTag, Progress, ReassignPanel, ReassignRow
from app.faces.web.parts import Choice
from app.faces.web.words import duty
from app.kernel.absences.queries import list_absent
from app.kernel.cases.models import Case
from app.kernel.deadlines.queries import load_calendar
from app.kernel.worklist.board import count_load_by_duty, list_held
from app.kernel.worklist.models import Task
from app.kernel.worklist.queries import list_nearest_clocks
from app.kernel.worklist.staff import StaffChoice, list_staff_of, spread

SHOWN = 200
SPREAD, PUT_BACK = "spread", "put_back"


@dataclass(frozen=True)
class Plan:
    """What the address asks for: 0 as holder means unclaimed tasks; `to` is a person's id, SPREAD, PUT_BACK or empty.

    `tasks` narrows to some tasks, `people` narrows who gets a share.
    """

    holder: int
    to: str
    tasks: frozenset[int] = frozenset()
    people: frozenset[int] = frozenset()

    @classmethod
    def of(cls, texts: Mapping[str, str], tasks: Sequence[str], people: Sequence[str] = ()) -> Plan | None:
        """Read the address; None when nobody's tasks are asked for."""
        holder, to = texts.get("from", ""), texts.get("to", "")
        if not is_id(holder):
            return None
        return cls(
            int(holder),
            to if to in (SPREAD, PUT_BACK) or is_id(to) else "",
            frozenset(int(task) for task in tasks if is_id(task)),
            frozenset(int(person) for person in people if is_id(person)),
        )

    @property
    def candidate(self) -> int | None:
        """The one person everything should go to."""
        return int(self.to) if is_id(self.to) else None


@dataclass(frozen=True)
class Outcome:
    """What became of one task: `words` and whether it moved."""

    ok: bool
    words: str


@dataclass(frozen=True)
class Tried:
    """Results by task id after the supervisor pressed the button; `rest` are `task:version:to` not tried yet."""

    outcomes: Mapping[int, Outcome] = field(default_factory=dict)
    reason: str = ""
    rest: Sequence[str] = ()


def is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 18


def reassign_panel(
    session: Session, who: Standing, plan: Plan | None, tried: Tried, office: str = ""
) -> ReassignPanel:
    """The panel; before anyone is chosen it only offers whose tasks to look at."""
    holders = _holders(session, who, plan, office)
    if plan is None:
        return ReassignPanel(_("先选原办理人"), _("尚未生效"), holders)
    pairs = _pairs(session, who, plan, tried)
    staff = list_staff_of(session, pairs, who.now, who.today)
    others = {task: [one for one in held if one.person_id != plan.holder] for task, held in staff.items()}
    rows = _rows(session, who, plan, pairs, others, tried)
    return ReassignPanel(
        remark=_("%(n)s 件任务", n=len(pairs)),
        state=_("已办，结果如下") if tried.outcomes else _("尚未生效"),
        holders=holders,
        holder=str(plan.holder),
        targets=_targets(others, plan),
        target=plan.to,
        people=_people(others, plan) if plan.to == SPREAD else [],
        tags=_tags(rows) if plan.to and not tried.outcomes else [],
        rows=rows,
        tasks=[str(task) for task in sorted(plan.tasks)],
        reason=tried.reason,
        done=bool(tried.outcomes),
        progress=_progress(tried),
    )


def _pairs(session: Session, who: Standing, plan: Plan, tried: Tried) -> list[tuple[Task, Case]]:
    if tried.outcomes:
        found = [session.get(Task, task_id) for task_id in tried.outcomes]
        return [(task, session.get_one(Case, task.case_id)) for task in found if task is not None]
    held = list_held(session, plan.holder or None, SHOWN, reader=who.person_id)
    return [pair for pair in held if not plan.tasks or pair[0].id in plan.tasks]


def _holders(session: Session, who: Standing, plan: Plan | None, office: str) -> list[Choice]:
    totals: dict[int, tuple[str, int]] = {}
    for cell in count_load_by_duty(session, office):
        name, count = totals.get(cell.person_id or 0, (cell.name or _("待领取"), 0))
        totals[cell.person_id or 0] = (name, count + cell.count)
    away = list_absent(session, totals.keys(), who.today)
    chosen = plan.holder if plan else None
    blank = [Choice("", _("请选择"), chosen is None)]
    return blank + [
        Choice(
            str(person),
            _("%(name)s（%(n)s 件，不在岗）", name=name, n=count)
            if person in away
            else _("%(name)s（%(n)s 件）", name=name, n=count),
            person == chosen,
        )
        for person, (name, count) in totals.items()
    ]


def _known(staff: Mapping[int, Sequence[StaffChoice]]) -> dict[int, StaffChoice]:
    """Everyone who may do any of the tasks, by load."""
    able = [one for held in staff.values() for one in held if one.decision.allowed]
    return {one.person_id: one for one in sorted(able, key=lambda one: (one.open_tasks, one.person_id))}


def _targets(staff: Mapping[int, Sequence[StaffChoice]], plan: Plan) -> list[Choice]:
    """Eligible people with their load, sharing out, and back to the queue."""
    people = [
        Choice(key, _name(one), key == plan.to)
        for one in _known(staff).values()
        for key in (str(one.person_id),)
    ]
    more = [Choice(SPREAD, _("按负荷分给多人"), plan.to == SPREAD)] if len(people) > 1 else []
    back = [Choice(PUT_BACK, _("放回队列"), plan.to == PUT_BACK)] if plan.holder else []
    return [*people, *more, *back]


def _people(staff: Mapping[int, Sequence[StaffChoice]], plan: Plan) -> list[Choice]:
    return [
        Choice(str(one.person_id), _name(one), not plan.people or one.person_id in plan.people)
        for one in _known(staff).values()
    ]


def _name(one: StaffChoice) -> str:
    words = _("%(name)s（现有 %(n)s 件）", name=one.name, n=one.open_tasks)
    return _("%(who)s 代 %(principal)s", who=words, principal=one.principal) if one.principal else words


def _dealt(staff: Mapping[int, list[StaffChoice]], plan: Plan) -> dict[int, int]:
    """Who would get which task: the chosen person where he may, others by load where not."""
    everyone = {one.person_id for held in staff.values() for one in held}
    if plan.to == SPREAD:
        return spread(dict(staff), plan.people & everyone or everyone)
    if plan.candidate is None:
        return {}
    first = spread(dict(staff), {plan.candidate})
    return first | spread({task: held for task, held in staff.items() if task not in first}, everyone)


def _rows(
    session: Session,
    who: Standing,
    plan: Plan,
    pairs: Sequence[tuple[Task, Case]],
    staff: Mapping[int, list[StaffChoice]],
    tried: Tried,
) -> list[ReassignRow]:
    clocks = list_nearest_clocks(session, {case.id for _task, case in pairs})
    calendar, dealt = load_calendar(session), _dealt(staff, plan)
    ahead = {} if tried.outcomes else ahead_cells(session, who, pairs, staff, dealt)
    rows = []
    for task, case in pairs:
        able = [one for one in staff[task.id] if one.decision.allowed]
        outcome = tried.outcomes.get(task.id)
        chosen = PUT_BACK if plan.to == PUT_BACK else str(dealt.get(task.id, ""))
        rows.append(
            ReassignRow(
                task=task.id,
                version=task.version,
                url=url_for("case.show", case_id=case.id),
                case_no=case.case_no,
                worker=case.subject_name,
                duty=duty(task.duty),
                clock=clock_words(clocks.get(case.id), who.today, calendar),
                opened=task.opened_at is not None,
                choices=_choices(able, chosen, plan),
                chosen=bool(chosen),
                others=[
                    denial(one.decision, task.duty, name=one.name)
                    for one in staff[task.id]
                    if not one.decision.allowed
                ],
                denied=_denied(plan, task, staff[task.id]),
                warning=_warning(able, chosen, task),
                result=outcome.words if outcome else "",
                result_ok=bool(outcome and outcome.ok),
                ahead=ahead.get(task.id),
            )
        )
    return rows


def _choices(able: Sequence[StaffChoice], chosen: str, plan: Plan) -> list[Choice]:
    """Only who may; back to the queue when somebody holds the task."""
    people = [Choice(str(one.person_id), _name(one), str(one.person_id) == chosen) for one in able]
    return people + ([Choice(PUT_BACK, _("放回队列"), chosen == PUT_BACK)] if plan.holder else [])


def _denied(plan: Plan, task: Task, choices: Sequence[StaffChoice]) -> str:
    """Why the person everything should go to may not have this one."""
    if plan.candidate is None:
        return "" if any(one.decision.allowed for one in choices) else _("本级没有别人能办")
    found = next((one for one in choices if one.person_id == plan.candidate), None)
    if found is None:
        return _("不在这项职责的岗位上")
    return "" if found.decision.allowed else denial(found.decision, task.duty, name=found.name)


def _warning(able: Sequence[StaffChoice], chosen: str, task: Task) -> str:
    found = next((one for one in able if str(one.person_id) == chosen), None)
    return warning(found.decision, task.duty, name=found.name) if found else ""


def _tags(rows: Sequence[ReassignRow]) -> list[CountTag]:
    stuck = sum(1 for row in rows if not row.chosen)
    warned = sum(1 for row in rows if row.chosen and (row.warning or _is_doubtful(row)))
    other = sum(1 for row in rows if row.denied and row.chosen)
    fine = len(rows) - stuck - warned - other
    tags = [CountTag(_("可改派 %(n)s", n=fine), "ok", "check-lg")]
    if warned:
        tags.append(CountTag(_("可改派，有提醒 %(n)s", n=warned), "soon", "exclamation-triangle"))
    if other:
        tags.append(CountTag(_("须另选他人 %(n)s", n=other), "soon", "people"))
    if stuck:
        tags.append(CountTag(_("不能改派 %(n)s", n=stuck), "over", "lock"))
    return tags


def _is_doubtful(row: ReassignRow) -> bool:
    """The look-ahead has something to say about whoever would get it."""
    return row.ahead is not None and row.ahead.tone != "" and not row.denied


def _progress(tried: Tried) -> Progress | None:
    """How far a long list has come; None when all was tried."""
    if not tried.rest:
        return None
    done = len(tried.outcomes)
    return Progress(
        done,
        done + len(tried.rest),
        list(tried.rest),
        [f"{task}:{int(one.ok)}:{one.words}" for task, one in tried.outcomes.items()],
    )
