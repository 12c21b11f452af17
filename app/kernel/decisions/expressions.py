"""The door through which processes and forms reach FEEL: compiled once, bounded, in Asia/Shanghai.

Facts and variables go in as they are kept; `to_host` makes what comes out fit to be kept. `feel` is the language.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from app.kernel.decisions.feel.checking import check
from app.kernel.decisions.feel.errors import FeelError
from app.kernel.decisions.feel.expression import Feel, Result
from app.kernel.decisions.feel.expression import compile_expression as compile_feel
from app.kernel.decisions.feel.hosting import to_host
from app.kernel.decisions.feel.limits import IN_PROCESS, LONGEST_IN_PROCESS
from app.kernel.decisions.feel.reads import names_read, reads_clock

__all__ = ["Expression", "FeelError", "compile_expression", "feel", "find_faults", "to_host", "why_null"]


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled expression; `places` are the dotted paths it reads from its context and where, from 0."""

    source: str
    places: Mapping[str, int]
    reads_clock: bool
    _feel: Feel

    @property
    def names(self) -> frozenset[str]:
        """The dotted paths it reads from its context."""
        return frozenset(self.places)

    def evaluate(self, context: Mapping[str, object], now: datetime | None = None) -> object:
        """A value of FEEL (`feel/values.py`); null where a name is unknown or the standard says so. Never raises.

        `now`: the operation's time, for `now()` and `today()`; without it they are null.
        """
        return self._feel.evaluate(context, now, IN_PROCESS)

    def explain(self, context: Mapping[str, object], now: datetime | None = None) -> Result:
        """As `evaluate`, with what the evaluation noted: why the value, or a part of it, is null."""
        return self._feel.explain(context, now, IN_PROCESS)

    def holds(self, context: Mapping[str, object], now: datetime | None = None) -> bool:
        """Whether a condition is true: neither false nor null nor anything else."""
        return self._feel.evaluate(context, now, IN_PROCESS) is True


@lru_cache(maxsize=4096)
def compile_expression(source: str) -> Expression:
    """Compile `source` (without a leading "="), once. Raises FeelError with line and column."""
    compiled = compile_feel(source)
    return Expression(source, names_read(compiled.root), reads_clock(compiled.root), compiled)


def find_faults(
    source: str, known: Mapping[str, str | None] | None = None, *, condition: bool = False
) -> list[FeelError]:
    """What is certainly wrong with an expression before it is deployed (`feel/checking.py`).

    `known`: the variables there are and the FEEL names of their types (None: not known); without them any name may
    be a variable, but none of them a function. `condition`: what certainly gives no boolean is wrong too.
    """
    if len(source) > LONGEST_IN_PROCESS:
        return [FeelError(source, LONGEST_IN_PROCESS, "表达式过长", "the expression is too long")]
    try:
        root = compile_expression(source)._feel.root
    except FeelError as error:
        return [error]
    return check(source, root, known or {}, strangers=known is None, condition=condition)


def why_null(text: str, context: Mapping[str, object], now: datetime | None = None) -> str:
    """Behind the message of a failure, in brackets: what the expression in an attribute came to grief over.

    Names and types only, no values: messages of failures are logged. Empty where nothing was noted.
    """
    if not text.lstrip().startswith("="):
        return ""
    notes = compile_expression(feel(text)).explain(context, now).diagnostics
    return f" ({'; '.join(dict.fromkeys(note.message_en for note in notes))})" if notes else ""


def feel(text: str) -> str:
    """The expression in an attribute of the tools, which write a leading "="."""
    stripped = text.strip()
    return stripped[1:].strip() if stripped.startswith("=") else stripped
