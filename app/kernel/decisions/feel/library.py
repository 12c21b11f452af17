"""All functions by name: the built-in ones (10.3.4) and ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from app.kernel.decisions.feel.builtins import (
    contexts,
    conversion,
    lists,
    numeric,
    ours,
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
    **ours.FUNCTIONS,
}
LIBRARY_NAMES: Final = NameTable(LIBRARY)
