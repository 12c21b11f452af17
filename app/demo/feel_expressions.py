"""Expressions made up from a seed: valid ones, and hostile ones that want time, memory or a way out."""

from __future__ import annotations

import random
from collections.abc import Callable

NAMES = ("risk", "amount", "worker", "worker.age", "grades", "nobody", "工龄", "item", "partial")
LITERALS = (
    "0", "1", "-3", "2.50", "1e6144", "null", "true", "false", '"high"', '""', '"工伤"',
    '@"2026-03-31"', '@"10:30:00@Europe/Paris"', '@"P1Y2M"', '@"-PT36H"', '@"2026-03-31T08:00:00+08:00"',
)  # fmt: skip
BINARY = ("+", "-", "*", "/", "**", "=", "!=", "<", "<=", ">", ">=", "and", "or")
CALLS = (
    "string({0})", "count({0})", "sum({0})", "abs({0})", "not({0})", "min({0}, {1})", "substring({0}, {1})",
    "append({0}, {1})", "concatenate({0}, {1})", "date({0})", "duration({0})", "string join({0}, {1})",
    "matches({0}, {1})", "replace({0}, {1}, {0})", "split({0}, {1})", "sort({0}, function(x, y) x < y)",
    "flatten({0})", "distinct values({0})", "get entries({0})", "range({0})", "decimal({0}, {1})",
    "years and months duration({0}, {1})", "day of week({0})", "overlaps({0}, {1})", "is({0}, {1})",
)  # fmt: skip
SHAPES = (
    "if {0} then {1} else {2}", "for i in {0} return {1}", "some x in {0} satisfies {1}",
    "every x in {0} satisfies {1}", "{0} between {1} and {2}", "{0} in ({1}, {2})", "{0} in [{1}..{2}]",
    "{0} instance of number", "[{0}, {1}, {2}]", "{{a: {0}, b c: {1}}}", "({0})[{1}]", "({0}).a",
    "function(a) {0}", "(function(a, b) {0})({1}, {2})", "for i in {0}, j in {1} return partial", "-({0})",
)  # fmt: skip
BOMBS = (
    "for i in 1..100000000 return i",
    "for a in 1..1000, b in 1..1000, c in 1..1000 return a * b * c",
    "{f: function(n) if n = 0 then 0 else f(n - 1), r: f(1000000)}.r",
    '{a: "xxxxxxxxxxxxxxxxxxxx", b: a + a + a + a, c: b + b + b + b, d: c + c + c + c, e: d + d + d + d + d, '
    "f: e + e + e + e + e, g: f + f + f + f + f, h: g + g + g + g + g}.h",
    "{a: [1, 1], b: [a, a], c: [b, b], d: [c, c], e: [d, d], f: [e, e], g: [f, f], h: [g, g], i: [h, h], "
    "j: [i, i], k: [j, j], l: [k, k], m: [l, l], n: [m, m], o: [n, n], p: [o, o], q: [p, p], r: [q, q], "
    "s: [r, r], t: [s, s], u: [t, t], v: [u, u], w: [v, v], x: [w, w], y: string(x)}.y",
    'matches("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!", "(a+)+$")',
    'replace("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!", "(a|aa)+$", "b")',
    'matches("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "(x+x+)+y")',
    "9 ** 9 ** 9 ** 9",
    "-1 ** 0.5 + exp(1e6144) + 10 ** 6144 * 10",
    "decimal(1e6144, 6176)",
    "string(1e6144) + string(1e-6143)",
    "sort(for i in 1..2000 return -i, function(x, y) true)",
    "count(for i in 1..400 return for j in 1..400 return i)",
    'for i in 1..1000 return "x" + string(partial)',
    "__import__", "().__class__.__mro__", '"".__class__', "risk.__class__.__init__.__globals__", "count.__code__",
    'function(x) external {java: {class: "java.lang.Runtime", method signature: "exec(java.lang.String)"}}',
    '(function(x) external {java: {class: "java.lang.System", method signature: "exit(int)"}})(1)',
    '@"2026-01-01T00:00:00@../../etc/passwd"', 'time("10:00:00@/etc/localtime")', "now()", "today()",
    "(" * 500, "[" * 500 + "]" * 500, "-" * 500 + "1", "1" + "+1" * 3000, "a" + ".b" * 3000, "if " * 300,
    "x[" * 200, "{a:" * 200, 'date("-999999999-01-01") - duration("P999999999Y")', "]1..]1..]1..]1..]1..",
    'duration("P99999999999999999999Y")', 'date("2026-01-01") + duration("P999999999D") * 1e30', "\x00", '"\\uD800"',
    'string("\\uDC00")', 'upper case("ß" + "\\uFB03")', "/*" * 50, "/" * 50, "1e999999999", "." * 100, "1...5", "@" * 9,
)  # fmt: skip


def expression(rng: random.Random, depth: int = 4) -> str:
    """A grammatical expression; its types seldom fit, which is null."""
    if depth == 0 or rng.random() < 0.15:
        return rng.choice(NAMES if rng.random() < 0.4 else LITERALS)
    kind = rng.random()
    if kind < 0.4:
        return f"({expression(rng, depth - 1)} {rng.choice(BINARY)} {expression(rng, depth - 1)})"
    template = rng.choice(CALLS if kind < 0.7 else SHAPES)
    return template.format(*(expression(rng, depth - 1) for _ in range(3)))


def mutated(rng: random.Random, source: str) -> str:
    """The source with some signs dropped, doubled, swapped or put in."""
    for _ in range(rng.randint(1, 4)):
        source = rng.choice(_MUTATIONS)(rng, source)
    return source


def hostile(rng: random.Random) -> str:
    """A valid expression, a broken one, or one of those that attack."""
    kind = rng.random()
    if kind < 0.5:
        return expression(rng, rng.randint(1, 6))
    if kind < 0.97:
        return mutated(rng, expression(rng, rng.randint(1, 5)))
    bomb = rng.choice(BOMBS)
    return bomb if rng.random() < 0.6 else mutated(rng, bomb)


def _dropped(rng: random.Random, source: str) -> str:
    at = rng.randrange(len(source) + 1)
    return source[:at] + source[at + rng.randint(1, 3) :]


def _doubled(rng: random.Random, source: str) -> str:
    at, length = rng.randrange(len(source) + 1), rng.randint(1, 12)
    return source[:at] + source[at : at + length] * 2 + source[at + length :]


def _inserted(rng: random.Random, source: str) -> str:
    at = rng.randrange(len(source) + 1)
    return source[:at] + rng.choice('()[]{}.,:"@?<>=!+-*/\\ \n\t张é🐎0in') + source[at:]


def _swapped(rng: random.Random, source: str) -> str:
    at = rng.randrange(len(source) + 1)
    return source[at:] + source[:at]


_MUTATIONS: tuple[Callable[[random.Random, str], str], ...] = (_dropped, _doubled, _inserted, _swapped)
