"""An office for tests: people with posts in 银川市, and one recognition case worked through the service layer."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from functools import cache, partial
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from app.domain.registry import reference
from app.kernel.cases.facts import load_facts
from app.kernel.cases.models import Case
from app.kernel.deadlines.calendar_operations import seed_years
from app.kernel.decisions.catalogue.deploying import install_rules
from app.kernel.decisions.formulas.versions import install_formulas
from app.kernel.duties.operations import GrantRequest, grant_posts
from app.kernel.engine.catalogue import deploy, get_deployed, read_folder
from app.kernel.engine.materials import Upload, add_material
from app.kernel.engine.operations import CaseStart, complete_task, run_timers, start_case
from app.kernel.identity.operations import create_account, create_person
from app.kernel.identity.passwords import hash_password
from app.kernel.kernel import Kernel
from app.kernel.local_time import local_minute
from app.kernel.transaction import Actor, Unit, run, system_actor
from app.kernel.worklist.form_schema import Field, input_fields, read_fields
from app.kernel.worklist.models import Task
from app.kernel.worklist.operations import claim_task, open_task
from app.storage.embedded import EmbeddedServer
from app.wiring import WORKFLOWS, build_kernel
from config import Settings
from tests import databases
from tests.databases import CopiedDatabase
from tests.moving_clock import MovingClock

CITY = "640100"
COUNTY = "640121"
FOUNDED = datetime(2026, 3, 1, 1, 0, tzinfo=UTC)
PASSWORD = "Correct-horse-9"
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_USCC = "0123456789ABCDEFGHJKLMNPQRTUWXY"

POSTS: Mapping[str, tuple[str, ...]] = {
    "window": ("rec_window",),
    "handler": ("rec_handler",),
    "handler2": ("rec_handler",),
    "checker": ("rec_checker",),
    "checker2": ("rec_checker",),
    "risk": ("rec_risk",),
    "approver": ("rec_approver",),
    "clerk": ("rec_clerk",),
    "supervisor": ("supervisor",),
    "auditor": ("internal_auditor",),
    "chief1": (),
    "chief2": (),
    "chief3": (),
}


def id_number(serial: int) -> str:
    """A fictitious resident ID number with a right check digit."""
    base = f"6401021980{serial // 1000 % 12 + 1:02d}01{serial % 1000:03d}"
    return (
        base
        + "10X98765432"[sum(int(digit) * weight for digit, weight in zip(base, _WEIGHTS, strict=True)) % 11]
    )


def uscc(serial: int) -> str:
    """A fictitious unified social credit code with a right check character."""
    base = f"91640100MA75{serial:05d}"
    return base + _USCC[-sum(_USCC.index(char) * pow(3, i, 31) for i, char in enumerate(base)) % 31]


def prepare_database(copy: CopiedDatabase) -> None:
    """Reference data and the published years of the calendar, as the owner."""
    engine = create_engine(copy.owner_url, poolclass=NullPool)
    with engine.begin() as connection:
        reference.install(connection)
        seed_years(Session(bind=connection))


@contextmanager
def open_office(server: EmbeddedServer, clock: MovingClock, data: Path) -> Iterator[Office]:
    """A copy of the office that was founded once in this run, with its keys."""
    directory = databases.template(server, "office", _found)
    shutil.copytree(directory / "data", data)
    people = orjson.loads((directory / "people.json").read_bytes())
    actors = {name: Actor(account, person, (CITY, COUNTY)) for name, (account, person) in people.items()}
    with databases.copy_of_template(server, "office") as copy:
        kernel = replace(build_kernel(Settings(data_dir=data, database_url=copy.app_url)), clock=clock)
        yield Office(kernel, actors)
        kernel.database.dispose()


def _found(copy: CopiedDatabase, directory: Path) -> None:
    prepare_database(copy)
    settings = Settings(data_dir=directory / "data", database_url=copy.app_url)
    kernel = replace(build_kernel(settings), clock=MovingClock(FOUNDED))
    office = Office.found(kernel)
    people = {name: (actor.account_id, actor.person_id) for name, actor in office.actors.items()}
    (directory / "people.json").write_bytes(orjson.dumps(people))
    kernel.database.dispose()


RECEIVED = {"outcome": "served", "task_way": "direct", "task_receiver": "本人签收"}
SLIP = b"%%PDF-1.4\n%% return slip %d"
APPLICATION = {
    "applicant_type": "employer",
    "applicant_name": "宁夏朔峰机械制造有限公司",
    "worker_name": "苏国栋",
    "worker_id_no": id_number(555),
    "employer_name": "宁夏朔峰机械制造有限公司",
    "employer_uscc": uscc(1),
    "responsible_employer": "宁夏朔峰机械制造有限公司",
    "responsible_employer_uscc": uscc(1),
    "accident_at": "2026-02-20T14:20",
    "diagnosis_at": "2026-02-20T15:05",
    "employment_proof_kind": "contract",
    "accident_place": "二号机加车间 6 号车床",
    "accident_course": "更换刀具时主轴未完全停转，左手示指被夹伤。",
    "hospital": "银川市某三级医院",
    "diagnosis_text": "左手示指末节开放性骨折",
    "injury_description": "左手示指末节开放性骨折",
    "occupation": "数控车床操作工",
    "legal_basis_code": "14-1",
}


@dataclass
class Office:
    """People by role name, each an actor; `work` claims, opens and completes the case's open task."""

    kernel: Kernel
    actors: dict[str, Actor] = field(default_factory=dict)

    @classmethod
    def found(cls, kernel: Kernel) -> Office:
        """Create the people, deploy the processes and grant the posts."""
        office = cls(kernel)
        for number, name in enumerate(POSTS):
            office.hire(name, number)
        chiefs = [office.person(name) for name in ("chief1", "chief2", "chief3")]
        for name, posts in POSTS.items():
            for post in posts:
                office.grant(name, post, chiefs=chiefs)
        run(kernel, _deploy, system_actor())
        return office

    def hire(self, name: str, number: int) -> None:
        """A new person with a first account."""
        person = run(
            self.kernel, partial(create_person, name=name, id_number=id_number(number)), system_actor()
        )
        self.actors[name] = self.account(name, person)

    def account(self, login: str, person_id: int) -> Actor:
        """One more account of a person."""
        name = f"{login}-account"
        operation = partial(
            create_account, person_id=person_id, login=name, password=PASSWORD, hashed=_hashed()
        )
        return Actor(run(self.kernel, operation, system_actor()), person_id, (CITY, COUNTY))

    def person(self, name: str) -> int:
        person_id = self.actors[name].person_id
        assert person_id is not None
        return person_id

    def grant(
        self,
        name: str,
        post: str,
        *,
        chiefs: list[int] | None = None,
        region: str = CITY,
        since: date = date(2026, 1, 1),
    ) -> None:
        """A post, asked for, reviewed and approved by the three chiefs."""
        requested, reviewed, approved = chiefs or [self.person(f"chief{n}") for n in (1, 2, 3)]
        request = GrantRequest(self.person(name), post, region, since, None, requested, reviewed, approved)
        run(self.kernel, lambda unit: grant_posts(unit, [request]), system_actor())

    def id_number_of(self, name: str) -> str:
        return id_number(list(POSTS).index(name))

    def start(self, by: str = "window", *, region: str = CITY, **facts: Any) -> int:
        """A new application; answers the case id."""
        start = CaseStart("injury_recognition", region, {**APPLICATION, **facts})
        return int(run(self.kernel, partial(start_case, start=start), self.actors[by])["case_id"])

    def open_task_of(self, case_id: int) -> Task:
        """The single open task of a case."""
        with self.kernel.database.session() as session:
            self.kernel.database.scope(session, ("*",))
            return session.scalars(select(Task).where(Task.case_id == case_id, Task.state == "open")).one()

    def case(self, case_id: int) -> Case:
        with self.kernel.database.session() as session:
            self.kernel.database.scope(session, ("*",))
            return session.get_one(Case, case_id)

    def work(self, case_id: int, by: str, **form: Any) -> Task:
        """Claim, open and complete the open task with the case's facts and `form`; answers the task before."""
        task = self.take(case_id, by)
        self.complete(case_id, task, by, **form)
        return task

    def take(self, case_id: int, by: str) -> Task:
        """Claim and open."""
        task = self.open_task_of(case_id)
        for operation in (claim_task, open_task):
            run(self.kernel, partial(operation, task_id=task.id), self.actors[by], case_id=case_id)
        return self.open_task_of(case_id)

    def complete(self, case_id: int, task: Task, by: str, **form: Any) -> None:
        submitted = self.fill(case_id, task, form)
        operation = partial(complete_task, task_id=task.id, submitted=submitted, version=task.version)
        run(self.kernel, operation, self.actors[by], case_id=case_id)

    def serve(self, case_id: int, by: str = "clerk", *, at: str | None = None) -> None:
        """Each party in turn: handed over now (or at a local minute before), with a slip of its own."""
        received = at or local_minute(self.kernel.clock())
        form = {**RECEIVED, "task_sent_on": received[:10], "task_received_at": received}
        actor = self.actors[by]
        for task in self.open_tasks(case_id, "serve"):
            for operation in (claim_task, open_task):
                run(self.kernel, partial(operation, task_id=task.id), actor, case_id=case_id)
            slip = Upload("other", f"{task.id}.pdf", "application/pdf", SLIP % task.id, "officer")
            run(self.kernel, partial(add_material, task_id=task.id, upload=slip), actor, case_id=case_id)
            done = partial(complete_task, task_id=task.id, submitted=form, version=None)
            run(self.kernel, done, actor, case_id=case_id)

    def open_tasks(self, case_id: int, duty: str) -> list[Task]:
        """Open tasks of a duty, oldest first."""
        with self.kernel.database.session() as session:
            self.kernel.database.scope(session, ("*",))
            found = select(Task).where(Task.case_id == case_id, Task.state == "open", Task.duty == duty)
            return list(session.scalars(found.order_by(Task.id)))

    def let_remedies_pass(self, case_id: int) -> None:
        """Six months go by in which nobody challenges the decision that was served."""
        clock = self.kernel.clock
        assert isinstance(clock, MovingClock)
        clock.move(days=200)
        run(self.kernel, run_timers, system_actor(), case_id=case_id)

    def fill(self, case_id: int, task: Task, form: Mapping[str, Any]) -> dict[str, Any]:
        """The form as a person would send it: current facts, then `form`, then something for what is required."""
        with self.kernel.database.session() as session:
            self.kernel.database.scope(session, ("*",))
            case = session.get_one(Case, case_id)
            known = {**load_facts(session, self.kernel.keyring, case), **form}
            schema = get_deployed(session, case.definition_id).forms[task.form_id or ""]
        values = {item.key: _posted(item, known.get(item.key)) for item in input_fields(read_fields(schema))}
        return {key: value for key, value in values.items() if value is not None}


