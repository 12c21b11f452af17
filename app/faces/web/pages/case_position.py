"""Where a case stands: the three reviews, the step table and the diagram that say the same."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Mapping, Sequence
from datetime import datetime

from flask import url_for
from sqlalchemy.orm import Session

from app.faces.duty_words import duty_word
from app.faces.translation import _, _l
from app.faces.web.acting import Standing
from app.faces.web.language import pick
from app.faces.web.pages.case_dossier import person_words
from app.faces.web.pages.case_view import DiagramView, ReviewStep, StepRow
from app.faces.web.pages.queue_rows import may
from app.faces.web.words import day, duty, moment
from app.kernel.duties.conflicts import check_conflicts
from app.kernel.duties.queries import list_case_views, list_rules
from app.kernel.engine.dossier import Dossier
from app.kernel.engine.seats import ReviewSeat
from app.kernel.local_time import local_day
from app.kernel.worklist.models import Task

REMARKS = {
    "normal": _l("一般，须两人，互不相同"),
    "high": _l("高风险，须三人，两两不同"),
    "routed": _l("提级，须四人，两两不同"),
}
STATE_CLASS = {"signed": "done", "now": "now", "stale": "", "to_come": ""}


def three_remark(risk: str) -> str:
    """How many different people the case's risk class demands."""
    return str(REMARKS[risk])


Barred = Mapping[str, Sequence[tuple[str, str]]]
"""Who of those bound on the case a review duty is closed to, with what each of them is here."""


def barred(session: Session, dossier: Dossier, who: Standing) -> Barred:
    """Ask the conflict sets in force for everybody who is bound on the case, seat by seat."""
    rules = list_rules(session, who.now)
    view = list_case_views(session, [dossier.case])[dossier.case.id]
    bound = {act.person_id: act.name for act in dossier.acts if act.case_id == dossier.case.id}
    found: dict[str, list[tuple[str, str]]] = {}
    for seat in dossier.seats:
        grouped: dict[str, list[str]] = {}
        for person_id, name in bound.items():
            decision = check_conflicts(person_id, seat.duty, view, rules)
            if not decision.allowed:
                shown = _("您") if person_id == who.person_id else name
                grouped.setdefault(str(decision.params["held"]), []).append(shown)
        found[seat.duty] = [
            (_("、").join(names), _("本案%(duty)s人", duty=duty_word(held)))
            for held, names in grouped.items()
        ]
    return found


def reviews(dossier: Dossier, who: Standing, closed: Barred) -> list[ReviewStep]:
    """Signed, in progress, to come; then who may and who may not, with the reason."""
    return [_seat(seat, who, closed) for seat in dossier.seats]


def _seat(seat: ReviewSeat, who: Standing, closed: Barred) -> ReviewStep:
    open_seat = seat.state in ("now", "to_come", "stale")
    signed = seat.state in ("signed", "stale")
    signer = seat.signer or ""
    if seat.principal:
        signer = _("%(name)s（代%(principal)s）", name=signer, principal=seat.principal)
    unclaimed = seat.holder is None and open_seat
    return ReviewStep(
        duty=duty(seat.duty),
        state=STATE_CLASS[seat.state],
        when=_when(seat, who),
        person=signer if signed else _holder(seat, who),
        words=_seat_words(seat),
        may=may(seat.able) if unclaimed else "",
        may_not=closed.get(seat.duty, ()) if open_seat else (),
    )


def _holder(seat: ReviewSeat, who: Standing) -> str:
    mine = seat.task is not None and seat.task.claimed_by == who.person_id
    return _("%(name)s（您）", name=seat.holder) if mine else (seat.holder or "")


def _when(seat: ReviewSeat, who: Standing) -> str:
    if seat.state == "signed" and seat.signed_at is not None:
        return moment(seat.signed_at, who.today)
    return {"now": _("办理中"), "stale": _("待重签")}.get(seat.state, _("未到"))


def _seat_words(seat: ReviewSeat) -> str:
    if seat.state == "signed":
        return _("已签名")
    if seat.state == "stale":
        return _("须重新签名")
    return _("待领取") if seat.state == "now" and seat.holder is None else ""


