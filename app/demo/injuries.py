"""What becomes of some recognised injuries: assessment with draw and panel, award, payables, in order of time.

Each goes its way until today; how far it comes depends on when it was recognised.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.demo.authorities import Authorities
from app.demo.filling import fill
from app.demo.paper import return_slip
from app.demo.playing import BEFORE_NOW, SimulatedClock, working
from app.demo.roster import YINCHUAN
from app.demo.staff import Worker
from app.domain.assessment.draw import commit
from app.domain.assessment.queries import find_open_draw, list_seats, newest_panel
from app.kernel.cases.models import Case
from app.kernel.engine.materials import add_material
from app.kernel.engine.messages.delivering import deliver, spread_message
from app.kernel.engine.messages.models import CaseMessage, CaseMessageDelivery
from app.kernel.engine.messages.sending import TOPIC
from app.kernel.engine.opening import open_in_chain
from app.kernel.engine.operations import complete_task, run_timers
from app.kernel.kernel import Kernel
from app.kernel.local_time import LOCAL_ZONE, local_minute
from app.kernel.transaction import Unit, run, system_actor
from app.kernel.transaction.unit import EVERY_REGION
from app.kernel.worklist.models import Task
from app.kernel.worklist.operations import claim_task, open_task
from app.storage.outbox import Outbox, mark_sent

ASSESSMENT, AWARD = "capacity_assessment", "disability_benefit_award"
LAPSE = timedelta(days=17)
"""Two weeks and a day for a reassessment, and what a weekend may add."""
EVERY = 40
"""One injury goes on for so many cases of the region, three at least."""
SAYS: Final[Mapping[str, Mapping[str, Any]]] = {
    "p02_02_check": {"outcome": "complete"},
    "p02_04_file_review": {
        "outcome": "reviewed",
        "lead_speciality": "orthopaedics",
        "specialities": [],
        "panel_size": "3",
    },
    "ed8_confirm": {"outcome": "confirmed"},
    "p02_06_appoint": {"outcome": "appointed", "appointment_place": "银川市劳动能力鉴定中心二楼"},
    "p02_07_onsite": {"outcome": "done", "identity_verified": True},
    "rb2_initial_review": {"outcome": "submit_positive"},
    "rb3_recheck": {"outcome": "agree"},
    "rb4_risk_review": {"outcome": "agree"},
    "rb5_final_review": {"outcome": "approve"},
    "rb6b_final_review_2": {"outcome": "approve"},
    "p07_01_register": {"outcome": "complete"},
    "p07_03_calculate": {"outcome": "ready"},
    "sv1_serve": {"outcome": "served", "task_way": "direct", "task_receiver": "本人签收"},
}
"""What is answered at each step; a step that isn't here is where an injury stops."""
SECRETS: Final[Mapping[str, tuple[str, str]]] = {
    "ed3_commit": ("operator", "committed"),
    "ed4_commit": ("witness", "committed"),
    "ed5_reveal": ("operator", "revealed"),
    "ed6_reveal": ("witness", "revealed"),
}
USUAL: Final[Mapping[str, tuple[float, float]]] = {
    "ed": (0.05, 0.3),
    "p02_06": (0.5, 1.5),
    "p02_07": (5, 9),
    "p02_08": (0.05, 0.1),
    "sv1": (0.5, 2),
}
"""Days a step waits, by the beginning of its key; others one to three."""


