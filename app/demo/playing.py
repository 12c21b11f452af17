"""Plays the plans with the real operations, the real accounts and a clock that moves, in order of time."""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from functools import partial
from typing import Any

from sqlalchemy import select

from app.demo import paper
from app.demo.opinions import opinion
from app.demo.plans import CHECK, CORRECTION, INITIAL, INVESTIGATE, SERVE, Plan, Step
from app.demo.staff import Staff, Worker
from app.kernel.cases.models import CaseState
from app.kernel.duties.views import REVIEW_DUTIES
from app.kernel.engine.materials import Upload, add_material, receive_correction
from app.kernel.engine.operations import CaseStart, complete_task, run_timers, start_case
from app.kernel.kernel import Kernel
from app.kernel.local_time import LOCAL_ZONE, local_minute
from app.kernel.transaction import Unit, run, system_actor
from app.kernel.transaction.unit import EVERY_REGION
from app.kernel.worklist.models import Task
from app.kernel.worklist.operations import claim_task, open_task, save_draft

PROCESS = "injury_recognition"
# Acts that would fall into the future crowd together here, half a minute or more apart.
BEFORE_NOW = timedelta(minutes=45)
DAY_BEGINS, DAY_ENDS = time(8, 40), time(17, 20)


class SimulatedClock:
    """The kernel's clock while the past is played."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Play:
    """One case on its way: what it waits for next, and when that happens."""

    plan: Plan
    rng: random.Random
    at: datetime
    place: int = 0
    case_id: int = 0
    holding: tuple[int, Worker] | None = None
    served: int = 0
    """Parties that have received the decision."""

    def held(self) -> tuple[int, Worker]:
        """The task somebody has opened, and who. Raise LookupError when nobody has."""
        if self.holding is None:
            raise LookupError(f"nobody holds a task of case {self.case_id}")
        return self.holding


class Player:
    """Runs every plan to where it stands today."""

    def __init__(self, kernel: Kernel, staff: Staff, now: datetime) -> None:
        self.clock = SimulatedClock(now)
        self.kernel = replace(kernel, clock=self.clock)
        self.staff = staff
        self.end = now - BEFORE_NOW
        self._queue: list[tuple[datetime, int, Play, Callable[[Play], None]]] = []
        self._count = 0

    def play(self, plans: Iterable[Plan], told: Callable[[int], None]) -> None:
        """Play all plans together; `told` hears how many acts are done."""
        for plan in plans:
            play = Play(plan, random.Random(plan.seed), plan.received)
            self._next(play, timedelta(0), self._start)
        done = 0
        while self._queue:
            at, _, play, act = heapq.heappop(self._queue)
            play.at = self.clock.now = at
            act(play)
            done += 1
            told(done)

    def ripen(self) -> None:
        """Periods that ended meanwhile end: the cases nobody challenged are archived."""
        self.clock.now = self.end
        with self.kernel.database.session() as session:
            self.kernel.database.scope(session, EVERY_REGION)
            due = select(CaseState.case_id).where(CaseState.next_due_at <= self.end)
            ripe = session.scalars(due.order_by(CaseState.next_due_at)).all()
        for case_id in ripe:
            run(self.kernel, run_timers, system_actor(), case_id=case_id)

    def _next(self, play: Play, after: timedelta, act: Callable[[Play], None]) -> None:
        """Put an act into the queue, in working hours and never in the future."""
        wanted = min(working(play.at + after, play.rng), self.end)
        at = max(wanted, play.at + timedelta(seconds=play.rng.randint(20, 90)))
        self._count += 1
        heapq.heappush(self._queue, (at, self._count, play, act))

    def _start(self, play: Play) -> None:
        plan = play.plan
        clerk = self._choose(play, "rec_window", "intake", plan.region)
        start = CaseStart(PROCESS, plan.region, plan.facts)
        play.case_id = run(
            self.kernel, partial(start_case, start=start), self.staff.actor(clerk, plan.region)
        )["case_id"]
        self._go_on(play)

    def _go_on(self, play: Play) -> None:
        """Plan the next act of the case: take a step, receive a correction, or hold the last task."""
        plan = play.plan
        if play.place < len(plan.steps):
            step = plan.steps[play.place]
            act = self._correct if step.key == CORRECTION else self._take
            share = 0.6 if step.key in (CHECK, INVESTIGATE, INITIAL, SERVE) else 0.85
            self._next(play, timedelta(days=step.days * share), act)
        elif plan.taken:
            self._next(play, timedelta(days=0.2), self._hold)

    def _take(self, play: Play) -> None:
        """Claim and open the waiting task; complete it some time later."""
        step = play.plan.steps[play.place]
        worker = self._claim(play, step)
        share = 0.4 if step.key in (CHECK, INVESTIGATE, INITIAL, SERVE) and not play.served else 0.15
        if worker is not None:
            self._next(play, timedelta(days=step.days * share), self._finish)

    def _claim(self, play: Play, step: Step | None) -> Worker | None:
        plan, day = play.plan, play.at.astimezone(LOCAL_ZONE).date()
        post, duty, former = self._waiting(play)
        names = self.staff.holders(post, plan.region, day)
        if step is not None and step.cast is not None:
            worker: Worker | None = self.staff.named(step.cast)
        else:
            free = [person for person in names if not _barred(plan, person, duty, former)]
            worker = play.rng.choice(free) if free else None
        if worker is None:
            return None
        uploads = _uploads(play) if step is not None and step.key == CHECK else []
        task_id = run(
            self.kernel,
            partial(_take_up, case_id=play.case_id, uploads=uploads),
            self.staff.actor(worker, plan.region),
            case_id=play.case_id,
        )
        play.holding = (task_id, worker)
        plan.done.setdefault(duty, set()).add(worker.name)
        return worker

    def _waiting(self, play: Play) -> tuple[str, str, bool]:
        """Post and duty of the waiting task; True when somebody did a part of it already."""
        with self.kernel.database.session() as session:
            self.kernel.database.scope(session, (play.plan.region,))
            chosen = select(Task.post, Task.duty, Task.acts).where(
                Task.case_id == play.case_id, Task.state == "open"
            )
            row = session.execute(chosen.order_by(Task.id).limit(1)).one()
        return row.post, row.duty, row.acts > 0

    def _finish(self, play: Play) -> None:
        step = play.plan.steps[play.place]
        task_id, worker = play.held()
        submitted = as_form(_answers(play, step, play.at))
        run(
            self.kernel,
            partial(complete_task, task_id=task_id, submitted=submitted),
            self.staff.actor(worker, play.plan.region),
            case_id=play.case_id,
        )
        play.holding = None
        if step.key == SERVE and not play.served:
            play.served = 1
            self._next(play, timedelta(hours=2), self._take)
            return
        play.place += 1
        self._go_on(play)

    def _correct(self, play: Play) -> None:
        """The window receives the missing papers."""
        clerk = self._choose(play, "rec_window", "intake", play.plan.region)
        run(
            self.kernel,
            partial(receive_correction, uploads=[paper.employment_proof(play.rng)], complete=True),
            self.staff.actor(clerk, play.plan.region),
            case_id=play.case_id,
        )
        play.place += 1
        self._go_on(play)

    def _hold(self, play: Play) -> None:
        """Somebody works on the task where the case stands today."""
        if self._claim(play, None) is None or play.plan.taken != "draft":
            return
        task_id, worker = play.held()
        values = {"opinion": "材料已看，待核对参保记录后填写意见。"}
        run(
            self.kernel,
            partial(save_draft, task_id=task_id, values=values, version=None),
            self.staff.actor(worker, play.plan.region),
            case_id=play.case_id,
        )

    def _choose(self, play: Play, post: str, duty: str, region: str) -> Worker:
        day = play.at.astimezone(LOCAL_ZONE).date()
        worker = play.rng.choice(self.staff.holders(post, region, day))
        play.plan.done.setdefault(duty, set()).add(worker.name)
        return worker


def _barred(plan: Plan, worker: Worker, duty: str, shared: bool) -> bool:
    """Whether the worker did another review of this case, or the first part of this very task."""
    if shared and worker.name in plan.done.get(duty, set()):
        return True
    others = [other for other in REVIEW_DUTIES if other != duty] if duty in REVIEW_DUTIES else []
    others += ["intake"] if duty == "final_review" else []
    return any(worker.name in plan.done.get(other, set()) for other in others)


def _take_up(unit: Unit, case_id: int, uploads: list[Upload]) -> int:
    """Claim and open the case's first waiting task and add what came on paper; answers the task."""
    chosen = select(Task).where(Task.case_id == case_id, Task.state == "open").order_by(Task.id).limit(1)
    task = unit.session.scalars(chosen).one()
    claim_task(unit, task.id)
    open_task(unit, task.id)
    for upload in [*uploads, *([paper.return_slip(task.id)] if task.step_key == SERVE else [])]:
        add_material(unit, task.id, upload)
    return task.id


