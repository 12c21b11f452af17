"""Logging in on the real database: sessions, throttling, locks, and what the audit log keeps of it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import orjson
import pytest
from argon2 import PasswordHasher
from sqlalchemy import select, text

from app.kernel.audit.models import AuditEvent
from app.kernel.identity.attempts import forget_attempts
from app.kernel.identity.identifiers import IdentifierInvalid
from app.kernel.identity.login import Credentials, account_by_login, log_in
from app.kernel.identity.models import Account, LoginAttempt, Person, WebSession
from app.kernel.identity.operations import (
    change_password,
    create_account,
    create_machine_account,
    create_person,
    lock_account,
    reset_password,
    reveal_id_number,
    unlock_account,
)
from app.kernel.identity.queries import accounts_of, person_by_id_number
from app.kernel.identity.refusals import (
    AccountLocked,
    LoginFailed,
    LoginInvalid,
    LoginTaken,
    LoginThrottled,
    PasswordWeak,
    PasswordWrong,
    PersonKnown,
    SessionExpired,
)
from app.kernel.identity.sessions import (
    LiveSession,
    find_session,
    forget_sessions,
    log_out,
    token_digest,
    touch,
)
from app.kernel.kernel import Kernel
from app.kernel.transaction import Actor, Unit, run, system_actor
from app.storage.blobs import BlobStore
from app.storage.crypto import KeyRing
from app.storage.database import Database
from tests.databases import CopiedDatabase
from tests.moving_clock import MovingClock

T = TypeVar("T")

PASSWORD = "Yellow-river 8 bridges"
IDLE = timedelta(minutes=30)
_serial = itertools.count(1)
_address = itertools.count(1)


@pytest.fixture(scope="module")
def keyring(tmp_path_factory: pytest.TempPathFactory) -> KeyRing:
    return KeyRing.create(tmp_path_factory.mktemp("keys") / "keys.json")


@pytest.fixture
def desk(database: CopiedDatabase, keyring: KeyRing, tmp_path: Path) -> Iterator[Kernel]:
    """A kernel over the module's database, its clock standing later in every test."""
    start = datetime(2026, 3, 2, 1, 0, tzinfo=UTC) + timedelta(days=7 * next(_serial))
    connected = Database(database.app_url)
    yield Kernel(connected, keyring, BlobStore(tmp_path), MovingClock(start))
    connected.dispose()


@pytest.fixture
def address() -> str:
    return f"10.0.{next(_address)}.1"


def do(kernel: Kernel, operation: Callable[[Unit], T], actor: Actor | None = None) -> T:
    return run(kernel, operation, actor or system_actor("test"))


def move(kernel: Kernel, **amount: float) -> None:
    assert isinstance(kernel.clock, MovingClock)
    kernel.clock.move(**amount)


def id_number(serial: int) -> str:
    body = f"640104{1970 + serial // 900 % 30}0307{serial % 900 + 1:03d}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return body + "10X98765432"[sum(int(d) * w for d, w in zip(body, weights, strict=True)) % 11]


def officer(kernel: Kernel, login: str, password: str = PASSWORD) -> Actor:
    """A person with an account."""
    person = do(kernel, lambda unit: create_person(unit, "马建国", id_number(next(_serial))))
    account = do(kernel, lambda unit: create_account(unit, person, login, password))
    return Actor(account, person, ())


def found(kernel: Kernel, token: str) -> LiveSession:
    with kernel.database.session() as session:
        return find_session(session, token, kernel.clock(), IDLE)


def events(kernel: Kernel, request_id: str) -> list[tuple[str, str, dict[str, object]]]:
    with kernel.database.session() as session:
        rows = session.scalars(
            select(AuditEvent).where(AuditEvent.request_id == request_id).order_by(AuditEvent.id)
        )
        return [(row.chain, row.event, orjson.loads(row.payload)) for row in rows]


def fail(kernel: Kernel, login: str, address: str, request_id: str = "") -> None:
    with pytest.raises(LoginFailed):
        log_in(kernel, Credentials(login, "wrong " + PASSWORD, address, request_id=request_id))


def test_right_password_opens_a_session_of_the_person(desk: Kernel, address: str) -> None:
    actor = officer(desk, "ma.jianguo")
    opened = log_in(desk, Credentials("  MA.Jianguo ", PASSWORD, address))
    live = found(desk, opened.token)
    assert (live.account_id, live.person_id, live.login) == (actor.account_id, actor.person_id, "ma.jianguo")
    assert live.csrf_matches(opened.csrf_token)
    assert not live.csrf_matches("")
    assert not live.csrf_matches(opened.token)


