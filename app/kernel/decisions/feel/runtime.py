"""One evaluation: what it may still spend, where its variables are, and why something became null."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeVar

from app.kernel.decisions.feel.errors import Diagnostic, LimitExceeded
from app.kernel.decisions.feel.limits import DEFAULT_LIMITS, MOST_DIAGNOSTICS, Limits

Missing = TypeVar("Missing")
"""The type whose value `fail` doesn't give."""


class Runtime:
    """The purse and the notebook of one evaluation; `now` is the operation's clock, never the machine's."""

    __slots__ = ("calls", "diagnostics", "limits", "now", "steps")

    def __init__(self, now: datetime | None = None, limits: Limits = DEFAULT_LIMITS) -> None:
        self.limits = limits
        self.steps = limits.steps
        self.calls = 0
        self.now = now
        self.diagnostics: list[Diagnostic] = []

    def charge(self, steps: int = 1) -> None:
        """Spend steps. Raises LimitExceeded when none is left."""
        self.steps -= steps
        if self.steps < 0:
            raise LimitExceeded(
                "too-many-steps", "求值步数超过上限", "the evaluation takes more steps than allowed"
            )

    def fits_text(self, length: int) -> bool:
        """Charge for a text of so many characters; False, with a diagnostic, when that is too long."""
        self.charge(1 + length // 16)
        if length <= self.limits.text:
            return True
        self.fail("text-too-long", "文本超过长度上限", "a text longer than allowed")
        return False

    def fits_items(self, length: int) -> bool:
        """Charge for a list of so many items; False, with a diagnostic, when that is too long."""
        if length > self.limits.items:
            self.fail("list-too-long", "列表超过长度上限", "a list longer than allowed")
            return False
        self.charge(1 + length)
        return True

    def enter(self) -> None:
        """One call deeper. Raises LimitExceeded."""
        self.charge()
        self.calls += 1
        if self.calls > self.limits.calls:
            raise LimitExceeded("too-deep", "函数调用嵌套过深", "functions call each other too deeply")

    def leave(self) -> None:
        self.calls -= 1

    def fail(self, code: str, zh: str, en: str, position: int | None = None) -> Missing | None:
        """Null, with a note why (10.3.2.1: errors are null with a diagnostic)."""
        if len(self.diagnostics) < MOST_DIAGNOSTICS:
            self.diagnostics.append(Diagnostic(code, zh, en, position))
        return None


class Scope:
    """Variables by name, innermost first; the root frame reads the caller's mapping and keeps what it normalised."""

    __slots__ = ("host", "parent", "run", "values")

    def __init__(
        self,
        run: Runtime,
        values: Mapping[str, Any],
        parent: Scope | None = None,
        host: Mapping[str, Any] | None = None,
    ) -> None:
        self.run = run
        self.values = values
        self.parent = parent
        self.host = host
