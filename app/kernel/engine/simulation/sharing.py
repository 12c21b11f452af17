"""A play as a short text for addresses: its choices, packed. What comes back is a stranger's and bounded."""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Sequence
from typing import Any, Final

import orjson

from app.kernel.engine.simulation.player import Choice
from app.kernel.engine.simulation.questions import ChoiceInvalid

LONGEST: Final = 200_000
"""Bytes of a list of choices."""


def packed(choices: Sequence[Choice]) -> str:
    """The choices as a text of letters, digits, `-` and `_`."""
    data = zlib.compress(orjson.dumps([dict(choice) for choice in choices]), 9)
    return base64.urlsafe_b64encode(data).decode("ascii").rstrip("=")


def unpacked(text: str) -> list[Choice]:
    """The choices of a text that `packed` made. Raise ChoiceInvalid for any other."""
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        stream = zlib.decompressobj()
        plain = stream.decompress(data, LONGEST)
        choices: Any = orjson.loads(plain)
    except (binascii.Error, zlib.error, ValueError) as error:
        raise ChoiceInvalid("not_a_play") from error
    if stream.unconsumed_tail or not isinstance(choices, list):
        raise ChoiceInvalid("not_a_play")
    if not all(isinstance(choice, dict) for choice in choices):
        raise ChoiceInvalid("not_a_play")
    return choices
