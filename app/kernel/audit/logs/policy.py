"""The policy file: which two activities of a case must be done by different people."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

KEYS: Final = ("pairs", "scope")
SCOPES: Final = ("case",)
LARGEST: Final = 1024 * 1024
SHAPE: Final = '{"pairs": [["A", "B"], …], "scope": "case"}'

Pair = tuple[str, str]


class PolicyInvalid(ValueError):
    """A policy file can't be used: `where` (a path such as pairs[2][0], or a line) and what, in both languages."""

    def __init__(self, where: str, zh: str, en: str) -> None:
        super().__init__(f"{where}：{zh} / {where}: {en}" if where else f"{zh} / {en}")
        self.where = where


@dataclass(frozen=True)
class Policy:
    """Pairs of activities, each once; (A, A) means: nobody does A twice in one case."""

    pairs: tuple[Pair, ...]
    scope: str = "case"

    @property
    def activities(self) -> frozenset[str]:
        return frozenset(name for pair in self.pairs for name in pair)


def read_policy(path: Path) -> Policy:
    """The policy of a JSON file. Raises PolicyInvalid."""
    try:
        data = path.read_bytes()
    except OSError as error:
        reason = error.strerror or str(error)
        raise PolicyInvalid("", f"无法读取文件：{reason}", f"the file can't be read: {reason}") from error
    return parse_policy(data)


def parse_policy(data: bytes) -> Policy:
    """The policy in these bytes (JSON, UTF-8). Raises PolicyInvalid naming what is wrong and where."""
    if len(data) > LARGEST:
        raise PolicyInvalid("", f"超过 {LARGEST} 字节", f"larger than {LARGEST} bytes")
    stated = _json(data)
    if not isinstance(stated, dict):
        raise PolicyInvalid(
            "",
            f"应为对象 {SHAPE}，却是{_kind(stated)[0]}",
            f"expected an object {SHAPE}, found {_kind(stated)[1]}",
        )
    for key in stated:
        if key not in KEYS:
            raise PolicyInvalid(
                str(key), f"未知的键；只允许 {', '.join(KEYS)}", f"unknown key; allowed are {', '.join(KEYS)}"
            )
    scope = stated.get("scope", "case")
    if scope not in SCOPES:
        raise PolicyInvalid("scope", '只支持 "case"', 'only "case" is supported')
    if "pairs" not in stated:
        raise PolicyInvalid("pairs", f"缺少；应为 {SHAPE}", f"missing; expected {SHAPE}")
    return Policy(_pairs(stated["pairs"]), scope)


def _pairs(stated: Any) -> tuple[Pair, ...]:
    if not isinstance(stated, list):
        raise PolicyInvalid(
            "pairs", f"应为列表，却是{_kind(stated)[0]}", f"expected a list, found {_kind(stated)[1]}"
        )
    return distinct_pairs(_pair(f"pairs[{number}]", item) for number, item in enumerate(stated))


def distinct_pairs(pairs: Iterable[Pair]) -> tuple[Pair, ...]:
    """The pairs without repetition; [A, B] and [B, A] are one, the first spelling stays."""
    found: dict[frozenset[str], Pair] = {}
    for pair in pairs:
        found.setdefault(frozenset(pair), pair)
    return tuple(found.values())


def _pair(where: str, item: Any) -> Pair:
    if not isinstance(item, list) or len(item) != 2:
        size = f" ({len(item)})" if isinstance(item, list) else ""
        raise PolicyInvalid(
            where,
            f"应为两个活动的列表，却是{_kind(item)[0]}{size}",
            f"expected a list of two activities, found {_kind(item)[1]}{size}",
        )
    return _activity(f"{where}[0]", item[0]), _activity(f"{where}[1]", item[1])


def _activity(where: str, name: Any) -> str:
    if not isinstance(name, str):
        raise PolicyInvalid(
            where, f"应为文字，却是{_kind(name)[0]}", f"expected a text, found {_kind(name)[1]}"
        )
    if not name.strip():
        raise PolicyInvalid(where, "活动名称为空", "the activity is empty")
    return name.strip()


def _json(data: bytes) -> Any:
    try:
        return json.loads(data.decode("utf-8-sig"), object_pairs_hook=_without_repetition)
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise PolicyInvalid(f"{line}:1", "不是 UTF-8", "not UTF-8") from error
    except json.JSONDecodeError as error:
        raise PolicyInvalid(
            f"{error.lineno}:{error.colno}", f"不是有效的 JSON：{error.msg}", f"not valid JSON: {error.msg}"
        ) from error
    except RecursionError as error:
        raise PolicyInvalid("", "嵌套过深", "nested too deeply") from error


def _without_repetition(members: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in members:
        if key in found:
            raise PolicyInvalid(key, "键重复", "the key is given twice")
        found[key] = value
    return found


def _kind(value: Any) -> tuple[str, str]:
    names = {
        dict: ("对象", "an object"),
        list: ("列表", "a list"),
        str: ("文字", "a text"),
        bool: ("真假值", "a boolean"),
    }
    if value is None:
        return "空值", "null"
    return names.get(type(value), ("数字", "a number"))
