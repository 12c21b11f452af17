"""A small world for tests of the fence: people, accounts, cases and raw SQL under each database role."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import psycopg
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from app.domain.registry import reference
from tests.databases import CopiedDatabase

Connection = psycopg.Connection[Any]
HASH = b"h" * 32
NEUTRAL_POST = "gov_unit"
"""A post that no exclusion names but that of the platform's administrators."""


def plain(url: str) -> str:
    """A SQLAlchemy URL as the bare driver reads it."""
    return url.replace("postgresql+psycopg://", "postgresql://", 1)


def connect(url: str) -> Connection:
    """Each statement its own transaction, unless the test opens one."""
    return psycopg.connect(plain(url), autocommit=True, connect_timeout=20)


def install_reference(copy: CopiedDatabase) -> None:
    """Regions, posts, exclusions and conflict sets, as the owner."""
    engine = create_engine(copy.owner_url, poolclass=NullPool)
    with engine.begin() as connection:
        reference.install(connection)


@dataclass
class World:
    """`owner` arranges, `app` acts."""

    owner: Connection
    app: Connection
    app_url: str
    definition: int = field(init=False)

    def __post_init__(self) -> None:
        self.definition = self.one(
            "INSERT INTO process_definition (key, version, digest, title_zh, title_en, spec, deployed_at,"
            " deployed_by, approval) VALUES ('injury_recognition', 1, %s, '工伤认定', 'Recognition', '', now(),"
            " 'test', '{}') RETURNING id",
            uuid4().hex,
        )

    def one(self, statement: str, *values: Any) -> Any:
        """First column of the first row, as the owner."""
        return first(self.owner, statement, *values)

    def person(self, index: bytes | None = None) -> int:
        return int(
            self.one(
                "INSERT INTO person (uid, name, pinyin, id_number_sealed, id_number_index, created_at)"
                " VALUES (%s, '测试', 'ceshi', '', %s, now()) RETURNING id",
                uuid4(),
                index or secrets.token_bytes(32),
            )
        )

    def account(self, person: int | None, kind: str = "human", state: str = "active") -> int:
        return int(
            self.one(
                "INSERT INTO account (login, kind, person_id, state, locale, created_at)"
                " VALUES (%s, %s, %s, %s, 'zh', now()) RETURNING id",
                uuid4().hex,
                kind,
                person,
                state,
            )
        )

    def chain(self) -> int:
        return int(self.one("INSERT INTO case_chain (created_at) VALUES (now()) RETURNING id"))

    def case(
        self,
        risk: str | None = "high",
        chain: int | None = None,
        process: str = "injury_recognition",
        role: str = "first",
        region: str = "640100",
    ) -> int:
        case = int(
            self.one(
                'INSERT INTO "case" (uid, case_no, process_key, definition_id, chain_id, case_role, region_code,'
                " risk, subject_name, subject_pinyin, organisation, content_hash, received_at)"
                " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, '某', 'mou', '某厂', %s, now()) RETURNING id",
                uuid4(),
                uuid4().hex,
                process,
                self.definition,
                chain or self.chain(),
                role,
                region,
                risk or "normal",
                HASH,
            )
        )
        if risk:
            self.risk(self.owner, case, risk)
        return case

    def risk(
        self, connection: Connection, case: int, risk: str, by: tuple[int | None, ...] = (None, None)
    ) -> None:
        connection.execute(
            "INSERT INTO case_risk (case_id, risk, reason, at, proposed_by, approved_by)"
            " VALUES (%s, %s, 'test', now(), %s, %s)",
            (case, risk, *by),
        )

    def grant(self, person: int, post: str = NEUTRAL_POST, region: str = "640100") -> int:
        """A post from today on, asked for, reviewed and approved by three strangers."""
        return int(
            self.one(
                "INSERT INTO post_grant (person_id, post, region_code, valid_from, recorded_at, requested_by,"
                " reviewed_by, approved_by) VALUES (%s, %s, %s, current_date - 1, now(), %s, %s, %s) RETURNING id",
                person,
                post,
                region,
                *(self.person() for _ in range(3)),
            )
        )

    def stand_in(self, principal: int, substitute: int) -> int:
        """The substitute fills the neutral post of the principal; the substitution's id."""
        self.grant(principal)
        return int(
            self.one(
                "INSERT INTO substitution (principal_id, substitute_id, post, region_code, valid_from, valid_to,"
                " reason, requested_by, approved_by, at)"
                " VALUES (%s, %s, %s, '640100', current_date, current_date + 9, 'test', %s, %s, now()) RETURNING id",
                principal,
                substitute,
                NEUTRAL_POST,
                self.person(),
                self.person(),
            )
        )

    def move(self, case: int, before: str, after: str) -> None:
        """To another region's office, on record."""
        self.owner.execute(
            "INSERT INTO case_transfer (case_id, from_region, to_region, reason, transferred_by, at)"
            " VALUES (%s, %s, %s, 'test', %s, now())",
            (case, before, after, self.person()),
        )

    def task(self, case: int, post: str = NEUTRAL_POST, duty: str = "recheck") -> int:
        return int(
            self.one(
                "INSERT INTO task (case_id, region_code, engine_task_id, step_key, title_zh, title_en, duty, signs,"
                " resets, post, created_at) VALUES (%s, '640100', %s, 's', 's', 's', %s, false, false, %s, now())"
                " RETURNING id",
                case,
                uuid4().hex,
                duty,
                post,
            )
        )

    def staff(self, count: int) -> list[Staff]:
        people = [self.person() for _ in range(count)]
        return [Staff(person, self.account(person)) for person in people]