def test_database_holds_neither_token_nor_password_nor_login(desk: Kernel, address: str) -> None:
    officer(desk, "secretive")
    opened = log_in(desk, Credentials("secretive", PASSWORD, address))
    with desk.database.session() as session:
        kept = session.get_one(WebSession, token_digest(opened.token))
        assert opened.token.encode() not in kept.token_digest
        account = account_by_login(session, "secretive")
        assert account is not None
        assert PASSWORD not in (account.password_hash or "")
        digests = session.scalars(select(LoginAttempt.login_digest)).all()
        assert all(b"secretive" not in digest for digest in digests)


def test_unknown_login_wrong_password_and_machine_get_the_same_answer(desk: Kernel, address: str) -> None:
    officer(desk, "known.one")
    do(desk, lambda unit: create_machine_account(unit, "robot-1"))
    answers = set()
    for login in ("known.one", "nobody.here", "robot-1", "", "x" * 10_000, "a\x00b"):
        with pytest.raises(LoginFailed) as caught:
            log_in(desk, Credentials(login, "wrong " + PASSWORD, address))
        answers.add((str(caught.value.args), caught.value.field))
    assert len(answers) == 1


def test_failed_log_in_is_audited_without_the_typed_login(desk: Kernel, address: str) -> None:
    fail(desk, "640104199003073217", address, "req-failed")
    [(chain, event, payload)] = events(desk, "req-failed")
    assert (chain, event) == ("login", "login.failed")
    assert payload["address"] == address
    assert "640104" not in str(payload)


def test_successful_log_in_is_audited_with_account_and_person(desk: Kernel, address: str) -> None:
    actor = officer(desk, "audited.one")
    log_in(desk, Credentials("audited.one", PASSWORD, address, request_id="req-good"))
    with desk.database.session() as session:
        row = session.scalars(select(AuditEvent).where(AuditEvent.request_id == "req-good")).one()
    assert (row.event, row.account_id, row.person_id) == (
        "login.succeeded",
        actor.account_id,
        actor.person_id,
    )


def test_waits_double_after_the_free_failures_and_end_by_themselves(desk: Kernel, address: str) -> None:
    officer(desk, "forgetful")
    for _ in range(4):
        fail(desk, "forgetful", address)
    waits = []
    for _ in range(5):
        with pytest.raises(LoginThrottled) as caught:
            log_in(desk, Credentials("forgetful", PASSWORD, address))
        seconds = caught.value.params["seconds"]
        assert isinstance(seconds, int)
        waits.append(seconds)
        move(desk, seconds=seconds)
        fail(desk, "forgetful", address)
    assert waits == [2, 4, 8, 16, 32]
    move(desk, seconds=64)
    assert log_in(desk, Credentials("forgetful", PASSWORD, address)).token


def test_lock_out_after_ten_failures_ends_after_fifteen_minutes(desk: Kernel, address: str) -> None:
    officer(desk, "locked.out")
    for _ in range(10):
        fail(desk, "locked.out", address)
        move(desk, seconds=65)
    with pytest.raises(LoginThrottled):
        log_in(desk, Credentials("locked.out", PASSWORD, address))
    move(desk, minutes=14)
    assert log_in(desk, Credentials("locked.out", PASSWORD, address)).token


def test_success_makes_the_failures_forgotten(desk: Kernel, address: str) -> None:
    officer(desk, "clumsy")
    for _ in range(3):
        for _ in range(3):
            fail(desk, "clumsy", address)
        move(desk, seconds=1)
        assert log_in(desk, Credentials("clumsy", PASSWORD, address)).token
        move(desk, seconds=1)


def test_unknown_login_is_throttled_like_a_known_one(desk: Kernel, address: str) -> None:
    for _ in range(4):
        fail(desk, "no.such.login", address)
    with pytest.raises(LoginThrottled):
        log_in(desk, Credentials("no.such.login", PASSWORD, address))


def test_one_address_trying_many_logins_has_to_wait_and_others_do_not(desk: Kernel, address: str) -> None:
    officer(desk, "bystander")
    for number in range(41):
        fail(desk, f"sprayed-{number}", address)
    with pytest.raises(LoginThrottled):
        log_in(desk, Credentials("bystander", PASSWORD, address))
    assert log_in(desk, Credentials("bystander", PASSWORD, "10.99.0.1")).token


def test_office_behind_one_address_logs_in_together(desk: Kernel, address: str) -> None:
    officer(desk, "colleague")
    for _ in range(60):
        log_in(desk, Credentials("colleague", PASSWORD, address))


