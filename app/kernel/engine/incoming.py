"""Papers that come into a case from outside while it waits for them: a conclusion, a challenge, a withdrawal.

A process lists them as `[[incoming]]`: the message its diagram waits for, who registers it, which facts are entered
with it. Registering is intake like any other; the diagram says what follows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.kernel.cases.models import Case
from app.kernel.duties.operations import require_intake
from app.kernel.duties.records import keep_decision, permit_system
from app.kernel.duties.views import Action
from app.kernel.engine.catalogue import Deployed, get_deployed
from app.kernel.engine.context import CaseContext
from app.kernel.engine.deployed import IncomingSpec
from app.kernel.engine.materials import Upload, receive
from app.kernel.engine.operations import bind_intake, deliver_message
from app.kernel.engine.progress import restore
from app.kernel.engine.stepping import WaitingMessage
from app.kernel.holds.queries import is_held
from app.kernel.holds.refusals import CaseHeld
from app.kernel.refusals import InvalidInput, Refusal
from app.kernel.transaction import Unit


class NotAwaited(Refusal):
    """The case doesn't wait for that paper (any more); params: title_zh, title_en."""

    code = "paper_not_awaited"


class DecidedAlready(Refusal):
    """What may only come before the decision came after it; params: title_zh, title_en."""

    code = "paper_too_late"


@dataclass(frozen=True)
class Paper:
    """What came in: facts as entered, files, and the note of who registers it."""

    message: str
    facts: Mapping[str, Any]
    uploads: Sequence[Upload] = ()
    note: str = ""


def list_awaited(deployed: Deployed, case: Case, waiting: Iterable[WaitingMessage]) -> list[IncomingSpec]:
    """The papers a case waits for now and may still take, in the order of process.toml."""
    names = {item.name for item in waiting}
    return [
        spec
        for spec in deployed.incoming.values()
        if spec.message in names and not (spec.before_decision and case.decided_at is not None)
    ]


def receive_paper(unit: Unit, paper: Paper) -> None:
    """Register a paper in the locked case, which goes on from where it waited.

    Raise NotAwaited, DecidedAlready, InvalidInput by field, DutyDenied for who doesn't hold the post, CaseHeld.
    """
    case = _locked(unit)
    deployed = get_deployed(unit.session, case.definition_id)
    spec = deployed.incoming.get(paper.message)
    if spec is None:
        raise NotAwaited(title_zh=paper.message, title_en=paper.message)
    if spec.before_decision and case.decided_at is not None:
        raise DecidedAlready(title_zh=spec.title_zh, title_en=spec.title_en)
    if is_held(unit.session, case):
        raise CaseHeld
    context = CaseContext(unit, case, deployed)
    if all(item.name != spec.message for item in restore(context).waiting_messages()):
        raise NotAwaited(title_zh=spec.title_zh, title_en=spec.title_en)
    facts = _checked(unit, deployed, spec, paper.facts)
    _permit(unit, case, spec)
    for upload in paper.uploads:
        receive(unit, case, upload)
    unit.record(
        "case.paper_received", {"message": spec.message, "note": paper.note, "files": len(paper.uploads)}
    )
    deliver_message(unit, spec.message, facts)


def _checked(unit: Unit, deployed: Deployed, spec: IncomingSpec, given: Mapping[str, Any]) -> dict[str, Any]:
    facts = {key: value for key, value in given.items() if key in spec.facts}
    values = deployed.schema.parse(facts, today=unit.today)
    missing = [key for key in spec.required if values.get(key) in (None, "", [])]
    if missing:
        raise InvalidInput({key: ("required", {}) for key in missing})
    return values


def _permit(unit: Unit, case: Case, spec: IncomingSpec) -> None:
    decision = require_intake(unit, spec.post, case.region_code, case)
    if decision is None:
        permit_system(unit, Action.DELIVER, case.id)
        return
    keep_decision(unit, decision, Action.DELIVER, case.id, None, "intake")
    if spec.binds:
        bind_intake(unit, case)


def _locked(unit: Unit) -> Case:
    if unit.case is None:
        raise LookupError("the operation needs a locked case")
    return unit.case
