"""Service tasks of the process `controlled_change`: is the target as it was, put into force, drop."""

from __future__ import annotations

from collections.abc import Mapping

from app.kernel.changes.content import Content, get_change, hold_target, still_stands
from app.kernel.changes.kinds import Change, ChangeKind, Moment
from app.kernel.changes.models import ControlledChange
from app.kernel.changes.queries import latest_signers
from app.kernel.changes.refusals import ChangeOutdated
from app.kernel.changes.registry import get_kind
from app.kernel.engine.context import CaseContext
from app.kernel.engine.engine_data import Data
from app.kernel.engine.workflow import ServiceCall
from app.kernel.local_time import local_minute
from app.kernel.refusals import InvalidInput

DROPPED = {"withdraw": "withdrawn", "reject": "rejected"}


def handle_check_change(context: CaseContext, call: ServiceCall, data: Data) -> Mapping[str, object]:
    """Approved, but can it still be applied? If not the token goes back to editing, with the reason on the case."""
    row, kind, at = _change(context)
    obstacle = _obstacle(context, row, kind, at)
    context.note("change_obstacle", obstacle)
    if obstacle is not None:
        context.unit.record("change.outdated", {"kind": row.kind, "target": row.target, "why": obstacle})
    return {"change_outdated": obstacle is not None}


def handle_apply_change(context: CaseContext, call: ServiceCall, data: Data) -> Mapping[str, object]:
    """Behind the gate: write what was decided. Whatever refuses takes the approval back with it."""
    row, kind, at = _change(context)
    unit, content = context.unit, Content.of(row)
    if not still_stands(unit.session, kind, content, at):
        raise ChangeOutdated(target=row.target)
    kind.apply(unit, _decided(context, row, content))
    row.applied_at = unit.now
    unit.session.flush()
    context.note("applied_at", local_minute(unit.now))
    unit.record("change.applied", {"kind": row.kind, "target": row.target, "digest": row.digest.hex()})
    return {}


def handle_drop_change(context: CaseContext, call: ServiceCall, data: Data) -> Mapping[str, object]:
    """Withdrawn by the editor or rejected by the approver: nothing takes effect."""
    outcome = DROPPED[str(data.get("outcome"))]
    context.draft_outcome(outcome)
    context.unit.record("change.dropped", {"outcome": outcome})
    return {}


def _change(context: CaseContext) -> tuple[ControlledChange, ChangeKind, Moment]:
    """Under the lock of its target: of two approved at once the second sees what the first did."""
    unit = context.unit
    row = get_change(unit.session, context.case.id, lock=True)
    hold_target(unit.session, row.kind, row.target)
    return row, get_kind(unit.kernel.ports, row.kind), Moment(unit.now, unit.today)


def _obstacle(context: CaseContext, row: ControlledChange, kind: ChangeKind, at: Moment) -> str | None:
    """A value of the fact `change_obstacle`, None when nothing stands in the way."""
    content, session = Content.of(row), context.unit.session
    if content.digest.hex() != context.facts.get("change_digest"):
        return "not_what_was_signed"
    if not still_stands(session, kind, content, at):
        return "target_changed"
    try:
        kind.read(session, content.values, at)
    except InvalidInput:
        return "no_longer_valid"
    return None


def _decided(context: CaseContext, row: ControlledChange, content: Content) -> Change:
    signers = latest_signers(context.unit.session, context.case)
    return Change(
        case_id=row.case_id,
        kind=row.kind,
        target=row.target,
        payload=content.values,
        reason=row.reason,
        ground=row.ground,
        prepared_by=signers["rule_edit"],
        approved_by=signers["rule_approve"],
        effective_at=row.effective_at,
    )
