"""Identifiers are brought to one normal form, and every single wrong digit is found."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kernel.identity.identifiers import (
    IdentifierInvalid,
    Sex,
    mask_id_number,
    mask_mobile,
    parse_id_number,
    parse_mobile,
    parse_uscc,
)

# Written out here a second time, from the standards, as an independent oracle.
ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
FULL_WIDTH = str.maketrans("0123456789X", "０１２３４５６７８９Ｘ")


def with_id_check(seventeen: str) -> str:
    """ISO 7064 MOD 11-2, from its definition: the whole number, X as ten, is 1 modulo 11."""
    for check in "0123456789X":
        digits = [10 if c == "X" else int(c) for c in seventeen + check]
        if sum(d * pow(2, 17 - i, 11) for i, d in enumerate(digits)) % 11 == 1:
            return seventeen + check
    raise AssertionError("MOD 11-2 has a check character for every number")


def with_uscc_check(seventeen: str) -> str:
    """MOD 31-3: the weighted sum with the check character is 0 modulo 31."""
    total = sum(ALPHABET.index(c) * 3**i for i, c in enumerate(seventeen))
    return seventeen + next(c for i, c in enumerate(ALPHABET) if (total + i) % 31 == 0)


births = st.dates(date(1930, 1, 1), date(2008, 12, 31))
id_numbers = st.builds(
    lambda region, born, serial: with_id_check(f"{region}{born:%Y%m%d}{serial:03d}"),
    st.sampled_from(["640104", "110101", "440305", "650102", "830000"]),
    births,
    st.integers(1, 999),
)
usccs = st.builds(
    lambda head, region, rest: with_uscc_check(f"{head}{region}{rest}"),
    st.sampled_from(["91", "92", "12", "52", "93"]),
    st.sampled_from(["640100", "110000", "100000"]),
    st.text(ALPHABET, min_size=9, max_size=9),
)


def refused(code: str) -> pytest.RaisesExc[IdentifierInvalid]:
    return pytest.raises(IdentifierInvalid, match=f"^{code}$")


@given(id_numbers)
def test_valid_id_number_tells_birth_date_and_sex(number: str) -> None:
    parsed = parse_id_number(number)
    assert parsed.number == number
    assert f"{parsed.birth_date:%Y%m%d}" == number[6:14]
    assert (parsed.sex is Sex.MALE) == (number[16] in "13579")


@given(id_numbers)
def test_id_number_typed_in_other_ways_is_the_same_number(number: str) -> None:
    for typed in (
        number.lower(),
        number.translate(FULL_WIDTH),
        f" {number[:6]} {number[6:14]}\u3000{number[14:]}\u200b",
    ):
        assert parse_id_number(typed).number == number


UNSEEN = "\u00a0\u00ad\u034f\u061c\u115f\u180e\u200b\u200d\u202e\u2028\u205f\u2060\u206f\u3000\u3164"
UNSEEN += "\ufe0f\ufeff\U000e0100\t\r\n \x00"
DASHES = "-\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe63\uff0d"


@given(
    id_numbers,
    st.lists(st.tuples(st.integers(0, 18), st.sampled_from(UNSEEN + DASHES)), max_size=12),
    st.booleans(),
    st.sampled_from("Xx\uff38\uff58\u2169\u2179\u00d7"),
)
def test_id_number_is_one_number_in_every_spelling(
    number: str, strewn: list[tuple[int, str]], wide: bool, ten: str
) -> None:
    """Blanks, dashes and characters nobody sees between the digits, full width, each shape of the Roman ten."""
    typed = list((number.translate(FULL_WIDTH) if wide else number).replace("X", ten).replace("\uff38", ten))
    for place, character in strewn:
        typed.insert(place, character)
    assert parse_id_number("".join(typed)).number == number


@given(id_numbers, st.sampled_from([0x0660, 0x06F0, 0x0966, 0x1D7CE, 0x2460, 0x3021]), st.integers(0, 16))
def test_digits_of_other_scripts_are_refused_and_never_a_second_person(
    number: str, zero: int, place: int
) -> None:
    odd = chr(zero + int(number[place]))
    with pytest.raises(IdentifierInvalid):
        parse_id_number(number[:place] + odd + number[place + 1 :])


@given(st.dates(date(1930, 1, 1), date(1999, 12, 31)), st.integers(996, 999))
def test_fifteen_digit_number_of_somebody_over_a_hundred_is_refused(born: date, serial: int) -> None:
    with refused("id_number_birth_date"):
        parse_id_number(f"640104{born:%y%m%d}{serial:03d}")


@given(id_numbers, st.integers(0, 17), st.integers(1, 9))
def test_every_single_wrong_digit_of_an_id_number_is_found(number: str, place: int, shift: int) -> None:
    old = number[place]
    new = str((int(old) + shift) % 10) if old != "X" else str(shift)
    with pytest.raises(IdentifierInvalid):
        parse_id_number(number[:place] + new + number[place + 1 :])


@given(id_numbers, st.integers(0, 16))
def test_neighbouring_digits_swapped_are_found(number: str, place: int) -> None:
    swapped = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
    if swapped != number:
        with pytest.raises(IdentifierInvalid):
            parse_id_number(swapped)


@given(st.dates(date(1930, 1, 1), date(1999, 12, 31)), st.integers(1, 995))
def test_fifteen_digit_number_becomes_the_same_person_as_its_eighteen_digit_form(
    born: date, serial: int
) -> None:
    old = f"640104{born:%y%m%d}{serial:03d}"
    assert parse_id_number(old) == parse_id_number(with_id_check(f"640104{born:%Y%m%d}{serial:03d}"))


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("", "id_number_length"),
        ("64010419900307321", "id_number_length"),
        ("6401041990030732199", "id_number_length"),
        ("64010419900307A219", "id_number_character"),
        ("X40104199003073219", "id_number_character"),
        ("６４０１０４１９９００３０７３２１①", "id_number_character"),
        ("٦٤٠١٠٤١٩٩٠٠٣٠٧٣٢١٩", "id_number_character"),
        (with_id_check("00010419900307321"), "id_number_region"),
        (with_id_check("66010419900307321"), "id_number_region"),
        (with_id_check("64010419900230321"), "id_number_birth_date"),
        (with_id_check("64010419001332321"), "id_number_birth_date"),
        (with_id_check("64010418991231321"), "id_number_birth_date"),
        (with_id_check("64010400000101321"), "id_number_birth_date"),
    ],
)
def test_bad_id_number_is_refused_with_its_reason(typed: str, code: str) -> None:
    with refused(code):
        parse_id_number(typed)


def test_wrong_check_digit_is_named() -> None:
    good = with_id_check("64010419900307321")
    with refused("id_number_check_digit"):
        parse_id_number(good[:17] + ("0" if good[17] != "0" else "1"))


def test_birth_after_today_is_refused_and_birth_today_is_not() -> None:
    newborn = with_id_check("64010420260601321")
    assert parse_id_number(newborn, today=date(2026, 6, 1)).birth_date == date(2026, 6, 1)
    with refused("id_number_birth_date"):
        parse_id_number(newborn, today=date(2026, 5, 31))


def test_foreigners_permanent_residence_card_is_accepted() -> None:
    assert parse_id_number(with_id_check("91115619850412001")).birth_date == date(1985, 4, 12)


def test_numbers_in_public_documents_of_the_standards_pass() -> None:
    assert parse_id_number("11010519491231002x").number == "11010519491231002X"  # GB 11643 annex
    assert parse_uscc("91350100M000100Y43") == "91350100M000100Y43"  # GB 32100 annex


@given(usccs)
def test_valid_uscc_passes_however_it_is_typed(code: str) -> None:
    assert parse_uscc(f" {code[:8].lower()} {code[8:].lower()}") == code


@given(usccs, st.integers(0, 17), st.integers(1, 30))
def test_every_single_wrong_character_of_a_uscc_is_found(code: str, place: int, shift: int) -> None:
    new = ALPHABET[(ALPHABET.index(code[place]) + shift) % 31]
    with pytest.raises(IdentifierInvalid):
        parse_uscc(code[:place] + new + code[place + 1 :])


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("9135", "uscc_length"),
        ("91350100M000100O43", "uscc_character"),
        ("913501A0M000100Y43", "uscc_character"),
        ("91350100M000100Y44", "uscc_check_character"),
    ],
)
def test_bad_uscc_is_refused_with_its_reason(typed: str, code: str) -> None:
    with refused(code):
        parse_uscc(typed)


@pytest.mark.parametrize(
    "typed",
    ["13895013217", "+86 138-9501-3217", "008613895013217", "8613895013217", "１３８９５０１３２１７"],
)
def test_mobile_number_has_one_normal_form(typed: str) -> None:
    assert parse_mobile(typed) == "13895013217"


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("", "mobile_length"),
        ("1389501321", "mobile_length"),
        ("12895013217", "mobile_prefix"),
        ("1389501321a", "mobile_character"),
        ("٠١٢٣٤٥٦٧٨٩٠", "mobile_character"),
    ],
)
def test_bad_mobile_number_is_refused_with_its_reason(typed: str, code: str) -> None:
    with refused(code):
        parse_mobile(typed)


def test_masks_show_neither_birth_date_nor_serial() -> None:
    assert mask_id_number("640104199003073217") == "640***********3217"
    assert mask_mobile("13895013217") == "138****3217"
    assert mask_id_number("short") == "*****"


@given(id_numbers)
def test_repr_of_an_id_number_is_masked(number: str) -> None:
    assert number not in repr(parse_id_number(number))
