"""The committees of 银川 and of the region, the agency of 银川, all made up, and experts who have accounts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial

from app.demo.generator import Generator
from app.demo.logins import login_of
from app.demo.register import BONES, list_experts
from app.demo.roster import GRANTORS, PASSWORD, REGION, YINCHUAN
from app.demo.staff import BORN_IN, Staff, Worker
from app.kernel.duties.operations import GrantRequest, grant_posts
from app.kernel.identity.operations import create_account, create_person
from app.kernel.identity.passwords import hash_password
from app.kernel.kernel import Kernel
from app.kernel.transaction import Unit, run, system_actor

PEOPLE: Mapping[str, tuple[str, ...]] = {
    "as_window": ("柳如茵",),
    "as_handler": ("喻文涛", "童晓岚"),
    "as_checker": ("阮志宏", "汤国华"),
    "as_risk": ("葛东升", "佟丽萍"),
    "as_approver": ("褚卫民", "施建军"),
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
"""Of the city two for each review of an assessment: who judged the first one stands back from a later one (set 14)."""
REGION_PEOPLE: Mapping[str, tuple[str, ...]] = {
    "as_window": ("康雅琴",),
    "as_handler": ("陶振邦",),
    "as_checker": ("邬丽萍",),
    "as_risk": ("麦志强",),
    "as_approver": ("裴永康",),
    "as_clerk": ("甄晓婷",),
    "as_draw_operator": ("戚国良",),
    "as_witness": ("桂芳",),
}
"""The region's committee, which assesses again what a city's concluded."""
EXPERT = "as_expert"


@dataclass(frozen=True)
class Authorities:
    """Holders by post and region."""

    holders: Mapping[tuple[str, str], tuple[Worker, ...]]

    def everybody(self) -> Iterator[Worker]:
        for people in self.holders.values():
            yield from people


@dataclass(frozen=True)
class _Hired:
    post: str
    region: str
    name: str
    id_number: str
    login: str


def hire(
    kernel: Kernel, staff: Staff, seed: str, since: date, today: date, *, sample: bool = False
) -> Authorities:
    """Persons, accounts and posts, granted by the same people as everybody's. Of a `sample`'s experts only those of
    bones: its panels need no others.
    """
    generator = Generator(f"{seed}:authorities")
    hired = [
        _Hired(post, region, name, _number(generator, name), login_of(name))
        for region, people in ((YINCHUAN, PEOPLE), (REGION, REGION_PEOPLE))
        for post, names in people.items()
        for name in names
    ]
    hired += _experts(seed, today, {BONES} if sample else set())
    return run(kernel, partial(_hire, hired=hired, staff=staff, since=since), system_actor("demo"))


def _number(generator: Generator, name: str) -> str:
    return generator.citizen(BORN_IN, name, youngest=1970, oldest=1998).id_number


def _experts(seed: str, today: date, only: Collection[str]) -> Iterator[_Hired]:
    """All of both cities sit for 银川, which draws across cities where its own are too few, and for the region. They
    have names by chance: a login of their own kind can't be an officer's."""
    for place, one in enumerate(list_experts(seed, today), start=1):
        if only and not {*one["specialities"]} & {*only}:
            continue
        login = f"zj.{login_of(one['name'])}{place}"
        for region in (YINCHUAN, REGION):
            yield _Hired(EXPERT, region, one["name"], one["id_number"].number, login)


def _hire(unit: Unit, hired: Iterable[_Hired], staff: Staff, since: date) -> Authorities:
    chiefs = [staff.named(name).person_id for name in GRANTORS[:3]]
    found: dict[tuple[str, str], tuple[Worker, ...]] = {}
    workers: dict[str, Worker] = {}
    requests, hashed = [], hash_password(PASSWORD)
    for one in hired:
        worker = workers.get(one.login)
        if worker is None:
            person = create_person(unit, one.name, one.id_number)
            account = create_account(unit, person, one.login, PASSWORD, hashed=hashed)
            worker = workers[one.login] = Worker(one.name, person, account)
        found[one.post, one.region] = (*found.get((one.post, one.region), ()), worker)
        requests.append(GrantRequest(worker.person_id, one.post, one.region, since, None, *chiefs))
    grant_posts(unit, requests)
    return Authorities(found)
