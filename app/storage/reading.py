"""What a session that only reads need not ask twice: one page asks the same of one person and one case many times."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeVar

from sqlalchemy.orm import Session

K = TypeVar("K")
V = TypeVar("V")
MEMORY = "remembered"


Memory = dict[str, dict[Any, Any]]
"""Answers by kind and key."""


def remember(session: Session, memory: Memory | None = None) -> None:
    """From here on the session remembers answers. Only for sessions that never write: an answer may not age.

    `memory`: that of an earlier session of the same page, when nothing was written since.
    """
    session.info[MEMORY] = {} if memory is None else memory


def remembered(
    session: Session, kind: str, keys: Collection[K], load: Callable[[Collection[K]], Mapping[K, V]]
) -> dict[K, V]:
    """Answers by key; those asked before in a remembering session aren't loaded again."""
    memory: Memory | None = session.info.get(MEMORY)
    if memory is None:
        return dict(load(keys)) if keys else {}
    known = memory.setdefault(kind, {})
    missing = [key for key in dict.fromkeys(keys) if key not in known]
    if missing:
        known.update(load(missing))
    return {key: known[key] for key in keys if key in known}


def remembered_one(session: Session, kind: str, key: K, load: Callable[[], V]) -> V:
    """The same for a single answer."""
    return remembered(session, kind, [key], lambda _: {key: load()})[key]
