"""`run`: opens, guards and commits the one transaction of an intention."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

import orjson
from sqlalchemy import bindparam, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.kernel.audit.chain import NewEvent, case_chain, chained_rows, write_rows
from app.kernel.cases.models import Case
from app.kernel.kernel import Kernel
from app.kernel.refusals import CaseNotFound, FenceRefused, Refusal
from app.kernel.transaction.idempotency import Idempotency, insert_key, keep_result
from app.kernel.transaction.unit import Actor, SetAside, Unit
from app.storage.core import execute, table
from app.storage.database import forget_writes, has_written, in_one_go

T = TypeVar("T")

RETRIES = 5
LOST_RACE = frozenset({"40001", "40P01"})
CHAIN_PLACE = "uq_audit_event_chain_seq"
_CASES = table(Case)
_LOCK = (
    select(Case)
    .where(Case.id == bindparam("case"))
    .with_for_update()
    .execution_options(populate_existing=True)
)
_NEXT_VERSION = update(_CASES).where(_CASES.c.id == bindparam("case")).values(version=_CASES.c.version + 1)
FENCE_CLASS = "SD"


class TransactionFault(RuntimeError):
    """A programming error that must never commit: an unrecorded write, or a case write undecided."""


def run(
    kernel: Kernel,
    operation: Callable[[Unit], T],
    actor: Actor,
    *,
    case_id: int | None = None,
    idempotency: Idempotency | None = None,
) -> T:
    """Carry out one intention in one transaction and commit it.

    Order: idempotency key, case lock, operation, case version, audit chain, commit. A replayed key
    answers the first result (None or a mapping). A deadlock or serialization failure is retried.
    Raise what the operation refuses; a refusal rolls back, then its attempt is recorded on its own. An automatic
    part that fails is left out of a second attempt (`SetAside`).
    """
    attempt, aside = 1, None
    while True:
        try:
            return _attempt(kernel, operation, actor, case_id, idempotency, again=attempt > 1, aside=aside)
        except SetAside as failed:
            if aside is not None:
                raise
            aside = failed.failure
        except Refusal as refusal:
            _record_attempt(kernel, refusal, actor)
            raise
        except DBAPIError as error:
            if _is_lost_race(error) and attempt < RETRIES:
                attempt += 1
                continue
            fence = _fence_refusal(error)
            if fence is None:
                raise
            _record_attempt(kernel, fence, actor)
            raise fence from error


def _attempt(
    kernel: Kernel,
    operation: Callable[[Unit], T],
    actor: Actor,
    case_id: int | None,
    idempotency: Idempotency | None,
    *,
    again: bool,
    aside: object = None,
) -> T:
    with kernel.database.session() as session:
        unit = _open_unit(kernel, session, actor)
        unit.aside = aside
        if idempotency is not None:
            replay = insert_key(unit, idempotency)
            if replay is not None:
                return cast(T, replay.result)
        if case_id is not None:
            unit.case = lock_case(session, case_id)
        forget_writes(session)
        result = operation(unit)
        session.flush()
        _guard(unit)
        if idempotency is not None:
            keep_result(unit, idempotency, result)
        _close_unit(unit, trusting=not again)
        session.commit()
        return result


def lock_case(session: Session, case_id: int) -> Case:
    """Lock and load the case row. Raise CaseNotFound, also when it lies outside the actor's regions."""
    case = session.scalar(_LOCK, {"case": case_id})
    if case is None:
        raise CaseNotFound(case_id=case_id)
    return case


def _open_unit(kernel: Kernel, session: Session, actor: Actor) -> Unit:
    kernel.database.scope(session, actor.regions)
    return Unit(kernel=kernel, session=session, actor=actor, now=kernel.clock())


def _close_unit(unit: Unit, *, trusting: bool = True) -> None:
    """Raise the version, send the queued writes and the audit events.

    `trusting`: the case's row lock suffices for its chain. After a lost race it does not: then the chain
    is locked like any other, so that a storm of denied attempts can't make the act lose again.
    """
    if unit.case is not None and unit.events and not unit.raised:
        execute(unit.session, _NEXT_VERSION, {"case": unit.case.id})
        unit.version_raised(unit.case)
    actor = unit.actor
    drafts = [
        NewEvent(
            chain=item.chain,
            event=item.event,
            payload=item.payload,
            at=unit.now,
            account_id=actor.account_id,
            person_id=actor.person_id,
            on_behalf_of=item.on_behalf_of,
            case_id=item.case_id,
            task_id=item.task_id,
            decision_id=item.decision_id,
            request_id=actor.request_id,
        )
        for item in unit.events
    ]
    held = frozenset((case_chain(unit.case.id),) if unit.case is not None and trusting else ())
    rows = chained_rows(unit.session, unit.kernel.keyring, drafts, held=held, heads=unit.heads)
    with in_one_go(unit.session):
        for statement, values in unit.last_writes:
            execute(unit.session, statement, values)
        write_rows(unit.session, rows)


def _guard(unit: Unit) -> None:
    if not unit.last_writes and not has_written(unit.session):
        return
    if not unit.events:
        raise TransactionFault("a write recorded no audit event")
    if unit.case is not None and not unit.decision_ids:
        raise TransactionFault("a case was written without a duty decision")


def _record_attempt(kernel: Kernel, refusal: Refusal, actor: Actor) -> None:
    """Keep the trace of a denied attempt in a transaction of its own, without the case's row lock."""
    for attempt in range(1, RETRIES + 1):
        try:
            _keep_attempt(kernel, refusal, actor)
            break
        except DBAPIError as error:
            if not _is_lost_race(error) or attempt == RETRIES:
                raise


def _keep_attempt(kernel: Kernel, refusal: Refusal, actor: Actor) -> None:
    with kernel.database.session() as session:
        unit = _open_unit(kernel, session, actor)
        refusal.record_attempt(unit)
        if not unit.events:
            return
        session.flush()
        _close_unit(unit)
        session.commit()


def is_passing(error: DBAPIError) -> bool:
    """A lost race or a lost connection: nothing is wrong with what was tried, and trying again helps."""
    return _is_lost_race(error) or error.connection_invalidated or not _sqlstate(error)


def is_of_fence(error: DBAPIError) -> bool:
    """The fence refused: `run` makes a refusal of it."""
    return _sqlstate(error).startswith(FENCE_CLASS)


def _is_lost_race(error: DBAPIError) -> bool:
    """Deadlock, serialization failure, or another writer took the next number of an audit chain."""
    diagnostics = getattr(error.orig, "diag", None)
    return _sqlstate(error) in LOST_RACE or getattr(diagnostics, "constraint_name", None) == CHAIN_PLACE


def _sqlstate(error: DBAPIError) -> str:
    return getattr(error.orig, "sqlstate", None) or ""


def _fence_refusal(error: DBAPIError) -> FenceRefused | None:
    """Translate the fence's SQLSTATE class SD into a refusal; anything else is a fault."""
    state = _sqlstate(error)
    if not state.startswith(FENCE_CLASS):
        return None
    diagnostics = getattr(error.orig, "diag", None)
    detail = getattr(diagnostics, "message_detail", None)
    return FenceRefused(sqlstate=state, detail=orjson.loads(detail) if detail else {})
