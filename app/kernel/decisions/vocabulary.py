"""Functions that rules may call beside the expression language's own."""

from __future__ import annotations

from collections.abc import Mapping

from app.kernel.decisions.functions import Function
from app.kernel.identity.identifiers import IdentifierInvalid, parse_id_number


def _valid_id_number(value: object) -> object:
    """True for a resident ID number with a right check digit and birth date (GB 11643); null for null."""
    if not isinstance(value, str):
        return None
    try:
        parse_id_number(value)
    except IdentifierInvalid:
        return False
    return True


RULE_FUNCTIONS: Mapping[str, Function] = {"valid_id_number": Function(1, _valid_id_number)}