def _uploads(play: Play) -> list[Upload]:
    step = play.plan.steps[play.place]
    if play.place > 0:
        return []
    facts = play.plan.facts
    form = paper.application_form(facts["worker_name"], f"单位：{facts['employer_name']}")
    rest = [paper.diagnosis_proof(play.rng)]
    return [form, *rest] if step.outcome == "incomplete" else [form, *rest, paper.employment_proof(play.rng)]


def _answers(play: Play, step: Step, at: datetime) -> dict[str, Any]:
    """Everything the form shows, filled in as its page would send it."""
    plan = play.plan
    facts = plan.facts
    if step.key == INITIAL:
        facts = facts | plan.conclusion
    elif step.key == INVESTIGATE:
        facts |= _investigation(play, at)
    elif step.key == SERVE:
        facts = facts | _service(play, at)
    plan.facts = facts
    ticked = dict.fromkeys(_CHECKS, True)
    missing = {"materials_missing": ["employment_proof"]} if step.outcome == "incomplete" else {}
    back = {"return_to": "initial_review"} if step.outcome == "return" else {}
    said = opinion(play.rng, step.key, step.outcome, facts)
    return {**facts, **ticked, **missing, **back, "outcome": step.outcome, "opinion": said}


_CHECKS = (
    "task_checked_form",
    "task_checked_jurisdiction",
    "task_checked_duplicate",
    "task_recusal_checked",
    "task_checked_identity",
    "task_checked_elements",
    "task_checked_evidence",
    "task_checked_basis",
    "task_checked_facts",
    "task_checked_data",
    "task_checked_hits",
    "task_checked_sources",
)


