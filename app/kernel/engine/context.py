"""What a step of a case works on: the unit, the case, its definition and its facts, loaded once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from typing import Any

from app.kernel.cases.facts import change_facts, load_facts, refresh_content_hash
from app.kernel.cases.models import Case
from app.kernel.cases.schema import parse_value
from app.kernel.engine.catalogue import Deployed
from app.kernel.transaction import Unit


class CaseContext:
    """One case within one unit. Facts are read once and kept current through `change`."""

    def __init__(self, unit: Unit, case: Case, deployed: Deployed) -> None:
        self.unit = unit
        self.case = case
        self.deployed = deployed
        self.decision_id: int | None = None
        """The case decision passed in this unit, which documents issued in it refer to."""
        self.next_due_at: datetime | None = None
        """When the stored state's next timer is due."""

    @cached_property
    def _facts(self) -> dict[str, Any]:
        return load_facts(self.unit.session, self.unit.kernel.keyring, self.case)

    @property
    def facts(self) -> Mapping[str, Any]:
        return self._facts

    def change(self, changes: Mapping[str, Any]) -> None:
        """Change facts (canonical values); unchanged ones cost nothing."""
        self.__dict__["_facts"] = change_facts(
            self.unit, self.case, self.deployed.schema, self._facts, changes
        )

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
        return derive(self.unit, self.case, self.facts) if derive else {}

    def routing(self) -> dict[str, Any]:
        """Engine variables that follow from the case: its risk class and facts marked as routing."""
        facts = self.deployed.schema.facts
        keys = [key for key, spec in facts.items() if spec.routing]
        return {"risk": self.case.risk, **{key: self.facts.get(key) for key in keys}}
