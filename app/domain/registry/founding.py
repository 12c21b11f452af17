"""Founding an installation (三员分立): three administrators before two witnesses, the first deployment, the calendar.

Nobody is there yet who could grant a post, so the founding names its people and is recorded as one act:
each administrator's post is asked for by another administrator, reviewed and approved by the two witnesses.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from app.kernel.audit.chain import person_chain
from app.kernel.deadlines.calendar import SEEDED_YEARS
from app.kernel.deadlines.calendar_operations import publish_year
from app.kernel.deadlines.models import CalendarYear
from app.kernel.decisions.catalogue.deploying import install_rules
from app.kernel.decisions.formulas.versions import SHIPPED, install_formulas
from app.kernel.decisions.parameters.definitions import read_folder as read_parameters
from app.kernel.decisions.parameters.installing import install_values
from app.kernel.duties.models import Founding as FoundingClosed
from app.kernel.duties.models import PostGrant
from app.kernel.duties.operations import GrantRequest, grant_posts
from app.kernel.engine.catalogue import DefinitionNeedsChange, deploy, list_folders, read_folder
from app.kernel.identity.identifiers import parse_id_number
from app.kernel.identity.models import Person
from app.kernel.identity.operations import create_account, create_person
from app.kernel.identity.queries import person_by_id_number
from app.kernel.transaction import Unit
from app.storage.crypto import KeyRing

ADMINISTRATORS = ("system_admin", "security_admin", "audit_admin")
OFFICERS = ("supervisor", "internal_auditor", "dept_head")
"""With the security administrator they are the permission chain; once they are there, the founding closes."""
WITNESSES = 2
ROOT_REGION = "640000"


class FoundingRefused(ValueError):
    """The founding can't be carried out as stated; `code` and `params` say why."""

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code, params)
        self.code = code
        self.params = params


@dataclass(frozen=True)
class Founder:
    """One person of the founding; witnesses have no account, so neither login nor password."""

    name: str
    id_number: str = field(repr=False)
    login: str = ""
    password: str = field(default="", repr=False)


@dataclass(frozen=True)
class Founding:
    """Administrators by post, the witnesses, and the first officers by post (all three or none yet)."""

    administrators: Mapping[str, Founder]
    witnesses: Sequence[Founder]
    officers: Mapping[str, Founder] = field(default_factory=dict)

    def people(self) -> list[Founder]:
        return [*self.administrators.values(), *self.witnesses, *self.officers.values()]


@dataclass(frozen=True)
class Founded:
    """Person ids by administrator's post and of the witnesses; `new` is False for a repeated founding."""

    administrators: Mapping[str, int]
    witnesses: tuple[int, ...]
    definitions: Mapping[str, int]
    waiting: tuple[str, ...]
    """Folders, rules and formulas whose files differ from what is in force: once the founding is closed, proposed."""
    new: bool
    closed: bool
    """Whether every further post needs its permission chain."""


def check_founding(founding: Founding, today: date) -> None:
    """Raise FoundingRefused (posts_incomplete, officers_incomplete, witnesses_missing, name_missing, same_person)
    or IdentifierInvalid."""
    if set(founding.administrators) != set(ADMINISTRATORS):
        raise FoundingRefused("posts_incomplete", posts=ADMINISTRATORS)
    if founding.officers and set(founding.officers) != set(OFFICERS):
        raise FoundingRefused("officers_incomplete", posts=OFFICERS)
    if len(founding.witnesses) != WITNESSES:
        raise FoundingRefused("witnesses_missing", wanted=WITNESSES)
    if not all(person.name.strip() for person in founding.people()):
        raise FoundingRefused("name_missing")
    numbers = [parse_id_number(person.id_number, today=today).number for person in founding.people()]
    if len(set(numbers)) != len(numbers):
        raise FoundingRefused("same_person")


def found(unit: Unit, founding: Founding, workflows: Path) -> Founded:
    """Set up the administrators, publish the calendar, deploy every process, put the shipped parameters into force.
    Repeating it changes nothing.

    The first officers may come with a repetition; with them the founding closes.

    Raise FoundingRefused: other people than the first time, or any of `check_founding`.
    """
    check_founding(founding, unit.today)
    before = administrators_in_office(unit.session)
    if before:
        _refuse_other_people(unit.session, unit.kernel.keyring, before, founding)
    people = _known_people(unit, founding) if before else _set_up(unit, founding)
    _publish_calendar(unit)
    witnesses = [people[witness.id_number] for witness in founding.witnesses]
    approval = {"kind": "founding", "witnesses": witnesses}
    rules = install_rules(unit, workflows, by="founding", approval=approval)
    formulas = install_formulas(unit, workflows, by="founding", approval=approval)
    definitions, waiting = _deploy_all(unit, workflows, witnesses)
    _install_parameters(unit, workflows, witnesses)
    if founding.officers and not is_closed(unit.session):
        _appoint_officers(unit, founding, people)
        close_founding(unit)
    return Founded(
        {post: people[person.id_number] for post, person in founding.administrators.items()},
        tuple(people[person.id_number] for person in founding.witnesses),
        definitions,
        (*waiting, *rules, *([SHIPPED] if formulas else [])),
        new=not before,
        closed=is_closed(unit.session),
    )


