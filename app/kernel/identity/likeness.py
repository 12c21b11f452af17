"""Which records may be one natural person under two ID numbers. Pure; ID numbers never leave it.

Valid numbers of 18 characters are never one edit or one swap of neighbours apart: the check digit finds that
(ISO 7064, MOD 11-2). Cards of 15 digits have none, and a number re-issued by the police changes digits and
check digit together. So the first 17 digits are compared, and the check digit is left out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

BODY = 17


class Likeness(StrEnum):
    """What two records have in common."""

    SAME_NAME_AND_BIRTH = "same_name_and_birth"
    ONE_DIGIT = "one_digit"
    SWAPPED_DIGITS = "swapped_digits"


@dataclass(frozen=True)
class Identity:
    """A canonical person as the comparison needs it; `number` in normal form."""

    person_id: int
    pinyin: str
    number: str

    def __repr__(self) -> str:
        return f"Identity({self.person_id})"

    @property
    def body(self) -> str:
        return self.number[:BODY]

    @property
    def birth_and_sex(self) -> tuple[str, bool]:
        return self.number[6:14], int(self.number[16]) % 2 == 1


@dataclass(frozen=True)
class LikelyPair:
    """Two records, the older one first. `strong`: names sound the same too, so that a doubt is raised by itself;
    a weak pair (twins have neighbouring numbers) is only shown."""

    person_id: int
    other_id: int
    grounds: frozenset[Likeness]
    strong: bool


def find_likely_pairs(people: Iterable[Identity]) -> list[LikelyPair]:
    """Every pair alike by name, birth and sex, or by numbers one digit or one swap apart; linear in the people."""
    known = sorted(people, key=lambda item: item.person_id)
    by_id = {item.person_id: item for item in known}
    grounds: dict[tuple[int, int], set[Likeness]] = defaultdict(set)
    for ground, first, second in _alike(known):
        pair = (min(first, second), max(first, second))
        grounds[pair].add(ground)
    return [
        LikelyPair(first, second, frozenset(found), by_id[first].pinyin == by_id[second].pinyin)
        for (first, second), found in sorted(grounds.items())
    ]


def _alike(people: list[Identity]) -> Iterator[tuple[Likeness, int, int]]:
    named: dict[tuple[str, tuple[str, bool]], list[int]] = defaultdict(list)
    masked: dict[tuple[int, str], list[int]] = defaultdict(list)
    bodies: dict[str, list[int]] = defaultdict(list)
    for item in people:
        key = (item.pinyin, item.birth_and_sex)
        yield from ((Likeness.SAME_NAME_AND_BIRTH, other, item.person_id) for other in named[key])
        named[key].append(item.person_id)
        for place in range(BODY):
            hole = (place, item.body[:place] + item.body[place + 1 :])
            yield from ((Likeness.ONE_DIGIT, other, item.person_id) for other in masked[hole])
            masked[hole].append(item.person_id)
        for swapped in _swaps(item.body):
            yield from ((Likeness.SWAPPED_DIGITS, other, item.person_id) for other in bodies[swapped])
        bodies[item.body].append(item.person_id)


def _swaps(body: str) -> Iterator[str]:
    """The body with each pair of unequal neighbours swapped."""
    for place in range(BODY - 1):
        if body[place] != body[place + 1]:
            yield body[:place] + body[place + 1] + body[place] + body[place + 2 :]