def test_guesses_sent_at_once_are_counted_like_guesses_in_a_row(desk: Kernel, address: str) -> None:
    officer(desk, "raced")

    def guess(number: int) -> str:
        try:
            log_in(desk, Credentials("raced", f"guess number {number}", address))
        except (LoginFailed, LoginThrottled) as refused:
            return refused.code
        return "in"

    with ThreadPoolExecutor(8) as threads:
        outcomes = list(threads.map(guess, range(40)))
    assert outcomes.count("login_failed") == 4
    assert outcomes.count("login_throttled") == 36


@pytest.mark.parametrize("strange", [None, "", "unix:", "fe80::1%eth0", "not an address"])
def test_client_without_a_usable_address_can_log_in(desk: Kernel, strange: str | None) -> None:
    login = f"strange-{next(_serial)}"
    officer(desk, login)
    assert log_in(desk, Credentials(login, PASSWORD, strange)).token


def test_old_attempts_and_sessions_are_forgotten_and_recent_ones_kept(desk: Kernel, address: str) -> None:
    officer(desk, "forgotten")
    old = log_in(desk, Credentials("forgotten", PASSWORD, address)).token
    move(desk, days=91)
    recent = log_in(desk, Credentials("forgotten", PASSWORD, "10.98.0.1")).token
    do(desk, forget_attempts)
    do(desk, forget_sessions)
    with desk.database.session() as session:
        kept = {str(row) for row in session.scalars(select(LoginAttempt.address))}
        assert address not in kept
        assert "10.98.0.1" in kept
        assert session.get(WebSession, token_digest(old)) is None
        assert session.get(WebSession, token_digest(recent)) is not None


def test_session_ends_after_idleness_and_lives_on_when_touched(desk: Kernel, address: str) -> None:
    officer(desk, "idle.one")
    token = log_in(desk, Credentials("idle.one", PASSWORD, address)).token
    move(desk, minutes=29)
    assert found(desk, token).needs_touch(desk.clock())
    do(desk, lambda unit: touch(unit, token))
    move(desk, minutes=29)
    assert found(desk, token).login == "idle.one"
    move(desk, minutes=1)
    with pytest.raises(SessionExpired):
        found(desk, token)


def test_session_ends_after_twelve_hours_however_busy(desk: Kernel, address: str) -> None:
    officer(desk, "busy.one")
    token = log_in(desk, Credentials("busy.one", PASSWORD, address)).token
    for _ in range(36):
        assert found(desk, token).login == "busy.one"
        move(desk, minutes=20)
        do(desk, lambda unit: touch(unit, token))
    with pytest.raises(SessionExpired):
        found(desk, token)


def test_log_out_ends_the_session_at_once(desk: Kernel, address: str) -> None:
    actor = officer(desk, "leaver")
    token = log_in(desk, Credentials("leaver", PASSWORD, address)).token
    other = log_in(desk, Credentials("leaver", PASSWORD, address)).token
    do(desk, lambda unit: log_out(unit, token), actor)
    with pytest.raises(SessionExpired):
        found(desk, token)
    assert found(desk, other).login == "leaver"


def test_log_in_never_keeps_the_token_the_browser_came_with(desk: Kernel, address: str) -> None:
    officer(desk, "rotated")
    first = log_in(desk, Credentials("rotated", PASSWORD, address)).token
    second = log_in(desk, Credentials("rotated", PASSWORD, address, old_token=first)).token
    assert first != second
    with pytest.raises(SessionExpired):
        found(desk, first)
    assert found(desk, second).login == "rotated"


@pytest.mark.parametrize("token", ["", "guess", "\ud800", "x" * 100_000])
def test_made_up_token_finds_no_session(desk: Kernel, token: str) -> None:
    with pytest.raises(SessionExpired):
        found(desk, token)


def test_changed_password_ends_all_sessions_and_opens_one(desk: Kernel, address: str) -> None:
    actor = officer(desk, "changer")
    old = [log_in(desk, Credentials("changer", PASSWORD, address)).token for _ in range(2)]
    new = do(desk, lambda unit: change_password(unit, PASSWORD, "Helan-mountain 3556 m"), actor)
    assert found(desk, new.token).login == "changer"
    for token in old:
        with pytest.raises(SessionExpired):
            found(desk, token)
    fail_old = Credentials("changer", PASSWORD, address)
    with pytest.raises(LoginFailed):
        log_in(desk, fail_old)
    assert log_in(desk, Credentials("changer", "Helan-mountain 3556 m", address)).token


def test_password_change_needs_the_present_one_and_a_good_new_one(desk: Kernel, address: str) -> None:
    actor = officer(desk, "careful")
    with pytest.raises(PasswordWrong):
        do(desk, lambda unit: change_password(unit, "not the one", "Helan-mountain 3556 m"), actor)
    with pytest.raises(PasswordWeak) as caught:
        do(desk, lambda unit: change_password(unit, PASSWORD, "careful-2026"), actor)
    assert caught.value.params["rule"] == "contains_login"
    assert log_in(desk, Credentials("careful", PASSWORD, address)).token


