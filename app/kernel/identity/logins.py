"""Login names: one normal form, a small alphabet."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_LOGIN: Final = re.compile(r"[a-z0-9][a-z0-9._-]{2,39}", re.ASCII)
MAX_TYPED: Final = 200


def normalise_login(typed: str) -> str:
    """Half width, lower case, without blanks around; any text is taken, for looking it up."""
    return unicodedata.normalize("NFKC", typed[:MAX_TYPED]).strip().lower().replace("\x00", "")


def is_login(normalised: str) -> bool:
    """Whether an account may have this login: 3 to 40 of a-z, 0-9, dot, hyphen, underscore."""
    return _LOGIN.fullmatch(normalised) is not None
