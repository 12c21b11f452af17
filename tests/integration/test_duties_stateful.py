"""Random lives of an office: whatever happens, the invariants hold, and what the oracle allows succeeds.

Posts begin and end, people go away and are substituted, records merge, chains are linked, risk rises, drafts come
back, supervisors reassign. Each attempt is compared with an independent oracle; at the end every case that the people
on duty can finish is finished. Steps, denials and finished cases are printed.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import seed as numbered
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    initialize,
    multiple,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import insert, make_url, select, text

from app.domain.registry import reference
from app.kernel.absences.models import Absence, Substitution
from app.kernel.audit.verify import verify
from app.kernel.duties.models import PostGrant
from app.kernel.duties.operations import GrantRequest, grant_posts, raise_risk
from app.kernel.duties.queries import list_candidates, list_case_views, list_rules, list_task_views
from app.kernel.duties.records import permit_system
from app.kernel.duties.refusals import DutyDenied
from app.kernel.duties.rules import decide
from app.kernel.duties.views import RISK_ORDER, Action
from app.kernel.engine.catalogue import deploy, read_folder
from app.kernel.engine.operations import CaseStart, complete_task, start_case
from app.kernel.identity.models import Account
from app.kernel.identity.operations import create_person
from app.kernel.recusal.operations import declare_recusal
from app.kernel.refusals import FenceRefused, Refusal
from app.kernel.transaction import Actor, Unit, run, system_actor
from app.kernel.worklist.models import Task
from app.kernel.worklist.operations import assign_task, claim_task, open_task, release_task
from app.wiring import WORKFLOWS
from tests.changing import add_changers, carry_through
from tests.databases import shared_server
from tests.duty_oracle import POSTS, REQUIRED, CaseRecord, Oracle
from tests.fence_world import connect
from tests.moving_clock import MovingClock
from tests.office import CITY, COUNTY, Office, id_number

T = TypeVar("T")
RISKS = st.sampled_from(("normal", "high", "routed"))
ROLES = st.sampled_from(("first", "redo"))
SELDOM = st.integers(0, 4)
"""What three people must decide happens one time in five that it is drawn."""
PROBE = Path(__file__).resolve().parents[1] / "duty_probe"
RETURNS = {"recheck": "return", "risk_review": "return", "final_review": "return"}
AGREES = {
    "initial_review": "submit_positive",
    "recheck": "agree",
    "risk_review": "agree",
    "final_review": "approve",
}
AGAIN = {
    "id": 970,
    "key": "probe_again",
    "scope": "chain",
    "maximum": 1,
    "severity": "deny",
    "risk_classes": ["normal", "high", "routed"],
    "title_zh": "",
    "title_en": "",
    "ground": "",
    "member": [
        {"name": name, "duties": list(POSTS), "processes": ["duty_probe"], "case_roles": [role]}
        for name, role in (("first", "first"), ("again", "redo"))
    ],
}
"""A chain set of the probe: who reviewed the first decision doesn't review its redo."""


@pytest.fixture
def probing(office: Office, clock: MovingClock, tmp_path: Path) -> Iterator[Office]:
    add_changers(office)
    shutil.copytree(PROBE, tmp_path / "duty_probe")
    shutil.copytree(WORKFLOWS / "review_block", tmp_path / "review_block")
    files = read_folder(tmp_path, "duty_probe")
    bootstrap: dict[str, Any] = {"kind": "bootstrap"}
    run(
        office.kernel,
        lambda unit: void(deploy(unit, "duty_probe", files, by="tests", approval=bootstrap)),
        system_actor(),
    )
    add_probe_set(office)
    Life.office, Life.clock, Life.counted = office, clock, Counter()
    yield office


def void(_: object) -> None:
    """An operation's answer that nobody needs."""