def steps(dossier: Dossier, who: Standing) -> list[StepRow]:
    """Finished steps with their people, where it stands, and the reviews and service still to come."""
    rows = [_finished(tasks, dossier, who) for tasks in _finished_steps(dossier).values()]
    rows += [
        StepRow(
            pick(_name(key, dossier), _name_en(key, dossier)),
            "",
            _("跳过，经案件修正"),
            day(local_day(at), who.today),
        )
        for key, at in _skipped(dossier).items()
    ]
    rows += [_open(task, dossier, who) for task in dossier.open_tasks]
    rows += [
        StepRow(pick(_name(item.step_key, dossier), ""), "", _("等候"), _("在此"), here=True)
        for item in dossier.position
        if item.state == "waiting"
    ]
    if dossier.case.status == "open":
        rows += _to_come(dossier)
    return rows


def _finished_steps(dossier: Dossier) -> OrderedDict[str, list[Task]]:
    """Completed tasks by step, in the order of their last completion."""
    found: OrderedDict[str, list[Task]] = OrderedDict()
    for task in sorted(dossier.tasks, key=lambda item: item.completed_at or item.created_at):
        if task.state == "completed":
            earlier = found.pop(task.step_key, [])
            found[task.step_key] = [*earlier, task]
    return found


def _finished(tasks: list[Task], dossier: Dossier, who: Standing) -> StepRow:
    last = tasks[-1]
    people = [part.get("person") for part in (last.result or {}).get("parts", [])] + [last.completed_by]
    names = _("、").join(dict.fromkeys(person_words(dossier, last, pid) for pid in people if pid))
    when = day(local_day(last.completed_at), who.today) if last.completed_at else ""
    return StepRow(pick(last.title_zh, last.title_en), names, "", when)


def _open(task: Task, dossier: Dossier, who: Standing) -> StepRow:
    name = dossier.people.get(task.claimed_by or 0, "")
    if task.claimed_by == who.person_id:
        name = _("%(name)s（您）", name=name)
    words = _("等人办理") if task.waiting_for_staff else _("待领取")
    return StepRow(pick(task.title_zh, task.title_en), name, words, _("在此"), here=True)


def _to_come(dossier: Dossier) -> list[StepRow]:
    seen = {task.step_key for task in dossier.tasks}
    waiting = {seat.duty for seat in dossier.seats if seat.state in ("to_come", "stale")}
    ahead = [
        step
        for step in dossier.deployed.steps.values()
        if step.kind == "user"
        and step.step_key not in seen
        and (step.duty in waiting or step.duty == "serve")
    ]
    ahead.sort(key=lambda step: step.duty == "serve")
    usual = {step.duty: step for step in reversed(ahead) if step.signs or step.duty == "serve"}
    return [
        StepRow(pick(step.name, step.name_en or ""), "", _("未到"), "—")
        for step in ahead
        if usual.get(step.duty) is step  # a discussion's chair is not on the usual way
    ]


def _skipped(dossier: Dossier) -> dict[str, datetime]:
    """Steps a decided modification passed over, and when; not those that were done all the same."""
    done = {task.step_key for task in dossier.tasks if task.state == "completed"}
    return {
        str(event.payload["from"]): event.at
        for event in reversed(dossier.story)
        if event.event == "case.modified"
        and event.payload.get("action") == "skip"
        and event.payload.get("from") not in done
    }


def _name_en(step_key: str, dossier: Dossier) -> str:
    step = dossier.deployed.steps.get(step_key)
    return (step.name_en or "") if step is not None else ""


def _name(step_key: str, dossier: Dossier) -> str:
    step = dossier.deployed.steps.get(step_key)
    return pick(step.name, step.name_en or "") if step else step_key


def diagrams(dossier: Dossier) -> list[DiagramView]:
    """One diagram per process the case is in, innermost last."""
    scopes: OrderedDict[str, list[str]] = OrderedDict({dossier.deployed.key: []})
    for item in dossier.position:
        scopes.setdefault(_process(item.path, dossier), []).append(item.step_key)
    passed = Counter(task.step_key for task in dossier.tasks if task.state == "completed")
    marks = " ".join(f"{key}:{count}" for key, count in passed.items())
    return [
        DiagramView(
            xml_url=url_for("case.bpmn", case_id=dossier.case.id, process=process),
            page_url=url_for("case.diagram", case_id=dossier.case.id),
            tokens=" ".join(tokens),
            passed=marks,
            skipped=" ".join(_skipped(dossier)),
            title=pick(dossier.deployed.title_zh, dossier.deployed.title_en)
            if process == dossier.deployed.key
            else _("审查环节"),
        )
        for process, tokens in scopes.items()
    ]


def _process(path: tuple[str, ...], dossier: Dossier) -> str:
    """The process that the innermost call activity of `path` calls."""
    step = dossier.deployed.steps.get(path[-1]) if path else None
    return step.called if step is not None and step.called else dossier.deployed.key
