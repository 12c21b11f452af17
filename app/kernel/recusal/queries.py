"""Reads of recusal: who is barred from which case, what is recorded, what waits for a ruling."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, SQLColumnExpression, and_, bindparam, exists, select
from sqlalchemy.orm import Session

from app.kernel.cases.models import Case
from app.kernel.duties.candidates import grant_in_force
from app.kernel.duties.histories import BAR, bars_of
from app.kernel.duties.models import PostGrant
from app.kernel.duties.views import Bar
from app.kernel.identity.models import Person
from app.kernel.recusal.models import PersonInterest, Recusal, RecusalRuling
from app.kernel.recusal.rules import HEAD, RECORDING_DUTIES
from app.kernel.worklist.models import Task
from app.storage.core import table
from app.storage.reading import remembered_one

SHOWN = 200
_BARS = BAR.alias()
_OWNER = table(Person).alias("interested_person")
_INTEREST = table(PersonInterest).alias("found_interest")


_WHO, _RECORDER, _HEAD = (table(Person).alias(name) for name in ("who", "rec", "head"))
_VIEWS = (
    select(
        Recusal.id,
        Recusal.case_id,
        Case.case_no,
        Recusal.person_id,
        _WHO.c.name,
        Recusal.cause,
        Recusal.origin,
        Recusal.detail,
        Recusal.requested_by,
        _RECORDER.c.name,
        Recusal.at,
        RecusalRuling.verdict,
        RecusalRuling.reason,
        _HEAD.c.name,
        RecusalRuling.at,
    )
    .join(Case, Case.id == Recusal.case_id)
    .join(_WHO, _WHO.c.id == Recusal.person_id)
    .outerjoin(_RECORDER, _RECORDER.c.id == Recusal.recorded_by)
    .outerjoin(RecusalRuling, RecusalRuling.recusal_id == Recusal.id)
    .outerjoin(_HEAD, _HEAD.c.id == RecusalRuling.ruled_by)
    .order_by(Recusal.id.desc())
)
_OF_CASE = _VIEWS.where(Recusal.case_id == bindparam("case")).limit(SHOWN)


@dataclass(frozen=True)
class RecusalView:
    """A recusal with its ruling and the names that pages show."""

    recusal_id: int
    case_id: int
    case_no: str
    person_id: int
    name: str
    cause: str
    origin: str
    detail: str
    requested_by: str | None
    recorder: str | None
    at: datetime
    verdict: str | None
    ruling: str | None
    head: str | None
    ruled_at: datetime | None

    @property
    def in_force(self) -> bool:
        """It holds at once and until the head refuses it."""
        return self.verdict != "refused"


@dataclass(frozen=True)
class Match:
    """A person who is a subject of a case (`party`), or stands close to one (`cause`, `label`)."""

    person_id: int
    party: bool
    cause: str = ""
    label: str = ""


def barring(case_id: SQLColumnExpression[int], person_id: int) -> ColumnElement[bool]:
    """Condition: the (canonical) person is a party of the case, recused from it, or has an interest in it.

    Lists leave such cases out for this reader; the view is the fence's own.
    """
    return exists().where(_BARS.c.case_id == case_id, _BARS.c.person_id == person_id)


def find_bar(session: Session, case_id: int, person_id: int) -> Bar | None:
    """Why the (canonical) person is barred from the case; None when not. A party's bar goes before a recusal's."""
    rows = session.execute(
        select(BAR.c.person_id, BAR.c.bar, BAR.c.cause).where(
            BAR.c.case_id == case_id, BAR.c.person_id == person_id
        )
    )
    return bars_of(rows).get(person_id)


def list_barred(session: Session, person_id: int, case_ids: Collection[int]) -> frozenset[int]:
    """Those of the cases that the person may neither read nor act in."""
    if not case_ids:
        return frozenset()
    own = select(BAR.c.case_id).where(BAR.c.case_id.in_(case_ids), BAR.c.person_id == person_id)
    return frozenset(session.scalars(own))


def list_readable(session: Session, case_ids: Collection[int], person_id: int) -> frozenset[int]:
    """Those of the cases that the session's regions show and the person isn't barred from."""
    shown = select(Case.id).where(Case.id.in_(case_ids), ~barring(Case.id, person_id))
    return frozenset(session.scalars(shown)) if case_ids else frozenset()


def list_barred_persons(session: Session, case_id: int) -> frozenset[int]:
    """Canonical ids of everybody who may neither read nor act in the case."""

    def load() -> frozenset[int]:
        return frozenset(session.scalars(select(BAR.c.person_id).where(BAR.c.case_id == case_id)))

    return remembered_one(session, "barred persons", case_id, load)


def find_matches(session: Session, indexes: Collection[bytes]) -> list[Match]:
    """Persons who are one of the subjects, and persons with an interest in one, by canonical id."""
    parties = select(_OWNER.c.canonical_id).where(_OWNER.c.id_number_index.in_(indexes)).distinct()
    interested = (
        select(_OWNER.c.canonical_id, _INTEREST.c.cause, _INTEREST.c.subject_label)
        .join(_OWNER, _OWNER.c.id == _INTEREST.c.person_id)
        .where(_INTEREST.c.subject_index.in_(indexes), _INTEREST.c.ended_at.is_(None))
        .order_by(_INTEREST.c.id)
    )
    found = [Match(person_id, party=True) for person_id in session.scalars(parties)]
    found += [Match(row[0], party=False, cause=row[1], label=row[2]) for row in session.execute(interested)]
    return found


def list_recusals(session: Session, case_id: int) -> list[RecusalView]:
    """All recusals of a case, newest first."""
    return [RecusalView(*row) for row in session.execute(_OF_CASE, {"case": case_id})]


def list_to_rule(session: Session, person_id: int) -> list[RecusalView]:
    """Recusals without a ruling in the visible regions' open cases that this head may read."""
    readable = and_(RecusalRuling.recusal_id.is_(None), Case.status == "open", ~barring(Case.id, person_id))
    return _views(session, readable)


