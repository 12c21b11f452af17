"""What the kernel asks of the domain. The domain's `wiring.py` registers; start-up refuses unmatched names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from app.kernel.cases.models import Case
    from app.kernel.changes.kinds import ChangeKind
    from app.kernel.decisions.catalogue.binding import Supply
    from app.kernel.decisions.catalogue.statistics import Sample
    from app.kernel.duties.route import Route
    from app.kernel.recusal.queries import Match
    from app.kernel.transaction import Unit
    from app.kernel.worklist.models import Task

DerivedFacts = Callable[["Session", "Case", Mapping[str, Any]], Mapping[str, Any]]
"""(session, case, its facts) -> derived facts for rules and pages."""


class BusinessError(Exception):
    """An automatic step ends otherwise than hoped for, as the diagram foresees: `code` is one of the step's
    `sanshen:error`. Raise it before anything is changed; `variables` are what the error's way may read.

    Anything else that is raised is a fault and becomes an incident.
    """

    def __init__(self, code: str, variables: Mapping[str, Any] | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.variables = dict(variables or {})


ServiceHandler = Callable[["Unit", "Case", Mapping[str, Any]], Mapping[str, Any]]
"""(unit, case, its facts) -> facts to change; what a service task of the domain computes. Raise BusinessError."""


RecusalLeads = Callable[["Unit", "Case", Mapping[str, Any]], Iterable["Match"]]
"""(unit, case, its facts) -> officers who stand close to a party by what the domain knows; asked when the
parties of a case change."""


StepCheck = Callable[["Unit", "Case", "Task", Mapping[str, Any], Mapping[str, Any]], None]
"""(unit, case, task, its facts, what the form says beside them: outcome, opinion, task_…): asked when a person's act in
that step counts already and before the case moves on. Raise InvalidInput by field, or another refusal; rows of the
domain about this act are written here."""


Samples = Callable[["Session", date, date], Iterable["Sample"]]
"""(session, first day, last day) -> what a statistical rule judges, of the decisions of that period."""


@dataclass
class Ports:
    """Registry of the domain's answers: derived facts by process key, handlers by task type, kinds of change."""

    derived_facts: dict[str, DerivedFacts] = field(default_factory=dict)
    service_handlers: dict[str, ServiceHandler] = field(default_factory=dict)
    recusal_leads: dict[str, RecusalLeads] = field(default_factory=dict)
    step_checks: dict[tuple[str, str], StepCheck] = field(default_factory=dict)
    """By process and step, those of a callee under the process that calls it."""
    change_kinds: dict[str, ChangeKind] = field(default_factory=dict)
    """Kinds of controlled change beside the kernel's own (app/kernel/changes/registry.py)."""
    samples: dict[str, Samples] = field(default_factory=dict)
    """By name of the reckoning (`statistic` of a rule), where the domain has its data."""
    rights: Mapping[str, str] = field(default_factory=dict)
    """Whom and until when one may turn to against a document, by kind; templates print it (`rights.decision`)."""
    supplies: Callable[[Session, int], Supply | None] | None = None
    """(session, definition id) -> what that version tells rules of its cases: the engine's answer to its siblings."""
    routes: Callable[[Session, int], Route] | None = None
    """(session, definition id) -> what is ahead in that version: the engine's answer to its siblings."""

    def register_handler(self, task_type: str, handler: ServiceHandler) -> None:
        """Raise ValueError when the type is taken: two handlers of one name are a wiring error."""
        if task_type in self.service_handlers:
            raise ValueError(f"service handler {task_type!r} registered twice")
        self.service_handlers[task_type] = handler
