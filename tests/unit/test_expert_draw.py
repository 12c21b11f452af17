"""The draw of experts: even, recomputable, and no way to change anything without its being seen."""

from __future__ import annotations

import json
import random
from collections import Counter
from dataclasses import replace

import pytest

from app.domain.assessment.draw import (
    DEVICE,
    Candidate,
    DrawInvalid,
    Published,
    Seat,
    commit,
    find_short,
    hash_candidates,
    make_seed,
    plan_seats,
    select_experts,
    verify,
)

BONE, NERVE = "orthopaedics", "neurology"
SECRETS = {"operator": "霜叶红于二月花-7391", "witness": "quiet river 55 stones"}
# A chi-square with 11 degrees of freedom is above this once in a million draws of a fair lot.
FAIR_11 = 49.0


def pool(size: int = 12, *specialities: str) -> tuple[Candidate, ...]:
    return tuple(Candidate(f"E{n}", "640100", frozenset(specialities or (BONE,))) for n in range(1, size + 1))


def published(draw: str = "d1", secrets: dict[str, str] = SECRETS, size: int = 3) -> Published:
    seats, candidates = plan_seats(size, BONE, ()), pool()
    digest = hash_candidates(draw, seats, candidates)
    seed = make_seed(digest, secrets["operator"], secrets["witness"])
    return Published(
        draw,
        seats,
        candidates,
        digest,
        {role: commit(draw, role, secret) for role, secret in secrets.items()},
        secrets,
        select_experts(seed, seats, candidates),
    )


def test_every_candidate_is_drawn_equally_often_for_every_seat() -> None:
    rng, draws, counts = random.Random(20261128), 3600, [Counter[str]() for _ in range(3)]
    seats, candidates = plan_seats(3, BONE, ()), pool()
    for _ in range(draws):
        drawn = select_experts(f"{rng.getrandbits(256):064x}", seats, candidates)
        for seat, key in drawn.items():
            counts[seat - 1][key] += 1
    for count in counts:
        expected = draws / len(candidates)
        assert sum((count[one.key] - expected) ** 2 / expected for one in candidates) < FAIR_11


def test_pairs_of_experts_meet_equally_often() -> None:
    rng, draws, pairs = random.Random(7), 3000, Counter[tuple[str, ...]]()
    seats, candidates = plan_seats(3, BONE, ()), pool(4)
    for _ in range(draws):
        pairs[tuple(sorted(select_experts(f"{rng.getrandbits(256):064x}", seats, candidates).values()))] += 1
    expected = draws / 4
    assert (
        sum((count - expected) ** 2 / expected for count in pairs.values()) < 34
    )  # 3 degrees, one in a million


def test_one_of_the_two_secrets_is_enough_to_change_who_is_drawn() -> None:
    same = {published(secrets={**SECRETS, "witness": f"another {n}"}).result[1] for n in range(60)}
    assert len(same) > 8


def test_nobody_sits_twice_and_each_has_the_seats_speciality() -> None:
    candidates = pool(6, BONE) + tuple(
        Candidate(f"N{n}", "640200", frozenset({NERVE, BONE})) for n in range(6)
    )
    seats, by_key = plan_seats(5, BONE, [NERVE]), {one.key: one for one in candidates}
    for n in range(200):
        drawn = select_experts(make_seed("0" * 64, f"{n}", "w"), seats, candidates)
        assert len(set(drawn.values())) == 5
        assert all(seat.speciality in by_key[drawn[seat.number]].specialities for seat in seats)


def test_a_published_draw_verifies_and_survives_its_file() -> None:
    one = published()
    assert verify(one) == []
    assert verify(Published.from_json(one.to_json(case="640100-2026-00001"))) == []


