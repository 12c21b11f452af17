"""Nobody who edited a draft reviews it: editors are bound as such in the change's case before anybody else acts."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import and_, func, insert, or_, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, aliased

from app.kernel.cases.models import Case
from app.kernel.duties.models import Performance
from app.kernel.engine.drafting.models import DraftEditor
from app.kernel.engine.drafting.refusals import DraftEditorReviewed
from app.kernel.identity.models import Account, Person
from app.kernel.transaction.unit import Unit

EDITING = "rule_edit"
REVIEWING = ("rule_recheck", "rule_approve")
BARRED_ANYWAY = frozenset({"SD002", "SD003", "SD024", "SD027", "SD028"})
"""The fence refuses every act of such a person, so a review too; `fence_editor_reviewed` looks again at the end."""


def find_reviewer(session: Session, case_id: int, persons: Collection[int]) -> str | None:
    """The name of one of these natural persons who opened or did a review of this change."""
    actor, principal = aliased(Person), aliased(Person)
    return session.scalar(
        select(actor.name)
        .select_from(Performance)
        .join(actor, actor.id == Performance.person_id)
        .outerjoin(principal, principal.id == Performance.on_behalf_of)
        .where(
            Performance.case_id == case_id,
            Performance.duty.in_(REVIEWING),
            or_(actor.canonical_id.in_(persons), principal.canonical_id.in_(persons)),
        )
        .limit(1)
    )


def bind_editors(unit: Unit, case: Case, draft_id: int) -> None:
    """Every editor but the actor, who is bound by his task, opens the duty `rule_edit`. Raise DraftEditorReviewed."""
    editors = _list_editors(unit.session, draft_id)
    reviewer = find_reviewer(unit.session, case.id, editors.keys())
    if reviewer is not None:
        raise DraftEditorReviewed(name=reviewer)
    bound = _list_bound(unit.session, case.id)
    unit.flush_writes()
    for person, (record, account) in sorted(editors.items()):
        if person not in bound and account is not None:
            _bind(unit, case, record, account)


def _list_editors(session: Session, draft_id: int) -> dict[int, tuple[int, int | None]]:
    """By natural person: the record that edited and an account of it that may act, None when it has none."""
    rows = session.execute(
        select(Person.canonical_id, Person.id, func.min(Account.id))
        .join(DraftEditor, DraftEditor.person_id == Person.id)
        .outerjoin(Account, and_(Account.person_id == Person.id, Account.state == "active"))
        .where(DraftEditor.draft_id == draft_id)
        .group_by(Person.canonical_id, Person.id)
    )
    return {person: (record, account) for person, record, account in rows}


def _list_bound(session: Session, case_id: int) -> frozenset[int]:
    return frozenset(
        session.scalars(
            select(Person.canonical_id)
            .join(Performance, Performance.person_id == Person.id)
            .where(Performance.case_id == case_id, Performance.duty == EDITING)
        )
    )


def _bind(unit: Unit, case: Case, record: int, account: int) -> None:
    row = insert(Performance).values(
        case_id=case.id,
        person_id=record,
        account_id=account,
        duty=EDITING,
        state="opened",
        at=unit.now,
        decision_id=unit.decision_ids[-1],
    )
    try:
        with unit.session.begin_nested():
            unit.session.execute(row)
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) not in BARRED_ANYWAY:
            raise
        return
    unit.record("change.editor_bound", {"person": record})
