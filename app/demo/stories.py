"""Injuries that go a rare way, one of each: what an office meets seldom, a visitor of the demonstration finds.

Played with the real operations by whoever may act; nothing is put into the database by hand.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.demo.generator import Generator
from app.demo.injuries import ASSESSMENT, Answer, Answers, Ways
from app.demo.paper import pdf_page
from app.demo.plans import Plan, Planner
from app.demo.playing import PROCESS
from app.demo.roster import REGION, YINCHUAN
from app.demo.troupe import Course, Troupe
from app.kernel.cases.models import Case
from app.kernel.decisions.models import RuleHit
from app.kernel.decisions.tuning.operations import judge_hit
from app.kernel.engine.materials import Upload
from app.kernel.engine.operations import CaseStart, start_case
from app.kernel.engine.takeover.operations import TakeOver, take_over
from app.kernel.local_time import LOCAL_ZONE

RARE_FROM = 100
"""A region of fewer cases is a sample, without rare ones."""
CONFIRMATION, DEATH, MEDICAL = "capacity_confirmation", "death_benefit_award", "medical_reimbursement"
FINAL_STEP = "rb2_initial_review"
PAPER_ENTRY: Final = "p01_10_investigation"
PAPER_DATES: Final[Mapping[str, int]] = {"received_at": 0, "accepted_at": 6, "evidence_notice_at": 7}
"""Where a case from paper goes on, and what the entry asks for: days after its receipt."""
SUIT: Final[Answer] = {"challenge_kind": "suit", "challenge_number": "（2026）宁01行初37号"}
VERDICTS: Final = (
    ("false_alarm", "参保日期因系统迁移补录，核对原始凭证后无误。"),
    ("justified", "经向单位核实，事故发生后才补办参保，情况属实。"),
)


class Stories:
    """The ways, each as a course over the case of a plan."""

    def __init__(self, troupe: Troupe, seed: str) -> None:
        self.troupe, self.ways = troupe, Ways(troupe)
        self.generator = Generator(f"{seed}:stories")

    # -- recognition

    def refused(self, plan: Plan) -> Course:
        """Not accepted: too late, decided by three people, served."""
        ground = {"refusal_ground": "out_of_time"}
        reasons = {"outcome": "submit_negative", "refusal_reasons": "自事故之日起已逾一年，无应扣除期间。"}
        case_id = self._start(plan)
        yield from self.ways.through(
            case_id,
            {"p01_02_material_check": {"outcome": "refuse", **ground}, FINAL_STEP: {**reasons, **ground}},
        )

    def suspended(self, plan: Plan) -> Course:
        """The traffic police haven't said whose fault it was: the sixty days stand still."""
        yield from self.ways.through(self._start(plan), _suspension())

    def resumed(self, plan: Plan) -> Course:
        """Suspended, the conclusion came, the days go on."""
        case_id = self._start(plan)
        yield from self.ways.through(case_id, _suspension())
        yield timedelta(days=21)
        self.troupe.register(case_id, "conclusion_received", "rec_window")
        yield from self.ways.through(case_id, _concluded(plan))

    def withdrawn(self, plan: Plan) -> Course:
        """The applicant takes the application back before it is decided."""
        case_id = self._start(plan)
        yield from self.ways.through(case_id, until=FINAL_STEP)
        self.troupe.register(case_id, "withdrawal_requested", "rec_window")
        yield timedelta(days=1)
        for task in self.troupe.waiting(case_id):
            if task.step_key == "p01_xw_confirm":
                self.ways.act(task, {})

    def rectified(self, plan: Plan) -> Course:
        """Forged attendance records come to light after the service: decided anew, the recognition falls."""
        case_id = yield from self._recognised(plan)
        yield timedelta(days=20)
        self.troupe.register(case_id, "rectification_opened", "rec_handler")
        negative = {
            "outcome": "submit_negative",
            "legal_basis_code": "none",
            "decision_reasons": "考勤记录系伪造，当日未出勤。",
        }
        proposed = {"outcome": "propose", "rectification_reasons": "考勤记录系伪造。"}
        yield from self.ways.through(case_id, {"p01_e1_propose": proposed, FINAL_STEP: negative})
        self.troupe.tell(case_id)

    def redone(self, plan: Plan) -> Course:
        """The court orders a new decision: a case by other people in the same chain."""
        case_id = yield from self._challenged(plan)
        yield from self.ways.through(case_id, _judged(self.troupe, "redo"))
        self.troupe.tell(case_id)

    def revoked(self, plan: Plan) -> Course:
        """An award is payable when the court annuls the recognition: the payments freeze at once."""
        case_id = yield from self._recognised(plan)
        yield timedelta(days=5)
        yield from self.ways.after_recognition(case_id)
        yield timedelta(days=3)
        self.troupe.register(case_id, "challenge_filed", "rec_window", **SUIT)
        yield from self.ways.through(case_id, _judged(self.troupe, "revoked"))
        self.troupe.tell(case_id)

    def taken_over(self, plan: Plan) -> Course:
        """Begun on paper before the office had the system; it goes on here from the true dates."""
        dates = {key: _minute(plan.received + timedelta(days=days)) for key, days in PAPER_DATES.items()}
        accepted = dates["accepted_at"][:10]
        evidence = pdf_page(["工伤认定申请受理决定书", f"职工：{plan.facts['worker_name']}", "（演示材料）"])
        given = TakeOver(
            PROCESS,
            YINCHUAN,
            entry=PAPER_ENTRY,
            origin="paper",
            reference="银人社工伤受〔2026〕17号",
            facts={**plan.facts, **dates},
            evidence=[Upload("other", "受理决定书.pdf", "application/pdf", evidence, "takeover")],
            done_before=f"{accepted} 纸质受理：沈万春；次日指派、通知举证：沈万春",
        )
        window = self.troupe.holder("rec_window", YINCHUAN)
        yield timedelta(days=8)
        case_id = self.troupe.act(window, YINCHUAN, partial(take_over, given=given))["case_id"]
        yield from self.ways.through(int(case_id), _concluded(plan), until="rb3_recheck")

    # -- committee

    def given_up(self, plan: Plan) -> Course:
        """Papers were asked for and never came."""
        recognition = yield from self._recognised(plan)
        assessment = self.ways.open(recognition, ASSESSMENT, assessment_type="initial")
        missing = {"p02_02_check": {"outcome": "incomplete"}}
        yield from self.ways.through(assessment, missing)
        yield timedelta(days=18)
        self.troupe.let_lapse(assessment)
        yield from self.ways.through(assessment, {"p02_03_given_up": {"outcome": "no_reason"}})

    def terminated(self, plan: Plan) -> Course:
        """The worker doesn't come to be examined: this assessment ends without a conclusion."""
        recognition = yield from self._recognised(plan)
        assessment = self.ways.open(recognition, ASSESSMENT, assessment_type="initial")
        ended = {
            "outcome": "submit_negative",
            "termination_ground": "absent",
            "termination_facts": "两次通知均未到场，也未说明理由。",
        }
        away = {"p02_07_onsite": {"outcome": "not_cooperating"}, "p02_14_draft": ended}
        yield from self.ways.through(assessment, away)

    def drawn_again(self, plan: Plan) -> Course:
        """One of the drawn experts falls ill: that seat alone is drawn again. The panel waits to sit."""
        recognition = yield from self._recognised(plan)
        assessment = self.ways.open(recognition, ASSESSMENT, assessment_type="initial")
        again = {
            "outcome": "redraw_seat",
            "task_seat": "2",
            "task_cause": "ill",
            "opinion": "住院治疗，不能参加。",
        }
        answers = {"ed8_confirm": [again, {"outcome": "confirmed"}]}
        yield from self.ways.through(assessment, answers, until="p02_08_opinion")

    def drawn_across(self, plan: Plan) -> Course:
        """A burn, and the city has too few experts of it: the panel is drawn from the whole region's."""
        recognition = yield from self._recognised(plan)
        assessment = self.ways.open(recognition, ASSESSMENT, assessment_type="initial")
        across = {
            "outcome": "again",
            "cross_region": True,
            "opinion": "本市烧伤整形科专家不足，从全区专家库抽取。",
        }
        answers: Answers = {"p02_04_file_review": {"lead_speciality": "burns"}, "ed2_cross": across}
        yield from self.ways.through(assessment, answers, until="p02_08_opinion")

    def reassessed(self, plan: Plan) -> Course:
        """The worker disagrees within fifteen days: other experts, at the region's committee, for good."""
        recognition = yield from self._recognised(plan)
        assessment = self.ways.open(recognition, ASSESSMENT, assessment_type="initial")
        yield from self.ways.through(assessment)
        yield timedelta(days=6)
        second = self.ways.open(assessment, ASSESSMENT, REGION, assessment_type="reassessment")
        self.troupe.tell(second)
        yield from self.ways.through(second)
        self.troupe.tell(second)

    def reviewed(self, plan: Plan) -> Course:
        """A year after the award the condition is another one: assessed again by other experts."""
        recognition = yield from self._recognised(plan)
        yield from self.ways.after_recognition(recognition)
        yield timedelta(days=330)
        review = self.ways.open(recognition, ASSESSMENT, assessment_type="review")
        yield from self.ways.through(review)

    def confirmed(self, plan: Plan) -> Course:
        """An old injury breaks out again: the committee confirms it from the file."""
        recognition = yield from self._recognised(plan)
        wanted = {"confirmation_type": "injury_relapse", "requested": "旧伤复发，申请确认并治疗。"}
        confirmation = self.ways.open(recognition, CONFIRMATION, **wanted)
        drafted = {FINAL_STEP: {"condition_text": "旧伤复发，需要继续治疗。"}}
        yield from self.ways.through(confirmation, drafted)
        self.troupe.tell(confirmation)

    # -- agency

    def died(self, plan: Plan) -> Course:
        """The worker died: funeral, lump sum and the pension of the widow."""
        recognition = yield from self._recognised(plan)
        award = self.ways.open(recognition, DEATH)
        family = self._widowed()
        answers: Answers = {"p08_01_register": _died(plan, family), "p08_03_dependants": family}
        yield from self.ways.through(award, answers)
        self.troupe.tell(award)

    def dependant_assessed(self, plan: Plan) -> Course:
        """The worker left a grown child who can't work: the committee says so before that pension is reckoned."""
        recognition = yield from self._recognised(plan)
        award = self.ways.open(recognition, DEATH)
        family = {**self._widowed(), **self._child()}
        asked = {"outcome": "incapacity", "dependants_to_assess": ["2"], **family}
        answers: Answers = {
            "p08_01_register": _died(plan, family),
            "p08_03_dependants": [asked, {"outcome": "done"}],
        }
        yield from self.ways.through(award, answers)
        self.troupe.tell(award)
        assessment = self.troupe.find(award, ASSESSMENT)
        if assessment is None:
            raise LookupError("the committee has no case of the dependant")
        examined: Answers = {
            "p02_02_check": {"diagnosis_text": "重度脑性瘫痪"},
            "p02_08_opinion": {"task_incapacity": "incapacitated", "task_items": "重度脑性瘫痪"},
            FINAL_STEP: {"condition_text": "重度脑性瘫痪，不能独立行动", "incapacity": "incapacitated"},
        }
        yield from self.ways.through(assessment, examined)
        yield from self.ways.lapse(assessment)
        self.troupe.tell(assessment)
        yield from self.ways.through(award, answers)
        self.troupe.tell(award)

    def reimbursed(self, plan: Plan) -> Course:
        """Treatment paid by the worker himself, reckoned bill by bill with a cut."""
        recognition = yield from self._recognised(plan)
        claim = self.ways.open(recognition, MEDICAL)
        first = plan.facts["accident_at"][:10]
        bill = {
            "bill_1_kind": "medical",
            "bill_1_on": first,
            "bill_1_inpatient": False,
            "bill_1_claimed": "1860.50",
            "bill_1_drugs": "612.30",
            "bill_1_institution": plan.facts.get("hospital") or "宁夏医科大学总医院",
        }
        checked = {
            "bill_1_in_catalogue": True,
            "bill_1_agreement": True,
            "bill_1_cut": "240",
            "bill_1_cut_reason": "重复收费",
        }
        ready = {"outcome": "ready", "third_party_settlement_checked": True, "third_party_paid": "0"}
        answers: Answers = {
            "p09_01_register": {"outcome": "complete", **bill},
            "p09_03_third_party": [{**ready, **checked, "outcome": "recalculate"}, ready],
        }
        yield from self.ways.through(claim, answers)
        self.troupe.tell(claim)

    # -- what they share

    def _widowed(self) -> Answer:
        widow = self.generator.citizen("640104", youngest=1950, oldest=1962)
        return {
            "kin_name": widow.name,
            "dependant_1_name": widow.name,
            "dependant_1_id_no": widow.id_number,
            "dependant_1_relation": "spouse",
            "dependant_1_supported": True,
        }

    def _child(self) -> Answer:
        child = self.generator.citizen("640104", youngest=1985, oldest=1995)
        return {
            "dependant_2_name": child.name,
            "dependant_2_id_no": child.id_number,
            "dependant_2_relation": "child",
            "dependant_2_supported": True,
        }

    def _start(self, plan: Plan) -> int:
        start = CaseStart(PROCESS, YINCHUAN, plan.facts)
        window = self.troupe.holder("rec_window", YINCHUAN)
        return int(self.troupe.act(window, YINCHUAN, partial(start_case, start=start))["case_id"])

    def _recognised(self, plan: Plan) -> Any:
        """A course that answers the case: recognised, served, and the others of its chain were told."""
        case_id = self._start(plan)
        yield from self.ways.through(case_id, _concluded(plan))
        self.troupe.tell(case_id)
        yield timedelta(days=8)
        return case_id

    def _challenged(self, plan: Plan) -> Any:
        """A course that answers the case: recognised, and a suit against it is filed."""
        case_id = yield from self._recognised(plan)
        self.troupe.register(case_id, "challenge_filed", "rec_window", **SUIT)
        yield timedelta(days=25)
        return case_id


