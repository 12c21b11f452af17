"""The demonstration's controlled changes: played by three different people, one in force, one waiting."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select

from app.demo.changes import propose_shown
from app.demo.roster import POSTS_SINCE
from app.demo.staff import found_region
from app.domain.registry import reference
from app.kernel.cases.models import Case
from app.kernel.changes.queries import list_changes, list_signatures
from app.kernel.duties.models import TenureRule
from app.kernel.kernel import Kernel
from tests.databases import CopiedDatabase


def test_demonstration_shows_a_change_in_force_and_one_that_waits(
    kernel: Kernel, fresh_database: CopiedDatabase
) -> None:
    reference.install_at(fresh_database.owner_url)
    staff = found_region(kernel, "test", POSTS_SINCE, date(2026, 2, 1))
    propose_shown(kernel, staff)
    with kernel.database.session() as session:
        kernel.database.scope(session, ("*",))
        found = list_changes(session)
        assert [(row.kind, row.state) for row in found.rows] == [
            ("conflict_set", "recheck"),
            ("tenure_rule", "applied"),
        ]
        applied = session.get_one(Case, found.rows[1].case_id)
        signed = list_signatures(session, applied)
        assert len({item.person_id for item in signed}) == 3
        assert session.scalars(select(TenureRule.months)).all() == [60]
