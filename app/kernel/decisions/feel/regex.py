"""`matches`, `replace` and `split`: XPath's regular expressions (XQuery Functions 3.1, 5.6), bounded in time.

The pattern is translated by `regex_syntax.py` and run by the `regex` library with a time-out: a pattern that
backtracks without end gives null with the diagnostic `pattern-too-slow`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeVar

import regex

from app.kernel.decisions.feel.limits import LONGEST_MATCHED, PATTERN_SECONDS
from app.kernel.decisions.feel.regex_syntax import PatternInvalid, flags_of, replacement_of, translated
from app.kernel.decisions.feel.runtime import Runtime

_T = TypeVar("_T")


@lru_cache(maxsize=1024)
def _compiled(pattern: str, flags: str) -> tuple[Any, int]:
    """The compiled pattern and its number of groups. Raises PatternInvalid."""
    text, groups = translated(pattern, flags)
    try:
        return regex.compile(text, flags_of(flags) | regex.VERSION0), groups
    except (regex.error, RecursionError, OverflowError, ValueError, MemoryError):
        raise PatternInvalid from None


def matches(run: Runtime, text: str, pattern: str, flags: str | None = None) -> bool | None:
    """Does the pattern occur in the text?"""
    return _run(
        run,
        text,
        lambda: _compiled(pattern, flags or "")[0].search(text, timeout=PATTERN_SECONDS) is not None,
    )


def replace(run: Runtime, text: str, pattern: str, replacement: str, flags: str | None = None) -> str | None:
    """Every occurrence replaced; a pattern that matches nothing at all (a text of no length) is an error."""

    def work() -> str:
        compiled, groups = _compiled(pattern, flags or "")
        _refuse_empty(compiled)
        parts = replacement_of(replacement, groups, literal="q" in (flags or ""))
        length = [0]

        def written(found: Any) -> str:
            piece = "".join(part if isinstance(part, str) else (found.group(part) or "") for part in parts)
            length[0] += len(piece)
            if length[0] > run.limits.text:
                raise PatternInvalid
            return piece

        return str(compiled.sub(written, text, timeout=PATTERN_SECONDS))

    result = _run(run, text, work)
    return result if result is not None and run.fits_text(len(result)) else None


def split(run: Runtime, text: str, delimiter: str) -> list[str] | None:
    """The pieces between occurrences of the pattern."""

    def work() -> list[str]:
        compiled, _groups = _compiled(delimiter, "")
        _refuse_empty(compiled)
        pieces, start = [], 0
        for found in compiled.finditer(text, timeout=PATTERN_SECONDS):
            pieces.append(text[start : found.start()])
            start = found.end()
        return [*pieces, text[start:]]

    pieces = _run(run, text, work)
    return pieces if pieces is not None and run.fits_items(len(pieces)) else None


def _refuse_empty(compiled: Any) -> None:
    if compiled.search("", timeout=PATTERN_SECONDS) is not None:
        raise PatternInvalid


def _run(run: Runtime, text: str, work: Callable[[], _T]) -> _T | None:
    run.charge(100 + len(text) // 4)
    if len(text) > LONGEST_MATCHED:
        return run.fail("text-too-long", "文本超过长度上限", "a text longer than allowed")
    try:
        return work()
    except PatternInvalid:
        return run.fail("invalid-pattern", "正则表达式无效或不受支持", "an invalid or unsupported pattern")
    except TimeoutError:
        run.charge(100_000)
        return run.fail("pattern-too-slow", "正则表达式耗时过长", "the pattern takes too long")
