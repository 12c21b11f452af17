"""Records that may be one person: by name, birth and sex, or by numbers one digit or one swap apart."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from app.kernel.identity.likeness import Identity, LikelyPair, Likeness, find_likely_pairs

bodies = st.text("0123456789", min_size=17, max_size=17)
numbers = st.builds(lambda body, check: body + check, bodies, st.sampled_from("0123456789X"))


def pair_of(first: str, second: str, *names: str) -> LikelyPair | None:
    one, other = names or ("ma3", "ma3")
    found = find_likely_pairs([Identity(2, other, second), Identity(1, one, first)])
    return found[0] if found else None


def plainly_alike(first: str, second: str, same_name: bool) -> set[Likeness]:
    """The same from the definitions, two by two."""
    grounds = set()
    different = [place for place in range(17) if first[place] != second[place]]
    if len(different) <= 1:
        grounds.add(Likeness.ONE_DIGIT)
    if len(different) == 2 and different[1] == different[0] + 1:
        here, there = (text[different[0] : different[0] + 2] for text in (first, second))
        if here == there[::-1]:
            grounds.add(Likeness.SWAPPED_DIGITS)
    if same_name and first[6:14] == second[6:14] and int(first[16]) % 2 == int(second[16]) % 2:
        grounds.add(Likeness.SAME_NAME_AND_BIRTH)
    return grounds


@given(numbers, st.integers(0, 16), st.integers(1, 9), st.booleans())
def test_numbers_one_digit_apart_are_found(number: str, place: int, shift: int, named: bool) -> None:
    other = number[:place] + str((int(number[place]) + shift) % 10) + number[place + 1 :]
    found = pair_of(number, other, "ma3", "ma3" if named else "li3")
    assert found is not None and found.grounds == plainly_alike(number, other, named)
    assert (found.person_id, found.other_id, found.strong) == (1, 2, named)


@given(numbers, st.integers(0, 15))
def test_neighbours_swapped_are_found(number: str, place: int) -> None:
    other = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
    found = pair_of(number, other, "ma3", "li3")
    assert found is not None and found.grounds == plainly_alike(number, other, False)


@given(numbers, numbers, st.booleans())
def test_anything_else_is_found_exactly_when_the_definition_says_so(
    first: str, second: str, named: bool
) -> None:
    found = pair_of(first, second, "ma3", "ma3" if named else "li3")
    assert (found.grounds if found else frozenset()) == plainly_alike(first, second, named)


def test_twins_with_neighbouring_numbers_are_shown_but_not_doubted() -> None:
    found = pair_of("64010419900307321X", "640104199003073238", "li3 ming2", "li3 liang4")
    assert found is not None and not found.strong


def test_id_number_never_stands_in_a_representation() -> None:
    assert "1990" not in repr(Identity(7, "ma3", "64010419900307321X"))
