"""Doubts about who somebody is: raised by hand or by data, settled only by a controlled change.

While a doubt is open neither record may perform a duty (SD027): an unresolved identity fails closed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlalchemy import ColumnElement, and_, insert, or_, select
from sqlalchemy.orm import Session, aliased

from app.kernel.audit.chain import person_chain
from app.kernel.grants.alerts import list_watchers, tell
from app.kernel.identity.authority import require_doubter
from app.kernel.identity.likeness import Identity, LikelyPair, find_likely_pairs
from app.kernel.identity.models import IdentityDoubt, Person
from app.kernel.identity.refusals import DoubtAgainstItself, DoubtKnown, PersonNotFound
from app.kernel.kernel import Kernel
from app.kernel.transaction import run, system_actor
from app.kernel.transaction.unit import Unit
from app.storage.crypto import KeyRing

BY_DATA = "data"
"""Ground of a doubt that the comparison of records raised; the likenesses follow after a colon."""


@dataclass(frozen=True)
class Doubt:
    """A doubt with the names of its two records; `other_id` None: about one record by itself."""

    id: int
    person_id: int
    name: str
    other_id: int | None
    other_name: str | None
    ground: str
    raised_by: str | None
    raised_at: datetime
    cleared_at: datetime | None
    verdict: str | None
    change_id: int | None


def raise_doubt(unit: Unit, person_id: int, other_id: int | None, ground: str) -> int:
    """Put a record, or two against each other, in question by hand; answers the doubt's id.

    Raise DoubtsBySupervisors, PersonNotFound,
    DoubtAgainstItself, DoubtKnown (doubt_id).
    """
    require_doubter(unit)
    return _raise(unit, person_id, other_id, ground, unit.actor.person_id)


def find_likely_duplicates(session: Session, keyring: KeyRing) -> list[LikelyPair]:
    """Pairs of canonical persons that may be one; pairs that were doubted once are left out."""
    people = [
        Identity(
            row.id,
            row.pinyin,
            keyring.open(row.id_number_sealed, table="person", column="id_number", row=str(row.uid)),
        )
        for row in session.scalars(select(Person).where(Person.canonical_id == Person.id))
    ]
    known = {
        (min(one, other), max(one, other))
        for one, other in session.execute(select(IdentityDoubt.person_id, IdentityDoubt.other_id)).all()
        if other is not None
    }
    return [pair for pair in find_likely_pairs(people) if (pair.person_id, pair.other_id) not in known]


def raise_likely_doubts(kernel: Kernel) -> int:
    """The nightly job: a doubt for every strong pair; answers how many. Weak ones are for people to look at."""
    with kernel.database.session() as session:
        strong = [pair for pair in find_likely_duplicates(session, kernel.keyring) if pair.strong]
    for pair in strong:
        run(kernel, partial(raise_by_data, pair=pair), system_actor("duplicates"))
    return len(strong)


def raise_by_data(unit: Unit, pair: LikelyPair) -> int | None:
    """A doubt from the comparison of records; None when somebody raised it meanwhile."""
    ground = f"{BY_DATA}:{','.join(sorted(pair.grounds))}"
    try:
        return _raise(unit, pair.person_id, pair.other_id, ground, None)
    except DoubtKnown:
        return None


def _raise(unit: Unit, person_id: int, other_id: int | None, ground: str, by: int | None) -> int:
    names = dict(
        unit.session.execute(
            select(Person.id, Person.name).where(Person.id.in_([person_id, other_id or person_id]))
        ).all()
    )
    for wanted in (person_id, other_id):
        if wanted is not None and wanted not in names:
            raise PersonNotFound(person_id=wanted)
    if other_id == person_id:
        raise DoubtAgainstItself(field="other")
    known = _find_open(unit.session, person_id, other_id)
    if known is not None:
        raise DoubtKnown(doubt_id=known)
    doubt_id = unit.session.execute(
        insert(IdentityDoubt)
        .values(person_id=person_id, other_id=other_id, ground=ground, raised_by=by, raised_at=unit.now)
        .returning(IdentityDoubt.id)
    ).scalar_one()
    records = [record for record in (person_id, other_id) if record is not None]
    for record in records:
        payload = {"doubt": doubt_id, "records": records, "ground": ground}
        unit.record("identity.doubted", payload, chain=person_chain(record))
    told = {"name": "、".join(names[record] for record in records), "doubt": doubt_id, "person": person_id}
    tell(unit, list_watchers(unit), "identity_doubted", f"doubt:{doubt_id}", told)
    return doubt_id


def _find_open(session: Session, person_id: int, other_id: int | None) -> int | None:
    pair: ColumnElement[bool] = and_(
        IdentityDoubt.person_id == person_id, IdentityDoubt.other_id.is_not_distinct_from(other_id)
    )
    if other_id is not None:
        pair = or_(pair, and_(IdentityDoubt.person_id == other_id, IdentityDoubt.other_id == person_id))
    return session.scalar(select(IdentityDoubt.id).where(pair, IdentityDoubt.cleared_at.is_(None)).limit(1))


def list_doubts(
    session: Session,
    *,
    open_only: bool = True,
    person_ids: Iterable[int] | None = None,
    doubt_id: int | None = None,
) -> list[Doubt]:
    """Doubts, newest first; of some records only, or one by its id."""
    person, other, raiser = aliased(Person), aliased(Person), aliased(Person)
    query = (
        select(IdentityDoubt, person.name, other.name.label("other"), raiser.name.label("raiser"))
        .join(person, person.id == IdentityDoubt.person_id)
        .outerjoin(other, other.id == IdentityDoubt.other_id)
        .outerjoin(raiser, raiser.id == IdentityDoubt.raised_by)
        .order_by(IdentityDoubt.id.desc())
    )
    if open_only:
        query = query.where(IdentityDoubt.cleared_at.is_(None))
    if person_ids is not None:
        ids = list(person_ids)
        query = query.where(or_(IdentityDoubt.person_id.in_(ids), IdentityDoubt.other_id.in_(ids)))
    if doubt_id is not None:
        query = query.where(IdentityDoubt.id == doubt_id)
    return [
        Doubt(
            id=row.IdentityDoubt.id,
            person_id=row.IdentityDoubt.person_id,
            name=row.name,
            other_id=row.IdentityDoubt.other_id,
            other_name=row.other,
            ground=row.IdentityDoubt.ground,
            raised_by=row.raiser,
            raised_at=row.IdentityDoubt.raised_at,
            cleared_at=row.IdentityDoubt.cleared_at,
            verdict=row.IdentityDoubt.verdict,
            change_id=row.IdentityDoubt.change_id,
        )
        for row in session.execute(query)
    ]
