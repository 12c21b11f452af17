"""People of every authority at work on made-up cases, in order of time: whoever may take a task takes it."""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.demo.filling import fill
from app.demo.playing import BEFORE_NOW, SimulatedClock, working
from app.demo.staff import Worker
from app.kernel.cases.models import Case
from app.kernel.duties.queries import (
    list_candidates,
    list_case_views,
    list_holders,
    list_rules,
    list_task_views,
)
from app.kernel.duties.rules import decide
from app.kernel.duties.views import Action
from app.kernel.engine.incoming import Paper, receive_paper
from app.kernel.engine.materials import Upload, add_material
from app.kernel.engine.messages.delivering import deliver, spread_message
from app.kernel.engine.messages.models import CaseMessage, CaseMessageDelivery
from app.kernel.engine.messages.sending import TOPIC
from app.kernel.engine.operations import complete_task, run_timers
from app.kernel.identity.models import Region
from app.kernel.kernel import Kernel
from app.kernel.local_time import local_day
from app.kernel.transaction import Actor, Unit, run, system_actor
from app.kernel.transaction.unit import EVERY_REGION
from app.kernel.worklist.models import Task
from app.kernel.worklist.operations import claim_task, open_task
from app.storage.outbox import Outbox, mark_sent

Course = Iterator[timedelta]
"""What becomes of an injury: each step acts, then says how long until the next one."""
Result = TypeVar("Result")
QUARTER = timedelta(minutes=15)


