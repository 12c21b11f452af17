"""A committee for tests: people in its posts in the city and the region, experts in the register, and the way through
draw, panel and reviews."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from functools import partial
from typing import Any
from uuid import uuid4

from sqlalchemy import create_engine, insert, select
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from app.domain.assessment.draw import commit
from app.domain.assessment.queries import find_open_draw, list_seats, newest_panel
from app.domain.registry.models import Expert, ExpertTerm
from app.kernel.decisions.parameters.definitions import read_folder as read_parameters
from app.kernel.decisions.parameters.installing import install_values
from app.kernel.engine.catalogue import deploy, read_folder
from app.kernel.engine.materials import Upload, add_material
from app.kernel.engine.operations import CaseStart, complete_task, start_case
from app.kernel.identity.identifiers import ID_NUMBER_KIND
from app.kernel.transaction import Actor, Unit, run, system_actor
from app.kernel.worklist.models import Task
from app.kernel.worklist.operations import claim_task, open_task
from app.wiring import WORKFLOWS
from tests.office import APPLICATION, CITY, Office, id_number

REGION = "640000"
POSTS = {
    "window": "as_window",
    "handler": "as_handler",
    "handler2": "as_handler",
    "checker": "as_checker",
    "approver": "as_approver",
    "operator": "as_draw_operator",
    "witness": "as_witness",
    "clerk": "as_clerk",
}
EXPERTS = 6
HOSPITAL = APPLICATION["hospital"]


@dataclass
class Committee:
    """The committee of a region: `who` maps a role to the person's name in the office."""

    office: Office
    region: str
    prefix: str
    secrets: dict[str, str] = field(default_factory=dict)

    def name(self, role: str) -> str:
        return f"{self.prefix}-{role}"

    def staff(self, first: int) -> None:
        """Hire people for every post, numbered from `first`."""
        for number, (role, post) in enumerate(POSTS.items()):
            self.hire(role, first + number, post)

    def hire(self, role: str, number: int, post: str) -> None:
        name = self.name(role)
        self.office.hire(name, number)
        actor = self.office.actors[name]
        self.office.actors[name] = Actor(actor.account_id, actor.person_id, (self.region, CITY))
        self.office.grant(name, post, region=self.region)

    def start(self, **facts: Any) -> int:
        process = facts.pop("process", "capacity_assessment")
        chain = facts.pop("chain_id", None)
        start = CaseStart(process, self.region, facts, chain_id=chain)
        actor = self.office.actors[self.name("window")]
        return int(run(self.office.kernel, partial(start_case, start=start), actor)["case_id"])

    def work(self, case_id: int, role: str, *, step: str | None = None, **form: Any) -> None:
        """Claim, open and complete the case's open task (of a step, where several are open)."""
        task = self.task(case_id, step)
        self.take(case_id, role, task)
        self.complete(case_id, role, task.id, **form)

    def task(self, case_id: int, step: str | None = None) -> Task:
        with self.office.kernel.database.session() as session:
            self.office.kernel.database.scope(session, ("*",))
            open_ones = select(Task).where(Task.case_id == case_id, Task.state == "open").order_by(Task.id)
            found = [one for one in session.scalars(open_ones) if step in (None, one.step_key)]
        assert found, f"{step} is not open"
        return found[0]

    def take(self, case_id: int, role: str, task: Task) -> None:
        for operation in (claim_task, open_task):
            actor = self.office.actors[self.name(role)]
            run(self.office.kernel, partial(operation, task_id=task.id), actor, case_id=case_id)

    def complete(self, case_id: int, role: str, task_id: int, **form: Any) -> None:
        with self.office.kernel.database.session() as session:
            self.office.kernel.database.scope(session, ("*",))
            task = session.get_one(Task, task_id)
        submitted = self.office.fill(case_id, task, form)
        operation = partial(complete_task, task_id=task.id, submitted=submitted, version=task.version)
        run(self.office.kernel, operation, self.office.actors[self.name(role)], case_id=case_id)

    # -- draw and panel

    def draw(self, case_id: int, *, confirm: bool = True) -> None:
        """Both commit, both reveal; the panel is confirmed."""
        self.commit(case_id, "operator")
        self.commit(case_id, "witness")
        for role in ("operator", "witness"):
            self.work(case_id, role, outcome="revealed", task_secret=self.secrets[role])
        if confirm:
            self.work(case_id, "operator", outcome="confirmed")

    def commit(self, case_id: int, role: str) -> None:
        with self.office.kernel.database.session() as session:
            found = find_open_draw(session, case_id)
        assert found is not None
        self.secrets[role] = f"{role} keeps {uuid4()}"
        digest = commit(found.uid, role, self.secrets[role])
        self.work(case_id, role, outcome="committed", task_commitment=digest)

    def panel(self, case_id: int) -> list[str]:
        """Roles of the experts who sit."""
        with self.office.kernel.database.session() as session:
            seats = list_seats(session, case_id, newest_panel(session, case_id) or 0)
        people = {actor.person_id: name for name, actor in self.office.actors.items()}
        return [people[seat.person_id].removeprefix(f"{self.prefix}-") for seat in seats]

    def serve(self, case_id: int, at: str) -> None:
        """Every party is served on its own task, each with a proof of its own."""
        for number in range(4):
            task = self.task(case_id, "sv1_serve")
            self.take(case_id, "clerk", task)
            upload = Upload("service_receipt", f"{number}.pdf", "application/pdf", PDF % number, "officer")
            actor = self.office.actors[self.name("clerk")]
            run(
                self.office.kernel,
                partial(add_material, task_id=task.id, upload=upload),
                actor,
                case_id=case_id,
            )
            self.complete(case_id, "clerk", task.id, **SERVED, task_sent_on=at[:10], task_received_at=at)
            if self.closed_to(case_id, "sv1_serve"):
                return

    def closed_to(self, case_id: int, step: str) -> bool:
        """Whether no task of the step is open."""
        with self.office.kernel.database.session() as session:
            self.office.kernel.database.scope(session, ("*",))
            left = select(Task.id).where(Task.case_id == case_id, Task.state == "open", Task.step_key == step)
            return session.scalar(left.limit(1)) is None