def list_ruled(session: Session, person_id: int, limit: int = 20) -> list[RecusalView]:
    """The latest recusals that were ruled on, as far as this head may read them."""
    readable = and_(RecusalRuling.recusal_id.is_not(None), ~barring(Case.id, person_id))
    return _views(session, readable, limit=limit)


def list_own_recusals(session: Session, person_id: int) -> list[RecusalView]:
    """The cases a person stands back from; nothing of them but their number."""
    own = select(Person.id).where(Person.canonical_id == person_id)
    return _views(session, Recusal.person_id.in_(own))


def _views(session: Session, condition: ColumnElement[bool], *, limit: int = SHOWN) -> list[RecusalView]:
    return [RecusalView(*row) for row in session.execute(_VIEWS.where(condition).limit(limit))]


def list_heads(session: Session, lineage: Collection[str], today: date) -> Sequence[int]:
    """Canonical ids of who heads the department of the region or of one above it, today."""
    return session.scalars(
        select(Person.canonical_id)
        .join(PostGrant, PostGrant.person_id == Person.id)
        .where(PostGrant.post == HEAD, PostGrant.region_code.in_(lineage), grant_in_force(today))
        .distinct()
        .order_by(Person.canonical_id)
    ).all()


def list_recording_posts(session: Session, case_id: int) -> frozenset[tuple[str, str]]:
    """(post, region) of the case's receiving and handling tasks: who holds one records what parties ask."""
    rows = session.execute(
        select(Task.post, Task.region_code).where(Task.case_id == case_id, Task.duty.in_(RECORDING_DUTIES))
    )
    return frozenset((row.post, row.region_code) for row in rows)


def canonical_of(session: Session, person_id: int) -> int | None:
    """The canonical id of a person's record; None when there is no such record."""
    return session.scalar(select(Person.canonical_id).where(Person.id == person_id))


def list_person_ids(session: Session, person_id: int) -> frozenset[int]:
    """All records of a natural person, by its canonical id."""
    return frozenset(session.scalars(select(Person.id).where(Person.canonical_id == person_id)))


@dataclass(frozen=True)
class PersonLine:
    """A person to choose from."""

    person_id: int
    name: str


def list_serving(session: Session, lineage: Collection[str], today: date) -> list[PersonLine]:
    """Everybody who holds a post in the region or above it today, by pinyin: who could have to stand back."""
    rows = session.execute(
        select(Person.canonical_id, Person.name, Person.pinyin)
        .join(PostGrant, PostGrant.person_id == Person.id)
        .where(PostGrant.region_code.in_(lineage), grant_in_force(today))
        .distinct()
        .order_by(Person.pinyin, Person.canonical_id)
    )
    return [PersonLine(row.canonical_id, row.name) for row in rows]