@pytest.mark.parametrize(
    ("damage", "wrong"),
    [
        (lambda one: replace(one, candidates=one.candidates[1:]), "candidates_changed"),
        (
            lambda one: replace(
                one, candidates=(*one.candidates, Candidate("X", "640100", frozenset({BONE})))
            ),
            "candidates_changed",
        ),
        (lambda one: replace(one, seats=(*one.seats[:2], Seat(3, NERVE))), "candidates_changed"),
        (lambda one: replace(one, draw="d2"), "commitment_operator"),
        (
            lambda one: replace(one, secrets={**one.secrets, "witness": "chosen afterwards"}),
            "commitment_witness",
        ),
        (
            lambda one: replace(one, secrets={**one.secrets, "operator": "chosen afterwards"}),
            "result_changed",
        ),
        (lambda one: replace(one, result={**one.result, 1: _other(one)}), "result_changed"),
        (lambda one: replace(one, candidates=(*one.candidates, one.candidates[0])), "repeated_candidate"),
        (lambda one: replace(one, seats=(*one.seats, one.seats[0])), "repeated_seat"),
    ],
)
def test_whatever_is_changed_afterwards_is_found(damage, wrong) -> None:  # type: ignore[no-untyped-def]
    assert wrong in verify(damage(published()))


def _other(one: Published) -> str:
    return next(each.key for each in one.candidates if each.key not in one.result.values())


def test_copying_the_others_commitment_is_found() -> None:
    one = published(secrets={"operator": "the same secret", "witness": "the same secret"})
    assert one.commitments["operator"] != one.commitments["witness"]
    assert "same_secret" in verify(one)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"algorithm": "sanshen-draw-1"}', "{" * 50, "\ud800".encode("utf-8", "replace")]
)
def test_a_file_that_is_no_draw_is_said_to_be_unreadable(text: str | bytes) -> None:
    with pytest.raises(DrawInvalid, match="unreadable"):
        Published.from_json(text)


def test_a_key_that_would_blur_the_lines_of_the_hash_is_unreadable() -> None:
    document = json.loads(published().to_json())
    document["candidates"][0]["key"] = "E1|640100|x\nE2"
    with pytest.raises(DrawInvalid, match="unreadable"):
        Published.from_json(json.dumps(document))


def test_other_algorithms_are_not_taken_for_this_one() -> None:
    document = json.loads(published().to_json())
    document["algorithm"] = "sanshen-draw-2"
    with pytest.raises(DrawInvalid, match="algorithm"):
        Published.from_json(json.dumps(document))


@pytest.mark.parametrize(
    ("size", "others", "expected"),
    [
        (3, [], [BONE] * 3),
        (3, [NERVE], [BONE, BONE, NERVE]),
        (5, [NERVE, "psychiatry"], [BONE, BONE, BONE, NERVE, "psychiatry"]),
        (3, [BONE, NERVE], [BONE, BONE, NERVE]),
    ],
)
def test_each_other_speciality_takes_a_seat_and_the_leading_one_the_rest(
    size: int, others: list[str], expected: list[str]
) -> None:
    assert [seat.speciality for seat in plan_seats(size, BONE, others)] == expected


def test_a_device_is_judged_by_one_expert_of_devices_and_at_least_two_of_the_injury() -> None:
    for size in (3, 5):
        seats = [seat.speciality for seat in plan_seats(size, BONE, [], device=True)]
        assert (seats.count(DEVICE), seats.count(BONE)) == (1, size - 1)


@pytest.mark.parametrize(
    ("size", "others", "code"), [(4, [], "panel_size"), (3, [NERVE, "a", "b"], "too_many")]
)
def test_a_panel_that_cannot_be_laid_out_is_refused(size: int, others: list[str], code: str) -> None:
    with pytest.raises(DrawInvalid, match=code):
        plan_seats(size, BONE, others)


@pytest.mark.parametrize(("bones", "short"), [(2, True), (3, True), (4, False)])
def test_a_seat_with_fewer_than_two_to_choose_from_is_short(bones: int, short: bool) -> None:
    assert bool(find_short(plan_seats(3, BONE, ()), pool(bones))) is short


def test_what_is_not_short_can_always_be_drawn() -> None:
    rng = random.Random(3)
    for _ in range(300):
        kinds = [rng.sample([BONE, NERVE, DEVICE], rng.randint(1, 3)) for _ in range(rng.randint(3, 9))]
        candidates = [Candidate(f"E{n}", "c", frozenset(kind)) for n, kind in enumerate(kinds)]
        seats = plan_seats(rng.choice((3, 5)), BONE, rng.sample([NERVE], rng.randint(0, 1)), device=True)
        if not find_short(seats, candidates):
            assert len(select_experts(f"{rng.random()}", seats, candidates)) == len(seats)
