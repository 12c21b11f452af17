"""Password hashes (argon2id) and the rules for new passwords."""

from __future__ import annotations

import secrets
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Final

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

MIN_LENGTH: Final = 10
MAX_LENGTH: Final = 200
MIN_DIFFERENT: Final = 5

# OWASP's setting for one lane: 46 MiB, one pass.
_HASHER: Final = PasswordHasher(
    time_cost=1, memory_cost=46 * 1024, parallelism=1, hash_len=32, salt_len=16, type=Type.ID
)

# What stands at the head of every leaked list, here and abroad, once digits and signs are cut off its ends.
_CORE_WORDS: Final = """
    abc abcd abcdef administrator admin asdf asdfgh asdfghjkl baseball changeme default dragon football
    gongshang guest iloveyou letmein login manager master monkey ningxia passw0rd p@ssw0rd p@ssword
    password passwd princess qazwsx qazwsxedc qwe qweasd qweasdzxc qwer qwert qwerty qwertyuiop root
    sanshen shebao shadow sunshine superman system taobao test tiger trustno user welcome woaini wodemima
    yinchuan zaq1xsw2 zhang zxcvbn zxcvbnm
"""
_WHOLE_WORDS: Final = """
    1q2w3e4r5t 1qaz2wsx3edc 1qaz@wsx3edc 5201314woaini a1b2c3d4e5 a1s2d3f4g5 aa123456789 q1w2e3r4t5
    qq123456789 woaini1314520 zz123456789
"""
_COMMON_CORES: Final = frozenset(_CORE_WORDS.split())
_COMMON: Final = frozenset(_WHOLE_WORDS.split())
_SEQUENCES: Final = ("01234567890123456789", "98765432109876543210", "qwertyuiopasdfghjklzxcvbnm")
_SIGNS: Final = "0123456789!@#$%^&*()-_=+.,;:?/\\ "


class Weakness(StrEnum):
    """Why a new password is refused."""

    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    CONTAINS_LOGIN = "contains_login"
    DIGITS_ONLY = "digits_only"
    FEW_CHARACTERS = "few_characters"
    COMMON = "common"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Outcome of a verification; `rehash` is a fresh hash to store when the parameters have changed."""

    accepted: bool
    rehash: str | None = None


def weakness(password: str, login: str) -> Weakness | None:
    """The first rule a new password breaks, or None. Length is counted in characters after NFKC."""
    plain = _normal(password)
    folded = plain.casefold()
    if len(plain) < MIN_LENGTH:
        return Weakness.TOO_SHORT
    if len(plain) > MAX_LENGTH:
        return Weakness.TOO_LONG
    if login and _normal(login).casefold() in folded:
        return Weakness.CONTAINS_LOGIN
    if plain.isdigit():
        return Weakness.DIGITS_ONLY
    if len(set(folded)) < MIN_DIFFERENT:
        return Weakness.FEW_CHARACTERS
    return Weakness.COMMON if _is_common(folded) else None


def hash_password(password: str) -> str:
    """A salted argon2id hash in PHC string form."""
    return _HASHER.hash(_normal(password))


def verify_password(stored: str | None, password: str) -> Verdict:
    """Check a password; `stored` None (unknown login, machine account) costs the same and fails."""
    # Cut before normalising: NFKC of endless input is work an attacker would get for nothing.
    plain = _normal(password[: MAX_LENGTH + 1])
    try:
        _HASHER.verify(stored or _dummy_hash(), plain)
    except (VerificationError, InvalidHashError):
        return Verdict(accepted=False)
    if not stored or len(plain) > MAX_LENGTH:
        return Verdict(accepted=False)
    return Verdict(accepted=True, rehash=_HASHER.hash(plain) if _HASHER.check_needs_rehash(stored) else None)


def warm_up() -> None:
    """Compute the dummy hash now, so that the first unknown login isn't slower than a known one."""
    _dummy_hash()


@lru_cache(maxsize=1)
def _dummy_hash() -> str:
    return _HASHER.hash(secrets.token_hex(16))


def _normal(password: str) -> str:
    # Input methods give full-width or composed forms of the same keys.
    return unicodedata.normalize("NFKC", password)


def _is_common(folded: str) -> bool:
    core = folded.strip(_SIGNS)
    return folded in _COMMON or core in _COMMON_CORES or any(folded in row for row in _SEQUENCES)
