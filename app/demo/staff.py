"""Founds the demonstration region: administrators and witnesses, everybody's accounts and posts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from pathlib import Path

from app.demo.generator import Citizen, Generator
from app.demo.logins import login_of
from app.demo.roster import (
    ADMINISTRATORS,
    GRANTORS,
    PASSWORD,
    SECOND_ACCOUNT,
    TRANSFERRED,
    TWO_RECORDS,
    WITNESSES,
    Holding,
    holdings,
    names,
)
from app.domain.registry.founding import Founder, Founding, found
from app.kernel.decisions.parameters.definitions import read_folder
from app.kernel.decisions.parameters.installing import install_values
from app.kernel.duties.operations import GrantRequest, grant_posts
from app.kernel.identity.identifiers import IdentifierInvalid, parse_id_number
from app.kernel.identity.operations import create_account, create_person
from app.kernel.identity.passwords import hash_password
from app.kernel.identity.queries import person_by_id_number
from app.kernel.kernel import Kernel
from app.kernel.transaction import Actor, Unit, run, system_actor

WORKFLOWS = Path(__file__).resolve().parents[2] / "workflows"
TEST_VALUES = Path(__file__).resolve().parent / "parameters"
BORN_IN = "640104"


@dataclass(frozen=True)
class Worker:
    """A person who works in the region, with the account to act by and the regions that account sees."""

    name: str
    person_id: int
    account_id: int


class Staff:
    """Who may be asked to do what, by post, region and day."""

    def __init__(self, workers: Mapping[str, Worker], held: list[Holding]) -> None:
        self._workers = workers
        self._held = held

    def holders(self, post: str, region: str, day: date) -> list[Worker]:
        """Holders of a post on a day, in the roster's order."""
        return [
            self._workers[item.name]
            for item in self._held
            if (item.post, item.region) == (post, region)
            and item.since <= day
            and (item.until is None or day < item.until)
        ]

    def named(self, name: str) -> Worker:
        return self._workers[name]

    def everybody(self) -> Iterable[Worker]:
        return self._workers.values()

    def actor(self, worker: Worker, region: str) -> Actor:
        """The worker at work on a case of this region."""
        return Actor(worker.account_id, worker.person_id, (region,), request_id="demo")


def found_region(kernel: Kernel, seed: str, since: date, transfer: date) -> Staff:
    """Persons, accounts, posts and processes of the region; `since` is the day posts begin."""
    citizens = _citizens(seed)
    run(kernel, partial(found, founding=_founding(citizens), workflows=WORKFLOWS), system_actor("demo"))
    run(kernel, _install_test_values, system_actor("demo"))
    workers = run(kernel, partial(_employ, citizens=citizens), system_actor("demo"))
    held = list(holdings(since, transfer))
    run(kernel, partial(_grant, held=held, workers=workers), system_actor("demo"))
    return Staff(workers, held)


def _install_test_values(unit: Unit) -> None:
    """Made-up values, marked TEST, for what only the region's notices say."""
    known = read_folder(WORKFLOWS / "parameters").definitions
    made_up = read_folder(TEST_VALUES, known).editions
    install_values(unit, made_up, {"kind": "demonstration"})


def _citizens(seed: str) -> dict[str, Citizen]:
    generator = Generator(f"{seed}:staff")
    citizens = {name: generator.citizen(BORN_IN, name, youngest=1970, oldest=1998) for name in names()}
    first, second = TWO_RECORDS
    return citizens | {second: replace(citizens[second], id_number=misread(citizens[first].id_number))}


def misread(number: str) -> str:
    """The number with another last digit of the serial (of the same sex) and the check digit that belongs to it."""
    body = number[:16] + str((int(number[16]) + 2) % 10)
    for check in "0123456789X":
        try:
            return parse_id_number(body + check).number
        except IdentifierInvalid:
            continue
    raise ValueError("every body has a check digit")


def _founding(citizens: Mapping[str, Citizen]) -> Founding:
    return Founding(
        {
            post: Founder(name, citizens[name].id_number, login_of(name), PASSWORD)
            for post, name in ADMINISTRATORS.items()
        },
        [Founder(name, citizens[name].id_number) for name in WITNESSES],
    )


def _employ(unit: Unit, citizens: Mapping[str, Citizen]) -> dict[str, Worker]:
    """Everybody but the administrators, who have their accounts from the founding."""
    workers, hashed = {}, hash_password(PASSWORD)
    for name, citizen in citizens.items():
        if name in ADMINISTRATORS.values():
            continue
        known = person_by_id_number(unit.session, unit.kernel.keyring, citizen.id_number)
        person = known.id if known else create_person(unit, name, citizen.id_number)
        workers[name] = Worker(
            name, person, create_account(unit, person, login_of(name), PASSWORD, hashed=hashed)
        )
    create_account(unit, workers[TRANSFERRED].person_id, SECOND_ACCOUNT, PASSWORD, hashed=hashed)
    return workers


def _grant(unit: Unit, held: list[Holding], workers: Mapping[str, Worker]) -> None:
    requests = []
    for item in held:
        grantors = [workers[name].person_id for name in GRANTORS if name != item.name][:3]
        person = workers[item.name].person_id
        requests.append(GrantRequest(person, item.post, item.region, item.since, item.until, *grantors))
    grant_posts(unit, requests)
