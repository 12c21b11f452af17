"""When a form field is hidden: a deliberately small part of FEEL.

Accepted: `=key = "text"`, `=key != "text"`, joined by `and` / `or` (`and` binds tighter). A form that says
more than this is a fault of the form, found when it is loaded, not when somebody fills it in.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

_TERM = re.compile(r"""^\s*([A-Za-z_]\w*)\s*(!?=)\s*(?:"([^"]*)"|(true|false))\s*$""")


@dataclass(frozen=True)
class Comparison:
    """One comparison of a field's value with a constant."""

    key: str
    equal: bool
    value: str

    def holds(self, data: Mapping[str, str]) -> bool:
        """True when the field's text compares as written; a missing field counts as empty text."""
        return (data.get(self.key, "") == self.value) is self.equal


@dataclass(frozen=True)
class Condition:
    """Alternatives of conjunctions: true when all comparisons of any alternative hold."""

    alternatives: tuple[tuple[Comparison, ...], ...]

    def holds(self, data: Mapping[str, str]) -> bool:
        """Evaluate over the submitted texts."""
        return any(all(term.holds(data) for term in terms) for terms in self.alternatives)


def parse(expression: str) -> Condition:
    """Parse a `conditional.hide` expression. Raise ValueError on anything beyond the accepted part."""
    body = expression.strip().removeprefix("=")
    return Condition(
        tuple(
            tuple(_comparison(term) for term in re.split(r"\band\b", part))
            for part in re.split(r"\bor\b", body)
        )
    )


def _comparison(term: str) -> Comparison:
    match = _TERM.match(term)
    if match is None:
        raise ValueError(f"not a condition a form may use: {term.strip()!r}")
    key, operator, text, truth = match.groups()
    return Comparison(key, operator == "=", text if text is not None else truth)
