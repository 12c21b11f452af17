"""Reads of drafts of either kind. How a draft stands follows from its change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import and_, select
from sqlalchemy.orm import Session, aliased

from app.kernel.cases.models import Case
from app.kernel.changes.models import ControlledChange
from app.kernel.engine.changes import EDIT_STEP
from app.kernel.engine.drafting.contents import load_contents
from app.kernel.engine.drafting.models import DraftContent, DraftEditor, DraftFile, DraftRecord
from app.kernel.engine.drafting.refusals import DraftNotFound
from app.kernel.identity.models import Person
from app.kernel.worklist.models import Task

DraftState = Literal["editing", "submitted", "deployed", "discarded"]
"""editing: the owner edits; submitted: with the rechecker or approver, frozen; deployed, discarded: for good."""
Kind = Literal["process", "rule"]


@dataclass(frozen=True, kw_only=True)
class DraftStanding:
    """A draft without its files. `case_id`, `case_no`: the latest change that proposed it, whatever came of it;
    `pending`: that change is still open; `ahead`: edited since it was proposed; `base_id`: the version it began
    from, a process's or a rule's."""

    id: int
    key: str
    base_id: int | None
    revision: int
    state: DraftState
    owner_id: int
    owner: str
    updated_at: datetime
    case_id: int | None
    case_no: str
    pending: bool
    ahead: bool


def get_standing(session: Session, draft_id: int, kind: Kind) -> DraftStanding:
    """Raise DraftNotFound, for one of the other kind too."""
    query = _standings().where(DraftRecord.id == draft_id, DraftRecord.kind == kind)
    found = session.execute(query).one_or_none()
    if found is None:
        raise DraftNotFound(draft=draft_id)
    return _standing(found)


def list_standings(session: Session, kind: Kind, key: str = "") -> list[DraftStanding]:
    """All drafts of a kind but the discarded, of one key or of all, the last edited first."""
    wanted = [DraftRecord.kind == kind, DraftRecord.discarded_at.is_(None)]
    if key:
        wanted.append(DraftRecord.key == key)
    latest = (DraftRecord.updated_at.desc(), DraftRecord.id.desc())
    return [_standing(found) for found in session.execute(_standings().where(*wanted).order_by(*latest))]


def find_standing_of(session: Session, case_id: int, kind: Kind) -> DraftStanding | None:
    """The draft that a change proposes."""
    query = _standings().where(DraftRecord.change_id == case_id, DraftRecord.kind == kind)
    found = session.execute(query).one_or_none()
    return None if found is None else _standing(found)


def list_editors(session: Session, draft_id: int) -> list[str]:
    """Names of everybody who ever edited the draft, or the draft it was copied from: none of them may review it."""
    return list(
        session.scalars(
            select(Person.name)
            .join(DraftEditor, DraftEditor.person_id == Person.id)
            .where(DraftEditor.draft_id == draft_id)
            .order_by(DraftEditor.first_at, Person.id)
        )
    )


def load_digests(session: Session, draft_id: int) -> dict[str, bytes]:
    """SHA-256 by path of the files a draft has."""
    rows = session.execute(
        select(DraftFile.path, DraftFile.digest)
        .where(DraftFile.draft_id == draft_id, DraftFile.digest.is_not(None))
        .order_by(DraftFile.path)
    )
    return {row.path: row.digest for row in rows}


def load_draft_files(session: Session, draft_id: int) -> dict[str, bytes]:
    """Contents by path."""
    return load_contents(session, load_digests(session, draft_id))


def load_one_file(session: Session, drafts: Mapping[int, str]) -> dict[int, bytes]:
    """Of each draft the content of one path, in one read; drafts without it are left out."""
    rows = session.execute(
        select(DraftFile.draft_id, DraftFile.path, DraftContent.content)
        .join(DraftContent, DraftContent.digest == DraftFile.digest)
        .where(DraftFile.draft_id.in_(drafts), DraftFile.path.in_(set(drafts.values())))
    )
    return {row.draft_id: row.content for row in rows if drafts[row.draft_id] == row.path}


def _standings() -> Any:
    owner, step, change_case = aliased(Person), aliased(Task), aliased(Case)
    return (
        select(
            DraftRecord,
            owner.name.label("owner"),
            change_case.case_no.label("case_no"),
            ControlledChange.applied_at.label("applied_at"),
            step.step_key.label("step_key"),
        )
        .join(owner, owner.id == DraftRecord.owner_id)
        .outerjoin(ControlledChange, ControlledChange.case_id == DraftRecord.change_id)
        .outerjoin(change_case, change_case.id == DraftRecord.change_id)
        .outerjoin(step, and_(step.case_id == DraftRecord.change_id, step.state == "open"))
    )


def _standing(found: Any) -> DraftStanding:
    draft: DraftRecord = found.DraftRecord
    state, pending = _state(found)
    return DraftStanding(
        id=draft.id,
        key=draft.key,
        base_id=draft.base_definition_id or draft.base_rule_version_id,
        revision=draft.revision,
        state=state,
        owner_id=draft.owner_id,
        owner=found.owner,
        updated_at=draft.updated_at,
        case_id=draft.change_id,
        case_no=found.case_no or "",
        pending=pending,
        ahead=pending and draft.revision != draft.submitted_revision,
    )


def _state(found: Any) -> tuple[DraftState, bool]:
    """With whether its change is still open. A dropped change gives the draft back to its owner."""
    if found.DraftRecord.discarded_at is not None:
        return "discarded", False
    if found.applied_at is not None:
        return "deployed", False
    pending = found.step_key is not None
    return ("submitted" if pending and found.step_key != EDIT_STEP else "editing"), pending
