"""What a change of kind `process` shows besides its table: versions, proof, findings, the difference drawn."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.faces.translation import _
from app.faces.web.acting import Standing
from app.faces.web.pages.designer_tables import outlines_of, results_view
from app.faces.web.pages.designer_view import ResultsView
from app.faces.web.pages.process_diff_build import diff_part
from app.faces.web.pages.process_sides import Side, load_side
from app.faces.web.pages.processes_build import diff_url, draft_url
from app.faces.web.pages.processes_view import DiffPart, ProcessChangePart
from app.faces.web.parts import Link
from app.faces.web.signin import kernel
from app.kernel.changes.content import Content
from app.kernel.engine.designing.checked import check_shared
from app.kernel.engine.lifecycle.change_kind import ProcessKind, preview_files
from app.kernel.engine.lifecycle.listing import list_definitions
from app.kernel.engine.lifecycle.queries import find_draft_of, list_editors


def process_change_part(
    session: Session, who: Standing, case_id: int, content: Content
) -> ProcessChangePart | None:
    """None for every other kind."""
    if content.kind != ProcessKind.key:
        return None
    draft = find_draft_of(session, case_id)
    old, new, diff = _sides(session, case_id, content)
    return ProcessChangePart(
        deployments=_deployments(session, content),
        draft=Link(draft_url(draft.id), _("草稿 %(n)s", n=draft.id)) if draft else None,
        editors=_("、").join(list_editors(session, draft.id)) if draft else "",
        ahead=draft is not None and draft.ahead,
        results=_results(session, who, content),
        diff_url=diff_url(content.target, old, new) if old and new else "",
        diff=diff,
    )


def _deployments(session: Session, content: Content) -> list[tuple[str, str, str, str]]:
    known = {row.key: row for row in list_definitions(session)}
    rows = []
    for item in content.values["deployments"]:
        row = known.get(item["key"])
        standing = _("第 %(n)s 版", n=row.version) if row and not row.retired else "—"
        number = content.values["version"] or (row.versions + 1 if row else 1)
        rows.append((item["key"], standing, _("第 %(n)s 版", n=number), item["digest"]))
    return rows


def _results(session: Session, who: Standing, content: Content) -> ResultsView | None:
    """The check of everything that would come into force, made now; nothing is checked when retiring."""
    files = preview_files(session, content.values)
    return (
        results_view(check_shared(kernel(), session, files), outlines_of(files), who.now) if files else None
    )


def _sides(session: Session, case_id: int, content: Content) -> tuple[str, str, DiffPart | None]:
    """Names of the sides in addresses, and the difference; none where there is nothing to compare."""
    if content.values["action"] == "retire":
        return "", "", None
    standing = content.before["in_force"] if content.before else None
    new = load_side(session, content.target, f"c{case_id}")
    if standing is None:
        return "", "", diff_part(content.target, Side("0", _("没有现行版本"), {}), new)
    old = load_side(session, content.target, str(standing["version"]))
    return old.name, new.name, diff_part(content.target, old, new)
