"""When a form field is hidden: `conditional.hide`, an expression over the fields of the same form.

What is wrong with one is a fault of the form, found when it is read, not when somebody fills it in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from functools import lru_cache

from app.kernel.decisions.expressions import FeelError, compile_expression, feel, find_faults

Kinds = Mapping[str, str]
"""Type in FEEL of each field, by key."""

MOMENTS: Mapping[str, str] = {"date": "date", "datetime": "date and time", "time": "time"}
CONTENTS: Mapping[str, str] = {"checkbox": "boolean", "checklist": "list", "number": "number"}


def kind_of(kind: str, moment: str) -> str:
    """Type in FEEL of what a component of form-js holds; `moment` is the subtype of a `datetime`."""
    return MOMENTS.get(moment, "date") if kind == "datetime" else CONTENTS.get(kind, "string")


def fault_in(condition: str, kinds: Kinds) -> FeelError | None:
    """The first thing wrong with a condition over these fields, None where all is well."""
    return _fault(condition, frozenset(kinds.items()))


@lru_cache(maxsize=1024)
def _fault(condition: str, kinds: frozenset[tuple[str, str]]) -> FeelError | None:
    source = feel(condition)
    for fault in find_faults(source, dict(kinds), condition=True):
        return fault
    if compile_expression(source).reads_clock:
        zh, en = (
            "表单不能用 now()、today()：哪一天看都一样",
            "no now() or today(): a form is the same on every day",
        )
        return FeelError(source, 0, zh, en)
    return None


def is_hidden(condition: str, seen: Mapping[str, object]) -> bool:
    """Whether the condition holds; null doesn't hide."""
    return compile_expression(feel(condition)).holds(seen)


def value_seen(kind: str, posted: str | Sequence[str]) -> object:
    """What a condition sees of a posted field of this type: empty or malformed is null."""
    texts = [posted] if isinstance(posted, str) else list(posted)
    if kind == "list":
        return [text for text in texts if text]
    text = texts[0].strip() if texts else ""
    if kind == "boolean":
        return text.lower() in ("true", "on", "1")
    read = _READERS.get(kind)
    try:
        return read(text) if read is not None and text else text or None
    except (ValueError, InvalidOperation):
        return None


_READERS: Mapping[str, Callable[[str], object]] = {
    "number": lambda text: Decimal(text.replace(",", "")),
    "date": date.fromisoformat,
    "date and time": datetime.fromisoformat,
    "time": time.fromisoformat,
}
