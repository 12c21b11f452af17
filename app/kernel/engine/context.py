"""What a step of a case works on: the unit, the case, its definition and its facts, loaded once."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, bindparam, func, select

from app.kernel.audit.chain import case_chain
from app.kernel.audit.models import AuditEvent
from app.kernel.cases.facts import change_facts, open_facts, refresh_content_hash
from app.kernel.cases.models import Case, CaseFacts, CaseState
from app.kernel.cases.schema import parse_value
from app.kernel.decisions.operations import WARNED
from app.kernel.engine.catalogue import Deployed
from app.kernel.engine.incidents.models import Incident
from app.kernel.engine.parties import follow_facts
from app.kernel.transaction import Unit
from app.kernel.worklist.consulting import CONSULTED, Consulted
from app.storage.core import execute, table

_FACTS, _STATES, _EVENTS = table(CaseFacts), table(CaseState), table(AuditEvent)
_INCIDENT = table(Incident)


def _last_event(column: ColumnElement[Any]) -> ScalarSelect[Any]:
    """A column of the last event on the case's audit chain."""
    newest = select(column).where(_EVENTS.c.chain == bindparam("chain"))
    return newest.order_by(_EVENTS.c.seq.desc()).limit(1).scalar_subquery()


_INCIDENTS = (
    select(func.json_agg(func.json_build_array(_INCIDENT.c.id, _INCIDENT.c.kind, _INCIDENT.c.task_id)))
    .where(_INCIDENT.c.case_id == bindparam("case"), _INCIDENT.c.state != "resolved")
    .scalar_subquery()
)
_STORED = (
    select(
        _FACTS.c.facts,
        _FACTS.c.sealed,
        _STATES.c.state,
        _STATES.c.next_due_at,
        _last_event(_EVENTS.c.seq).label("seq"),
        _last_event(_EVENTS.c.hash).label("hash"),
        CONSULTED.label("consulted"),
        WARNED.label("warned"),
        _INCIDENTS.label("incidents"),
    )
    .select_from(_FACTS)
    .outerjoin(_STATES, _STATES.c.case_id == _FACTS.c.case_id)
    .where(_FACTS.c.case_id == bindparam("case"))
)


class CaseContext:
    """One case within one unit. Facts are read once and kept current through `change`."""

    def __init__(self, unit: Unit, case: Case, deployed: Deployed) -> None:
        self.unit = unit
        self.case = case
        self.deployed = deployed
        self.changed: set[str] = set()
        """Facts whose value changed in this unit."""
        self.decision_id: int | None = None
        """The case decision passed in this unit, which documents issued in it refer to."""
        self.said: str | None = None
        """The opinion of who completes a step in this unit."""

    @cached_property
    def stored(self) -> Any:
        """facts, sealed, state and next_due_at as they lie in the database, read in one go.

        The end of the case's audit chain comes with them, for the commit.
        """
        chain = case_chain(self.case.id)
        row = execute(self.unit.session, _STORED, {"case": self.case.id, "chain": chain}).one()
        if row.seq is not None:
            self.unit.heads[chain] = (row.seq, bytes(row.hash))
        return row

    @cached_property
    def _facts(self) -> dict[str, Any]:
        row = self.stored
        return open_facts(self.unit.kernel.keyring, self.case, row.facts, row.sealed)

    @property
    def consulted(self) -> list[Consulted]:
        """Who was asked for an opinion or a countersignature on the case's tasks, cancelled requests left out."""
        return [Consulted(*row) for row in self.stored.consulted or ()]

    @property
    def facts(self) -> Mapping[str, Any]:
        return self._facts

    def change(self, changes: Mapping[str, Any]) -> None:
        """Change facts (canonical values); unchanged ones cost nothing."""
        before = self._facts
        after = change_facts(self.unit, self.case, self.deployed.schema, before, changes)
        self.__dict__["_facts"] = after
        self.changed |= {key for key in changes if before.get(key) != after.get(key)}
        moved = self.deployed.party_facts & changes.keys()
        if any(before.get(key) != after.get(key) for key in moved):
            follow_facts(self.unit, self.case, self.deployed, after)

    def note(self, key: str, value: Any) -> None:
        """Set a fact the kernel knows (accepted_at, decided_at, …) where the process declares it."""
        spec = self.deployed.schema.facts.get(key)
        if spec is not None:
            self.change({key: parse_value(spec, value, self.unit.today)})

    def draft_outcome(self, outcome: str) -> None:
        """Set the drafted outcome, which is part of the content being decided."""
        if self.case.outcome != outcome:
            self.case.outcome = outcome
            refresh_content_hash(self.unit, self.case, self.deployed.schema, self._facts)

    def put_on_track(self, track: str | None) -> None:
        """Set the case's track (ordinary, simple): lists show it, rules read it as the fact `procedure`."""
        if track == self.case.track:
            return
        self.case.track = track
        self.note("procedure", track)
        self.unit.record("case.track_set", {"track": track}, case_id=self.case.id)

    def derived(self) -> Mapping[str, Any]:
        """What the domain derives from facts and other cases; empty when it derives nothing."""
        derive = self.unit.kernel.ports.derived_facts.get(self.deployed.key)
        return derive(self.unit.session, self.case, self.facts) if derive else {}

    @property
    def variant(self) -> str:
        """Which variant of its process the case is now; empty for the plain one."""
        return self.deployed.schema.variant(self.facts)

    def routing(self) -> dict[str, Any]:
        """Engine variables that follow from the case: its risk class and facts marked as routing."""
        return {"risk": self.case.risk, **self.deployed.schema.routed(self.facts)}