class Life(RuleBasedStateMachine):
    """One example: a few people and cases of their own in an office that all examples share."""

    office: ClassVar[Office]
    clock: ClassVar[MovingClock]
    counted: ClassVar[Counter[str]]
    serial: ClassVar[Iterator[int]] = iter(range(2000, 900_000))
    people = Bundle("people")
    cases = Bundle("cases")

    def __init__(self) -> None:
        super().__init__()
        self.counted["lives"] += 1
        if self.counted["lives"] % 25 == 0:
            refresh_statistics(self.office)
        self.oracle = Oracle(extra=[AGAIN])
        self.actors: dict[int, Actor] = {}
        self.numbers: dict[int, str] = {}
        self.grants: dict[int, int] = {}

    def tell(self, operation: Callable[[Unit], T], who: Actor | None = None, case: int | None = None) -> T:
        """Carry out; no two things happen at the same instant."""
        self.clock.move(milliseconds=1)
        return run(self.office.kernel, operation, who or system_actor(), case_id=case)

    # -- people -----------------------------------------------------------------------------------------------

    @initialize(target=people)
    def staff(self) -> MultipleResults[int]:
        """Two for every review, and somebody without a post."""
        return multiple(*(self.hire(post) for post in [*POSTS.values()] * 2), self.hire(""))

    @initialize(target=cases, risk=RISKS, role=ROLES, strangers=people)
    def first_case(self, risk: str, role: str, strangers: int) -> int:
        return self.start(risk, role, strangers, False)

    @rule(target=people, post=st.sampled_from([*POSTS.values(), ""]))
    def hire(self, post: str) -> int:
        number = id_number(next(self.serial))
        person = self.tell(partial(create_person, name="测试", id_number=number))
        account = self.tell(partial(_new_account, person_id=person))
        self.actors[person] = Actor(account, person, (CITY, COUNTY), recorded_person_id=person)
        self.oracle.canonical[person], self.oracle.posts[person] = person, set()
        self.numbers[person] = number
        if post:
            self.regrant(person, post)
        return person

    @rule(person=people, post=st.sampled_from(sorted(POSTS.values())))
    def regrant(self, person: int, post: str) -> None:
        """The record's post ends and another begins; lawful unless the person keeps an excluding one elsewhere."""
        before = self.grants.get(person)
        lawful = self.oracle.may_hold(person, post)
        granted = self.fenced(partial(_regrant, person_id=person, post=post, before=before))
        assert isinstance(granted, int) == lawful, granted
        if isinstance(granted, int):
            self.grants[person] = granted
            self.oracle.posts[person] = {post}

    @rule(person=people)
    def go_away(self, person: int) -> None:
        self.tell(partial(_go_away, person_id=person))
        self.oracle.absent.add(person)

    @rule(principal=people, substitute=people)
    def stand_in(self, principal: int, substitute: int) -> None:
        post = next(iter(self.oracle.posts[principal]), None)
        if post is None or (principal, substitute, post) in self.oracle.substitutes:
            return
        lawful = self.oracle.may_stand_in(principal, substitute, post)
        named = self.fenced(partial(_stand_in, principal=principal, substitute=substitute, post=post))
        assert (named is None) == lawful, named
        if named is None:
            self.oracle.substitutes.add((principal, substitute, post))

    def fenced(self, operation: Callable[[Unit], int | None]) -> int | str | None:
        """The operation's answer, or the SQLSTATE it was refused with."""
        try:
            return self.tell(operation)
        except FenceRefused as refused:
            return str(refused.params["sqlstate"])

    @rule(one=people, other=people, seldom=SELDOM)
    def merge(self, one: int, other: int, seldom: int) -> None:
        if seldom or self.oracle.root(one) == self.oracle.root(other):
            return
        duplicate, survivor = self.oracle.root(one), self.oracle.root(other)
        values = {"person_id": str(duplicate), "canonical_id": str(survivor), "finding": "同一人，两份档案。"}
        carry_through(self.office, "person_merge", values)
        self.oracle.canonical[duplicate] = survivor
        for record, actor in self.actors.items():
            self.actors[record] = replace(actor, person_id=self.oracle.root(record))
        self.counted["merges"] += 1

    # -- cases ------------------------------------------------------------------------------------------------

    @rule(
        target=cases,
        risk=RISKS,
        role=ROLES,
        worker=people,
        known=st.booleans(),
    )
    def start(self, risk: str, role: str, worker: int, known: bool) -> int:
        """A case; its worker is somebody of the office (`known`) or a stranger."""
        facts = {
            "worker_name": "某",
            "worker_id_no": self.numbers[worker] if known else id_number(next(self.serial)),
            "employer_name": "某厂",
            "accident_at": "2026-02-20T14:20",
        }
        start = CaseStart("duty_probe", CITY, facts, case_role=role)
        number = int(self.tell(partial(start_case, start=start))["case_id"])
        case = self.office.case(number)
        self.oracle.cases[number] = CaseRecord(number, case.chain_id, case.risk, role=role)
        if known:
            self.oracle.cases[number].parties.add(worker)
        self.raise_to(number, risk)
        return number

    @rule(number=cases, risk=st.sampled_from(("high", "routed")))
    def rise(self, number: int, risk: str) -> None:
        self.raise_to(number, risk)

    def raise_to(self, number: int, risk: str) -> None:
        if self.office.case(number).decided_at is None and self.tell(partial(_rise, risk=risk), case=number):
            self.oracle.cases[number].risk = risk

    @rule(one=cases, other=cases, seldom=SELDOM)
    def link(self, one: int, other: int, seldom: int) -> None:
        first, second = self.office.case(one), self.office.case(other)
        if seldom or first.chain_id == second.chain_id:
            return
        carry_through(self.office, "chain_link", {"case_no": first.case_no, "other_case_no": second.case_no})
        for case in self.oracle.cases.values():
            case.chain = self.office.case(case.number).chain_id
        assert self.oracle.cases[one].chain == self.oracle.cases[other].chain
        self.counted["links"] += 1

    @rule(number=cases, person=people)
    def recuse(self, number: int, person: int) -> None:
        case = self.oracle.cases[number]
        if self.office.case(number).decided_at is not None or self.oracle.barred(person, case):
            return
        operation = partial(declare_recusal, cause="interest", detail="与申请人有利害关系")
        if self.attempt(number, operation, self.actors[person]) is None:
            case.recused[person] = len(self.oracle.acts)

    # -- acts -------------------------------------------------------------------------------------------------

    @rule(number=cases, person=people)
    def claim(self, number: int, person: int) -> None:
        task = self.task_of(number)
        if task is None:
            return
        allowed = self.oracle.may_act(person, number, task.duty) is not None
        assert self.asked(person, task, Action.CLAIM) == allowed
        taken = task.claimed_by is not None and task.claimed_by != self.oracle.root(person)
        self.expect(allowed and not taken, number, partial(claim_task, task_id=task.id), person)

    @rule(number=cases, person=people)
    def work(self, number: int, person: int) -> None:
        """The usual day: claim, open and agree, if the oracle says so."""
        task = self.task_of(number)
        if task is None or task.claimed_by is not None:
            return
        self.claim(number, person)
        self.open(number)
        self.complete(number, True)

    @rule(number=cases)
    def open(self, number: int) -> None:
        task, holder = self.held(number)
        if task is None or holder is None or task.opened_at is not None:
            return
        counted = self.oracle.may_act(holder, number, task.duty)
        if self.expect(counted is not None, number, partial(open_task, task_id=task.id), holder):
            self.oracle.acts.append((number, counted or frozenset(), task.duty))

    @rule(number=cases, agrees=st.booleans())
    def complete(self, number: int, agrees: bool) -> None:
        task, holder = self.held(number)
        if task is not None and holder is not None and task.opened_at is not None:
            self.sign(number, task, holder, agrees or task.duty == "initial_review")

    def sign(self, number: int, task: Task, holder: int, agrees: bool) -> bool:
        counted = self.oracle.may_act(holder, number, task.duty)
        outcome = (AGREES if agrees else RETURNS)[task.duty]
        form = {"outcome": outcome, "return_to": None if agrees else "initial_review"}
        submitted = self.office.fill(number, task, form)
        operation = partial(complete_task, task_id=task.id, submitted=submitted, version=task.version)
        if not self.expect(counted is not None, number, operation, holder):
            return False
        people = counted or frozenset()
        self.oracle.acts.append((number, people, task.duty))
        case = self.oracle.cases[number]
        case.signatures.append((task.duty, people, agrees))
        complete = self.oracle.missing(number) is None and task.duty == REQUIRED[case.risk][-1]
        assert (self.office.case(number).decided_at is not None) == (
            complete and not self.oracle.collides(number)
        )
        return True

    @rule(number=cases)
    def release(self, number: int) -> None:
        task, holder = self.held(number)
        if task is not None and holder is not None:
            self.expect(self.is_clear(holder, number), number, partial(release_task, task_id=task.id), holder)

    @rule(number=cases, person=people)
    def assign(self, number: int, person: int) -> None:
        task = self.task_of(number)
        if task is None:
            return
        here = not any(self.oracle.root(p) == self.oracle.root(person) for p in self.oracle.absent)
        allowed = here and self.oracle.may_act(person, number, task.duty) is not None
        operation = partial(assign_task, task_id=task.id, person_id=self.oracle.root(person), reason="均衡")
        done = self.attempt(number, operation, self.office.actors["supervisor"]) is None
        assert done == allowed

    def is_clear(self, person: int, number: int) -> bool:
        return not self.oracle.barred(person, self.oracle.cases[number]) and not self.oracle.torn(person)

    # -- comparing ----------------------------------------------------------------------------------------------

    def expect(self, lawful: bool, number: int, operation: Callable[[Unit], object], person: int) -> bool:
        """Carry out as the person: succeeds exactly when lawful; a denial changes nothing but the audit trail."""
        before = self.traces(number)
        refused = self.attempt(number, operation, self.actors[person])
        assert (refused is None) == lawful, refused
        assert refused is None or self.traces(number) == before
        return refused is None

    def attempt(self, number: int, operation: Callable[[Unit], object], who: Actor) -> Refusal | None:
        self.counted["acts"] += 1
        try:
            self.tell(lambda unit: void(operation(unit)), who, case=number)
        except FenceRefused:
            raise  # `decide` must have seen it coming: the fence is for what slips past it, and nothing may
        except Refusal as refusal:
            self.counted["denied" if isinstance(refusal, DutyDenied) else "told"] += 1
            return refusal
        self.counted["done"] += 1
        return None

    def asked(self, person: int, task: Task, action: Action) -> bool:
        """What the lists of eligible people would say."""
        kernel, root = self.office.kernel, self.oracle.root(person)
        with kernel.database.session() as session:
            kernel.database.scope(session, ("*",))
            case = self.office.case(task.case_id)
            now = kernel.clock()
            candidate = list_candidates(session, [root], now.date())[root]
            view = list_case_views(session, [case])[case.id]
            return decide(
                candidate, action, view, list_task_views(session, [task])[task.id], list_rules(session, now)
            ).allowed

    def traces(self, number: int) -> tuple[object, ...]:
        with self.office.kernel.database.session() as session:
            self.office.kernel.database.scope(session, ("*",))
            row = session.execute(
                text(
                    "SELECT c.version, c.content_hash, (SELECT count(*) FROM performance WHERE case_id = c.id),"
                    " (SELECT count(*) FROM signature WHERE case_id = c.id),"
                    " (SELECT max(xmin::text::bigint) FROM task WHERE case_id = c.id)"
                    ' FROM "case" c WHERE c.id = :case'
                ),
                {"case": number},
            ).one()
            return tuple(row)

    def task_of(self, number: int) -> Task | None:
        with self.office.kernel.database.session() as session:
            self.office.kernel.database.scope(session, ("*",))
            return session.scalar(select(Task).where(Task.case_id == number, Task.state == "open"))

    def held(self, number: int) -> tuple[Task | None, int | None]:
        """The open task and a record of whoever holds it."""
        task = self.task_of(number)
        if task is None or task.claimed_by is None:
            return task, None
        root = task.claimed_by
        return task, next((p for p in sorted(self.actors) if self.oracle.root(p) == root), None)

    # -- the end ------------------------------------------------------------------------------------------------

    def teardown(self) -> None:
        """Whatever the people on duty can finish gets finished."""
        for number in self.oracle.cases:
            if self.office.case(number).decided_at is None and not self.oracle.collides(number):
                self.finish(number)

    def finish(self, number: int) -> None:
        while (task := self.task_of(number)) is not None:
            duties = self.duties_left(number, task.duty)
            plan = self.oracle.plan(number, sorted(self.actors), duties)
            if plan is None:
                self.counted["unfinishable"] += 1
                return
            person = plan[0]
            if task.claimed_by is not None and task.claimed_by != self.oracle.root(person):
                who = self.oracle.root(person)
                operation = partial(assign_task, task_id=task.id, person_id=who, reason="办结")
                if any(self.oracle.root(p) == who for p in self.oracle.absent):
                    return  # nobody may give it to somebody who is away; the holder has to give it back first
                assert self.attempt(number, operation, self.office.actors["supervisor"]) is None
            elif task.claimed_by is None:
                assert self.expect(True, number, partial(claim_task, task_id=task.id), person)
            current, holder = self.held(number)
            assert current is not None and holder is not None
            if current.opened_at is None:
                self.open(number)
            fresh = self.task_of(number)
            assert fresh is not None
            assert self.sign(number, fresh, holder, True)
        assert self.office.case(number).decided_at is not None
        self.counted["finished"] += 1

    def duties_left(self, number: int, duty: str) -> list[str]:
        """From the open task on; when an earlier signature is lacking, from that one on once more."""
        required = REQUIRED[self.oracle.cases[number].risk]
        ahead = required[required.index(duty) :]
        missing = self.oracle.missing(number)
        if missing is not None and required.index(missing) < required.index(duty):
            return ahead + required[required.index(missing) :]
        return ahead


