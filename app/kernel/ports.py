"""What the kernel asks of the domain. The domain's `wiring.py` registers; start-up refuses unmatched names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from app.kernel.cases.models import Case
    from app.kernel.transaction import Unit

DerivedFacts = Callable[["Unit", "Case", Mapping[str, Any]], Mapping[str, Any]]
"""(unit, case, its facts) -> derived facts for rules and pages."""

ServiceHandler = Callable[["Unit", "Case", Mapping[str, Any]], Mapping[str, Any]]
"""(unit, case, its facts) -> facts to change; what a service task of the domain computes."""


@dataclass
class Ports:
    """Registry of the domain's answers: derived facts by process key, handlers by task type."""

    derived_facts: dict[str, DerivedFacts] = field(default_factory=dict)
    service_handlers: dict[str, ServiceHandler] = field(default_factory=dict)

    def register_handler(self, task_type: str, handler: ServiceHandler) -> None:
        """Raise ValueError when the type is taken: two handlers of one name are a wiring error."""
        if task_type in self.service_handlers:
            raise ValueError(f"service handler {task_type!r} registered twice")
        self.service_handlers[task_type] = handler
