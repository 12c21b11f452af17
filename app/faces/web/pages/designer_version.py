"""A deployed version for readers: its diagrams, the step table, its files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from flask import Response, abort, url_for
from sqlalchemy.orm import Session

from app.faces.translation import _
from app.faces.web.acting import Standing
from app.faces.web.language import pick
from app.faces.web.pages.designer_access import may_design
from app.faces.web.pages.designer_build import FILE_KINDS, size_words
from app.faces.web.pages.designer_tables import findings_json, outlines_of, results_view, steps_view
from app.faces.web.pages.designer_view import FileLine, ResultsView, StepsView
from app.faces.web.parts import Link
from app.faces.web.signin import kernel
from app.kernel.engine.designing.checked import check_shared
from app.kernel.engine.designing.steps import EMPTY, list_called
from app.kernel.engine.lifecycle.versions import get_version, load_files


@dataclass(frozen=True)
class VersionPage:
    """A version as printed."""

    title: str
    key: str
    version: int
    diagrams: Sequence[Link]
    raw_url: str
    results: ResultsView
    steps: StepsView
    files: Sequence[FileLine]
    new_url: str
    findings: Sequence[Mapping[str, object]] = ()
    """What the canvas draws of the check: paths, with number and words."""


def version_page(session: Session, who: Standing, key: str, version: int, asked: str) -> VersionPage:
    """Raise VersionNotFound."""
    row, files = get_version(session, key, version=version).row, load_files(session, key, version)
    diagrams = list_called(files, key)
    file = asked if asked in diagrams else next(iter(diagrams), "")
    report, outlines = check_shared(kernel(), session, files), outlines_of(files)
    return VersionPage(
        title=pick(row.title_zh, row.title_en),
        key=key,
        version=version,
        diagrams=[
            Link(
                url_for("designer.version", key=key, version=version, file=path),
                path.partition("/")[2],
                path == file,
            )
            for path in diagrams
        ],
        raw_url=url_for("designer.version_file", key=key, version=version, path=file),
        results=results_view(report, outlines, who.now, current=file),
        steps=steps_view(outlines.get(file, EMPTY), report, file=file, revision=0),
        files=[_file(key, version, path, len(content)) for path, content in sorted(files.items())],
        new_url=url_for("designer.new", process=key) if may_design(who) else "",
        findings=findings_json(report),
    )


def _file(key: str, version: int, path: str, size: int) -> FileLine:
    url = url_for("designer.version_file", key=key, version=version, path=path)
    kind = str(FILE_KINDS.get(path.rpartition(".")[2], _("文件")))
    return FileLine(path, kind, size_words(size), "", url)


def version_raw(session: Session, key: str, version: int, path: str) -> Response:
    """A file's bytes, to be kept, never run as a page. Raise VersionNotFound."""
    files = load_files(session, key, version)
    if path not in files:
        abort(404)
    ending = path.rpartition(".")[2]
    response = Response(
        files[path], mimetype="application/xml" if ending == "bpmn" else "application/octet-stream"
    )
    if ending != "bpmn":
        response.headers.set("Content-Disposition", "attachment", filename=PurePosixPath(path).name)
    return response
