"""Service on parties as processes draw it: a `serve` task with a party, the end of a notice, the end of all.

A user task of duty `serve` with an input `service_party` serves that party with the documents that its input
`service_document` names. What its form says is checked here, kept as a row of `service` for each document, told by a
receipt of the party's own (`receipts.py`), and the moment of receipt becomes a fact of the case where the process has
one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Final

from app.kernel.deadlines.queries import load_calendar
from app.kernel.deadlines.rules import end_of_day
from app.kernel.documents.models import Document
from app.kernel.documents.operations import serve
from app.kernel.documents.queries import documents_of
from app.kernel.documents.service_records import (
    NothingToServe,
    attempt_rows,
    count_proofs,
    deemed_rows,
    has_failed_before,
    keep,
)
from app.kernel.documents.service_rules import (
    PUBLISHED,
    Attempt,
    Circumstances,
    Party,
    check,
    consenting,
    deemed_at,
    notice_end,
)
from app.kernel.engine.context import CaseContext
from app.kernel.engine.dialect import StepSpec
from app.kernel.engine.engine_data import Data
from app.kernel.engine.receipts import issue_receipt
from app.kernel.engine.stepping import ReadyTask
from app.kernel.engine.submission import Submission
from app.kernel.engine.workflow import ServiceCall
from app.kernel.refusals import InvalidInput
from app.kernel.worklist.models import Task

DUTY, PARTY, DOCUMENT = "serve", "service_party", "service_document"
NOTICE_UNTIL: Final = "notice_until"


def serves_party(step: StepSpec) -> bool:
    """Whether a step serves one party; else completing it means that everybody was served."""
    return step.duty == DUTY and any(one.target == PARTY for one in step.inputs)


def party_of(context: CaseContext, ready: ReadyTask) -> Party | None:
    """Whom an open task serves, None for other tasks."""
    key = ready.data.get(PARTY)
    if not serves_party(ready.step) or not isinstance(key, str):
        return None
    return context.deployed.service.party(key)


def serve_party(
    context: CaseContext, task: Task, ready: ReadyTask, submission: Submission
) -> Mapping[str, str]:
    """Keep what a completed task says of a service; answers variables (`notice_until`) for the engine.

    Raise InvalidInput by field, NothingToServe.
    """
    party = party_of(context, ready)
    if party is None:
        return {}
    documents = find_documents(context, ready.data.get(DOCUMENT))
    around = _circumstances(context, task, party, documents)
    attempt = consenting(Attempt.of(submission.outcome, submission.own), around)
    errors = check(attempt, around)
    if errors:
        raise InvalidInput(errors)
    last_day = _notice_end(context, attempt)
    rows = attempt_rows(context.unit, documents, party.key, attempt, task, last_day)
    received = attempt.received_at
    keep(
        context.unit,
        documents,
        rows,
        issue_receipt(context, party, documents, rows) if received is not None else None,
    )
    if received is not None:
        _note_receipt(context, party, received)
    return {} if last_day is None else {NOTICE_UNTIL: end_of_day(last_day).isoformat()}


def handle_deem_served(context: CaseContext, call: ServiceCall, data: Data) -> Mapping[str, object]:
    """A public notice is over: the party counts as served at the end of its last day."""
    party = context.deployed.service.party(str(data.get(PARTY)))
    documents = find_documents(context, data.get(DOCUMENT))
    rows = deemed_rows(context.unit, documents, party.key)
    keep(context.unit, documents, rows, issue_receipt(context, party, documents, rows))
    _note_receipt(context, party, deemed_at(max(row.notice_until for row in rows if row.notice_until)))
    return {}


def handle_complete_service(context: CaseContext, call: ServiceCall, data: Data) -> Mapping[str, object]:
    """Every party has received the documents: they are served."""
    for document in find_documents(context, data.get(DOCUMENT)):
        if document.state == "issued":
            serve(context.unit, document, manner="service_completed")
    return {"service_result": "served"}


def find_documents(context: CaseContext, named: object) -> list[Document]:
    """Of each kind named (`;` between) the latest that stands; of none named, the conclusions.

    Raise NothingToServe when there is none.
    """
    kinds = [one.strip() for one in str(named or "").split(";") if one.strip()]
    if not kinds:
        kinds = [key for key, spec in context.deployed.documents.items() if spec.effect != "notice"]
    standing = {
        document.template: document
        for document in documents_of(context.unit.session, context.case.id)
        if document.state in ("issued", "served")
    }
    found = [standing[kind] for kind in kinds if kind in standing]
    if not found:
        known = (context.deployed.documents.get(kind) for kind in kinds)
        raise NothingToServe(document="、".join(one.title_zh for one in known if one) or str(named))
    return found


def _circumstances(
    context: CaseContext, task: Task, party: Party, documents: Sequence[Document]
) -> Circumstances:
    unit = context.unit
    return Circumstances(
        today=unit.today,
        now=unit.now,
        issued_on=max(document.issued_on for document in documents),
        consent=bool(party.consent_fact and context.facts.get(party.consent_fact)),
        failed_before=has_failed_before(unit.session, documents, party.key),
        proofs=count_proofs(unit.session, task.id),
        copy=party.copy,
    )


def _notice_end(context: CaseContext, attempt: Attempt) -> date | None:
    """Raise LookupError where no process of the set says how long a public notice lasts."""
    if attempt.result != PUBLISHED or attempt.sent_on is None:
        return None
    notice = context.deployed.service.notice
    if notice is None:
        raise LookupError("no [service] public_notice_days")
    last_day = notice_end(notice, attempt.sent_on, load_calendar(context.unit.session)).due_on
    if last_day is None:
        raise LookupError("a public notice without an end")
    return last_day


def _note_receipt(context: CaseContext, party: Party, received_at: datetime) -> None:
    spec = context.deployed.schema.facts.get(party.fact)
    if spec is not None:
        day_only = spec.type == "date"
        context.note(
            party.fact,
            received_at.date().isoformat() if day_only else received_at.isoformat(timespec="minutes"),
        )
