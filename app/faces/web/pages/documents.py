"""Files of a case: received materials and issued documents. Only who may read the dossier gets them."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from uuid import UUID

from flask import Blueprint, Response, abort, render_template, send_file, url_for
from markupsafe import Markup

from app.faces.web.acting import carry_out, reading
from app.faces.web.language import pick
from app.faces.web.signin import kernel
from app.kernel.cases.models import Material
from app.kernel.documents.models import Document
from app.kernel.documents.queries import document_by_uid, docx_of, print_page_of
from app.kernel.engine.dossier import find_material, get_case, require_reading
from app.kernel.transaction import Unit

pages = Blueprint("documents", __name__)

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@dataclass(frozen=True)
class DocumentPage:
    """An issued document as a page; `body` is what was kept when it was issued, escaped then."""

    title: str
    number: str
    case_no: str
    case_url: str
    docx_url: str
    body: Markup


@pages.get("/materials/<uuid:uid>")
def material(uid: UUID) -> Response:
    """A received file, always as a download: it came from outside."""
    found = carry_out(lambda unit: _material(unit, uid))
    return _download(kernel().blobs.get(found.digest), found.filename, found.media_type)


@pages.get("/documents/<uuid:uid>.docx")
def docx(uid: UUID) -> Response:
    """The document as it was issued."""
    found = carry_out(lambda unit: _document(unit, uid, "docx"))
    return _download(docx_of(kernel().blobs, found), f"{found.title_zh} {found.number}.docx", DOCX)


@pages.get("/documents/<uuid:uid>")
def page(uid: UUID) -> str:
    """The same document as a page to print."""
    found = carry_out(lambda unit: _document(unit, uid, "page"))
    with reading() as session:
        case = get_case(session, found.case_id)
    shown = DocumentPage(
        title=pick(found.title_zh, found.title_en),
        number=found.number,
        case_no=case.case_no,
        case_url=url_for("case.show", case_id=case.id),
        docx_url=url_for("documents.docx", uid=uid),
        body=Markup(print_page_of(kernel().blobs, found)),  # noqa: S704 (escaped when it was rendered)
    )
    return render_template("pages/document.html", page=shown)


def _material(unit: Unit, uid: UUID) -> Material:
    found = find_material(unit.session, uid)
    if found is None:
        abort(404)
    require_reading(unit, found.case_id)
    _record(unit, found.case_id, "material.read", material=str(uid))
    return found


def _document(unit: Unit, uid: UUID, form: str) -> Document:
    found = document_by_uid(unit.session, uid)
    if found is None:
        abort(404)
    require_reading(unit, found.case_id)
    _record(unit, found.case_id, "document.read", document=str(uid), form=form)
    return found


def _record(unit: Unit, case_id: int, event: str, **more: object) -> None:
    unit.record(event, {"case": case_id, **more}, chain=f"person:{unit.actor.person_id}")


def _download(data: bytes, name: str, media_type: str) -> Response:
    return send_file(BytesIO(data), mimetype=media_type, as_attachment=True, download_name=name, max_age=0)
