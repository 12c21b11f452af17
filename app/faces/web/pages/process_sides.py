"""The two sides of a comparison: a version `3`, a draft `d12`, or the content of a change `c345`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.faces.translation import _
from app.kernel.changes.content import Content, get_change
from app.kernel.changes.refusals import ChangeNotFound
from app.kernel.engine.drafting.refusals import DraftNotFound
from app.kernel.engine.lifecycle.change_kind import load_proposed
from app.kernel.engine.lifecycle.queries import get_draft
from app.kernel.engine.lifecycle.refusals import VersionNotFound
from app.kernel.engine.lifecycle.versions import load_files


@dataclass(frozen=True)
class Side:
    """`name` as in the address; `files` by `folder/name`."""

    name: str
    title: str
    files: Mapping[str, bytes]


def load_side(session: Session, key: str, name: str) -> Side:
    """Raise VersionNotFound, DraftNotFound or ChangeNotFound, also for another process's."""
    mark, number = name[:1], name.lstrip("dc")
    if not number.isascii() or not number.isdigit() or len(number) > 9:
        raise VersionNotFound(key=key, version=name[:20])
    if mark == "d":
        return _draft_side(session, key, name, int(number))
    if mark == "c":
        return _change_side(session, key, name, int(number))
    return Side(name, _("第 %(n)s 版", n=number), load_files(session, key, int(number)))


def _draft_side(session: Session, key: str, name: str, number: int) -> Side:
    draft = get_draft(session, number)
    if draft.key != key:
        raise DraftNotFound(draft=number)
    return Side(name, _("草稿 %(n)s（%(who)s）", n=number, who=draft.owner), draft.files)


def _change_side(session: Session, key: str, name: str, number: int) -> Side:
    content = Content.of(get_change(session, number))
    if content.kind != "process" or content.target != key:
        raise ChangeNotFound
    return Side(name, _("提请的内容"), load_proposed(session, content.values))
