"""The question "can this case be migrated?" asked of one case, or of all cases of a version at once."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kernel.cases.models import Case, CaseFacts, CaseState
from app.kernel.deadlines.models import Clock
from app.kernel.duties.histories import list_signatures_of
from app.kernel.duties.signatures import SignatureView
from app.kernel.duties.subjects import CONCLUSION
from app.kernel.engine.catalogue import Deployed
from app.kernel.engine.check.proof.position import Unplaced
from app.kernel.engine.running.ahead import list_ahead
from app.kernel.engine.running.fitness import list_fact_obstacles, list_obstacles
from app.kernel.engine.running.obstacles import Obstacle
from app.kernel.engine.running.standing import standing_of
from app.kernel.engine.stepping import Instance

AT_ONCE = 200
"""Cases whose states are read in one go."""


@dataclass(frozen=True)
class Weighed:
    """A case with what stands in the way of its migration; nothing does when `obstacles` is empty."""

    case: Case
    obstacles: tuple[Obstacle, ...]

    @property
    def fit(self) -> bool:
        return not self.obstacles


def list_open_cases(session: Session, definition_id: int) -> Sequence[int]:
    """Ids of the open cases on a version, in the order they began."""
    query = select(Case.id).where(Case.definition_id == definition_id, Case.closed_at.is_(None))
    return session.scalars(query.order_by(Case.id)).all()


def weigh(session: Session, case_ids: Sequence[int], old: Deployed, new: Deployed) -> Iterator[Weighed]:
    """Every case of the list that the session sees, with its obstacles."""
    for first in range(0, len(case_ids), AT_ONCE):
        yield from _weigh_some(session, case_ids[first : first + AT_ONCE], old, new)


def _weigh_some(session: Session, case_ids: Sequence[int], old: Deployed, new: Deployed) -> Iterator[Weighed]:
    rows = session.execute(
        select(Case, CaseState.state, CaseFacts.facts)
        .join(CaseState, CaseState.case_id == Case.id)
        .join(CaseFacts, CaseFacts.case_id == Case.id)
        .where(Case.id.in_(case_ids))
        .order_by(Case.id)
    ).all()
    signed = list_signatures_of(session, [row[0].id for row in rows], CONCLUSION)
    clocks = _running_clocks(session, case_ids)
    for case, state, facts in rows:
        found = weigh_one(
            case, bytes(state), facts, old, new, signed.get(case.id, {}), clocks.get(case.id, ())
        )
        yield Weighed(case, tuple(found))


def _running_clocks(session: Session, case_ids: Collection[int]) -> dict[int, list[str]]:
    query = select(Clock.case_id, Clock.kind).where(
        Clock.case_id.in_(list(case_ids)), Clock.state.in_(("running", "paused"))
    )
    found: dict[int, list[str]] = {}
    for case_id, kind in session.execute(query):
        found.setdefault(case_id, []).append(kind)
    return found


def weigh_one(
    case: Case,
    state: bytes,
    facts: Mapping[str, Any],
    old: Deployed,
    new: Deployed,
    signed: Mapping[str, SignatureView],
    clocks: Collection[str],
) -> list[Obstacle]:
    """Pure, over what was read: state, open facts, signatures that count, clocks that run."""
    if case.closed_at is not None:
        return [Obstacle("closed")]
    if case.definition_id != old.id:
        return [Obstacle("other_version")]
    found = list_obstacles(state, old.spec, new.spec)
    found += list_fact_obstacles(facts, old.schema, new.schema)
    found += [Obstacle("clock_removed", kind) for kind in clocks if kind not in new.clocks]
    return found or _ahead(case, state, old, new, signed)


def _ahead(
    case: Case, state: bytes, old: Deployed, new: Deployed, signed: Mapping[str, SignatureView]
) -> list[Obstacle]:
    """From where it stands, the new version proved once more: with what counts on the present content."""
    try:
        where = standing_of(Instance.restore(old.spec, state))
    except Unplaced as unplaced:
        return [Obstacle("unplaced", str(unplaced.args[0]))]
    fresh = [one for one in signed.values() if one.agrees and one.content_hash == case.content_hash]
    earned = [one.duty for one in sorted(fresh, key=lambda one: one.seq)] if case.decided_at is None else []
    return list_ahead(new, where, earned, case.risk)
