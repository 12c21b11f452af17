"""`matches`, `replace`, `split`: XPath's regular expressions; nothing hangs."""

from __future__ import annotations

import time

import pytest

from app.kernel.decisions.feel import compile_expression
from tests.unit.feel.evaluating import shown


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('matches("2026-03-31", "^\\d{4}-\\d\\d-\\d\\d$")', "true"),
        ('matches("工伤", "^\\p{IsCJKUnifiedIdeographs}+$")', "true"),
        ('matches("abc", "[a-z-[b]]{3}")', "false"),
        ('matches("ac", "[a-z-[b]]{2}")', "true"),
        ('matches("a\\nb", "a.b")', "false"),
        ('matches("a\\nb", "a.b", "s")', "true"),
        ('matches("xABx", "ab", "i")', "true"),
        ('matches("abab", "^(ab)\\1$")', "true"),
        ('matches("a", "(a)\\2")', "null"),
        ('matches("a", "a", "z")', "null"),
        ('matches("a", "(?=a)")', "null"),
        ('matches("a", "\\b")', "null"),
        ('matches("a", "[")', "null"),
        ('matches("a", "a{1001}")', "null"),
        ('matches("a.c", "a.c", "q")', "true"),
        ('matches("abc", "a.c", "q")', "false"),
        ('matches("a-b", "^\\i\\c*$")', "true"),
        ('replace("abcd", "(ab)|(a)", "[1=$1][2=$2]")', '"[1=ab][2=]cd"'),
        ('replace("a", "a", "\\\\$$0" )', '"$a"'),
        ('replace("a", "a", "$")', "null"),
        ('replace("abc", "x*", "-")', "null"),
        ('split("a1b22c", "\\d+")', '["a", "b", "c"]'),
    ],
)
def test_patterns(source: str, expected: str) -> None:
    assert shown(source) == expected


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|aa)+$", "(a*)*b", "(.*)(.*)(.*)(.*)(.*)x"])
def test_a_pattern_that_backtracks_without_end_gives_null_soon(pattern: str) -> None:
    start = time.monotonic()
    result = compile_expression("matches(t, p)").explain({"t": "a" * 5000 + "!", "p": pattern})
    assert time.monotonic() - start < 10
    assert result.value in (None, False)
