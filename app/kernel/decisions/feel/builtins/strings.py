"""Boolean and string functions (10.3.4.2 and 10.3.4.3). Positions count characters (code points) from 1."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from app.kernel.decisions.feel import regex
from app.kernel.decisions.feel.builtins.signatures import library
from app.kernel.decisions.feel.comparison import negation
from app.kernel.decisions.feel.numbers import truncated
from app.kernel.decisions.feel.runtime import Runtime
from app.kernel.decisions.feel.values import Value


def substring(run: Runtime, text: str, start: Decimal, length: Decimal | None = None) -> str | None:
    """From a position, counted from the end when negative; null where there is none."""
    first = truncated(start)
    count = truncated(length) if length is not None else len(text)
    if first is None or first == 0 or abs(first) > len(text) or count is None or count < 0:
        return run.fail("no-such-position", "文本中没有该位置", "the text has no such position")
    begin = first - 1 if first > 0 else len(text) + first
    return text[begin : begin + count]


def string_length(_run: Runtime, text: str) -> Decimal:
    return Decimal(len(text))


def upper_case(run: Runtime, text: str) -> str | None:
    return text.upper() if run.fits_text(len(text)) else None


def lower_case(run: Runtime, text: str) -> str | None:
    return text.lower() if run.fits_text(len(text)) else None


def substring_before(_run: Runtime, text: str, match: str) -> str:
    return text.partition(match)[0] if match and match in text else ""


def substring_after(_run: Runtime, text: str, match: str) -> str:
    return text.partition(match)[2] if match else text


def contains(_run: Runtime, text: str, match: str) -> bool:
    return match in text


def starts_with(_run: Runtime, text: str, match: str) -> bool:
    return text.startswith(match)


def ends_with(_run: Runtime, text: str, match: str) -> bool:
    return text.endswith(match)


def string_join(run: Runtime, items: list[Value], delimiter: str | None = None) -> str | None:
    """Nulls are left out; anything else but a string makes it null."""
    texts = [item for item in items if item is not None]
    if not all(isinstance(item, str) for item in texts):
        return run.fail("not-a-string", "列表中有非文本的项", "the list holds what is no string")
    glue = delimiter or ""
    length = sum(map(len, texts)) + len(glue) * max(len(texts) - 1, 0)
    return glue.join(texts) if run.fits_text(length) else None


def negated(_run: Runtime, value: Value) -> bool | None:
    return negation(value)


_MATCH: Final = "string:string, match:string"

FUNCTIONS: Final = library(
    {
        "not": [("negand:any", negated)],
        "substring": [("string:string, start position:number, length:number?", substring)],
        "string length": [("string:string", string_length)],
        "upper case": [("string:string", upper_case)],
        "lower case": [("string:string", lower_case)],
        "substring before": [(_MATCH, substring_before)],
        "substring after": [(_MATCH, substring_after)],
        "contains": [(_MATCH, contains)],
        "starts with": [(_MATCH, starts_with)],
        "ends with": [(_MATCH, ends_with)],
        "matches": [("input:string, pattern:string, flags:string??", regex.matches)],
        "replace": [("input:string, pattern:string, replacement:string, flags:string??", regex.replace)],
        "split": [("string:string, delimiter:string", regex.split)],
        "string join": [("list:list, delimiter:string??", string_join)],
    }
)
