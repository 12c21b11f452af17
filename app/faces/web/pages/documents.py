"""Files of a case: received materials and issued documents. Only who may read the dossier gets them."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, abort
from sqlalchemy import select

from app.faces.web.acting import carry_out, standing
from app.faces.web.signin import kernel
from app.kernel.cases.models import Material
from app.kernel.documents.models import Document
from app.kernel.documents.queries import document_by_uid, docx_of, print_page_of
from app.kernel.duties.refusals import DutyDenied
from app.kernel.duties.rules import Action
from app.kernel.engine.dossier import decide_reading, get_case
from app.kernel.transaction import Unit

pages = Blueprint("documents", __name__)

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
SEALED = "sandbox allow-modals; default-src 'none'; style-src 'unsafe-inline'; img-src data:"
"""Policy of a page that is somebody's document: it may look as it likes and do nothing."""


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
def page(uid: UUID) -> Response:
    """The same document as a page to print."""
    found = carry_out(lambda unit: _document(unit, uid, "page"))
    response = Response(print_page_of(kernel().blobs, found), mimetype="text/html")
    response.headers["Content-Security-Policy"] = SEALED
    return response


def _material(unit: Unit, uid: UUID) -> Material:
    found = unit.session.scalar(select(Material).where(Material.uid == uid))
    if found is None:
        abort(404)
    _require_reading(unit, found.case_id)
    _record(unit, found.case_id, "material.read", material=str(uid))
    return found


def _document(unit: Unit, uid: UUID, form: str) -> Document:
    found = document_by_uid(unit.session, uid)
    if found is None:
        abort(404)
    _require_reading(unit, found.case_id)
    _record(unit, found.case_id, "document.read", document=str(uid), form=form)
    return found


def _require_reading(unit: Unit, case_id: int) -> None:
    case = get_case(unit.session, case_id)
    decision = decide_reading(unit.session, case, standing().person_id, unit.now, unit.today)
    if not decision.allowed:
        raise DutyDenied(decision, Action.READ, case_id, None, None)


def _record(unit: Unit, case_id: int, event: str, **more: object) -> None:
    unit.record(event, {"case": case_id, **more}, chain=f"person:{unit.actor.person_id}")


def _download(data: bytes, name: str, media_type: str) -> Response:
    response = Response(data, mimetype=media_type)
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response
