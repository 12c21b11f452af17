"""Functions of this system beside the standard's: only what FEEL can't say, each total and pure.

`docs/expressions.md` describes them for those who write rules.
"""

from __future__ import annotations

from typing import Final

from app.kernel.decisions.feel.builtins.signatures import library
from app.kernel.decisions.feel.runtime import Runtime
from app.kernel.identity.identifiers import IdentifierInvalid, parse_id_number


def valid_id_number(_run: Runtime, number: str) -> bool:
    """Whether a resident ID number has a right check digit and birth date (GB 11643)."""
    try:
        parse_id_number(number)
    except IdentifierInvalid:
        return False
    return True


FUNCTIONS: Final = library({"valid_id_number": [("number:string", valid_id_number)]})