def _died(plan: Plan, family: Answer) -> Answer:
    applied = {"applicant_name": family["kin_name"]}
    return {"outcome": "complete", "death_at": plan.facts["accident_at"], **applied}


def _suspension() -> Answers:
    ground = {"suspension_ground": "other_body"}
    drafted = {
        "outcome": "submit",
        "awaited_body": "银川市公安局交通警察支队",
        "awaited_conclusion": "道路交通事故认定书",
        "suspension_reasons": "事故责任尚未认定，结论影响本案定性。",
    }
    return {
        "p01_10_investigation": {"outcome": "other_body"},
        "p01_11_other_body": [{"outcome": "suspend", **ground}, {"outcome": "none"}],
        "p01_13_draft": {**drafted, **ground},
    }


def _concluded(plan: Plan) -> Answers:
    return {FINAL_STEP: {"outcome": "submit_positive", **plan.conclusion}}


def _judged(troupe: Troupe, outcome: str) -> Answers:
    return {
        "p01_19_challenge": {"outcome": outcome, **SUIT, "challenge_received_at": _minute(troupe.clock.now)}
    }


def _minute(at: Any) -> str:
    return f"{at.astimezone(LOCAL_ZONE):%Y-%m-%dT%H:%M}"


STORIES: Final[Mapping[str, tuple[int, Callable[[Stories, Plan], Course]]]] = {
    "refused": (70, Stories.refused),
    "suspended": (48, Stories.suspended),
    "resumed": (88, Stories.resumed),
    "withdrawn": (60, Stories.withdrawn),
    "rectified": (120, Stories.rectified),
    "redone": (130, Stories.redone),
    "revoked": (190, Stories.revoked),
    "taken_over": (40, Stories.taken_over),
    "given_up": (115, Stories.given_up),
    "terminated": (110, Stories.terminated),
    "drawn_again": (80, Stories.drawn_again),
    "drawn_across": (75, Stories.drawn_across),
    "reassessed": (170, Stories.reassessed),
    "reviewed": (500, Stories.reviewed),
    "confirmed": (105, Stories.confirmed),
    "died": (125, Stories.died),
    "dependant_assessed": (240, Stories.dependant_assessed),
    "reimbursed": (100, Stories.reimbursed),
}
"""Each begins so many days ago."""


