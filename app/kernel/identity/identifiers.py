"""Resident ID numbers, unified social credit codes and mobile numbers: normal form and checks.

GB 11643 (resident ID number), GB 32100 (unified social credit code). Everything that is
compared or indexed goes through here first: one person typed in three ways is one person.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

__all__ = [
    "ID_NUMBER_KIND",
    "ID_NUMBER_TAIL_KIND",
    "TAIL",
    "IdNumber",
    "IdentifierInvalid",
    "Sex",
    "mask_id_number",
    "mask_mobile",
    "parse_id_number",
    "parse_mobile",
    "parse_uscc",
    "tail_of",
]

# Kind of the blind index that makes a person unique.
ID_NUMBER_KIND: Final = "id_number"
ID_NUMBER_TAIL_KIND: Final = "id_number_tail"
"""Kind of the blind index of an ID number's last characters, those that its mask still shows."""
TAIL: Final = 4
EARLIEST_BIRTH: Final = date(1900, 1, 1)

_FULL_WIDTH: Final = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
# Blanks, controls and format characters of every script; fillers and variation selectors print nothing either.
_UNSEEN: Final = frozenset({"Zs", "Zl", "Zp", "Cc", "Cf"})
_FILLERS: Final = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u3164\uffa0\u2800"
) | frozenset(map(chr, (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))))
# Hyphens and dashes of every kind, typed between the groups of a number.
_DASHES: Final = re.compile("[-\u2010-\u2015\u2043\u2212\u2500\u30fc\ufe58\ufe63]+")
# The check character is a Roman ten (GB 11643), and Chinese input methods offer it and the times sign as such.
_TENS: Final = str.maketrans("\u2169\u2179\u00d7", "XXX")
_PROVINCE_RANGES: Final = ((11, 15), (21, 23), (31, 37), (41, 46), (50, 54), (61, 65), (71, 71), (81, 83))
_PROVINCES: Final = frozenset(str(code) for low, high in _PROVINCE_RANGES for code in range(low, high + 1))
_ID_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ID_CHECK: Final = "10X98765432"
_USCC_ALPHABET: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_USCC_WEIGHTS: Final = tuple(pow(3, place, 31) for place in range(17))


class Sex(StrEnum):
    """Sex as the ID number tells it."""

    FEMALE = "female"
    MALE = "male"


class IdentifierInvalid(ValueError):
    """An identifier was refused; `code` names the reason, the value itself is never carried."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class IdNumber:
    """A checked resident ID number in its 18-character normal form."""

    number: str
    birth_date: date
    sex: Sex

    def __repr__(self) -> str:
        return f"IdNumber({mask_id_number(self.number)})"


def parse_id_number(text: str, *, today: date | None = None) -> IdNumber:
    """Normalise and check a resident ID number of 15 or 18 characters.

    Accepts full-width characters, blanks, dashes, characters that print nothing, and x in any of its shapes.
    Digits of other scripts are refused: no card bears them. Raises `IdentifierInvalid` with
    id_number_length, id_number_character, id_number_region, id_number_birth_date (also when
    after `today`) or id_number_check_digit.
    """
    number = _DASHES.sub("", _plain(text)).translate(_TENS)
    if len(number) not in (15, 18):
        raise IdentifierInvalid("id_number_length")
    if not re.fullmatch(r"[0-9]{15}|[0-9]{17}[0-9X]", number):
        raise IdentifierInvalid("id_number_character")
    if len(number) == 15:
        # Fifteen-digit cards (until 1999) leave out the century and the check digit. The serial numbers
        # 996 to 999 were for people over a hundred, born in the century before: none of them is alive.
        century = "18" if number[12:] >= "996" else "19"
        number = number[:6] + century + number[6:]
        number += _id_check(number)
    if not _known_region(number):
        raise IdentifierInvalid("id_number_region")
    born = _birth_date(number, today)
    if number[17] != _id_check(number):
        raise IdentifierInvalid("id_number_check_digit")
    return IdNumber(number, born, Sex.MALE if int(number[16]) % 2 else Sex.FEMALE)


def parse_uscc(text: str) -> str:
    """Normal form of a unified social credit code (18 characters, upper case).

    Raises `IdentifierInvalid` with uscc_length, uscc_character or uscc_check_character.
    """
    code = _plain(text)
    if len(code) != 18:
        raise IdentifierInvalid("uscc_length")
    if not set(code) <= set(_USCC_ALPHABET) or not code[2:8].isdigit():
        raise IdentifierInvalid("uscc_character")
    total = sum(_USCC_ALPHABET.index(c) * w for c, w in zip(code, _USCC_WEIGHTS, strict=False))
    if code[17] != _USCC_ALPHABET[-total % 31]:
        raise IdentifierInvalid("uscc_check_character")
    return code


def parse_mobile(text: str) -> str:
    """Normal form of a mainland mobile number (11 digits, without +86).

    Raises `IdentifierInvalid` with mobile_character, mobile_length or mobile_prefix.
    """
    number = re.sub(r"[-()]", "", _plain(text))
    number = re.sub(r"\A(\+86|0086|86(?=1[0-9]{10}\Z))", "", number)
    if not re.fullmatch(r"[0-9]*", number):
        raise IdentifierInvalid("mobile_character")
    if len(number) != 11:
        raise IdentifierInvalid("mobile_length")
    if not re.match(r"1[3-9]", number):
        raise IdentifierInvalid("mobile_prefix")
    return number


def mask_id_number(number: str) -> str:
    """For screens and logs: `640***********3217`. Anything that isn't 18 long is hidden whole."""
    return f"{number[:3]}{'*' * 11}{number[-4:]}" if len(number) == 18 else "*" * len(number)


def tail_of(typed: str) -> str | None:
    """The last characters of an ID number as somebody typed them; None for any other text."""
    plain = _plain(typed)
    return plain if re.fullmatch(r"[0-9]{3}[0-9X]", plain) else None


def mask_mobile(number: str) -> str:
    """For screens and logs: `138****3217`. Anything that isn't 11 long is hidden whole."""
    return f"{number[:3]}****{number[-4:]}" if len(number) == 11 else "*" * len(number)


def _plain(text: str) -> str:
    """Half width, upper case, without anything that prints nothing."""
    seen = (c for c in text.translate(_FULL_WIDTH) if unicodedata.category(c) not in _UNSEEN)
    return "".join(c for c in seen if c not in _FILLERS).upper()


def _id_check(number: str) -> str:
    return _ID_CHECK[sum(int(d) * w for d, w in zip(number, _ID_WEIGHTS, strict=False)) % 11]


def _known_region(number: str) -> bool:
    # Foreigners' permanent residence cards (since 2023) are 9 + province + nationality.
    return (number[1:3] if number[0] == "9" else number[:2]) in _PROVINCES


def _birth_date(number: str, today: date | None) -> date:
    try:
        born = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        raise IdentifierInvalid("id_number_birth_date") from None
    if born < EARLIEST_BIRTH or born > (today or date.max):
        raise IdentifierInvalid("id_number_birth_date")
    return born
