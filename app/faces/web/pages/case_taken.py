"""What the case page says of a case that began on paper or in another system."""

from __future__ import annotations

from flask import url_for
from sqlalchemy.orm import Session

from app.faces.take_over_words import ORIGINS
from app.faces.translation import _
from app.faces.web.language import pick
from app.faces.web.pages.take_over_view import TakenOver
from app.faces.web.words import moment
from app.kernel.cases.models import CaseTakeOver
from app.kernel.engine.dossier import Dossier
from app.kernel.engine.takeover.queries import find_take_over


def taken_part(session: Session, dossier: Dossier) -> TakenOver | None:
    """None for a case that began here."""
    row = find_take_over(session, dossier.case.id)
    if row is None:
        return None
    origin, decided = str(ORIGINS[row.origin]), row.kind == "decided"
    tag = _("前情（%(origin)s）", origin=origin) if decided else _("接续办理（%(origin)s）", origin=origin)
    return TakenOver(
        tag=tag,
        rows=_rows(dossier, row),
        files=[
            (file.filename, url_for("documents.material", uid=file.uid))
            for file in dossier.materials
            if file.digest in row.evidence
        ],
        decided=decided,
    )


def _rows(dossier: Dossier, row: CaseTakeOver) -> list[tuple[str, str]]:
    specs = dossier.deployed.schema.facts
    entry = dossier.deployed.entries.get(row.entry or "")
    rows = [(_("原编号"), row.reference)]
    if entry is not None:
        rows.append((_("进入环节"), pick(entry.title_zh, entry.title_en)))
    for key, value in sorted(row.dates.items(), key=lambda item: str(item[1])):
        spec = specs.get(key)
        rows.append((pick(spec.label_zh, spec.label_en) if spec else key, str(value).replace("T", " ")))
    rows.append((_("录入"), _entered(dossier, row)))
    rows.append((_("此前由谁办了什么"), row.done_before))
    return [*rows, (_("备注"), row.notes)] if row.notes else rows


def _entered(dossier: Dossier, row: CaseTakeOver) -> str:
    who = dossier.people.get(row.entered_by, "") if row.entered_by is not None else _("系统导入")
    return f"{moment(row.entered_at)} {who}".rstrip()
