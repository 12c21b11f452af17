"""What becomes of recognised injuries: assessment with draw and panel, award, payables, in order of time.

Each goes its way until today; how far it comes depends on when it was recognised.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.demo.paper import application_form, diagnosis_proof, employment_proof, return_slip
from app.demo.playing import working
from app.demo.roster import YINCHUAN
from app.demo.troupe import Course, Troupe
from app.domain.assessment.draw import commit
from app.domain.assessment.queries import find_open_draw
from app.kernel.cases.models import Case, CaseFacts
from app.kernel.engine.materials import Upload
from app.kernel.engine.opening import open_in_chain
from app.kernel.local_time import LOCAL_ZONE, local_minute
from app.kernel.worklist.models import Task

ASSESSMENT, AWARD = "capacity_assessment", "disability_benefit_award"
LAPSE = timedelta(days=16)
"""Two weeks and a day for a reassessment, counted from the day of receipt."""
EVERY = 40
"""One injury goes on, and one more for so many cases of the region."""
SAYS: Final[Mapping[str, Mapping[str, Any]]] = {
    "p01_02_material_check": {"outcome": "complete"},
    "p01_06_accept": {"outcome": "accept"},
    "p01_07_assign": {"outcome": "assigned"},
    "p01_08_choose_procedure": {"outcome": "ordinary"},
    "p01_10_investigation": {"outcome": "done"},
    "p01_11_other_body": {"outcome": "none"},
    "p01_13_approve": {"outcome": "approve"},
    "p01_xw_confirm": {"outcome": "confirmed"},
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
    "p02_08_opinion": {},
    "p02_10_extend": {"outcome": "no_extension"},
    "p02_14_approve": {"outcome": "approve"},
    "p03_01_check": {"outcome": "complete"},
    "p03_03_file_review": {"outcome": "file_review"},
    "rb2_initial_review": {"outcome": "submit_positive"},
    "rb3_recheck": {"outcome": "agree"},
    "rb4_risk_review": {"outcome": "agree"},
    "rb5_final_review": {"outcome": "approve"},
    "rb6b_final_review_2": {"outcome": "approve"},
    "p07_01_register": {"outcome": "complete"},
    "p07_03_calculate": {"outcome": "ready"},
    "p08_01_register": {"outcome": "complete"},
    "p08_03_dependants": {"outcome": "done"},
    "p08_04_choice": {"outcome": "work_injury", "pension_choice": "work_injury"},
    "p09_01_register": {"outcome": "complete"},
    "p09_03_third_party": {"outcome": "ready"},
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


Answer = Mapping[str, Any]
Answers = Mapping[str, Answer | Sequence[Answer]]
"""What is answered otherwise than usual, by step; several answers are given one after another, the last one again."""


def choose_injuries(troupe: Troupe, cases: int) -> list[tuple[datetime, Course]]:
    """Some of so many cases, from the oldest ones on to those of late, with when each goes on."""
    recognised = troupe.ask(list_recognised)
    wanted = min(len(recognised), 1 + cases // EVERY)
    chosen = [recognised[place * len(recognised) // wanted] for place in range(wanted)]
    ways = Ways(troupe)
    return [
        (decided + timedelta(days=troupe.rng.uniform(24, 30)), ways.after_recognition(case_id))
        for case_id, decided in chosen
    ]


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


class Ways:
    """How cases go on, with the answers of every step."""

    def __init__(self, troupe: Troupe) -> None:
        self.troupe = troupe
        self._secrets: dict[tuple[int, str], str] = {}
        self._told: dict[tuple[int, str], int] = {}

    def after_recognition(self, recognition: int) -> Course:
        """Assessment, and the award that it opens."""
        assessment = self.open(recognition, ASSESSMENT, assessment_type="initial")
        yield from self.through(assessment)
        yield from self.lapse(assessment)
        self.troupe.tell(assessment)
        award = self.troupe.find(assessment, AWARD)
        if award is not None:
            yield from self.through(award)
            self.troupe.tell(award)

    def lapse(self, assessment: int) -> Course:
        """The time for a reassessment passes; on days of rest it doesn't end."""
        yield LAPSE
        self.troupe.let_lapse(assessment)
        while self.troupe.case(assessment).status == "open":
            yield timedelta(days=1)
            self.troupe.let_lapse(assessment)

    def open(self, beside: int, process: str, region: str = YINCHUAN, **facts: Any) -> int:
        """The window of the process registers it in the chain of another case."""
        name = self.troupe.case(beside).subject_name
        committee = process.startswith("capacity")
        said = {"applicant_name": name, **({"applicant_type": "worker"} if committee else {}), **facts}
        opening = partial(open_in_chain, process_key=process, region_code=region, facts=said)
        post = "as_window" if committee else "si_window"
        return int(self.troupe.act(self.troupe.holder(post, region), region, opening, beside)["case_id"])

    def through(self, case_id: int, answers: Answers | None = None, until: str = "") -> Course:
        """One task after another until none is open, one that nobody of the demonstration answers, or `until`."""
        while True:
            waiting = self.troupe.waiting(case_id)
            key = waiting[0].step_key if waiting else ""
            known = answers is not None and key in answers
            if not waiting or key == until or not (known or key in SAYS or key in SECRETS):
                return
            low, high = next((days for start, days in USUAL.items() if key.startswith(start)), (1.0, 3.0))
            yield timedelta(days=self.troupe.rng.uniform(low, high))
            still = [one for one in self.troupe.waiting(case_id) if one.id == waiting[0].id]
            if still:  # a period may have ended the step meanwhile
                self.act(still[0], answers or {})

    def act(self, task: Task, answers: Answers) -> None:
        """The task is done with what is usually answered, or with what these answers say."""
        step = task.step_key
        said = {**SAYS.get(step, {}), **self._computed(task), **self._special(task, answers)}
        self.troupe.work(task, said, self._papers(task))

    def _special(self, task: Task, answers: Answers) -> Answer:
        given = answers.get(task.step_key, {})
        if isinstance(given, Mapping):
            return given
        time = self._told.get((task.case_id, task.step_key), 0)
        self._told[task.case_id, task.step_key] = time + 1
        return given[min(time, len(given) - 1)]

    def _papers(self, task: Task) -> list[Upload]:
        """What comes on paper with a step: the slip of a service, the papers of an application."""
        if task.step_key == "sv1_serve":
            return [return_slip(task.id)]
        if task.step_key != "p01_02_material_check":
            return []
        name, rng = self.troupe.case(task.case_id).subject_name, self.troupe.rng
        return [application_form(name, f"案件 {task.case_id}"), diagnosis_proof(rng), employment_proof(rng)]

    def _computed(self, task: Task) -> Answer:
        """Answers that depend on the day, on the case or on what was said before."""
        step = task.step_key
        if step in SECRETS:
            return self._secret(task.case_id, *SECRETS[step])
        make: Callable[[Task], Answer] | None = {
            "p02_08_opinion": self._opinion,
            "p02_06_appoint": self._appointed,
            "p03_04_appoint": self._appointed,
            "sv1_serve": self._served,
            "rb2_initial_review": self._drafted,
            "p07_01_register": self._applied,
            "p07_03_calculate": self._reckoned,
            "p08_01_register": self._applied,
            "p09_01_register": self._applied,
            "p01_10_investigation": self._investigated,
        }.get(step)
        return make(task) if make is not None else {}

    def _opinion(self, task: Task) -> Answer:
        grade = _grade(task.case_id)
        graded = {"task_result": "graded", "task_grade": str(grade), "task_care_level": "none"}
        return {**graded, "outcome": "agree_signed", "task_items": f"5.{grade}.2 10)"}

    def _appointed(self, _task: Task) -> Answer:
        day = working(self.troupe.clock.now + timedelta(days=7), self.troupe.rng).astimezone(LOCAL_ZONE)
        return {"appointment_at": f"{day:%Y-%m-%d}T09:00"}

    def _served(self, _task: Task) -> Answer:
        now = local_minute(self.troupe.clock.now)
        return {"task_sent_on": now[:10], "task_received_at": now}

    def _applied(self, task: Task) -> Answer:
        return {"applicant_name": self.troupe.case(task.case_id).subject_name}

    def _reckoned(self, task: Task) -> Answer:
        """Who was insured for days only has no contribution wages: the handler enters the wage agreed on."""
        stored = self.troupe.ask(lambda session: session.get_one(CaseFacts, task.case_id).facts)
        return {} if stored.get("award_digest") else {"outcome": "recalculate", "own_wage": "5300"}

    def _investigated(self, _task: Task) -> Answer:
        return {"investigated_on": local_minute(self.troupe.clock.now)[:10]}

    def _drafted(self, task: Task) -> Answer:
        if self.troupe.case(task.case_id).process_key != ASSESSMENT:
            return {}
        return {
            "condition_text": "伤情稳定，功能部分丧失",
            "grade": str(_grade(task.case_id)),
            "care_level": "none",
        }

    def _secret(self, case_id: int, role: str, outcome: str) -> Answer:
        if outcome == "revealed":
            return {"outcome": outcome, "task_secret": self._secrets.pop((case_id, role))}
        draw = self.troupe.ask(lambda session: find_open_draw(session, case_id))
        if draw is None:
            raise LookupError(f"no draw is open in case {case_id}")
        secret = self._secrets[case_id, role] = f"{role}-{self.troupe.rng.getrandbits(80):020x}"
        return {"outcome": outcome, "task_commitment": commit(draw.uid, role, secret)}


def _grade(case_id: int) -> int:
    """Seven to ten, by the case's number: the lighter the more."""
    return (10, 9, 8, 7)[case_id % 4]
