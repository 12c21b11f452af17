"""The receipt of a service before it is served: the process's own paper with blanks, for the clerk to take along.

It is no document of the case: no number is used up, nothing is kept. What comes back signed is the proof of the
service, and the receipt is issued from what the task then says (`receipts.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import SimpleNamespace

from sqlalchemy import select

from app.kernel.cases.models import Case, CaseState
from app.kernel.documents.models import Document
from app.kernel.documents.operations import preview
from app.kernel.documents.render import BLANK_DAY
from app.kernel.documents.service_rules import WAYS_ZH, Party
from app.kernel.engine.catalogue import Deployed, get_deployed
from app.kernel.engine.context import CaseContext
from app.kernel.engine.dossier import require_reading
from app.kernel.engine.paperwork import document_data
from app.kernel.engine.receipts import RECEIPT, name_address_documents, template_for
from app.kernel.engine.serving import DOCUMENT, find_documents, party_of
from app.kernel.engine.stepping import Instance, ReadyTask
from app.kernel.refusals import TaskNotOpened
from app.kernel.transaction import Unit
from app.kernel.worklist.models import Task

NUMBER = "（送达后由系统编号）"
BOXES = "　".join(f"□\N{NO-BREAK SPACE}{way}" for way in WAYS_ZH.values())
MOMENT = f"{BLANK_DAY}　　时　　分"


@dataclass(frozen=True)
class BlankReceipt:
    """`page` is the print page; `documents` are those it is for."""

    case: Case
    party: Party
    page: str
    documents: Sequence[Document]


def has_receipt(deployed: Deployed, party: Party) -> bool:
    """Whether the party gets a paper of its own: a copy to an authority has none."""
    return not party.copy and RECEIPT in deployed.documents


def blank_receipt(unit: Unit, task_id: int) -> BlankReceipt | None:
    """The blank receipt of a task that serves one party; None for another task, and for a copy.

    Raise CaseNotFound, DutyDenied, TaskNotOpened for who hasn't the task open, NothingToServe.
    """
    task = unit.session.get(Task, task_id)
    if task is None:
        return None
    case = require_reading(unit, task.case_id)
    if task.state != "open" or task.claimed_by != unit.actor.person_id or task.opened_at is None:
        raise TaskNotOpened(task_id=task_id)
    context = CaseContext(unit, case, get_deployed(unit.session, case.definition_id))
    ready = _ready(context, task)
    party = party_of(context, ready)
    if party is None or not has_receipt(context.deployed, party):
        return None
    documents = find_documents(context, ready.data.get(DOCUMENT))
    data = document_data(context) | {"service": _blank(context, party, documents), "issued_on": ""}
    made = preview(unit, case, template_for(context, party), data, number=NUMBER)
    return BlankReceipt(case, party, made.print_page, documents)


def _ready(context: CaseContext, task: Task) -> ReadyTask:
    stored = select(CaseState.state).where(CaseState.case_id == context.case.id)
    instance = Instance.restore(context.deployed.spec, context.unit.session.scalars(stored).one())
    return next(one for one in instance.ready_tasks() if one.engine_task_id == task.engine_task_id)


def _blank(context: CaseContext, party: Party, documents: Sequence[Document]) -> SimpleNamespace:
    """As the template's `service`: what is known before, and blanks to be filled by hand."""
    return SimpleNamespace(
        **name_address_documents(context, party, documents),
        way=BOXES,
        deemed=False,
        sent_on=BLANK_DAY,
        received_at=MOMENT,
        receiver="",
        reference="",
        reason="",
        proofs="",
        clerk="",
    )
