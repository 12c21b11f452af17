"""One row of a task list: the reader is told before the click what he may do and why not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from types import MappingProxyType

from flask import url_for

from app.faces.refusal_texts import reason_text
from app.faces.translation import _
from app.faces.web.acting import Standing
from app.faces.web.language import pick
from app.faces.web.pages import queue_view as view
from app.faces.web.parts import ClockView
from app.faces.web.words import clock, day, duty, moment
from app.kernel.deadlines.calendar import WorkingCalendar
from app.kernel.deadlines.models import Clock
from app.kernel.duties.views import Decision, Verdict
from app.kernel.local_time import local_day
from app.kernel.worklist.queries import QueueRow

NAMES_SHOWN = 4


def queue_row(
    row: QueueRow, who: Standing, calendar: WorkingCalendar, why: Mapping[int, str] = MappingProxyType({})
) -> view.QueueRow:
    """Join task, case, clock and decision into one printed row; `why` clocks end when they do, by their id."""
    task, case = row.task, row.case
    shown = clock_words(row.clock, who.today, calendar)
    if shown is not None and row.clock is not None:
        shown = replace(shown, why=why.get(row.clock.id, ""))
    facts = _acting(row, who)
    return view.QueueRow(
        key=str(task.id),
        url=url_for("case.show", case_id=case.id),
        case_no=case.case_no,
        worker=case.subject_name,
        employer=case.organisation,
        step=pick(task.title_zh, task.title_en),
        duty=duty(task.duty),
        risk=case.risk,
        clock=shown,
        procedure=procedure(case.track),
        claim_url=url_for("queue.claim", task_id=task.id),
        late=shown is not None and shown.tone == "over" and task.state == "open",
        principal=_("代 %(name)s", name=row.principal) if row.principal else "",
        **facts,
    )


def _acting(row: QueueRow, who: Standing) -> dict[str, str]:
    task = row.task
    if task.state != "open":
        done = _("%(when)s办结", when=moment(task.completed_at, who.today)) if task.completed_at else ""
        return {"remark": done}
    if task.claimed_by == who.person_id:
        return {"action": "open", "remark": _own_state(row)}
    if row.claimant:
        on = local_day(task.claimed_at) if task.claimed_at else None
        taken = _("%(when)s领取", when=day(on, who.today)) if on else ""
        return {"holder": row.claimant, "remark": taken}
    if not row.decision.allowed:
        held = row.decision.reason == "case_held"  # nobody may, whoever could otherwise
        return {"denied": denial(row.decision, task.duty), "may": "" if held else may(row.able)}
    return {"action": "claim", "warning": warning(row.decision, task.duty)}


def _own_state(row: QueueRow) -> str:
    if row.task.opened_at is None:
        return _("已领取，未打开")
    return _("您已打开，有未提交草稿") if row.task.draft else _("您已打开")


def denial(decision: Decision, duty_key: str, *, name: str = "") -> str:
    """`您已是本案初审人，不能复核`; with a name for someone else."""
    reason = reason_text(decision.reason, {"wanted": duty_key, **decision.params}, scope=decision.scope)
    return _("%(who)s%(reason)s", who=name or _("您"), reason=reason)


def warning(decision: Decision, duty_key: str, *, name: str = "") -> str:
    """A warning keeps the button; empty when there is none."""
    return denial(decision, duty_key, name=name) if decision.verdict is Verdict.WARN else ""


def may(names: Sequence[str]) -> str:
    """Who can: a few names, or that nobody here can."""
    if not names:
        return _("本级无人，等上级人员池")
    listed = _("、").join(names[:NAMES_SHOWN])
    return _("%(names)s等 %(n)s 人", names=listed, n=len(names)) if len(names) > NAMES_SHOWN else listed


def procedure(track: str | None) -> str:
    """The procedure's short name."""
    known = {"simple": _("简易程序"), "ordinary": _("普通程序")}
    return known.get(track or "", "")


def clock_words(row: Clock | None, today: date, calendar: WorkingCalendar) -> ClockView | None:
    """A clock of a list; named when it is not the case's main one."""
    if row is None:
        return None
    name = "" if row.main else pick(row.title_zh, row.title_en)
    if row.state == "paused":
        return clock(None, today, None, name=name, paused=True, awaited=_("恢复后接着计算"))
    left = calendar.working_days_between(today, row.due_on) if row.due_on else None
    return clock(row.due_on, today, left, name=name)
