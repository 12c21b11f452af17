"""Thousands of expressions made up, broken and hostile: no crash, no hang, no way out."""

from __future__ import annotations

import random
import time
from contextlib import suppress

import pytest

from app.demo.feel_expressions import BOMBS, hostile
from app.kernel.decisions.feel import FeelError, Limits, compile_expression, compile_tests
from app.kernel.decisions.feel.limits import DEFAULT_LIMITS
from app.kernel.decisions.feel.values import KINDS

CONTEXT: dict[str, object] = {
    "risk": "high",
    "amount": 80_000,
    "worker": {"age": 47, "name": "张三"},
    "grades": list(range(1, 11)),
}
FEWER = Limits(steps=20_000)
LONGEST = 10.0
"""Seconds of processor time for one expression: steps are bounded, so that this is far away."""


def survive(source: str, limits: Limits = DEFAULT_LIMITS) -> None:
    """Compiled and evaluated, or refused; the value is one of FEEL."""
    start = time.process_time()
    for compile_source in (compile_expression, compile_tests):
        with suppress(FeelError):
            result = compile_source(source).evaluate({"?": 1, **CONTEXT}, limits=limits)
            assert type(result) in KINDS, source
    assert time.process_time() - start < LONGEST, source


@pytest.mark.parametrize("number", range(len(BOMBS)))
def test_no_attack_works(number: int) -> None:
    survive(BOMBS[number])


def test_hundreds_of_made_up_expressions_are_survived(rng: random.Random) -> None:
    for _ in range(400):
        survive(hostile(rng), FEWER)


@pytest.mark.long
@pytest.mark.parametrize("part", range(20))
def test_two_hundred_thousand_made_up_expressions_are_survived(rng: random.Random, part: int) -> None:
    for _ in range(10_000):
        survive(hostile(rng), FEWER)


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("for i in 1..100000000 return i", "too-many-steps"),
        ("{f: function(n) f(n + 1), r: f(1)}.r", "too-deep"),
        ('{a: "0123456789", b: a+a+a+a+a+a+a+a+a+a, c: b+b+b+b+b+b+b+b+b+b}.c', "text-too-long"),
    ],
)
def test_a_bound_that_is_hit_is_told(source: str, code: str) -> None:
    result = compile_expression(source).explain({}, limits=Limits(steps=10_000, text=500))
    assert code in [one.code for one in result.diagnostics]


@pytest.mark.parametrize("name", ["__import__", "open", "self", "run", "scope", "os", "builtins"])
def test_names_of_the_host_mean_nothing(name: str) -> None:
    result = compile_expression(name).explain({})
    assert result.value is None
    assert [one.code for one in result.diagnostics] == ["unknown-name"]


def test_attributes_of_the_host_mean_nothing() -> None:
    for source in (
        '"a".__class__',
        "risk.__class__",
        "grades.append",
        "worker.keys",
        "count.forms",
        "(1).real",
    ):
        value = compile_expression(source).evaluate(CONTEXT)
        assert value is None or set(value) <= {None}, source
