"""Passwords: argon2id with our parameters, rehash on change, weak ones refused by a named rule."""

from __future__ import annotations

import time

import pytest
from argon2 import PasswordHasher

from app.kernel.identity.passwords import Weakness, hash_password, verify_password, warm_up, weakness

GOOD = "Yellow-river 8 bridges"


def test_hash_carries_the_agreed_parameters() -> None:
    assert hash_password(GOOD).startswith("$argon2id$v=19$m=47104,t=1,p=1$")


def test_right_password_passes_and_wrong_one_fails() -> None:
    stored = hash_password(GOOD)
    assert verify_password(stored, GOOD).accepted
    assert verify_password(stored, GOOD).rehash is None
    assert not verify_password(stored, GOOD + " ").accepted


def test_full_width_typing_is_the_same_password() -> None:
    assert verify_password(hash_password("abc-12345678"), "ａｂｃ－１２３４５６７８").accepted


def test_hash_with_older_parameters_is_renewed_at_verification() -> None:
    old = PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1).hash(GOOD)
    verdict = verify_password(old, GOOD)
    assert verdict.accepted
    assert verdict.rehash is not None
    assert verdict.rehash.startswith("$argon2id$v=19$m=47104,t=1,p=1$")
    assert verify_password(verdict.rehash, GOOD).accepted
    assert verify_password(old, "wrong password").rehash is None


@pytest.mark.parametrize("stored", [None, "", "not a hash", "$argon2id$v=19$m=47104,t=1,p=1$broken"])
def test_without_a_usable_hash_nothing_passes(stored: str | None) -> None:
    for guess in ("", GOOD):
        assert not verify_password(stored, guess).accepted


@pytest.mark.parametrize("stored", [None, ""])
def test_not_even_the_dummy_hashs_own_password_passes(
    stored: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.kernel.identity.passwords._dummy_hash", lambda: hash_password("the dummy"))
    assert not verify_password(stored, "the dummy").accepted


def test_unknown_login_costs_a_whole_verification() -> None:
    warm_up()
    stored = hash_password(GOOD)

    def fastest(stored_hash: str | None) -> float:
        spent = []
        for _ in range(5):
            start = time.process_time()
            verify_password(stored_hash, "some wrong guess")
            spent.append(time.process_time() - start)
        return min(spent)

    assert fastest(None) > 0.5 * fastest(stored)


def test_endless_password_is_neither_stored_nor_accepted() -> None:
    assert weakness("ab1-" * 60, "zhang.wei") is Weakness.TOO_LONG
    long = "ab1-" * 60
    assert not verify_password(hash_password(long), long).accepted


@pytest.mark.parametrize(
    ("password", "rule"),
    [
        ("", Weakness.TOO_SHORT),
        ("Sh0rt-one", Weakness.TOO_SHORT),
        ("xx-Zhang.Wei-77", Weakness.CONTAINS_LOGIN),
        ("ＺＨＡＮＧ．ＷＥＩ-77", Weakness.CONTAINS_LOGIN),
        ("83920174650", Weakness.DIGITS_ONLY),
        ("aaaaaabbbb1", Weakness.FEW_CHARACTERS),
        ("Password2026!", Weakness.COMMON),
        ("123qwerty456", Weakness.COMMON),
        ("1qaz2wsx3edc", Weakness.COMMON),
        ("qwertyuiopa", Weakness.COMMON),
        ("woaini1314520", Weakness.COMMON),
    ],
)
def test_weak_password_is_refused_by_its_rule(password: str, rule: Weakness) -> None:
    assert weakness(password, "zhang.wei") is rule


@pytest.mark.parametrize("password", [GOOD, "黄河之水天上来奔流到海", "correct horse battery"])
def test_good_password_breaks_no_rule(password: str) -> None:
    assert weakness(password, "zhang.wei") is None
