"""Short ways to evaluate FEEL in tests."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from app.kernel.decisions.feel import FeelError, Names, compile_expression, compile_tests
from app.kernel.decisions.feel.runtime import Runtime
from app.kernel.decisions.feel.text import text_of


def value(source: str, **context: object) -> Any:
    """The value of an expression over variables."""
    return compile_expression(source, Names(variables=frozenset(context))).evaluate(context)


def shown(source: str, context: Mapping[str, object] | None = None) -> str | None:
    """The value as FEEL writes it; "null" for null."""
    given = context or {}
    result = compile_expression(source, Names(variables=frozenset(given))).evaluate(given)
    if isinstance(result, str):
        return json.dumps(result, ensure_ascii=False)
    return "null" if result is None else text_of(Runtime(), result)


def holds(tests: str, given: object, **context: object) -> Any:
    """Do unary tests hold for an input?"""
    return compile_tests(tests, Names(variables=frozenset(context))).evaluate({"?": given, **context})


def error_of(source: str) -> FeelError:
    """The error a source that isn't FEEL is refused with."""
    try:
        compile_expression(source)
    except FeelError as error:
        return error
    raise AssertionError(f"{source} is accepted")
