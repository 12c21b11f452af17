"""What is wrong with a rule's files, by file and line; the same kind of problem as a decision model's."""

from __future__ import annotations

import re
from collections.abc import Iterable

from app.kernel.decisions.dmn.errors import Problem

__all__ = ["Problem", "RuleInvalid", "line_of", "problem"]


class RuleInvalid(ValueError):
    """A rule that can't be read or must not come into force."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = list(problems)
        super().__init__("; ".join(f"{one.file}:{one.line or 1} {one.message_en}" for one in self.problems))


def problem(file: str, line: int | None, code: str, zh: str, en: str) -> Problem:
    """An error in one of a rule's TOML files."""
    return Problem(code, file, line, None, zh, en)


def line_of(text: str, key: str, table: str = "") -> int:
    """The line of a TOML key in its table, of the table where the key is missing, else the first."""
    header, found = 1, table == ""
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.strip()
        if stripped.startswith("["):
            found = stripped.strip("[]").strip() == table
            header = number if found else header
        elif found and re.match(rf"{re.escape(key)}\s*=", stripped):
            return number
    return header
