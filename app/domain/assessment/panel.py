"""What a panel's signed opinions come to: pure. The majority decides, dissent is kept (鉴定办法 15)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

MAJORITY: Final = "majority"
SPLIT: Final = "split"
TESTS: Final = "tests"
ASSESSED: Final = ("result", "grade", "care_level")
OF_DEPENDANT: Final = ("incapacity",)
CONFIRMED: Final = ("verdict", "months", "device_code")
"""What experts vote on, jointly: an opinion is one answer, not several."""


@dataclass(frozen=True)
class Opinion:
    """One expert's signed opinion; `content` holds what was asked, `signed` False asks for further tests first."""

    name: str
    signed: bool
    content: Mapping[str, Any]
    remark: str = ""


@dataclass(frozen=True)
class Tally:
    """`state`: majority, split (no answer has more than half), tests (somebody wants further tests first).

    `content` is the majority's answer, with the grading items that its experts named; `dissent` says in words who
    held what else.
    """

    state: str
    content: Mapping[str, Any]
    items: tuple[str, ...] = ()
    dissent: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


def tally(opinions: Sequence[Opinion], keys: Sequence[str]) -> Tally:
    """Count the answers to `keys`. More than half of the whole panel must give the same one.

    Raise ValueError for a panel without opinions.
    """
    if not opinions:
        raise ValueError("a panel without opinions")
    if not all(one.signed for one in opinions):
        wanting = tuple(one.remark for one in opinions if not one.signed)
        return Tally(TESTS, {}, remarks=wanting)
    answers = [tuple(one.content.get(key) for key in keys) for one in opinions]
    answer, votes = Counter(answers).most_common(1)[0]
    if votes * 2 <= len(opinions):
        return Tally(SPLIT, {}, dissent=tuple(_words(one) for one in opinions))
    agreeing = [one for one, given in zip(opinions, answers, strict=True) if given == answer]
    others = [one for one, given in zip(opinions, answers, strict=True) if given != answer]
    return Tally(
        MAJORITY,
        dict(zip(keys, answer, strict=True)),
        items=_items(agreeing),
        dissent=tuple(_words(one) for one in others),
        remarks=tuple(one.remark for one in agreeing if one.remark),
    )


def _items(opinions: Sequence[Opinion]) -> tuple[str, ...]:
    """The items named, each once, in the order they came."""
    named = (line.strip() for one in opinions for line in str(one.content.get("items") or "").splitlines())
    return tuple(dict.fromkeys(line for line in named if line))


def _words(opinion: Opinion) -> str:
    """One opinion in a line of the record, without the expert's name: the file names signatures, not votes."""
    held = "，".join(WORDS.get(str(value), _number(key, value)) for key, value in _held(opinion))
    return f"{held}（{opinion.remark}）" if opinion.remark else held


def _held(opinion: Opinion) -> list[tuple[str, Any]]:
    return [
        (key, value)
        for key, value in opinion.content.items()
        if key != "items" and value not in (None, "", "none")
    ]


def _number(key: str, value: Any) -> str:
    return {"grade": f"{value} 级", "months": f"{value} 个月"}.get(key, str(value))


WORDS: Final[Mapping[str, str]] = {
    "graded": "达到伤残等级",
    "below_scale": "未达等级",
    "incapacitated": "完全丧失劳动能力",
    "capable": "未完全丧失劳动能力",
    "full": "生活完全不能自理",
    "most": "生活大部分不能自理",
    "partial": "生活部分不能自理",
    "confirmed": "予以确认",
    "not_confirmed": "不予确认",
}