@cache
def _hashed() -> str:
    """One hash for everybody: making it takes longer than the rest of an account."""
    return hash_password(PASSWORD)


def _deploy(unit: Unit) -> None:
    install_rules(unit, WORKFLOWS, by="tests", approval={"kind": "bootstrap"})
    install_formulas(unit, WORKFLOWS, by="tests", approval={"kind": "bootstrap"})
    deploy(
        unit,
        "injury_recognition",
        read_folder(WORKFLOWS, "injury_recognition"),
        by="tests",
        approval={"kind": "bootstrap"},
    )


def _posted(item: Field, value: Any) -> Any:
    if value is None and item.required:
        value = _something(item)
    if isinstance(value, bool):
        return "true" if value else ""
    return value if value is None or isinstance(value, list) else str(value)


def _something(item: Field) -> Any:
    if item.kind == "checkbox":
        return True
    if item.kind == "checklist":
        return [option.value for option in item.options]
    if item.options:
        return item.options[0].value
    return "3" if item.kind == "number" else "经核对，材料属实，三要件成立。"


TO_REVIEW: tuple[tuple[str, dict[str, Any]], ...] = (
    ("window", {"outcome": "complete"}),
    ("window", {}),
    ("approver", {}),
    ("handler", {"outcome": "ordinary"}),
    ("handler", {"investigated_on": "2026-03-01"}),
    ("handler2", {"investigated_on": "2026-03-01"}),
)
"""From application to initial review."""


def bring_to_review(office: Office, **facts: Any) -> int:
    """A case that waits for initial review; answers its id."""
    case_id = office.start(**facts)
    for who, form in TO_REVIEW:
        office.work(case_id, who, **form)
    return case_id