class Troupe:
    """Everybody, the clock they work by, and the moment at which the past ends."""

    def __init__(self, kernel: Kernel, workers: Iterable[Worker], now: datetime, rng: random.Random) -> None:
        self.clock = SimulatedClock(now)
        self.kernel = replace(kernel, clock=self.clock)
        self.workers = {one.person_id: one for one in workers}
        self.rng, self.end = rng, now - BEFORE_NOW
        self._regions: dict[str, tuple[str, ...]] = {}

    def play(self, courses: Iterable[tuple[datetime, Course]]) -> None:
        """All together, in order of time, so that numbers of documents rise with their days; none beyond the end."""
        queue = [(working(begins, self.rng), place, course) for place, (begins, course) in enumerate(courses)]
        heapq.heapify(queue)
        while queue and queue[0][0] <= self.end:
            self.clock.now, place, course = heapq.heappop(queue)
            wait = next(course, None)
            if wait is not None:
                soonest = self.clock.now + timedelta(minutes=5)
                at = max(working(self.clock.now + wait, self.rng), soonest)
                heapq.heappush(queue, (at, place, course))
        self.clock.now = self.end

    def ask(self, question: Callable[[Session], Result]) -> Result:
        """A read over all regions."""
        with self.kernel.database.session() as session:
            self.kernel.database.scope(session, EVERY_REGION)
            return question(session)

    def waiting(self, case_id: int) -> Sequence[Task]:
        """The open tasks of a case, oldest first."""
        found = select(Task).where(Task.case_id == case_id, Task.state == "open").order_by(Task.id)
        return self.ask(lambda session: session.scalars(found).all())

    def case(self, case_id: int) -> Case:
        return self.ask(lambda session: session.get_one(Case, case_id))

    def holder(self, post: str, region: str) -> Worker:
        """Somebody who holds a post today. Raise IndexError where nobody does."""
        today = local_day(self.clock.now)
        held = self.ask(lambda session: list_holders(session, {(post, region)}, today)[post, region])
        return next(self.workers[one] for one in held if one in self.workers)

    def act(
        self, worker: Worker, region: str, operation: Callable[[Unit], Result], case_id: int | None = None
    ) -> Result:
        """Somebody does something, in a case where one is named."""
        actor = Actor(worker.account_id, worker.person_id, self._subtree(region), request_id="demo")
        return run(self.kernel, operation, actor, case_id=case_id)

    def _subtree(self, region: str) -> tuple[str, ...]:
        """The region with what lies below it: what its officers see."""
        below = Region.path.like(f"%{region}%")
        found = self._regions.get(region) or self.ask(
            lambda session: tuple(session.scalars(select(Region.code).where(below)))
        )
        return self._regions.setdefault(region, found)

    def work(self, task: Task, said: Mapping[str, Any], papers: Sequence[Upload] = ()) -> None:
        """Somebody who may claims and opens the task and adds the papers, a quarter of an hour later completes it."""
        worker = self._able(task)
        self.act(worker, task.region_code, partial(_take_up, task_id=task.id, papers=papers), task.case_id)
        self.clock.now += QUARTER
        done = partial(complete_task, task_id=task.id, submitted=fill(self.kernel, task, said))
        self.act(worker, task.region_code, done, task.case_id)

    def _able(self, task: Task) -> Worker:
        """One of those who may claim the task, not always the same. Raise LookupError where nobody may."""
        today, pair = local_day(self.clock.now), (task.post, task.region_code)

        def able(session: Session) -> list[int]:
            case = session.get_one(Case, task.case_id)
            people = list_candidates(session, list_holders(session, {pair}, today)[pair], today)
            view, asked = list_case_views(session, [case])[case.id], list_task_views(session, [task])[task.id]
            rules = list_rules(session, self.clock.now)
            return [
                one.person_id
                for one in people.values()
                if one.person_id in self.workers and decide(one, Action.CLAIM, view, asked, rules).allowed
            ]

        found = self.ask(able)
        if not found:
            raise LookupError(f"nobody of the demonstration may do {task.step_key} of case {task.case_id}")
        return self.workers[found[task.case_id % len(found)]]

    def register(self, case_id: int, message: str, post: str, **facts: Any) -> None:
        """A paper comes in from outside and the holder of the post registers it."""
        region = self.case(case_id).region_code
        paper = Paper(message, facts, note="演示")
        self.act(self.holder(post, region), region, partial(receive_paper, paper=paper), case_id)

    def let_lapse(self, case_id: int) -> None:
        """Periods that are over end."""
        run(self.kernel, run_timers, system_actor(), case_id=case_id)

    def tell(self, sender: int) -> None:
        """Messages of a case reach the other cases of its chain, as the worker would bring them."""
        of_sender = select(CaseMessage.id).where(CaseMessage.case_id == sender)
        sent = self.ask(lambda session: list(session.scalars(of_sender)))
        for message in sent:
            run(self.kernel, partial(_spread, message_id=message), system_actor())
        waiting = select(CaseMessageDelivery.id, CaseMessageDelivery.receiver_id).where(
            CaseMessageDelivery.message_id.in_(sent), CaseMessageDelivery.state == "waiting"
        )
        for delivery, receiver in self.ask(
            lambda session: session.execute(waiting.order_by(CaseMessageDelivery.id)).all()
        ):
            run(self.kernel, partial(deliver, delivery_id=delivery), system_actor(), case_id=receiver)

    def find(self, beside: int, process: str) -> int | None:
        """The latest case of a process in the chain of another."""
        chain = self.case(beside).chain_id
        found = select(Case.id).where(Case.chain_id == chain, Case.process_key == process)
        return self.ask(lambda session: session.scalar(found.order_by(Case.id.desc())))


def _take_up(unit: Unit, task_id: int, papers: Sequence[Upload]) -> None:
    claim_task(unit, task_id)
    open_task(unit, task_id)
    for paper in papers:
        add_material(unit, task_id, paper)


def _spread(unit: Unit, message_id: int) -> None:
    """What the outbox's channel does with a message, its row marked as sent."""
    key = f"{TOPIC}:{message_id}"
    spread_message(unit, message_id)
    for row in unit.session.scalars(select(Outbox.id).where(Outbox.key == key, Outbox.state == "waiting")):
        mark_sent(unit.session, row, unit.now)
    unit.record("outbox.delivered", {"topic": TOPIC, "key": key})
