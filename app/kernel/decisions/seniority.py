"""Who stands above whom: ranks of posts within the authorities that handle a case."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kernel.cases.models import Case
from app.kernel.duties.models import Post, PostGrant
from app.kernel.duties.queries import get_candidate, grant_in_force
from app.kernel.duties.views import Candidate
from app.kernel.identity.models import Person
from app.kernel.identity.regions import get_lineage
from app.kernel.recusal.queries import PersonLine, list_barred_persons
from app.kernel.worklist.models import Task


@dataclass(frozen=True)
class Ladder:
    """The ranks that count in a case: by post, within its business, over its region."""

    lineage: tuple[str, ...]
    ranks: Mapping[str, int]

    def rank_of(self, candidate: Candidate) -> int:
        """The highest rank among the person's own posts in this business over the region; 0 for none."""
        held = [self.ranks.get(post, 0) for post, region in candidate.posts if region in self.lineage]
        return max(held, default=0)


def load_ladder(session: Session, case: Case) -> Ladder:
    """The business of a case: every post of the authorities whose posts its tasks are for."""
    authorities = (
        select(Post.authority).join(Task, Task.post == Post.key).where(Task.case_id == case.id).distinct()
    )
    rows = session.execute(select(Post.key, Post.rank).where(Post.authority.in_(authorities), Post.rank > 0))
    return Ladder(get_lineage(session, case.region_code), {row.key: row.rank for row in rows})


def list_seniors(session: Session, case: Case, proposer_id: int, today: date) -> list[PersonLine]:
    """Who ranks above the proposer in the case's business and may read the case; canonical ids, by pinyin."""
    ladder = load_ladder(session, case)
    floor = ladder.rank_of(get_candidate(session, proposer_id, today))
    above = [post for post, rank in ladder.ranks.items() if rank > floor]
    out = list_barred_persons(session, case.id) | {proposer_id}
    found = _holders(session, ladder.lineage, above, today)
    return [person for person in found if person.person_id not in out]


def _holders(
    session: Session, lineage: Collection[str], posts: Collection[str], today: date
) -> Sequence[PersonLine]:
    rows = session.execute(
        select(Person.canonical_id, Person.name, Person.pinyin)
        .join(PostGrant, PostGrant.person_id == Person.id)
        .where(PostGrant.post.in_(posts), PostGrant.region_code.in_(lineage), grant_in_force(today))
        .distinct()
        .order_by(Person.pinyin, Person.canonical_id)
    )
    return [PersonLine(row.canonical_id, row.name) for row in rows]
