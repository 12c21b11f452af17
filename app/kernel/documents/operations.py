"""Issuing and serving documents; previews of drafts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from sqlalchemy import select

from app.kernel.documents.models import Document
from app.kernel.documents.numbering import DRAFT_NUMBER, next_number
from app.kernel.documents.render import render_docx, render_print
from app.kernel.identity.models import Region
from app.kernel.refusals import Refusal

if TYPE_CHECKING:
    from app.kernel.cases.models import Case
    from app.kernel.transaction import Unit


class DocumentNotIssued(Refusal):
    """Only an issued document can be served or revoked; params: number, state."""

    code = "document_not_issued"


@dataclass(frozen=True, slots=True)
class DocumentTemplate:
    """A document of a process: `key` is its kind, `docx` and `print_page` its two templates."""

    key: str
    title_zh: str
    title_en: str
    number_format: str
    docx: bytes
    print_page: str


@dataclass(frozen=True, slots=True)
class Rendered:
    """The two forms of a document."""

    docx: bytes
    print_page: str


def preview(unit: Unit, case: Case, template: DocumentTemplate, data: Mapping[str, Any]) -> Rendered:
    """The document as it would look today, without a number and without a trace.

    Raises TemplateFaulty, DocumentDataMissing.
    """
    return _render(template, _complete(unit, _region(unit, case), template, data, DRAFT_NUMBER))


def issue(
    unit: Unit,
    case: Case,
    template: DocumentTemplate,
    data: Mapping[str, Any],
    *,
    decision_id: int | None = None,
) -> Document:
    """Number, render and keep a document of a case; a decided one names its `case_decision`.

    The templates also see number, title, authority and issued_on. Raises TemplateFaulty,
    DocumentDataMissing, NumberFormatInvalid; then no number is used up.
    """
    region = _region(unit, case)
    number = next_number(
        unit.session,
        authority=region.code,
        kind=template.key,
        year=unit.today.year,
        number_format=template.number_format,
        prefix=region.document_prefix,
    )
    rendered = _render(template, _complete(unit, region, template, data, number.text))
    blobs = unit.kernel.blobs
    document = Document(
        uid=uuid4(),
        case_id=case.id,
        region_code=region.code,
        template=template.key,
        title_zh=template.title_zh,
        title_en=template.title_en,
        number=number.text,
        docx_digest=blobs.put(rendered.docx),
        print_digest=blobs.put(rendered.print_page.encode()),
        decision_id=decision_id,
        state="issued",
        issued_on=unit.today,
        issued_at=unit.now,
    )
    unit.session.add(document)
    unit.session.flush()
    _record(unit, document, "document.issued", docx=document.docx_digest, page=document.print_digest)
    return document


def serve(unit: Unit, document: Document, *, manner: str) -> None:
    """Note that the document was served, and how. Raises DocumentNotIssued."""
    _require_issued(document)
    document.state, document.served_at = "served", unit.now
    _record(unit, document, "document.served", manner=manner)


def revoke(unit: Unit, document: Document, *, ground: str) -> None:
    """Withdraw a document; its number and its content stay. Raises DocumentNotIssued."""
    if document.state == "revoked":
        raise DocumentNotIssued(number=document.number, state=document.state)
    document.state = "revoked"
    _record(unit, document, "document.revoked", ground=ground)


def _require_issued(document: Document) -> None:
    if document.state != "issued":
        raise DocumentNotIssued(number=document.number, state=document.state)


def _region(unit: Unit, case: Case) -> Region:
    return unit.session.scalars(select(Region).where(Region.code == case.region_code)).one()


def _complete(
    unit: Unit, region: Region, template: DocumentTemplate, data: Mapping[str, Any], number: str
) -> dict[str, Any]:
    return {
        **data,
        "number": number,
        "title": template.title_zh,
        "authority": region.authority_zh,
        "issued_on": unit.today,
    }


def _render(template: DocumentTemplate, data: Mapping[str, Any]) -> Rendered:
    return Rendered(render_docx(template.docx, data), render_print(template.print_page, data))


def _record(unit: Unit, document: Document, event: str, **more: object) -> None:
    payload = {
        "document": str(document.uid),
        "template": document.template,
        "number": document.number,
        **more,
    }
    unit.record(event, payload, case_id=document.case_id)