def _investigation(play: Play, at: datetime) -> dict[str, Any]:
    facts = play.plan.facts
    return {
        "investigated_on": at.astimezone(LOCAL_ZONE).date().isoformat(),
        "investigation_methods": ["questioning", "documents"],
        "employer_denies": False,
        "investigation_findings": f"经询问{facts['worker_name']}及同班人员，查阅考勤和病历，{facts['accident_course']}",
    }


def _service(play: Play, at: datetime) -> dict[str, Any]:
    """How the party whose turn it is received: first the worker, then the employer."""
    facts, now = play.plan.facts, local_minute(at)
    way = play.rng.choice(("direct", "post", "electronic") if play.served else ("direct", "post"))
    return {
        "task_way": way,
        "task_sent_on": now[:10],
        "task_received_at": now,
        "task_receiver": facts["employer_contact"] if play.served else facts["worker_name"],
        "task_reference": "" if way == "direct" else f"{play.rng.randrange(10**9, 10**10)}",
        "task_consent": way == "electronic",
    }


def as_form(values: Mapping[str, Any]) -> dict[str, str | list[str]]:
    """Values as a browser posts them."""
    return {key: value if isinstance(value, list) else _text(value) for key, value in values.items()}


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else ""
    return "" if value is None else str(value)


def working(at: datetime, rng: random.Random) -> datetime:
    """The same moment if an office is open then, else one of the next working hours (weekends only)."""
    local = at.astimezone(LOCAL_ZONE)
    if local.weekday() >= 5:
        local += timedelta(days=7 - local.weekday())
    if not DAY_BEGINS <= local.time() <= DAY_ENDS:
        local = datetime.combine(local.date(), DAY_BEGINS, LOCAL_ZONE) + timedelta(
            minutes=rng.randint(0, 510)
        )
    return local
