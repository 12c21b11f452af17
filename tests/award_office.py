"""The office with the agency's people, parameters made up where the region must say, and the award processes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.domain.benefits.awards import PROCESSES
from app.domain.benefits.models import Entitlement, Payable, PayableEvent
from app.kernel.engine.catalogue import deploy, read_folder
from app.kernel.engine.operations import CaseStart, start_case
from app.kernel.transaction import Unit, run, system_actor
from app.storage.embedded import EmbeddedServer
from app.wiring import WORKFLOWS
from tests.moving_clock import MovingClock
from tests.office import CITY, Office, id_number, uscc
from tests.parameter_office import open_parameter_office

AGENCY: Mapping[str, str] = {
    "si_window": "si_window",
    "si_handler": "si_handler",
    "si_checker": "si_checker",
    "si_risk": "si_risk",
    "si_approver": "si_approver",
    "si_head": "si_head",
}
INJURED = {
    "applicant_name": "苏国栋",
    "worker_name": "苏国栋",
    "worker_id_no": id_number(555),
    "employer_name": "宁夏朔峰机械制造有限公司",
    "employer_uscc": uscc(1),
    "recognition_number": "银人社认〔2026〕12号",
    "accident_at": "2026-01-20T14:20",
    "legal_basis_code": "14-1",
    "insurance_status": "insured",
    "third_party_involved": False,
}
FAMILY = {
    "kin_name": "马秀兰",
    "own_wage": "5300",
    "dependant_1_name": "马秀兰",
    "dependant_1_id_no": "640102196203010028",
    "dependant_1_relation": "spouse",
    "dependant_1_supported": True,
    "dependant_2_name": "苏小川",
    "dependant_2_id_no": "640102199003010035",
    "dependant_2_relation": "child",
    "dependant_2_supported": True,
}
"""Who survives the worker: his widow, and a son who is of age."""


@dataclass
class AwardOffice:
    """The office and what the tests of awards look at."""

    office: Office
    folder: Path

    def start(self, process: str, **facts: Any) -> int:
        start = CaseStart(process, CITY, {**INJURED, **facts})
        operation = partial(start_case, start=start)
        return int(run(self.office.kernel, operation, self.office.actors["si_window"])["case_id"])

    def review(self, case_id: int, *people: str, first: str = "submit_positive", **form: Any) -> None:
        """The reviews by these people, in order."""
        self.office.work(case_id, people[0], outcome=first, **form)
        for who in people[1:-1]:
            self.office.work(case_id, who, outcome="agree")
        self.office.work(case_id, people[-1], outcome="approve")

    def serve(self, case_id: int) -> None:
        """Every party gets the document handed over, with a slip as proof."""
        self.office.serve(case_id, "si_window", at="2026-03-02T08:40")

    def read(self, statement: Any) -> list[Any]:
        with self.office.kernel.database.session() as session:
            self.office.kernel.database.scope(session, ("*",))
            return list(session.scalars(statement))

    def payables(self, case_id: int) -> list[Payable]:
        return self.read(select(Payable).where(Payable.case_id == case_id).order_by(Payable.id))

    def events(self, case_id: int) -> list[PayableEvent]:
        mine = select(Payable.id).where(Payable.case_id == case_id)
        return self.read(
            select(PayableEvent).where(PayableEvent.payable_id.in_(mine)).order_by(PayableEvent.id)
        )

    def lines(self, case_id: int) -> list[Entitlement]:
        found = select(Entitlement).where(Entitlement.case_id == case_id)
        return self.read(found.order_by(Entitlement.draft, Entitlement.line))

    @contextmanager
    def raw(self) -> Iterator[Session]:
        """The application's own rights, for what the fence must refuse."""
        with self.office.kernel.database.session() as session:
            self.office.kernel.database.scope(session, ("*",))
            yield session
            session.rollback()


@contextmanager
def open_award_office(server: EmbeddedServer, clock: MovingClock, data: Path) -> Iterator[AwardOffice]:
    """People of the agency in 银川, the three award processes deployed."""
    with open_parameter_office(server, clock, data) as office:
        chiefs = [office.person(f"chief{n}") for n in (1, 2, 3)]
        for number, (name, post) in enumerate(AGENCY.items(), 100):
            office.hire(name, number)
            office.grant(name, post, chiefs=chiefs)
        run(office.kernel, _deploy, system_actor())
        yield AwardOffice(office, data)


def _deploy(unit: Unit) -> None:
    for key in PROCESSES:
        deploy(unit, key, read_folder(WORKFLOWS, key), by="tests", approval={"kind": "bootstrap"})
