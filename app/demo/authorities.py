"""The committee and the agency of 银川, all made up: their people, and experts of the register who have accounts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial

from app.demo.generator import Generator
from app.demo.logins import login_of
from app.demo.register import list_experts
from app.demo.roster import GRANTORS, PASSWORD, YINCHUAN
from app.demo.staff import BORN_IN, Staff, Worker
from app.kernel.duties.operations import GrantRequest, grant_posts
from app.kernel.identity.operations import create_account, create_person
from app.kernel.kernel import Kernel
from app.kernel.transaction import Actor, Unit, run, system_actor

PEOPLE: Mapping[str, tuple[str, ...]] = {
    "as_window": ("柳如茵",),
    "as_handler": ("喻文涛", "童晓岚"),
    "as_checker": ("阮志宏",),
    "as_risk": ("葛东升",),
    "as_approver": ("褚卫民",),
    "as_clerk": ("郝秋菊",),
    "as_draw_operator": ("季晓东",),
    "as_witness": ("凌雪松",),
    "si_window": ("倪春华",),
    "si_handler": ("滕海波", "路晓燕"),
    "si_checker": ("翟国平",),
    "si_risk": ("盛玉琴",),
    "si_approver": ("樊长林",),
    "si_head": ("霍启明",),
}
SPECIALITY = "骨科"
"""The one the demonstration's panels are drawn from."""


@dataclass(frozen=True)
class Authorities:
    """Holders by post."""

    holders: Mapping[str, tuple[Worker, ...]]

    def actor(self, worker: Worker) -> Actor:
        return Actor(worker.account_id, worker.person_id, (YINCHUAN,), request_id="demo")

    def expert(self, person_id: int) -> Worker:
        """The expert with this person. Raise StopIteration where there is none."""
        return next(one for one in self.holders["as_expert"] if one.person_id == person_id)


@dataclass(frozen=True)
class _Hired:
    post: str
    name: str
    id_number: str
    login: str


def hire(kernel: Kernel, staff: Staff, seed: str, since: date, today: date) -> Authorities:
    """Persons, accounts and posts, granted by the same people as everybody's."""
    generator = Generator(f"{seed}:authorities")
    hired = [
        _Hired(
            post, name, generator.citizen(BORN_IN, name, youngest=1970, oldest=1998).id_number, login_of(name)
        )
        for post, names in PEOPLE.items()
        for name in names
    ]
    hired += [
        # The register's experts have names by chance: a login of their own kind can't be an officer's.
        _Hired("as_expert", one["name"], one["id_number"].number, f"zj.{login_of(one['name'])}{place}")
        for place, one in enumerate(list_experts(seed, today, YINCHUAN, SPECIALITY), start=1)
    ]
    return run(kernel, partial(_hire, hired=hired, staff=staff, since=since), system_actor("demo"))


def _hire(unit: Unit, hired: Iterable[_Hired], staff: Staff, since: date) -> Authorities:
    chiefs = [staff.named(name).person_id for name in GRANTORS[:3]]
    found: dict[str, tuple[Worker, ...]] = {}
    requests = []
    for one in hired:
        person = create_person(unit, one.name, one.id_number)
        worker = Worker(one.name, person, create_account(unit, person, one.login, PASSWORD))
        found[one.post] = (*found.get(one.post, ()), worker)
        requests.append(GrantRequest(person, one.post, YINCHUAN, since, None, *chiefs))
    grant_posts(unit, requests)
    return Authorities(found)
