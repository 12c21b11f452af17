"""Issuing, making again, serving and revoking documents; previews of drafts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from sqlalchemy import select

from app.kernel.documents.models import Document, Seal
from app.kernel.documents.numbering import DRAFT_NUMBER, next_number
from app.kernel.documents.pdf import Marks, SealMark, render_pdf
from app.kernel.documents.render import render_docx, render_print
from app.kernel.documents.sealing import find_seal, use_seal
from app.kernel.documents.verification import new_code
from app.kernel.identity.models import Region
from app.kernel.refusals import Refusal

if TYPE_CHECKING:
    from app.kernel.cases.models import Case
    from app.kernel.transaction import Unit


class DocumentNotIssued(Refusal):
    """Only an issued document can be served or revoked; params: number, state."""

    code = "document_not_issued"


class DocumentContentChanged(Refusal):
    """What was decided changed since the document was issued: it isn't that document any more; params: number."""

    code = "document_content_changed"


@dataclass(frozen=True, slots=True)
class DocumentTemplate:
    """A document of a process: `key` is its kind, `docx` and `print_page` its two templates, `authority` whose
    seal stands under it when it tells a decision (`authority` of the process)."""

    key: str
    title_zh: str
    title_en: str
    number_format: str
    docx: bytes
    print_page: str
    authority: str = ""


@dataclass(frozen=True, slots=True)
class Rendered:
    """The two forms of a document that come from templates."""

    docx: bytes
    print_page: str


@dataclass(frozen=True, slots=True)
class Basis:
    """What an issued document rests on: the decision it tells, if any, and a digest of what was decided."""

    decision_id: int | None = None
    content_digest: str | None = None


def preview(
    unit: Unit,
    case: Case,
    template: DocumentTemplate,
    data: Mapping[str, Any],
    *,
    number: str = DRAFT_NUMBER,
) -> Rendered:
    """The document as it would look today, without a number of its own and without a trace; `data` may say another
    day (`issued_on`), an empty text for one to be filled in.

    Raises TemplateFaulty, DocumentDataMissing.
    """
    region = _region(unit, case)
    authority = _authority(region, _seal(unit, region, template))
    return _render(template, _complete(unit, authority, template, data, number))


def issue(
    unit: Unit,
    case: Case,
    template: DocumentTemplate,
    data: Mapping[str, Any],
    basis: Basis | None = None,
) -> Document:
    """Number, render, seal, sign and keep a document of a case; a decided one names its `case_decision`.

    The templates also see number, title, authority and issued_on. Raises TemplateFaulty,
    DocumentDataMissing, NumberFormatInvalid, CharacterUnprintable; then no number is used up.
    """
    region, rests = _region(unit, case), basis or Basis()
    number = next_number(
        unit.session,
        authority=region.code,
        kind=template.key,
        year=unit.today.year,
        number_format=template.number_format,
        prefix=region.document_prefix,
    )
    document = Document(
        uid=uuid4(),
        case_id=case.id,
        region_code=region.code,
        template=template.key,
        title_zh=template.title_zh,
        title_en=template.title_en,
        number=number.text,
        version=1,
        decision_id=rests.decision_id,
        content_digest=rests.content_digest,
    )
    _make(unit, document, region, template, data)
    _record(unit, document, "document.issued", **_digests(document))
    return document


def reissue(
    unit: Unit, old: Document, case: Case, template: DocumentTemplate, data: Mapping[str, Any], reason: str
) -> Document:
    """Make an issued document again under its number: a new version, the old one kept and `replaced`.

    Raises DocumentNotIssued for one that stands no longer, and what `issue` raises.
    """
    if old.state not in ("issued", "served"):
        raise DocumentNotIssued(number=old.number, state=old.state)
    region, state = _region(unit, case), old.state
    old.state = "replaced"
    document = Document(
        uid=uuid4(),
        case_id=case.id,
        region_code=region.code,
        template=template.key,
        title_zh=template.title_zh,
        title_en=template.title_en,
        number=old.number,
        version=old.version + 1,
        replaces_id=old.id,
        reason=reason,
        decision_id=old.decision_id,
        content_digest=old.content_digest,
    )
    _make(unit, document, region, template, data)
    _record(unit, document, "document.reissued", reason=reason, replaced=state, **_digests(document))
    return document