def is_closed(session: Session) -> bool:
    """Whether every grant needs its permission chain already."""
    return session.scalar(select(FoundingClosed.id)) is not None


def close_founding(unit: Unit) -> None:
    """From here on the fence wants a permission chain behind every grant (SD015)."""
    first = select(PostGrant.reviewed_by, PostGrant.approved_by).where(PostGrant.post.in_(ADMINISTRATORS))
    witnesses = list(unit.session.execute(first.order_by(PostGrant.id).limit(1)).one())
    unit.session.execute(insert(FoundingClosed).values(id=1, closed_at=unit.now, witnesses=witnesses))
    unit.record("founding.closed", {"witnesses": witnesses}, chain="system")


def _appoint_officers(unit: Unit, founding: Founding, people: Mapping[str, int]) -> None:
    first, second = (people[witness.id_number] for witness in founding.witnesses)
    asked_by = people[founding.administrators["security_admin"].id_number]
    requests = []
    for post, officer in founding.officers.items():
        person = create_person(unit, officer.name, officer.id_number)
        create_account(unit, person, officer.login, officer.password)
        requests.append(GrantRequest(person, post, ROOT_REGION, unit.today, None, asked_by, first, second))
    grant_posts(unit, requests)


def administrators_in_office(session: Session) -> dict[str, int]:
    """Person ids by platform post, the first holder of each; empty before the founding."""
    rows = session.execute(
        select(PostGrant.post, PostGrant.person_id)
        .where(PostGrant.post.in_(ADMINISTRATORS), PostGrant.revokes.is_(None))
        .order_by(PostGrant.id.desc())
    )
    return {row.post: row.person_id for row in rows}


def _refuse_other_people(
    session: Session, keyring: KeyRing, before: Mapping[str, int], founding: Founding
) -> None:
    for post, founder in founding.administrators.items():
        known = person_by_id_number(session, keyring, founder.id_number)
        if known is None or before.get(post) != known.id:
            raise FoundingRefused("founded_by_others", post=post)


def _known_people(unit: Unit, founding: Founding) -> dict[str, int]:
    found_people: dict[str, int] = {}
    for founder in (*founding.administrators.values(), *founding.witnesses):
        person = person_by_id_number(unit.session, unit.kernel.keyring, founder.id_number)
        if person is None:
            raise FoundingRefused("founded_by_others", post="witness")
        found_people[founder.id_number] = person.id
    return found_people


def _set_up(unit: Unit, founding: Founding) -> dict[str, int]:
    if unit.session.scalar(select(Person.id).limit(1)) is not None:
        raise FoundingRefused("people_before_founding")
    founders = [*founding.administrators.values(), *founding.witnesses]
    people = {p.id_number: create_person(unit, p.name, p.id_number) for p in founders}
    for founder in founding.administrators.values():
        create_account(unit, people[founder.id_number], founder.login, founder.password)
    grant_posts(unit, _grants(unit.today, founding, people))
    witnesses = [people[witness.id_number] for witness in founding.witnesses]
    posts = {post: people[person.id_number] for post, person in founding.administrators.items()}
    unit.record("system.founded", {"administrators": posts, "witnesses": witnesses}, chain="system")
    for witness in witnesses:
        unit.record("founding.witnessed", {"administrators": posts}, chain=person_chain(witness))
    return people


def _grants(today: date, founding: Founding, people: Mapping[str, int]) -> list[GrantRequest]:
    first, second = (people[witness.id_number] for witness in founding.witnesses)
    persons = [people[founding.administrators[post].id_number] for post in ADMINISTRATORS]
    return [
        GrantRequest(person, post, ROOT_REGION, today, None, persons[(place + 1) % 3], first, second)
        for place, (post, person) in enumerate(zip(ADMINISTRATORS, persons, strict=True))
    ]


def _publish_calendar(unit: Unit) -> None:
    known = set(unit.session.scalars(select(CalendarYear.year)))
    for year, source in SEEDED_YEARS.items():
        if year not in known:
            publish_year(unit, year, source)


def _install_parameters(unit: Unit, workflows: Path, witnesses: Sequence[int]) -> None:
    """The shipped values, before the witnesses; once the founding is closed what is new must be proposed."""
    if not is_closed(unit.session):
        shipped = read_parameters(workflows / "parameters")
        install_values(unit, shipped.editions, {"kind": "founding", "witnesses": list(witnesses)})


def _deploy_all(
    unit: Unit, workflows: Path, witnesses: Sequence[int]
) -> tuple[dict[str, int], tuple[str, ...]]:
    """Version ids by folder, and the folders that only a controlled change may put into force any more."""
    approval: dict[str, Any] = {"kind": "founding", "witnesses": list(witnesses)}
    deployed, waiting = {}, []
    for key in list_folders(workflows):
        try:
            row = deploy(unit, key, read_folder(workflows, key), by="founding", approval=approval)
        except DefinitionNeedsChange:
            waiting.append(key)
        else:
            deployed[key] = row.id
    return deployed, tuple(waiting)
