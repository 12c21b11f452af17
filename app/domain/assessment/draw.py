"""The random draw of experts (条例 25, 鉴定办法 11): pure, and recomputable by anybody. See docs/expert-draw.md.

Two people commit to a secret each before either is known. The candidates are fixed before that; their hash and the
two secrets give the seed, and the seed gives every candidate a score for each seat: the lowest one sits. Nobody can
choose: a single candidate or letter more, and every score is another.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

ALGORITHM: Final = "sanshen-draw-1"
OPERATOR: Final = "operator"
WITNESS: Final = "witness"
ROLES: Final = (OPERATOR, WITNESS)
PANEL_SIZES: Final = (3, 5)
DEVICE: Final = "assistive_device"
LEAST_CHOICE: Final = 2
"""Whoever sits down last must still have been drawn from so many: a draw from one is an appointment [D]."""
LEAST_INJURY_EXPERTS: Final = 2
"""Beside at least one expert of devices, when a device is confirmed (辅具办法 9)."""
HEX: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Candidate:
    """An expert who may be drawn: an opaque key, the city of the appointment, the specialities."""

    key: str
    city: str
    specialities: frozenset[str]

    @property
    def line(self) -> str:
        return f"{self.key}|{self.city}|{','.join(sorted(self.specialities))}"


@dataclass(frozen=True)
class Seat:
    """A seat of the panel and the speciality it wants; `number` from 1."""

    number: int
    speciality: str

    @property
    def line(self) -> str:
        return f"{self.number}|{self.speciality}"


class DrawInvalid(ValueError):
    """What is given can't be drawn from; `code` says why."""

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code, params)
        self.code = code
        self.params = params


def plan_seats(
    size: int, lead: str, specialities: Iterable[str], *, device: bool = False
) -> tuple[Seat, ...]:
    """Who sits where: one seat for each speciality named, the leading one takes what is left.

    A device is judged by one expert of devices and otherwise by experts of the injury. Raise DrawInvalid
    `panel_size`, `too_many_specialities`.
    """
    if size not in PANEL_SIZES:
        raise DrawInvalid("panel_size", size=size)
    others = sorted(set(specialities) - {lead, DEVICE}) + ([DEVICE] if device else [])
    leading = size - len(others)
    if leading < 1:
        raise DrawInvalid("too_many_specialities", size=size)
    wanted = [lead] * leading + others
    return tuple(Seat(number, speciality) for number, speciality in enumerate(wanted, start=1))


def find_short(seats: Sequence[Seat], candidates: Sequence[Candidate]) -> list[Seat]:
    """Seats for which too few remain whoever sits before; empty: every draw from these candidates succeeds.

    Seats are filled in their order; before seat n at most n - 1 of its own candidates are gone.
    """
    eligible = Counter(
        seat.number for seat in seats for one in candidates if seat.speciality in one.specialities
    )
    return [
        seat
        for taken, seat in enumerate(seats)
        if eligible[seat.number] < _taken_before(seats[:taken], seat, candidates) + LEAST_CHOICE
    ]


def _taken_before(before: Sequence[Seat], seat: Seat, candidates: Sequence[Candidate]) -> int:
    """How many candidates of a seat those before it can take at the most."""
    shared = (
        any({seat.speciality, other.speciality} <= one.specialities for one in candidates) for other in before
    )
    return sum(shared)


def hash_candidates(draw: str, seats: Sequence[Seat], candidates: Iterable[Candidate]) -> str:
    """SHA-256 (hex) over algorithm, draw, seats in order and candidates by key: what was fixed before any secret."""
    lines = sorted(one.line for one in candidates)
    return _sha256("\n".join((ALGORITHM, draw, *(seat.line for seat in seats), *lines)))


def commit(draw: str, role: str, secret: str) -> str:
    """The commitment to a secret: tied to draw and role, so that nobody can copy the other's."""
    return _sha256(f"{draw}:{role}:{secret}")


def make_seed(candidate_hash: str, operator_secret: str, witness_secret: str) -> str:
    return _sha256(f"{candidate_hash}\n{operator_secret}\n{witness_secret}")


def score(seed: str, seat: int, key: str) -> str:
    """A candidate's score for a seat; uniform, and independent of every other."""
    return _sha256(f"{seed}:{seat}:{key}")