def play_injuries(kernel: Kernel, people: Authorities, now: datetime, cases: int, seed: str) -> None:
    """Take one injury in `EVERY` of so many cases on from its recognition, the oldest ones and some of late."""
    player = Player(kernel, people, now, random.Random(f"{seed}:injuries"))
    with kernel.database.session() as session:
        kernel.database.scope(session, EVERY_REGION)
        recognised = list_recognised(session)
    wanted = min(len(recognised), max(3, cases // EVERY))
    player.play([recognised[place * len(recognised) // wanted] for place in range(wanted)])


def list_recognised(session: Session) -> list[tuple[int, datetime]]:
    """Cases of the city whose positive decision was served, with the moment it was made, oldest first."""
    waiting = select(Task.case_id).where(Task.state == "open")
    found = select(Case.id, Case.decided_at).where(
        Case.process_key == "injury_recognition",
        Case.region_code == YINCHUAN,
        Case.outcome == "approved_positive",
        Case.decided_at.is_not(None),
        Case.id.not_in(waiting),
    )
    return [(row.id, row.decided_at) for row in session.execute(found.order_by(Case.decided_at))]


class Player:
    """Runs every injury to where it stands today; `now` and later nothing happens."""

    def __init__(self, kernel: Kernel, people: Authorities, now: datetime, rng: random.Random) -> None:
        self.clock = SimulatedClock(now)
        self.kernel = replace(kernel, clock=self.clock)
        self.people, self.rng = people, rng
        self.end = now - BEFORE_NOW
        self._secrets: dict[tuple[int, str], str] = {}

    def play(self, recognised: list[tuple[int, datetime]]) -> None:
        """All together, in order of time, so that numbers of documents rise with their days."""
        queue = [
            (
                working(decided + timedelta(days=self.rng.uniform(24, 30)), self.rng),
                place,
                self._course(case_id),
            )
            for place, (case_id, decided) in enumerate(recognised)
        ]
        heapq.heapify(queue)
        while queue and queue[0][0] <= self.end:
            self.clock.now, place, course = heapq.heappop(queue)
            wait = next(course, None)
            if wait is not None:
                soonest = self.clock.now + timedelta(minutes=5)
                at = max(working(self.clock.now + wait, self.rng), soonest)
                heapq.heappush(queue, (at, place, course))
        self.clock.now = self.end

    def _course(self, recognition: int) -> Iterator[timedelta]:
        """One injury's way; yields how long until the next act."""
        assessment = self._open(recognition)
        yield from self._work_through(assessment)
        yield LAPSE
        run(self.kernel, run_timers, system_actor(), case_id=assessment)
        self._tell(assessment)
        award = self._find(assessment, AWARD)
        if award is not None:
            yield from self._work_through(award)
            self._tell(award)

    def _open(self, recognition: int) -> int:
        with self.kernel.database.session() as session:
            self.kernel.database.scope(session, EVERY_REGION)
            name = session.get_one(Case, recognition).subject_name
        facts = {"applicant_type": "worker", "applicant_name": name, "assessment_type": "initial"}
        window = self.people.actor(self.people.holders["as_window"][0])
        opening = partial(open_in_chain, process_key=ASSESSMENT, region_code=YINCHUAN, facts=facts)
        return int(run(self.kernel, opening, window, case_id=recognition)["case_id"])

    def _work_through(self, case_id: int) -> Iterator[timedelta]:
        """One task after another until none is open, or one that nobody of the demonstration answers."""
        while True:
            waiting = self._waiting(case_id)
            key = waiting[0].step_key if waiting else ""
            low, high = next((days for start, days in USUAL.items() if key.startswith(start)), (1.0, 3.0))
            if not waiting or not self._answerable(key):
                return
            yield timedelta(days=self.rng.uniform(low, high))
            self._act(waiting[0])

    def _answerable(self, step: str) -> bool:
        return step in SAYS or step in SECRETS or step == "p02_08_opinion"

    def _waiting(self, case_id: int) -> list[Task]:
        with self.kernel.database.session() as session:
            self.kernel.database.scope(session, EVERY_REGION)
            found = select(Task).where(Task.case_id == case_id, Task.state == "open").order_by(Task.id)
            return list(session.scalars(found))

    def _act(self, task: Task) -> None:
        """Claim and open, a quarter of an hour later complete."""
        worker = self._who(task)
        actor = self.people.actor(worker)
        take = partial(_take_up, task_id=task.id, slip=task.step_key == "sv1_serve")
        run(self.kernel, take, actor, case_id=task.case_id)
        self.clock.now += timedelta(minutes=15)
        done = partial(complete_task, task_id=task.id, submitted=fill(self.kernel, task, self._said(task)))
        run(self.kernel, done, actor, case_id=task.case_id)

    def _who(self, task: Task) -> Worker:
        """Somebody of the task's post; for an opinion the expert of the panel whose turn it is."""
        if task.step_key != "p02_08_opinion":
            return self.people.holders[task.post][task.case_id % len(self.people.holders[task.post])]
        with self.kernel.database.session() as session:
            self.kernel.database.scope(session, EVERY_REGION)
            seats = list_seats(session, task.case_id, newest_panel(session, task.case_id) or 0)
        place = task.acts % len(seats)
        return self.people.expert(seats[place].person_id)

    def _said(self, task: Task) -> dict[str, Any]:
        step = task.step_key
        if step in SECRETS:
            return self._secret(task.case_id, *SECRETS[step])
        if step == "p02_08_opinion":
            return self._opinion(task.case_id)
        said = dict(SAYS[step])
        if step == "p02_06_appoint":
            day = working(self.clock.now + timedelta(days=7), self.rng).astimezone(LOCAL_ZONE)
            said["appointment_at"] = f"{day:%Y-%m-%d}T09:00"
        if step == "sv1_serve":
            now = local_minute(self.clock.now)
            said |= {"task_sent_on": now[:10], "task_received_at": now}
        if step == "rb2_initial_review":
            said |= self._drafted(task.case_id)
        return said

    def _opinion(self, case_id: int) -> dict[str, Any]:
        grade = _grade(case_id)
        graded = {"task_result": "graded", "task_grade": str(grade), "task_care_level": "none"}
        return {**graded, "outcome": "agree_signed", "task_items": f"5.{grade}.2 10)"}

    def _drafted(self, case_id: int) -> dict[str, Any]:
        with self.kernel.database.session() as session:
            self.kernel.database.scope(session, EVERY_REGION)
            case = session.get_one(Case, case_id)
        if case.process_key != ASSESSMENT:
            return {}
        return {
            "condition_text": "伤情稳定，功能部分丧失",
            "grade": str(_grade(case_id)),
            "care_level": "none",
        }

    def _secret(self, case_id: int, role: str, outcome: str) -> dict[str, Any]:
        if outcome == "revealed":
            return {"outcome": outcome, "task_secret": self._secrets.pop((case_id, role))}
        with self.kernel.database.session() as session:
            draw = find_open_draw(session, case_id)
        if draw is None:
            raise LookupError(f"no draw is open in case {case_id}")
        secret = self._secrets[case_id, role] = f"{role}-{self.rng.getrandbits(80):020x}"
        return {"outcome": outcome, "task_commitment": commit(draw.uid, role, secret)}

    def _tell(self, sender: int) -> None:
        """Messages of a case reach the other cases of its chain, as the worker would bring them."""
        with self.kernel.database.session() as session:
            sent = list(session.scalars(select(CaseMessage.id).where(CaseMessage.case_id == sender)))
        for message in sent:
            run(self.kernel, partial(_spread, message_id=message), system_actor())
        with self.kernel.database.session() as session:
            waiting = select(CaseMessageDelivery.id, CaseMessageDelivery.receiver_id).where(
                CaseMessageDelivery.message_id.in_(sent), CaseMessageDelivery.state == "waiting"
            )
            deliveries = session.execute(waiting.order_by(CaseMessageDelivery.id)).all()
        for delivery, receiver in deliveries:
            run(self.kernel, partial(deliver, delivery_id=delivery), system_actor(), case_id=receiver)

    def _find(self, beside: int, process: str) -> int | None:
        """The latest case of a process in the chain of another."""
        with self.kernel.database.session() as session:
            self.kernel.database.scope(session, EVERY_REGION)
            chain = session.get_one(Case, beside).chain_id
            found = select(Case.id).where(Case.chain_id == chain, Case.process_key == process)
            return session.scalar(found.order_by(Case.id.desc()))


def _grade(case_id: int) -> int:
    """Seven to ten, by the case's number: the lighter the more."""
    return (10, 9, 8, 7)[case_id % 4]


def _take_up(unit: Unit, task_id: int, *, slip: bool) -> None:
    """Claim and open; a service gets the slip that proves it."""
    claim_task(unit, task_id)
    open_task(unit, task_id)
    if slip:
        add_material(unit, task_id, return_slip(task_id))


def _spread(unit: Unit, message_id: int) -> None:
    """What the outbox's channel does with a message, its row marked as sent."""
    key = f"{TOPIC}:{message_id}"
    spread_message(unit, message_id)
    for row in unit.session.scalars(select(Outbox.id).where(Outbox.key == key, Outbox.state == "waiting")):
        mark_sent(unit.session, row, unit.now)
    unit.record("outbox.delivered", {"topic": TOPIC, "key": key})
