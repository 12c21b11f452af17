"""One injury through three authorities: the department, the committee and the agency of 银川, with the register behind.

The steps take the cases as far as a test wants; who acts is named by role, so that a test sees how many people it took.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any

from app.kernel.cases.facts import load_facts
from app.kernel.cases.models import Case
from app.kernel.engine.catalogue import deploy, read_folder
from app.kernel.engine.incoming import Paper, receive_paper
from app.kernel.engine.opening import open_in_chain
from app.kernel.engine.operations import run_timers
from app.kernel.local_time import local_minute
from app.kernel.transaction import Unit, run, system_actor
from app.storage.embedded import EmbeddedServer
from app.wiring import WORKFLOWS
from tests import registry_office
from tests.assessment_office import Committee, open_committee, register_experts
from tests.award_office import AwardOffice, open_award_office
from tests.message_office import chain_cases, hand_over, spread
from tests.moving_clock import MovingClock
from tests.office import APPLICATION, CITY, Office, bring_to_review

WAGES = ["4000"] * 11 + ["5000"] * 6 + ["5600"] * 6
"""March 2024 to January 2026; the twelve months before the accident are those of the worked example 1."""
WAGES_KNOWN = datetime(2026, 2, 10, 1, tzinfo=UTC)
GRADED = {
    "outcome": "agree_signed",
    "task_result": "graded",
    "task_grade": "7",
    "task_care_level": "none",
    "task_items": "5.7.2 10)",
}
DRAFT = {
    "outcome": "submit_positive",
    "condition_text": "左手示指、中指缺失，功能部分丧失",
    "grade": "7",
    "care_level": "none",
}


@dataclass
class WholeChain:
    """The three authorities, their clock, and the cases of one injury by process."""

    awards: AwardOffice
    committee: Committee
    clock: MovingClock
    cases: dict[str, int] = field(default_factory=dict)

    @property
    def office(self) -> Office:
        return self.awards.office

    def rows(self, statement: Any) -> list[Any]:
        return self.awards.read(statement)

    def facts(self, process: str) -> dict[str, Any]:
        with self.office.kernel.database.session() as session:
            self.office.kernel.database.scope(session, ("*",))
            case = session.get_one(Case, self.cases[process])
            return load_facts(session, self.office.kernel.keyring, case)

    def tell(self) -> None:
        """What the outbox and the worker do with the messages between the cases."""
        spread(self.office)
        while hand_over(self.office):
            spread(self.office)

    # -- the department

    def recognise(self) -> int:
        """From the application to a recognition that was served on both parties at eleven."""
        case_id = self.cases["injury_recognition"] = bring_to_review(self.office)
        self.review(case_id, "handler", "checker", "approver")
        self.clock.move(hours=2)
        self.office.serve(case_id)
        self.tell()
        return case_id

    def annul(self) -> None:
        """The court annuls the recognition; the department enters the judgment."""
        case_id = self.cases["injury_recognition"]
        paper = Paper("challenge_filed", {"challenge_kind": "suit"})
        window = self.office.actors["window"]
        run(self.office.kernel, partial(receive_paper, paper=paper), window, case_id=case_id)
        self.office.work(
            case_id,
            "approver",
            outcome="revoked",
            challenge_kind="suit",
            challenge_number="（2026）宁01行终8号",
            challenge_received_at=self.minute(),
        )
        self.tell()

    # -- the committee

    def apply_for_assessment(self) -> int:
        """The committee's window registers it in the chain of the recognition; the facts come from there."""
        facts = {"applicant_type": "worker", "applicant_name": "苏国栋", "assessment_type": "initial"}
        operation = partial(open_in_chain, process_key="capacity_assessment", region_code=CITY, facts=facts)
        window = self.office.actors[self.committee.name("window")]
        beside = self.cases["injury_recognition"]
        opened = run(self.office.kernel, operation, window, case_id=beside)
        case_id = self.cases["capacity_assessment"] = int(opened["case_id"])
        return case_id

    def bring_to_draw(self) -> int:
        case_id, committee = self.apply_for_assessment(), self.committee
        committee.work(case_id, "window", outcome="complete", recognised_scope="左手示指、中指")
        committee.work(
            case_id,
            "handler",
            outcome="reviewed",
            lead_speciality="orthopaedics",
            specialities=[],
            panel_size="3",
        )
        return case_id

    def examine(self) -> None:
        """The parties are told, and the panel examines the worker."""
        case_id, committee = self.cases["capacity_assessment"], self.committee
        committee.work(case_id, "clerk", appointment_at="2026-03-12T09:00", appointment_place="鉴定中心二楼")
        committee.work(case_id, "handler", outcome="done")

    def draft_conclusion(self) -> None:
        """Draft of grade 7 and recheck; the approver is left."""
        case_id, committee = self.cases["capacity_assessment"], self.committee
        committee.work(case_id, "handler", **DRAFT)
        committee.work(case_id, "checker", outcome="agree")

    def conclude(self) -> None:
        """Opinions, draft, recheck and approval of grade 7, served at once."""
        case_id, committee = self.cases["capacity_assessment"], self.committee
        for role in committee.panel(case_id):
            committee.work(case_id, role, **GRADED)
        self.draft_conclusion()
        committee.work(case_id, "approver", outcome="approve")
        self.office.serve(case_id, committee.name("clerk"))

    def let_reassessment_lapse(self) -> int:
        """Seventeen days later nobody has applied again: the conclusion takes effect and opens the award."""
        self.clock.move(days=17)
        assessment = self.cases["capacity_assessment"]
        run(self.office.kernel, run_timers, system_actor(), case_id=assessment)
        self.tell()
        (case_id,) = chain_cases(self.office, assessment, "disability_benefit_award")
        self.cases["disability_benefit_award"] = case_id
        return case_id

    def assess(self) -> int:
        """From the application to a conclusion in effect; answers the award that it opened."""
        self.committee.draw(self.bring_to_draw())
        self.examine()
        self.conclude()
        return self.let_reassessment_lapse()

    # -- the agency

    def calculate(self) -> None:
        """The window and the handler: nothing is entered that the register or the chain knows."""
        case_id = self.cases["disability_benefit_award"]
        self.office.work(case_id, "si_window", outcome="complete")
        self.office.work(case_id, "si_handler", outcome="ready")

    def award(self) -> None:
        case_id = self.cases["disability_benefit_award"]
        self.calculate()
        self.review(case_id, "si_handler", "si_checker", "si_approver")
        self.office.work(case_id, "si_head", outcome="approve")
        self.office.serve(case_id, "si_window")
        self.tell()

    # -- what all do

    def review(self, case_id: int, handler: str, checker: str, approver: str) -> None:
        self.office.work(case_id, handler, outcome="submit_positive")
        self.office.work(case_id, checker, outcome="agree")
        self.office.work(case_id, approver, outcome="approve")

    def minute(self) -> str:
        """Now, as the forms write it."""
        return local_minute(self.office.kernel.clock())


@contextmanager
def open_whole_chain(server: EmbeddedServer, clock: MovingClock, data: Path) -> Iterator[WholeChain]:
    """People of the department, the committee and the agency, experts, the register, all processes deployed."""
    with open_award_office(server, clock, data) as awards:
        office = awards.office
        run(office.kernel, _deploy, system_actor())
        _fill_register(office)
        committee = open_committee(office, CITY, "city", 200)
        url = server.owner_url(office.kernel.database.engine.url.database or "")
        register_experts(committee, url, 220, hospital=APPLICATION["hospital"])
        yield WholeChain(awards, committee, clock)


def _deploy(unit: Unit) -> None:
    key = "capacity_assessment"
    deploy(unit, key, read_folder(WORKFLOWS, key), by="tests", approval={"kind": "bootstrap"})


def _fill_register(office: Office) -> None:
    """Everything but experts of its own, who have no account; wages up to the month before the accident."""
    for kind, text in registry_office.TEXTS.items():
        if kind != "experts":
            registry_office.load(office, kind, text)
    wages = registry_office.wages_text(date(2024, 3, 1), WAGES)
    registry_office.load(office, "wages", wages, at=WAGES_KNOWN, today=WAGES_KNOWN.date())