def _new_account(unit: Unit, person_id: int) -> int:
    unit.record("account.created", {"person_id": person_id}, chain=f"person:{person_id}")
    row = {
        "login": f"life-{person_id}",
        "kind": "human",
        "person_id": person_id,
        "state": "active",
        "locale": "zh",
    }
    return unit.session.execute(
        insert(Account).values(**row, created_at=unit.now).returning(Account.id)
    ).scalar_one()


def _regrant(unit: Unit, person_id: int, post: str, before: int | None) -> int:
    chiefs = [Life.office.person(name) for name in ("chief1", "chief2", "chief3")]
    signed = dict(zip(("requested_by", "reviewed_by", "approved_by"), chiefs, strict=True))
    if before is not None:
        old = unit.session.get_one(PostGrant, before)
        ending = {"person_id": person_id, "post": old.post, "region_code": CITY, "valid_from": unit.today}
        unit.session.execute(
            insert(PostGrant).values(**ending, **signed, revokes=before, recorded_at=unit.now)
        )
    return grant_posts(unit, [GrantRequest(person_id, post, CITY, unit.today, None, *chiefs)])[0]


def _go_away(unit: Unit, person_id: int) -> None:
    unit.session.execute(
        insert(Absence).values(
            person_id=person_id,
            starts_on=unit.today,
            ends_on=unit.today,
            cause="leave",
            note="",
            recorded_by=person_id,
            recorded_at=unit.now,
        )
    )
    unit.record("absence.recorded", {"person": person_id}, chain=f"person:{person_id}")


