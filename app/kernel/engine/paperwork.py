"""Documents of a case: the data its templates see, and issuing them from the deployed version's templates."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from app.kernel.cases.facts import content_hash
from app.kernel.cases.models import Material
from app.kernel.documents.models import Document
from app.kernel.documents.operations import (
    Basis,
    DocumentContentChanged,
    DocumentTemplate,
    issue,
    reissue,
    revoke,
    serve,
)
from app.kernel.documents.queries import documents_of
from app.kernel.engine.catalogue import Deployed
from app.kernel.engine.workflow import ServiceCall
from app.kernel.local_time import LOCAL_ZONE

if TYPE_CHECKING:
    from app.kernel.engine.context import CaseContext


def template_of(deployed: Deployed, key: str) -> DocumentTemplate:
    """The template pair of the deployed version. Raise KeyError when the version lacks it."""
    spec = deployed.documents[key]
    return DocumentTemplate(
        key=key,
        title_zh=spec.title_zh,
        title_en=spec.title_en,
        number_format=spec.number_format,
        docx=deployed.file(spec.docx),
        print_page=deployed.file(spec.print).decode(),
        authority=str(deployed.process.get("authority", "")),
    )


def decision_document(documents: Mapping[str, str], call: ServiceCall, outcome: str) -> str | None:
    """The document of a decision (`decision_documents`): that of the step (or of the call around it), else the
    outcome's."""
    names = (*(f"{step}.{outcome}" for step in (call.step.step_key, *reversed(call.path))), outcome)
    return next((documents[name] for name in names if name in documents), None)


def issue_document(context: CaseContext, key: str) -> Document:
    """Number and issue a document; one that tells a decision refers to the decision passed in this unit.

    Raise KeyError for an unknown template, and what rendering raises for a missing variable.
    """
    guarded = context.deployed.documents[key].effect != "notice"
    return issue(
        context.unit,
        context.case,
        template_of(context.deployed, key),
        document_data(context),
        Basis(context.decision_id if guarded else None, decided_digest(context)),
    )


def decided_digest(context: CaseContext) -> str:
    """What a document that tells a decision may not change by being made again: outcome and decided facts."""
    return content_hash(context.deployed.schema, context.facts, [], context.case.outcome).hex()


def make_again(context: CaseContext, document: Document, reason: str) -> Document:
    """A new version of a document that stands, from the facts as they are now.

    Raise DocumentContentChanged when it tells a decision and what was decided is no longer the same,
    DocumentNotIssued for one that stands no longer.
    """
    if document.decision_id is not None and document.content_digest != decided_digest(context):
        raise DocumentContentChanged(number=document.number)
    template = template_of(context.deployed, document.template)
    return reissue(context.unit, document, context.case, template, document_data(context), reason)


def serve_conclusions(context: CaseContext) -> None:
    """Service is complete: the documents that tell the decision count as served (notices are not waited for)."""
    for document in documents_of(context.unit.session, context.case.id):
        guarded = context.deployed.documents[document.template].effect != "notice"
        if guarded and document.state == "issued":
            serve(context.unit, document, manner="service_completed")


def revoke_documents(context: CaseContext, key: str, *, ground: str) -> None:
    """Put documents of a kind that stand out of force: another decision took their place. They stay on file."""
    for document in documents_of(context.unit.session, context.case.id):
        if document.template == key and document.state != "revoked":
            revoke(context.unit, document, ground=ground)


def document_data(context: CaseContext) -> dict[str, Any]:
    """What templates see: `facts` by key, `labels` of enum facts, `case`, `materials_missing`, `rights` by kind.

    A fact without a value is an empty text: a template never prints "None".
    """
    schema = context.deployed.schema
    facts = {key: _shown(spec.type, context.facts.get(key)) for key, spec in schema.facts.items()}
    case = context.case
    return {
        "facts": facts,
        "labels": labels_of(context.deployed, context.facts),
        "derived": dict(context.derived()),
        "case": SimpleNamespace(
            case_no=case.case_no,
            received_at=_local(case.received_at),
            accepted_at=_local(case.accepted_at),
            decided_at=_local(case.decided_at),
            outcome=case.outcome,
        ),
        "materials_missing": list_missing_materials(context),
        "rights": context.unit.kernel.ports.rights,
    }


def labels_of(deployed: Deployed, facts: Mapping[str, Any]) -> dict[str, str]:
    """Chinese labels of enum facts, joined by 、 for lists; empty text where there is no value."""
    labels = {}
    for key, spec in deployed.schema.facts.items():
        known = {choice.value: choice.zh for choice in spec.values}
        value = facts.get(key)
        values = value if isinstance(value, list) else [value]
        labels[key] = "、".join(known.get(item, str(item)) for item in values if item not in (None, ""))
    return labels


def list_missing_materials(context: CaseContext) -> list[str]:
    """Titles of the materials the law demands that the case does not hold yet."""
    held = set(context.unit.session.scalars(select(Material.kind).where(Material.case_id == context.case.id)))
    return [kind.zh for kind in context.deployed.materials if kind.required and kind.kind not in held]


def _shown(fact_type: str, value: Any) -> Any:
    if value is None:
        return ""
    if fact_type == "datetime":
        moment = datetime.fromisoformat(value)
        return f"{moment.year}年{moment.month}月{moment.day}日{moment.hour}时{moment.minute}分"
    if fact_type == "date":
        year, month, day = value.split("-")
        return f"{year}年{int(month)}月{int(day)}日"
    return value


def _local(moment: datetime | None) -> str:
    if moment is None:
        return ""
    day = moment.astimezone(LOCAL_ZONE)
    return f"{day.year}年{day.month}月{day.day}日"