def serve(unit: Unit, document: Document, *, manner: str) -> None:
    """Note that the document was served, and how. Raises DocumentNotIssued."""
    _require_issued(document)
    document.state, document.served_at = "served", unit.now
    _record(unit, document, "document.served", manner=manner)


def revoke(unit: Unit, document: Document, *, ground: str) -> None:
    """Withdraw a document; its number and its content stay. Raises DocumentNotIssued."""
    if document.state in ("revoked", "replaced"):
        raise DocumentNotIssued(number=document.number, state=document.state)
    document.state = "revoked"
    _record(unit, document, "document.revoked", ground=ground)


def _require_issued(document: Document) -> None:
    if document.state != "issued":
        raise DocumentNotIssued(number=document.number, state=document.state)


def _make(
    unit: Unit, document: Document, region: Region, template: DocumentTemplate, data: Mapping[str, Any]
) -> None:
    """Render the three forms, keep them, and let the seal be used: all in the act that issues."""
    seal = _seal(unit, region, template)
    stamped = seal if document.decision_id is not None else None
    authority = _authority(region, seal)
    rendered = _render(template, _complete(unit, authority, template, data, document.number))
    blobs, issuing = unit.kernel.blobs, unit.kernel.issuing
    document.verify_code = new_code()
    document.signed_by = issuing.signer.subject if issuing.signer is not None else ""
    document.docx_digest = blobs.put(rendered.docx)
    document.print_digest = blobs.put(rendered.print_page.encode())
    document.pdf_digest = blobs.put(_pdf(unit, document, rendered.print_page, authority, stamped))
    document.issued_by = unit.actor.own_person_id
    document.state, document.issued_on, document.issued_at = "issued", unit.today, unit.now
    unit.session.add(document)
    unit.session.flush()
    if stamped is not None:
        use_seal(unit, stamped, document)


def _pdf(unit: Unit, document: Document, page: str, authority: str, seal: Seal | None) -> bytes:
    issuing, code = unit.kernel.issuing, document.verify_code or ""
    where = f"{issuing.public_url}/verify" if issuing.public_url else "本机关网站的“文书核验”页"
    signer = issuing.signer
    marks = Marks(
        title=document.title_zh,
        number=document.number + (f"（第 {document.version} 版）" if document.version > 1 else ""),
        authority=authority,
        code=code,
        where=f"在 {where} 输入核验码，可以核对本文书的真伪和状态。",
        signing=f"本文件已作电子签名，证书：{signer.subject}" if signer else "本文件未作电子签名。",
        address=f"{issuing.public_url}/verify/{code}" if issuing.public_url else code,
        seal=SealMark(seal.authority_zh, seal.name_zh) if seal is not None else None,
    )
    made = render_pdf(page, marks, at=unit.now, fonts=issuing.fonts)
    return signer.sign(made, reason=f"{document.title_zh} {document.number}") if signer else made


def _seal(unit: Unit, region: Region, template: DocumentTemplate) -> Seal | None:
    return find_seal(unit.session, region.code, template.authority, unit.today)


def _authority(region: Region, seal: Seal | None) -> str:
    """Whose document it is: as its seal says, else the department of the region."""
    return seal.authority_zh if seal is not None else region.authority_zh


def _region(unit: Unit, case: Case) -> Region:
    return unit.session.scalars(select(Region).where(Region.code == case.region_code)).one()


def _complete(
    unit: Unit, authority: str, template: DocumentTemplate, data: Mapping[str, Any], number: str
) -> dict[str, Any]:
    return {
        "issued_on": unit.today,
        **data,
        "number": number,
        "title": template.title_zh,
        "authority": authority,
    }


def _render(template: DocumentTemplate, data: Mapping[str, Any]) -> Rendered:
    return Rendered(render_docx(template.docx, data), render_print(template.print_page, data))


def _digests(document: Document) -> dict[str, object]:
    """What the audit chain holds of the content."""
    return {
        "version": document.version,
        "docx": document.docx_digest,
        "page": document.print_digest,
        "pdf": document.pdf_digest,
        "signed_by": document.signed_by,
    }


def _record(unit: Unit, document: Document, event: str, **more: object) -> None:
    payload = {
        "document": str(document.uid),
        "template": document.template,
        "number": document.number,
        **more,
    }
    unit.record(event, payload, case_id=document.case_id)