def test_locked_account_is_told_only_to_who_knows_the_password(desk: Kernel, address: str) -> None:
    actor = officer(desk, "suspended")
    account_id = actor.account_id
    assert account_id is not None
    token = log_in(desk, Credentials("suspended", PASSWORD, address)).token
    do(desk, lambda unit: lock_account(unit, account_id, "调离"))
    with pytest.raises(SessionExpired):
        found(desk, token)
    with pytest.raises(AccountLocked):
        log_in(desk, Credentials("suspended", PASSWORD, address, request_id="req-locked"))
    assert [event for _, event, _ in events(desk, "req-locked")] == ["login.locked"]
    fail(desk, "suspended", address)
    do(desk, lambda unit: unlock_account(unit, account_id, "返岗"))
    assert log_in(desk, Credentials("suspended", PASSWORD, address)).token


def test_reset_password_ends_sessions_and_is_recorded_for_the_person(desk: Kernel, address: str) -> None:
    actor = officer(desk, "reset.one")
    account_id = actor.account_id
    assert account_id is not None
    token = log_in(desk, Credentials("reset.one", PASSWORD, address)).token
    run(
        desk,
        lambda unit: reset_password(unit, account_id, "Helan-mountain 3556 m"),
        system_actor("req-reset"),
    )
    with pytest.raises(SessionExpired):
        found(desk, token)
    assert [(chain, event) for chain, event, _ in events(desk, "req-reset")] == [
        (f"person:{actor.person_id}", "password.reset")
    ]


def test_hash_with_old_parameters_is_renewed_at_log_in(desk: Kernel, address: str) -> None:
    actor = officer(desk, "old.hash")
    weak = PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1).hash(PASSWORD)
    with desk.database.session() as session:
        session.execute(
            text("UPDATE account SET password_hash = :hash WHERE id = :id"),
            {"hash": weak, "id": actor.account_id},
        )
        session.commit()
    log_in(desk, Credentials("old.hash", PASSWORD, address))
    with desk.database.session() as session:
        assert "m=47104" in (session.get_one(Account, actor.account_id).password_hash or "")
    assert log_in(desk, Credentials("old.hash", PASSWORD, address)).token


def test_same_id_number_typed_differently_is_the_same_person(desk: Kernel) -> None:
    number = id_number(next(_serial))
    person = do(desk, lambda unit: create_person(unit, "李娜", number))
    typed = f" {number[:6]} {number[6:14]}　{number[14:].lower()}"
    with pytest.raises(PersonKnown) as caught:
        do(desk, lambda unit: create_person(unit, "李娜", typed))
    assert caught.value.params["person_id"] == person
    with desk.database.session() as session:
        known = person_by_id_number(session, desk.keyring, typed)
        assert known is not None
        assert known.id == person


def test_person_may_have_two_accounts_but_a_login_only_one_owner(desk: Kernel) -> None:
    actor = officer(desk, "first.account")
    person_id = actor.person_id
    assert person_id is not None
    second = do(desk, lambda unit: create_account(unit, person_id, "second.account", PASSWORD))
    with desk.database.session() as session:
        assert [account.id for account in accounts_of(session, person_id)] == [actor.account_id, second]
    with pytest.raises(LoginTaken):
        do(desk, lambda unit: create_account(unit, person_id, "FIRST.account", PASSWORD))


@pytest.mark.parametrize("login", ["", "ab", "-abc", "a b c", "张三", "a" * 41, "a/../b"])
def test_login_outside_the_alphabet_is_refused(desk: Kernel, login: str) -> None:
    with pytest.raises(LoginInvalid):
        do(desk, lambda unit: create_machine_account(unit, login))


def test_wrong_id_number_makes_no_person(desk: Kernel) -> None:
    number = id_number(next(_serial))
    wrong = number[:17] + ("1" if number[17] != "1" else "2")
    with pytest.raises(IdentifierInvalid):
        do(desk, lambda unit: create_person(unit, "李娜", wrong))


def test_id_number_is_sealed_and_reading_it_is_recorded(desk: Kernel) -> None:
    number = id_number(next(_serial))
    person_id = do(desk, lambda unit: create_person(unit, "李娜", number))
    with desk.database.session() as session:
        assert number.encode() not in session.get_one(Person, person_id).id_number_sealed
    reader = system_actor("req-reveal")
    assert run(desk, lambda unit: reveal_id_number(unit, person_id, "核对身份"), reader) == number
    [(chain, event, payload)] = events(desk, "req-reveal")
    assert (chain, event) == (f"person:{person_id}", "person.id_number_read")
    assert number not in str(payload)
