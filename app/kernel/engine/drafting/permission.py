"""Who may work on drafts: rule editors of the root region, and of one draft its owner alone."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kernel.duties.operations import require_intake
from app.kernel.duties.refusals import DutyDenied
from app.kernel.duties.views import Action, deny
from app.kernel.engine.drafting.models import DraftRecord
from app.kernel.engine.drafting.queries import DraftStanding, Kind, get_standing
from app.kernel.engine.drafting.refusals import (
    DraftChanged,
    DraftFrozen,
    DraftNotFound,
    DraftNotYours,
    DraftSettled,
)
from app.kernel.identity.models import Person, Region
from app.kernel.transaction.unit import Unit

EDITOR_POST = "rule_editor"


def require_editor(unit: Unit) -> int:
    """The person of the actor, who must hold the rule-editing post. Raise DutyDenied."""
    if unit.actor.person_id is None:
        raise DutyDenied(deny("machine_holds_no_duty"), Action.START, None, None, "rule_edit")
    root = unit.session.scalars(select(Region.code).where(Region.parent_code.is_(None))).one()
    require_intake(unit, EDITOR_POST, root)
    return unit.actor.person_id


def hold_draft(
    unit: Unit, draft_id: int, kind: Kind, *, revision: int | None = None
) -> tuple[DraftRecord, DraftStanding]:
    """The locked row and the draft as it stands, for its owner to change.

    `revision`: what the caller saw last. Raise DraftNotFound, DraftNotYours, DraftFrozen, DraftSettled, DraftChanged,
    DutyDenied.
    """
    person_id = require_editor(unit)
    row, draft = lock_open(unit.session, draft_id, kind)
    if canonical(unit.session, row.owner_id) != person_id:
        raise DraftNotYours(name=draft.owner)
    if revision is not None and revision != row.revision:
        raise DraftChanged(revision=row.revision)
    return row, draft


def lock_open(session: Session, draft_id: int, kind: Kind) -> tuple[DraftRecord, DraftStanding]:
    """Somebody's draft while it is edited. Raise DraftNotFound, DraftFrozen, DraftSettled."""
    row = lock_draft(session, draft_id, kind)
    draft = get_standing(session, draft_id, kind)
    if draft.state == "submitted":
        raise DraftFrozen(case_no=draft.case_no)
    if draft.state != "editing":
        raise DraftSettled
    return row, draft


def lock_draft(session: Session, draft_id: int, kind: Kind) -> DraftRecord:
    """Raise DraftNotFound."""
    row = session.scalar(
        select(DraftRecord)
        .where(DraftRecord.id == draft_id, DraftRecord.kind == kind)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if row is None:
        raise DraftNotFound(draft=draft_id)
    return row


def canonical(session: Session, person_id: int) -> int:
    """The natural person behind a record."""
    return session.scalars(select(Person.canonical_id).where(Person.id == person_id)).one()