def select_experts(seed: str, seats: Sequence[Seat], candidates: Sequence[Candidate]) -> dict[int, str]:
    """Seat number → key of who sits there: of those with its speciality who don't sit yet, the lowest score.

    Raise DrawInvalid `too_few` when nobody is left for a seat.
    """
    drawn: dict[int, str] = {}
    for seat in seats:
        left = [
            one.key
            for one in candidates
            if seat.speciality in one.specialities and one.key not in drawn.values()
        ]
        if not left:
            raise DrawInvalid("too_few", seat=seat.number, speciality=seat.speciality)
        drawn[seat.number] = min(left, key=lambda key: score(seed, seat.number, key))
    return drawn


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class Published:
    """A draw as it is published: everything that made its result."""

    draw: str
    seats: tuple[Seat, ...]
    candidates: tuple[Candidate, ...]
    candidate_hash: str
    commitments: Mapping[str, str]
    secrets: Mapping[str, str]
    result: Mapping[int, str]

    def to_json(self, **more: object) -> str:
        """The file that `sanshen draw verify` reads; `more`: case number, moments, names, not part of the proof."""
        document = {
            "algorithm": ALGORITHM,
            "draw": self.draw,
            "seats": [{"seat": one.number, "speciality": one.speciality} for one in self.seats],
            "candidates": [
                {"key": one.key, "city": one.city, "specialities": sorted(one.specialities)}
                for one in sorted(self.candidates, key=lambda one: one.line)
            ],
            "candidate_hash": self.candidate_hash,
            "commitments": dict(self.commitments),
            "secrets": dict(self.secrets),
            "result": [{"seat": seat, "key": key} for seat, key in sorted(self.result.items())],
            **more,
        }
        return json.dumps(document, ensure_ascii=False, indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str | bytes) -> Published:
        """Raise DrawInvalid `unreadable`, `algorithm`."""
        try:
            found: Any = json.loads(text)
            if found["algorithm"] != ALGORITHM:
                raise DrawInvalid("algorithm", algorithm=found["algorithm"])
            _check_tokens(found)
            return cls(
                str(found["draw"]),
                tuple(Seat(int(one["seat"]), str(one["speciality"])) for one in found["seats"]),
                tuple(
                    Candidate(str(one["key"]), str(one["city"]), frozenset(map(str, one["specialities"])))
                    for one in found["candidates"]
                ),
                str(found["candidate_hash"]),
                {role: str(found["commitments"][role]) for role in ROLES},
                {role: str(found["secrets"][role]) for role in ROLES},
                {int(one["seat"]): str(one["key"]) for one in found["result"]},
            )
        except DrawInvalid:
            raise
        except (ValueError, TypeError, KeyError, UnicodeDecodeError, RecursionError):
            raise DrawInvalid("unreadable") from None


_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{1,40}")


def _check_tokens(found: Any) -> None:
    """Nothing in the lines of the hash may hold what separates them. Raise ValueError."""
    texts = [str(found["draw"]), *(str(one["speciality"]) for one in found["seats"])]
    for one in found["candidates"]:
        texts += [str(one["key"]), str(one["city"]), *map(str, one["specialities"])]
    if not all(_TOKEN.fullmatch(text) for text in texts):
        raise ValueError("not a token")


def verify(published: Published) -> list[str]:
    """What is wrong with a published draw, as codes; empty: the result is what the two secrets give.

    `candidates_changed`, `commitment_operator`, `commitment_witness`, `same_secret`, `repeated_candidate`,
    `repeated_seat`, `result_changed`.
    """
    wrong = []
    if len({one.key for one in published.candidates}) != len(published.candidates):
        wrong.append("repeated_candidate")
    if len({one.number for one in published.seats}) != len(published.seats):
        wrong.append("repeated_seat")
    if hash_candidates(published.draw, published.seats, published.candidates) != published.candidate_hash:
        wrong.append("candidates_changed")
    for role in ROLES:
        if commit(published.draw, role, published.secrets[role]) != published.commitments[role]:
            wrong.append(f"commitment_{role}")
    if published.secrets[OPERATOR] == published.secrets[WITNESS]:
        wrong.append("same_secret")
    if _selected(published) != dict(published.result):
        wrong.append("result_changed")
    return wrong


def _selected(published: Published) -> dict[int, str] | None:
    seed = make_seed(published.candidate_hash, published.secrets[OPERATOR], published.secrets[WITNESS])
    try:
        return select_experts(seed, published.seats, published.candidates)
    except DrawInvalid:
        return None
