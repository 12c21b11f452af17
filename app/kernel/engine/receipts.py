"""The receipt of a service (送达回证): one paper for each party that received, whatever document was served.

It says whom, what, by which way, when and on which proof. The template is the service block's; a copy to an authority
has none. Made again, it tells the same rows of `service`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from types import SimpleNamespace
from typing import Any, Final

from sqlalchemy import select

from app.kernel.documents.models import Document, Service
from app.kernel.documents.operations import DocumentTemplate, issue, reissue
from app.kernel.documents.render import date_zh
from app.kernel.documents.service_records import list_proofs
from app.kernel.documents.service_rules import DEEMED, WAYS_ZH, Party
from app.kernel.engine.context import CaseContext
from app.kernel.engine.paperwork import document_data, make_again, template_of
from app.kernel.identity.queries import names_by_id
from app.kernel.local_time import LOCAL_ZONE

RECEIPT: Final = "service_receipt"


def issue_receipt(
    context: CaseContext, party: Party, documents: Sequence[Document], rows: Sequence[Service]
) -> Document | None:
    """The receipt of rows about to be kept, one for each of `documents`; None for a copy, and where the process's
    version has no such paper."""
    if party.copy or RECEIPT not in context.deployed.documents:
        return None
    data = document_data(context) | {"service": _told(context, party, documents, rows)}
    receipt = issue(context.unit, context.case, template_for(context, party), data)
    context.unit.session.flush()
    return receipt


def make_receipt_again(context: CaseContext, old: Document, reason: str) -> Document:
    """A new version of a receipt that stands, from the rows that it tells; one that tells none (a process's own paper)
    is made again like any document. Raise DocumentNotIssued."""
    session = context.unit.session
    versions = select(Document.id).where(Document.case_id == old.case_id, Document.number == old.number)
    found = session.execute(
        select(Service, Document)
        .join(Document, Document.id == Service.document_id)
        .where(Service.receipt_id.in_(versions))
        .order_by(Service.id)
    ).all()
    if not found:
        return make_again(context, old, reason)
    rows, documents = [row.Service for row in found], [row.Document for row in found]
    party = context.deployed.service.party(rows[0].party)
    data = document_data(context) | {"service": _told(context, party, documents, rows)}
    return reissue(context.unit, old, context.case, template_for(context, party), data, reason)


def template_for(context: CaseContext, party: Party) -> DocumentTemplate:
    """The paper, whose title says whose receipt it is."""
    template = template_of(context.deployed, RECEIPT)
    return replace(
        template,
        title_zh=f"{template.title_zh}（{party.zh}）",
        title_en=f"{template.title_en} ({party.en})",
    )


def _told(
    context: CaseContext, party: Party, documents: Sequence[Document], rows: Sequence[Service]
) -> SimpleNamespace:
    """What the template sees as `service`: texts, empty where nothing is known."""
    session, row = context.unit.session, rows[0]
    names = names_by_id(session, (row.performed_by, row.on_behalf_of))
    return SimpleNamespace(
        **name_address_documents(context, party, documents),
        way=WAYS_ZH[row.way],
        deemed=row.result == DEEMED,
        sent_on=_day(row.sent_on),
        received_at=_moment(row),
        receiver=row.receiver,
        reference=row.reference,
        reason=row.reason,
        proofs="；".join(one.filename for one in list_proofs(session, row.task_id)),
        clerk="、".join(names.values()) or "系统登记",
    )


def name_address_documents(
    context: CaseContext, party: Party, documents: Sequence[Document]
) -> dict[str, Any]:
    """What a receipt says before anything is served: whom, where, which documents."""
    return {
        "party": party.zh,
        "name": _fact(context, party.name_fact),
        "address": _fact(context, party.address_fact),
        "documents": "；".join(f"{one.title_zh}（{one.number}）" for one in documents),
    }


def _fact(context: CaseContext, key: str) -> Any:
    return (context.facts.get(key) if key else None) or ""


def _day(day: date | None) -> str:
    return date_zh(day) if day is not None else ""


def _moment(row: Service) -> str:
    if row.received_at is None:
        return ""
    at = row.received_at.astimezone(LOCAL_ZONE)
    return f"{date_zh(at)} {at:%H:%M}"
