"""What only the player can say while automatic steps run: branches, results of services, errors, rule hits.

A move that meets such a question is undone; the answer is the next choice, and the move is made anew with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from app.kernel.engine.engine_data import Scalar

Kind = Literal["branch", "branches", "service", "rules", "value"]


@dataclass(frozen=True, slots=True)
class Option:
    """One answer offered; `label` names it (a flow, an error, a rule's effect), `values` are what it sets."""

    key: str
    label: str = ""
    values: Mapping[str, Scalar] | None = None

    @property
    def is_error(self) -> bool:
        """Whether a service ends with the error `key`."""
        return bool(self.label) and self.label == self.key


@dataclass(frozen=True, slots=True)
class Question:
    """Asked at a step. `branch`: one flow, `branches`: one or more; `stuck`: no condition fits what is known."""

    kind: Kind
    step_key: str
    name: str
    options: tuple[Option, ...]
    stuck: bool = False
    names: tuple[str, ...] = ()
    """Variables the answer may set."""


class Unanswered(Exception):
    """Automatic steps came to a question nobody has answered yet."""

    def __init__(self, question: Question) -> None:
        super().__init__(f"{question.kind} at {question.step_key}")
        self.question = question


class GateShut(Exception):
    """An effect was reached without what it rests on: a real case would refuse the step and stay where it was."""

    def __init__(self, step_key: str, kind: str, missing: str) -> None:
        super().__init__(f"{step_key}: {kind} lacks {missing}")
        self.step_key = step_key
        self.kind = kind
        self.missing = missing


class ChoiceInvalid(ValueError):
    """A choice that can't be made here; `code` and `params` say why (texts in the pages and the command)."""

    def __init__(self, code: str, **params: str) -> None:
        super().__init__(f"{code} {params}" if params else code)
        self.code = code
        self.params = params
