"""What is simulated on a page: a draft with what it calls of what is in force, or a version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flask import url_for
from sqlalchemy.orm import Session

from app.faces.translation import _
from app.faces.web.language import pick
from app.faces.web.parts import Link
from app.kernel.engine.catalogue import get_latest, list_in_force
from app.kernel.engine.lifecycle.contents import list_file_folders, part_of
from app.kernel.engine.lifecycle.queries import get_draft
from app.kernel.engine.lifecycle.refusals import VersionNotFound
from app.kernel.engine.lifecycle.versions import get_version, load_files


@dataclass(frozen=True)
class Source:
    """The files with the process to begin with; `endpoint` and `values` make its addresses."""

    title: str
    sub: str
    process: str
    files: Mapping[str, bytes]
    back: Link
    endpoint: str
    values: Mapping[str, object]

    def url(self, **further: object) -> str:
        """An address of this page; what is None or empty is left out."""
        kept = {key: value for key, value in further.items() if value not in (None, "")}
        return url_for(self.endpoint, **{**self.values, **kept})  # type: ignore[arg-type]


def draft_source(session: Session, draft_id: int) -> Source:
    """Raise DraftNotFound."""
    draft = get_draft(session, draft_id)
    own = list_file_folders(draft.files)
    called: dict[str, bytes] = {}
    for found in list_in_force(session):
        if found.key not in own:
            called |= part_of(found.files, found.key)
    words = _("草稿 %(n)s", n=draft.id)
    return Source(
        title=pick(draft.title_zh, draft.title_en),
        sub=_("%(draft)s，第 %(n)s 次保存", draft=words, n=draft.revision),
        process=draft.key,
        files={**called, **draft.files},
        back=Link(url_for("designer.draft", draft_id=draft.id), words),
        endpoint="simulation.show",
        values={"draft_id": draft.id},
    )


def version_source(session: Session, key: str, version: str) -> Source:
    """Raise VersionNotFound, DefinitionNotFound."""
    if version and not (version.isascii() and version.isdigit() and len(version) < 10):
        raise VersionNotFound(key=key, version=version[:20])
    number = int(version) if version else get_latest(session, key).version
    row = get_version(session, key, version=number).row
    return Source(
        title=pick(row.title_zh, row.title_en),
        sub=_("第 %(n)s 版", n=number),
        process=key,
        files=load_files(session, key, number),
        back=Link(url_for("processes.show", key=key), _("版本")),
        endpoint="simulation.version",
        values={"key": key, "version": number},
    )
