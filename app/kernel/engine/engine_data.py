"""The variables a process carries: few, flat and native to JSON.

Case facts live in their own tables. The library merges lists wrongly when branches or waiting tasks inherit
(`[1, 2]` inherited over by `[3]` becomes `[1]`), and a key named `typename` corrupts its state: both are refused.
"""

import math
import re
from collections.abc import Mapping
from typing import Final

from app.kernel.decisions.expressions import to_host

Scalar = str | int | float | bool | None
Data = Mapping[str, Scalar]

MOST_VARIABLES: Final = 64
LONGEST_TEXT: Final = 1_000
_NAME: Final = re.compile(r"[^\W\d]\w{0,63}")
_RESERVED: Final = frozenset({"typename", "data_objects"})


class EngineDataInvalid(ValueError):
    """A variable that may not enter the engine; `name` says which."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"engine variable {name!r}: {reason}")
        self.name = name


def checked(data: Mapping[str, object]) -> dict[str, Scalar]:
    """A copy of `data`, or EngineDataInvalid."""
    if len(data) > MOST_VARIABLES:
        raise EngineDataInvalid("*", f"more than {MOST_VARIABLES} variables")
    return {_checked_name(name): _checked_value(name, value) for name, value in data.items()}


def from_expression(name: str, value: object) -> Scalar:
    """The result of an expression as an engine variable: whole numbers `int`, moments and durations ISO text.

    A fraction, a list or a context is refused.
    """
    return _checked_value(name, to_host(value))


def _checked_name(name: str) -> str:
    if not _NAME.fullmatch(name) or name in _RESERVED:
        raise EngineDataInvalid(name, "not a permitted name")
    return name


def _checked_value(name: str, value: object) -> Scalar:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        if len(value) > LONGEST_TEXT:
            raise EngineDataInvalid(name, f"longer than {LONGEST_TEXT} characters")
        return value
    if isinstance(value, int):
        if not -(2**63) <= value < 2**63:
            raise EngineDataInvalid(name, "beyond 64 bits")
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    raise EngineDataInvalid(
        name, f"{type(value).__name__} is not allowed: only text, numbers, booleans and null"
    )
