"""The expected no. Every floor raises refusals; each face puts them into words in one place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from app.kernel.transaction import Unit


class Refusal(Exception):
    """An expected no: a code, the facts it rests on, optionally the form field and the legal ground.

    `code` is stable and has a text in every language (a test checks that); `params` are the values the
    text names. Anything that is not a Refusal is a fault: logged, rolled back, never shown.
    """

    code: ClassVar[str] = "refused"

    def __init__(self, *, field: str | None = None, ground: str | None = None, **params: object) -> None:
        super().__init__(self.code, params)
        self.params: Mapping[str, object] = params
        self.field = field
        self.ground = ground

    def record_attempt(self, unit: Unit) -> None:
        """Write what must outlive the rollback (a denied attempt); most refusals leave no trace."""


class InvalidInput(Refusal):
    """Several fields of one form are wrong: `errors` maps field key to (code, params)."""

    code = "invalid_input"

    def __init__(self, errors: Mapping[str, tuple[str, Mapping[str, object]]]) -> None:
        super().__init__(count=len(errors))
        self.errors = errors

    def __str__(self) -> str:
        return ", ".join(f"{field}: {code}" for field, (code, _) in self.errors.items())


class CaseNotFound(Refusal):
    code = "case_not_found"


class TaskNotFound(Refusal):
    code = "task_not_found"


class TaskAlreadyClaimed(Refusal):
    """params: name (who holds it)."""

    code = "task_already_claimed"


class TaskNotClaimed(Refusal):
    """The task must be claimed by the actor first."""

    code = "task_not_claimed"


class TaskNotOpened(Refusal):
    """The dossier must be opened before the task can be completed."""

    code = "task_not_opened"


class TaskAlreadyCompleted(Refusal):
    code = "task_already_completed"


class StaleForm(Refusal):
    """The page was made from an older version of the task; params: expected, actual."""

    code = "stale_form"


class IdempotencyConflict(Refusal):
    """The same key came with another body."""

    code = "idempotency_conflict"


class StaffNotEligible(Refusal):
    code = "staff_not_eligible"


class FenceRefused(Refusal):
    """The database's fence refused what the application let through; params: sqlstate, detail."""

    code = "fence_refused"

    def record_attempt(self, unit: Unit) -> None:
        """The fence speaking is news: some path let a conflict through to it."""
        unit.record("fence.refused", dict(self.params))