def plan_stories(planner: Planner) -> dict[str, Plan]:
    """An application for each story, for the register to know its people."""
    return {key: planner.applied(days) for key, (days, _way) in STORIES.items()}


def choose_stories(troupe: Troupe, plans: Mapping[str, Plan], seed: str) -> list[tuple[Any, Course]]:
    """When each begins, and its course."""
    stories = Stories(troupe, seed)
    return [(plan.received, STORIES[key][1](stories, plan)) for key, plan in plans.items()]


def judge_hits(troupe: Troupe, supervisor: str) -> None:
    """The supervisor says of two hits what they turned out to be: a false alarm, and one that was right."""
    worker = next(one for one in troupe.workers.values() if one.name == supervisor)
    for (hit, case_id), (verdict, reason) in zip(troupe.ask(_list_hits), VERDICTS, strict=False):
        judged = partial(judge_hit, hit_id=hit, verdict=verdict, reason=reason)
        troupe.act(worker, YINCHUAN, judged, case_id)


def _list_hits(session: Session) -> Sequence[tuple[int, int]]:
    of_city = select(RuleHit.id, RuleHit.case_id).join(Case, Case.id == RuleHit.case_id)
    warned = of_city.where(Case.region_code == YINCHUAN, RuleHit.action != "block").order_by(RuleHit.id)
    return [(row.id, row.case_id) for row in session.execute(warned.limit(len(VERDICTS)))]