@dataclass(frozen=True)
class Staff:
    """A natural person with one account."""

    person: int
    account: int


def first(connection: Connection, statement: str, *values: Any) -> Any:
    row = connection.execute(statement, values).fetchone()
    assert row is not None
    return row[0]


def act(
    connection: Connection,
    case: int,
    staff: Staff,
    duty: str,
    *,
    behalf: int | None = None,
    state: str = "performed",
    verdict: str = "allow",
    task: int | None = None,
    days_ago: int = 0,
) -> int:
    """Insert a performance, with its decision, as the connection's role; the performance's id."""
    decision = uuid4()
    connection.execute(
        "INSERT INTO duty_decision (id, at, account_id, person_id, action, case_id, duty, verdict, reason, evidence)"
        " VALUES (%s, now(), %s, %s, 'complete', %s, %s, %s, 'test', '{}')",
        (decision, staff.account, staff.person, case, duty, verdict),
    )
    return int(
        first(
            connection,
            "INSERT INTO performance (case_id, task_id, person_id, account_id, on_behalf_of, duty, state, at,"
            " decision_id) VALUES (%s, %s, %s, %s, %s, %s, %s, now() - make_interval(days => %s), %s) RETURNING id",
            case,
            task,
            staff.person,
            staff.account,
            behalf,
            duty,
            state,
            days_ago,
            decision,
        )
    )


def sign(
    connection: Connection,
    case: int,
    staff: Staff,
    duty: str,
    seq: int,
    *,
    subject: str = "draft",
    content: bytes = HASH,
    verdict: str = "agree",
    behalf: int | None = None,
) -> int:
    """Perform a signing duty and sign; the signature's id."""
    performance = act(connection, case, staff, duty, behalf=behalf)
    return put_signature(connection, case, staff, duty, seq, performance, subject, content, verdict)


def put_signature(
    connection: Connection,
    case: int,
    staff: Staff,
    duty: str,
    seq: int,
    performance: int,
    subject: str = "draft",
    content: bytes = HASH,
    verdict: str = "agree",
) -> int:
    return int(
        first(
            connection,
            "INSERT INTO signature (case_id, subject, seq, duty, person_id, performance_id, content_hash, verdict,"
            " at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, now()) RETURNING id",
            case,
            subject,
            seq,
            duty,
            staff.person,
            performance,
            content,
            verdict,
        )
    )


def decide(
    connection: Connection,
    case: int,
    signatures: list[int],
    *,
    risk: str = "high",
    subject: str = "draft",
    content: bytes = HASH,
) -> int:
    """Insert the decision; its id."""
    return int(
        first(
            connection,
            "INSERT INTO case_decision (case_id, subject, kind, outcome, risk, content_hash, signature_ids, at)"
            " VALUES (%s, %s, 'decided', 'recognized_injury', %s, %s, %s, now()) RETURNING id",
            case,
            subject,
            risk,
            content,
            signatures,
        )
    )


@contextmanager
def world_of(copy: CopiedDatabase) -> Iterator[World]:
    install_reference(copy)
    with connect(copy.owner_url) as owner, connect(copy.app_url) as app:
        yield World(owner, app, copy.app_url)
