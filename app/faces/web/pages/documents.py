"""Files of a case: received materials and issued documents. Only who may read the dossier gets them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from uuid import UUID

from flask import Blueprint, Response, abort, redirect, render_template, send_file, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response as AnyResponse

from app.faces.document_words import DOCUMENT_STATES
from app.faces.refusal_texts import text_of, text_of_field
from app.faces.translation import _
from app.faces.web.acting import carry_out, reading, standing
from app.faces.web.language import pick
from app.faces.web.parts import ErrorLine
from app.faces.web.posted import posted_form
from app.faces.web.signin import kernel
from app.kernel.cases.models import Material
from app.kernel.documents.models import Document
from app.kernel.documents.queries import document_by_uid, docx_of, print_page_of
from app.kernel.documents.sealing import find_use
from app.kernel.engine.dossier import find_material, get_case, require_reading
from app.kernel.engine.papers import reissue_document
from app.kernel.refusals import InvalidInput, Refusal
from app.kernel.transaction import Unit
from app.kernel.worklist.queries import has_opened_task

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
    pdf_url: str
    body: Markup
    state: str = ""
    tone: str = ""
    version: str = ""
    reason: str = ""
    code: str = ""
    verify_url: str = ""
    signed: str = ""
    seal: str = ""
    again_url: str = ""
    errors: Sequence[ErrorLine] = ()
    typed: str = ""
    blank: bool = False
    """To be filled in by hand: cells without a text are as high as a signature."""


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


@pages.get("/documents/<uuid:uid>.pdf")
def pdf(uid: UUID) -> Response:
    """What was issued: the file whose digest stands in the audit chain."""
    found = carry_out(lambda unit: _document(unit, uid, "pdf"))
    if found.pdf_digest is None:
        abort(404)
    name = f"{found.title_zh} {found.number}.pdf"
    return _download(kernel().blobs.get(found.pdf_digest), name, "application/pdf")


@pages.get("/documents/<uuid:uid>")
def page(uid: UUID) -> str:
    """The same document as a page to print, with its state and versions."""
    found = carry_out(lambda unit: _document(unit, uid, "page"))
    return _shown(found)


@pages.post("/documents/<uuid:uid>/again")
def again(uid: UUID) -> AnyResponse | tuple[str, int]:
    """A new version, with its reason; the old one stays on file."""
    posted = posted_form()
    reason = str(posted.values.get("reason", ""))
    found = carry_out(lambda unit: _document(unit, uid, "page"))
    try:
        made = carry_out(
            lambda unit: str(reissue_document(unit, uid, reason).uid), case_id=found.case_id, posted=posted
        )
    except InvalidInput as invalid:
        return _shown(
            found, [ErrorLine(text_of_field(*invalid.errors["reason"]), "reason", _("理由"))], reason
        ), 422
    except Refusal as refusal:
        return _shown(found, [ErrorLine(text_of(refusal))], reason), 409
    return redirect(url_for("documents.page", uid=made, said="reissued"))


def _shown(found: Document, errors: Sequence[ErrorLine] = (), typed: str = "") -> str:
    who = standing()
    with reading() as session:
        case = get_case(session, found.case_id)
        seal = find_use(session, found.id)
        works = has_opened_task(session, case.id, who.person_id)
    words, tone = DOCUMENT_STATES[found.state]
    standing_still = found.state in ("issued", "served")
    uid = found.uid
    shown = DocumentPage(
        title=pick(found.title_zh, found.title_en),
        number=found.number,
        case_no=case.case_no,
        case_url=url_for("case.show", case_id=case.id),
        docx_url=url_for("documents.docx", uid=uid),
        pdf_url=url_for("documents.pdf", uid=uid) if found.pdf_digest else "",
        body=Markup(print_page_of(kernel().blobs, found)),  # noqa: S704 (escaped when it was rendered)
        state=str(words),
        tone=tone,
        version=_("第 %(n)s 版", n=found.version),
        reason=found.reason,
        code=found.verify_code or "",
        verify_url=url_for("verify.show", code=found.verify_code) if found.verify_code else "",
        signed=_("已签名：%(who)s", who=found.signed_by) if found.signed_by else _("未作电子签名"),
        seal=seal or _("未用印"),
        again_url=url_for("documents.again", uid=uid) if standing_still and works else "",
        errors=errors,
        typed=typed,
    )
    return render_template("pages/document.html", page=shown)


def _material(unit: Unit, uid: UUID) -> Material:
    found = find_material(unit.session, uid)
    if found is None:
        abort(404)
    require_reading(unit, found.case_id)
    record_reading(unit, found.case_id, "material.read", material=str(uid))
    return found


def _document(unit: Unit, uid: UUID, form: str) -> Document:
    found = document_by_uid(unit.session, uid)
    if found is None:
        abort(404)
    require_reading(unit, found.case_id)
    record_reading(unit, found.case_id, "document.read", document=str(uid), form=form)
    return found


def record_reading(unit: Unit, case_id: int, event: str, **more: object) -> None:
    """What was read stands in the reader's own audit chain."""
    unit.record(event, {"case": case_id, **more}, chain=f"person:{unit.actor.person_id}")


def _download(data: bytes, name: str, media_type: str) -> Response:
    return send_file(BytesIO(data), mimetype=media_type, as_attachment=True, download_name=name, max_age=0)
