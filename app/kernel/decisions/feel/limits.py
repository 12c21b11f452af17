"""Every bound of the language in one place. What each costs and what happens beyond it: `docs/feel.md`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

LONGEST_SOURCE: Final = 50_000
"""Characters of an expression."""
MOST_TOKENS: Final = 20_000
DEEPEST_NESTING: Final = 60
"""Brackets, operands and the like within one another, as written."""
DEEPEST_TREE: Final = 120

DEEPEST_DATA: Final = 40
"""Lists and contexts within one another in what a caller hands in."""
MOST_DIAGNOSTICS: Final = 50

LONGEST_PATTERN: Final = 1_000
LARGEST_COUNT: Final = 1_000
"""Repetitions a pattern may write out (`a{1000}`)."""
LONGEST_MATCHED: Final = 20_000
"""Characters of a text that a pattern is held against."""
PATTERN_SECONDS: Final = 0.1


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one evaluation. A step is a call, a round of a loop, or an element or 16 characters handled."""

    steps: int = 100_000
    calls: int = 60
    text: int = 100_000
    items: int = 100_000


DEFAULT_LIMITS: Final = Limits()

LONGEST_IN_PROCESS: Final = 2_000
"""Characters of an expression in a process or form."""
IN_PROCESS: Final = Limits(steps=20_000, calls=30, text=10_000, items=10_000)
"""Of one in a process or form: it is evaluated while a case is locked."""
