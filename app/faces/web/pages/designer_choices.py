"""What the designer may choose from: duties, posts, forms, clocks, documents, rule sets of the draft's files."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy.orm import Session

from app.faces.duty_words import DUTY_WORDS
from app.faces.translation import Lazy, _l
from app.faces.web.language import pick
from app.faces.web.pages.designer_tables import RISK_WORDS
from app.faces.web.parts import Choice
from app.kernel.decisions.catalogue.vocabulary import BUSINESSES
from app.kernel.engine.vocabulary import CLOCK_ACTIONS, EFFECT_KINDS
from app.kernel.grants.holdings import list_posts

EFFECT_WORDS: dict[str, Lazy] = {
    "decided": _l("作出决定"),
    "paid": _l("支付"),
    "issued": _l("发出程序性决定"),
    "deployed": _l("变更生效"),
    "notice": _l("告知（不设守护）"),
}
CLOCK_WORDS: dict[str, Lazy] = {
    "start": _l("开始"),
    "pause": _l("中止"),
    "resume": _l("恢复"),
    "extend": _l("延长"),
    "shift": _l("顺延"),
    "convert": _l("转换"),
    "stop": _l("结束"),
}
BUSINESS = frozenset({"business", "supervision", "audit", "design"})


def choices_for(
    session: Session, files: Mapping[str, bytes], key: str, diagram: str
) -> dict[str, list[Choice]]:
    """By kind. Forms, clocks, documents are those of the caller's folder first, then of the diagram's own."""
    folders = list(dict.fromkeys((key, diagram.partition("/")[0])))
    return {
        "duties": [Choice(name, str(words)) for name, words in DUTY_WORDS.items()],
        "posts": [
            Choice(post.key, pick(post.title_zh, post.title_en))
            for post in list_posts(session)
            if post.kind in BUSINESS
        ],
        "forms": [Choice(name, name) for name in _stems(files, folders, ".form")],
        "effects": _worded(EFFECT_KINDS, EFFECT_WORDS),
        "clockActions": _worded(CLOCK_ACTIONS, CLOCK_WORDS),
        "risks": _worded(RISK_WORDS, RISK_WORDS),
        "clocks": _titled(files, folders, "clock"),
        "documents": _titled(files, folders, "document"),
        "ruleSets": [Choice(key, f"{key} {pick(*words)}") for key, words in BUSINESSES.items()],
    }


def _worded(keys: Iterable[str], words: Mapping[str, Lazy]) -> list[Choice]:
    return [Choice(key, str(words[key])) for key in keys]


def _stems(files: Mapping[str, bytes], folders: Iterable[str], ending: str) -> list[str]:
    found = [
        path.partition("/")[2].removesuffix(ending)
        for folder in folders
        for path in sorted(files)
        if path.startswith(f"{folder}/") and path.endswith(ending)
    ]
    return list(dict.fromkeys(found))


def _titled(files: Mapping[str, bytes], folders: Iterable[str], table: str) -> list[Choice]:
    """The entries of a table of the manifests, `CR06 认定决定`."""
    found: dict[str, Choice] = {}
    for folder in folders:
        entries = read_toml(files.get(f"{folder}/process.toml", b"")).get(table, {})
        for key, entry in entries.items() if isinstance(entries, dict) else ():
            title = pick(str(entry.get("title_zh", "")), str(entry.get("title_en", "")))
            found.setdefault(key, Choice(key, f"{key} {title}".strip()))
    return list(found.values())


def read_toml(data: bytes) -> dict[str, Any]:
    """What a manifest says as far as it can be read: a half-typed one says nothing."""
    try:
        return tomllib.loads(data.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError):
        return {}
