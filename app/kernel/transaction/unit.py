"""The unit of work an operation receives: session, actor, clock, and what it queues for the commit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Executable
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from app.kernel.cases.models import Case
from app.kernel.kernel import Kernel
from app.kernel.local_time import local_day
from app.storage import jobs, outbox
from app.storage.core import execute
from app.storage.database import in_one_go

EVERY_REGION = ("*",)


class SetAside(Exception):
    """An automatic part of the operation failed; what a person did must not be lost for it.

    `run` rolls back and carries out the operation once more with `Unit.aside` set to `failure`.
    """

    def __init__(self, failure: object) -> None:
        super().__init__(failure)
        self.failure = failure


@dataclass(frozen=True)
class Actor:
    """Who acts: an account of a person, within regions; `account_id` None is the system itself.

    `person_id` is the natural person (canonical id); `recorded_person_id` the record the account belongs to,
    where a late merge made the two differ.
    """

    account_id: int | None
    person_id: int | None
    regions: tuple[str, ...]
    request_id: str = ""
    recorded_person_id: int | None = None

    @property
    def own_person_id(self) -> int | None:
        """The person that ledgers record beside the account."""
        return self.recorded_person_id if self.recorded_person_id is not None else self.person_id


def system_actor(request_id: str = "") -> Actor:
    """The system: runs timers and deliveries, holds no duty, never decides."""
    return Actor(account_id=None, person_id=None, regions=EVERY_REGION, request_id=request_id)


@dataclass(frozen=True)
class Recorded:
    """An audit event waiting for the commit."""

    event: str
    payload: Mapping[str, Any]
    case_id: int | None
    task_id: int | None
    chain: str
    decision_id: UUID | None
    on_behalf_of: int | None


@dataclass
class Unit:
    """Passed to operations; they neither commit nor read the wall clock."""

    kernel: Kernel
    session: Session
    actor: Actor
    now: datetime
    case: Case | None = None
    decision_ids: list[UUID] = field(default_factory=list)
    events: list[Recorded] = field(default_factory=list)
    open_tasks: list[Any] | None = None
    """Open tasks of the locked case, once read (kept by the worklist)."""
    views: dict[int, Any] = field(default_factory=dict)
    """What `decide` was shown of a case, by case id (kept by the duties)."""
    heads: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    """Last number and hash of audit chains read on the way, under the case's lock."""
    last_writes: list[tuple[Executable, Mapping[str, Any]]] = field(default_factory=list)
    """Core writes that nothing in this unit reads again; they go to the server with the audit events."""
    on_behalf_of: int | None = None
    """The principal for whom the actor acts, as the latest decision on his own act found."""
    aside: Any = None
    """A failure of an automatic part in an earlier attempt at this intention: this attempt leaves that part out and
    notes the failure (see `SetAside`)."""
    raised: bool = False
    """Whether the case's version was raised already, together with its state."""

    @property
    def today(self) -> date:
        """The day in Asia/Shanghai."""
        return local_day(self.now)

    def record(
        self,
        event: str,
        payload: Mapping[str, Any],
        *,
        case_id: int | None = None,
        task_id: int | None = None,
        chain: str | None = None,
    ) -> None:
        """Queue an audit event; it goes to the case's chain when there is a case."""
        case_id = case_id if case_id is not None else (self.case.id if self.case else None)
        decision = self.decision_ids[-1] if self.decision_ids else None
        default = f"case:{case_id}" if case_id is not None else self._own_chain()
        self.events.append(
            Recorded(event, payload, case_id, task_id, chain or default, decision, self.on_behalf_of)
        )

    def _own_chain(self) -> str:
        return "system" if self.actor.person_id is None else f"person:{self.actor.person_id}"

    def write_last(self, statement: Executable, values: Mapping[str, Any]) -> None:
        """Queue a write that nothing in this unit reads again; it saves a round trip."""
        self.last_writes.append((statement, values))

    def write_now(self, statement: Executable, values: Mapping[str, Any]) -> None:
        """Write at once, together with all that was queued before: what follows may refer to it."""
        self.write_last(statement, values)
        self.flush_writes()

    def flush_writes(self) -> None:
        """Send the queued writes in one round trip, in order. Raise DBAPIError for the first that fails."""
        queued, self.last_writes = self.last_writes, []
        with in_one_go(self.session):
            for statement, values in queued:
                execute(self.session, statement, values)

    def version_raised(self, case: Case) -> None:
        """The version in the database is one higher now; `run` need not raise it."""
        set_committed_value(case, "version", case.version + 1)
        self.raised = True

    def send(self, topic: str, key: str, payload: Mapping[str, Any]) -> None:
        """Queue an external effect; the worker delivers it after the commit, once per key."""
        outbox.send(self.session, topic, key, dict(payload), self.now)

    def defer(self, task: str, arguments: Mapping[str, Any], *, at: datetime | None = None) -> None:
        """Queue a background job that exists exactly when this unit commits."""
        jobs.defer(self.session, task, arguments, at=at)

    def decided(self, decision_id: UUID) -> None:
        """Note that a duty decision covers what this unit writes; `run` demands one for a case write."""
        self.decision_ids.append(decision_id)
