"""All built-in functions by name (10.3.4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from app.kernel.decisions.feel.builtins import (
    contexts,
    conversion,
    lists,
    numeric,
    ranges,
    statistics,
    strings,
    temporal,
)
from app.kernel.decisions.feel.names import NameTable
from app.kernel.decisions.feel.values import Overloads

LIBRARY: Final[Mapping[str, Overloads]] = {
    **conversion.FUNCTIONS,
    **strings.FUNCTIONS,
    **lists.FUNCTIONS,
    **statistics.FUNCTIONS,
    **numeric.FUNCTIONS,
    **temporal.FUNCTIONS,
    **ranges.FUNCTIONS,
    **contexts.FUNCTIONS,
}
LIBRARY_NAMES: Final = NameTable(LIBRARY)