PDF = b"%%PDF-1.4\n%% return slip %d"
SERVED = {"outcome": "served", "task_way": "direct", "task_receiver": "本人签收"}


def register_experts(
    committee: Committee, owner_url: str, first: int, *, hospital: str = "自治区某医院"
) -> None:
    """Experts of orthopaedics in the committee's pool, each with an account and the post."""
    engine = create_engine(owner_url, poolclass=NullPool)
    keyring, now = committee.office.kernel.keyring, committee.office.kernel.clock()
    for number in range(EXPERTS):
        committee.hire(f"expert{number}", first + number, "as_expert")
        identity = id_number(first + number)
        with Session(engine) as session, session.begin():
            key = session.execute(
                insert(Expert)
                .values(
                    uid=uuid4(),
                    id_number_sealed=b"sealed",
                    id_number_index=keyring.blind_index(ID_NUMBER_KIND, identity),
                    id_number_tail_index=b"tail",
                    recorded_at=now,
                )
                .returning(Expert.id)
            ).scalar_one()
            session.execute(
                insert(ExpertTerm).values(
                    expert_id=key,
                    name=f"专家{first + number}",
                    pinyin="zhuanjia",
                    initials="zj",
                    specialities=["orthopaedics"],
                    region_code=committee.region,
                    title="主任医师",
                    hospital=HOSPITAL if number == 0 and hospital == HOSPITAL else "自治区某医院",
                    from_on=date(2026, 1, 1),
                    to_on=date(2028, 12, 31),
                    void=False,
                    recorded_at=now,
                    source="聘任文件",
                )
            )
    engine.dispose()


def deploy_committee(unit: Unit) -> None:
    """The two processes of the committee, and the shipped parameters."""
    install_values(unit, read_parameters(WORKFLOWS / "parameters").editions, {"kind": "bootstrap"})
    for key in ("capacity_assessment", "capacity_confirmation"):
        deploy(unit, key, read_folder(WORKFLOWS, key), by="tests", approval={"kind": "bootstrap"})


def open_committee(office: Office, region: str, prefix: str, first: int) -> Committee:
    committee = Committee(office, region, prefix)
    committee.staff(first)
    return committee


def deploy_all(office: Office) -> None:
    run(office.kernel, deploy_committee, system_actor())
