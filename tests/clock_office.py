"""A city with one open case, its handler and the heads above it: what clocks and documents need."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from uuid import uuid4

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.kernel.audit.models import AuditEvent
from app.kernel.cases.models import Case, CaseChain
from app.kernel.deadlines.calendar_operations import seed_years
from app.kernel.deadlines.models import Clock
from app.kernel.duties.models import Post, PostGrant
from app.kernel.engine.models import ProcessDefinition
from app.kernel.identity.models import Account, Person, Region
from app.kernel.kernel import Kernel
from app.kernel.transaction import Unit, run, system_actor
from app.kernel.worklist.models import Notification, Task
from app.storage.database import Database
from tests.databases import CopiedDatabase

EARLY = datetime(2026, 1, 1, tzinfo=UTC)


class ClockOffice:
    """The rows are written by the schema's owner; what is tested runs as the application."""

    def __init__(self, database: CopiedDatabase, kernel: Kernel) -> None:
        self.kernel = kernel
        self.owner = Database(database.owner_url)
        with self.owner.session() as session:
            for code, path in (("640000", "640000"), ("640100", "640000/640100")):
                session.add(_region(code, path))
            session.flush()
            self.handler, self.head, self.above, *others = (_person(session, n) for n in range(6))
            session.add_all(_posts())
            seed_years(session)
            session.flush()
            for person, code in ((self.head, "640100"), (self.above, "640000")):
                session.add(_grant(person, "test_head", code, others))
            self.case_id = _case(session)
            self.task_id = _task(session, self.case_id, self.handler)
            session.commit()

    def close(self) -> None:
        self.owner.dispose()

    def do(self, operation: Callable[[Unit], object]) -> None:
        """Carry out an operation on the case's clocks as the system."""
        run(self.kernel, operation, system_actor())

    def clock(self, kind: str = "CR06") -> Clock:
        """The latest clock of a kind."""
        with self.owner.session() as session:
            query = select(Clock).where(Clock.kind == kind).order_by(Clock.run.desc())
            row = session.scalars(query).first()
            assert row is not None
            return row

    def told(self, code: str) -> list[int]:
        """Persons who were notified, once per notification."""
        with self.owner.session() as session:
            query = select(Notification.person_id).where(Notification.code == code)
            return sorted(session.scalars(query))

    def events(self, event: str) -> int:
        """How often an event stands in the case's audit chain."""
        with self.owner.session() as session:
            query = select(func.count()).where(
                AuditEvent.event == event, AuditEvent.chain == f"case:{self.case_id}"
            )
            return session.scalar(query) or 0

    def task(self) -> Task:
        """The open task of the case."""
        with self.owner.session() as session:
            return session.scalars(select(Task).where(Task.id == self.task_id)).one()


def _region(code: str, path: str) -> Region:
    return Region(
        code=code,
        parent_code=None,
        path=path,
        level="city",
        name_zh=code,
        name_en=code,
        authority_zh="人力资源和社会保障局",
        document_prefix=f"测{code}",
    )


def _person(session: Session, number: int) -> int:
    person = Person(
        uid=uuid4(),
        name=f"测试{number}",
        pinyin="ceshi",
        id_number_sealed=b"sealed",
        id_number_index=f"index {number}".encode(),
        created_at=EARLY,
    )
    session.add(person)
    session.flush()
    account = Account(
        login=f"person{number}",
        kind="human",
        person_id=person.id,
        state="active",
        locale="zh",
        created_at=EARLY,
    )
    session.add(account)
    session.flush()
    return person.id


def _posts() -> list[Post]:
    wanted = (("test_head", "supervision"), ("test_checker", "business"))
    return [Post(key=key, kind=kind, authority="hrss", title_zh=key, title_en=key) for key, kind in wanted]


def _grant(person_id: int, post: str, region_code: str, others: list[int]) -> PostGrant:
    requested, reviewed, approved = others
    return PostGrant(
        person_id=person_id,
        post=post,
        region_code=region_code,
        valid_from=date(2026, 1, 1),
        recorded_at=EARLY,
        requested_by=requested,
        reviewed_by=reviewed,
        approved_by=approved,
    )


def _case(session: Session) -> int:
    chain = CaseChain(created_at=EARLY)
    definition = ProcessDefinition(
        key="injury_recognition",
        version=1,
        digest="d",
        title_zh="工伤认定",
        title_en="Injury recognition",
        spec=b"",
        deployed_at=EARLY,
        deployed_by="test",
        approval={},
    )
    session.add_all([chain, definition])
    session.flush()
    case = Case(
        uid=uuid4(),
        case_no="640100-2026-00001",
        process_key="injury_recognition",
        definition_id=definition.id,
        chain_id=chain.id,
        region_code="640100",
        risk="high",
        subject_name="测试",
        subject_pinyin="ceshi",
        organisation="测试公司",
        content_hash=b"",
        received_at=EARLY,
    )
    session.add(case)
    session.flush()
    return case.id


def _task(session: Session, case_id: int, handler: int) -> int:
    account = session.scalars(select(Account.id).where(Account.person_id == handler)).one()
    task = Task(
        case_id=case_id,
        region_code="640100",
        engine_task_id="t1",
        step_key="RB-3",
        title_zh="复核",
        title_en="Recheck",
        duty="recheck",
        signs=True,
        resets=False,
        post="test_checker",
        state="open",
        claimed_by=handler,
        claimed_account=account,
        created_at=EARLY,
    )
    session.add(task)
    session.flush()
    return task.id
