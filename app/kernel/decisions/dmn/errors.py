"""What a decision model's file gets wrong, by element and line."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """`line` counts from 1 in the file; `element` is the name of the decision, table, … where known.

    An `error` keeps a model from being deployed, a `warning` is for its author to judge.
    """

    rule: str
    file: str
    line: int | None
    element: str | None
    message_zh: str
    message_en: str
    severity: str = "error"


class ModelInvalid(ValueError):
    """A file that is no decision model, or models that don't fit each other."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(f"{one.file}:{one.line or 0} {one.message_en}" for one in problems))
        self.problems = problems