def _stand_in(unit: Unit, principal: int, substitute: int, post: str) -> None:
    chiefs = [Life.office.person(name) for name in ("chief1", "chief2")]
    unit.session.execute(
        insert(Substitution).values(
            principal_id=principal,
            substitute_id=substitute,
            post=post,
            region_code=CITY,
            valid_from=unit.today,
            valid_to=unit.today.replace(year=unit.today.year + 1),
            reason="test",
            requested_by=chiefs[0],
            approved_by=chiefs[1],
            at=unit.now,
        )
    )
    unit.record("substitution.begun", {"principal": principal}, chain=f"person:{substitute}")


def _rise(unit: Unit, risk: str) -> bool:
    assert unit.case is not None
    if RISK_ORDER[risk] <= RISK_ORDER[unit.case.risk]:
        return False
    permit_system(unit, Action.SYSTEM, unit.case.id)
    return raise_risk(unit, unit.case, risk, "test")


def refresh_statistics(office: Office) -> None:
    """What autovacuum does in use: without it plans made for a dozen people meet thousands."""
    database = make_url(office.kernel.database.url).database or ""
    with shared_server().admin(database) as admin:
        admin.execute("ANALYZE")


def add_probe_set(office: Office) -> None:
    database = make_url(office.kernel.database.url).database or ""
    heading = (
        "INSERT INTO conflict_set (set_id, version, key, scope, maximum, severity, risk_classes, title_zh, title_en,"
        " ground, active_from) VALUES (970, 1, 'probe_again', 'chain', 1, 'deny', '{normal,high,routed}',"
        " '', '', '', '2020-01-01')"
    )
    with connect(shared_server().owner_url(database)) as owner, owner.transaction():
        owner.execute(heading)
        for member in sorted(reference.set_members(AGAIN)):
            owner.execute("INSERT INTO conflict_member VALUES (970, 1, %s, %s, %s, %s)", member)


def live(examples: int, steps: int) -> None:
    chosen = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        print_blob=True,
    )
    run_state_machine_as_test(Life, settings=chosen)  # type: ignore[no-untyped-call]
    kernel = Life.office.kernel
    with kernel.database.session() as session:
        kernel.database.scope(session, ("*",))
        over = text(
            "SELECT count(*) FROM (SELECT FROM sod_binding GROUP BY set_id, scope_id, person_id"
            " HAVING count(*) > max(maximum)) AS found"
        )
        assert session.scalar(over) == 0
        assert verify(session, kernel.keyring).intact
    print(f"\n{dict(Life.counted)}")
    assert min(Life.counted[kind] for kind in ("done", "denied", "finished")) > 0


def test_an_office_lives_without_a_conflict(probing: Office) -> None:
    live(examples=8, steps=25)


PARTS = 20


@pytest.mark.long
@pytest.mark.parametrize("part", range(PARTS))
def test_an_office_lives_long_without_a_conflict(probing: Office, seed: int, part: int) -> None:
    """Fifty thousand steps, in parts that each print what they counted, in an office of their own."""
    numbered(seed * PARTS + part)(Life)
    live(examples=1000 // PARTS, steps=50)
