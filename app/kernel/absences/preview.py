"""What an absence would do, before it is entered: claimed tasks, due days inside it, tasks nobody else may do."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from app.kernel.absences.eligibility import Substitutable, list_possible_substitutes
from app.kernel.absences.queries import StandIn, list_absent, list_requests, list_substitutions
from app.kernel.absences.rules import CARRIES_DUTIES, LONGEST_SUBSTITUTION
from app.kernel.cases.models import Case
from app.kernel.duties.posts import HeldPost, list_held_posts
from app.kernel.identity.regions import get_lineage
from app.kernel.recusal.queries import barring
from app.kernel.worklist.models import Task
from app.kernel.worklist.staff import StaffChoice, list_staff_of

SCANNED = 300
"""Open tasks of the person's posts that are looked at; more are rare and named by their number only."""


@dataclass(frozen=True)
class TouchedTask:
    """An open task, who else may be given it during the absence, and whether its last day falls inside."""

    task: Task
    case: Case
    others: tuple[StaffChoice, ...]
    due_inside: bool


@dataclass(frozen=True)
class PostToFill:
    """A post of the person that carries duties: who could stand in on [first, until), and who does already."""

    post: HeldPost
    first: date
    until: date
    possible: Sequence[Substitutable]
    filled_by: StandIn | None
    asked_for: StandIn | None


@dataclass(frozen=True)
class AbsencePreview:
    """What the person holds and what would be left alone. The regions are those the session sees."""

    claimed: tuple[TouchedTask, ...]
    alone: tuple[TouchedTask, ...]
    """Open tasks of the person's posts, not claimed by the person, that nobody else could do."""
    scanned_all: bool
    posts: tuple[PostToFill, ...]

    @property
    def due_inside(self) -> int:
        """Claimed tasks whose last day falls inside the absence."""
        return sum(1 for item in self.claimed if item.due_inside)


def preview_absence(
    session: Session, person_id: int, first: date, last: date, now: datetime, today: date, *, reader: int
) -> AbsencePreview:
    """Nothing is written. `last` is the last day away; cases the reader is barred from are left out."""
    posts = [post for post in list_held_posts(session, person_id, today) if post.kind in CARRIES_DUTIES]
    pairs = _tasks(session, person_id, [(post.key, post.region_code) for post in posts], reader)
    staff = list_staff_of(session, pairs[:SCANNED], now, today)
    away = list_absent(session, {one.person_id for held in staff.values() for one in held}, first, last)
    touched = [
        TouchedTask(
            task,
            case,
            _others(staff[task.id], person_id, away.keys()),
            task.due_on is not None and first <= task.due_on <= last,
        )
        for task, case in pairs[:SCANNED]
    ]
    return AbsencePreview(
        claimed=tuple(item for item in touched if item.task.claimed_by == person_id),
        alone=tuple(item for item in touched if item.task.claimed_by != person_id and not item.others),
        scanned_all=len(pairs) <= SCANNED,
        posts=tuple(_fill(session, person_id, post, first, last) for post in posts),
    )


def _tasks(
    session: Session, person_id: int, posts: Collection[tuple[str, str]], reader: int
) -> list[tuple[Task, Case]]:
    """Claimed ones first, then those of the person's posts that nobody holds; most urgent first."""
    of_posts = or_(*[and_(Task.post == post, Task.region_code == region) for post, region in sorted(posts)])
    mine = Task.claimed_by == person_id
    wanted = or_(mine, and_(Task.claimed_by.is_(None), of_posts)) if posts else mine
    rows = session.execute(
        select(Task, Case)
        .join(Case, Case.id == Task.case_id)
        .where(Task.state == "open", wanted, ~barring(Case.id, reader))
        .order_by(mine.desc().nulls_last(), Task.due_on.asc().nulls_last(), Task.id)
        .limit(SCANNED + 1)
    )
    return [(row[0], row[1]) for row in rows]


def _others(choices: Sequence[StaffChoice], person_id: int, away: Collection[int]) -> tuple[StaffChoice, ...]:
    return tuple(
        one
        for one in choices
        if one.decision.allowed and one.person_id != person_id and one.person_id not in away
    )


def _fill(session: Session, person_id: int, post: HeldPost, first: date, last: date) -> PostToFill:
    until = min(last + timedelta(days=1), first + timedelta(days=LONGEST_SUBSTITUTION))
    known = list_substitutions(session, persons=[person_id], first=first, last=last)
    offices = get_lineage(session, post.region_code)
    return PostToFill(
        post,
        first,
        until,
        list_possible_substitutes(session, person_id, post.key, post.region_code, offices, first, until),
        next((one for one in known if _is_for(one, person_id, post)), None),
        next(
            (one for one in list_requests(session, persons=[person_id]) if _is_for(one, person_id, post)),
            None,
        ),
    )


def _is_for(one: StandIn, person_id: int, post: HeldPost) -> bool:
    return (one.principal_id, one.post, one.region_code) == (person_id, post.key, post.region_code)
