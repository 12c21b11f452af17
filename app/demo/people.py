"""People and posts of the demonstration: requests in every state, and two records that may be one person."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import select

from app.demo.generator import Generator
from app.demo.logins import login_of
from app.demo.playing import SimulatedClock
from app.demo.roster import PASSWORD, YINCHUAN
from app.demo.staff import BORN_IN, Staff, misread
from app.kernel.duties.models import PostGrant
from app.kernel.grants.operations import (
    PostApplication,
    apply_for_end,
    apply_for_post,
    approve_request,
    assign_post,
    refuse_request,
    review_request,
)
from app.kernel.identity.administration import NewPerson, register_person
from app.kernel.identity.login import account_by_login
from app.kernel.kernel import Kernel
from app.kernel.transaction import Actor, run
from app.kernel.transaction.unit import EVERY_REGION

APPLICANT, REVIEWER, HEAD = "郭志强", "严守正", "贺明远"
SYSTEM, SECURITY = "钟伟", "方静"
NEWCOMERS = ("丁晓燕", "马文清")
TWICE = "马建华"
LEAVING = ("何雨桐", "rec_window")
REVIEWED = (review_request, "编制内，无不相容岗位。")
APPROVED = (approve_request, "同意。")
ASSIGNED = (assign_post, "已核对四步。")
REFUSED = (refuse_request, "拟任业务岗位在先，与财务岗位不相容。")
# Person, post, and how far the request has come.
REQUESTS: tuple[tuple[str, str, tuple[tuple[Callable[..., Any], str], ...]], ...] = (
    (NEWCOMERS[0], "rec_window", ()),
    (NEWCOMERS[0], "rec_clerk", (REVIEWED, APPROVED, ASSIGNED)),
    (NEWCOMERS[1], "si_window", (REVIEWED,)),
    (NEWCOMERS[1], "si_agreement", (REVIEWED, APPROVED)),
    (NEWCOMERS[1], "si_fin_maker", (REFUSED,)),
)
REASON = "新招录人员，补充窗口力量。"


def show_people(kernel: Kernel, staff: Staff, seed: str) -> None:
    """Registered and asked for over the last days, with the real operations and by those whose steps they are."""
    now = kernel.clock()
    played = _Played(kernel, staff, now)
    people = _register(played, seed)
    begins = (now + timedelta(days=32)).date().replace(day=1)
    for place, (name, post, steps) in enumerate(REQUESTS):
        asked = PostApplication(people[name], post, YINCHUAN, begins, None, REASON)
        request = played.act(APPLICANT, 5 - place * 0.5, partial(apply_for_post, application=asked))
        _carry(played, request, steps, 4 - place * 0.5)
    _ask_for_end(played, begins)


class _Played:
    """Acts by name, so many days ago."""

    def __init__(self, kernel: Kernel, staff: Staff, now: datetime) -> None:
        self.kernel, self._staff, self._now = kernel, staff, now

    def act(self, name: str, days_ago: float, operation: Callable[..., Any]) -> Any:
        clock = SimulatedClock(self._now - timedelta(days=days_ago))
        return run(replace(self.kernel, clock=clock), operation, self._actor(name))

    def person(self, name: str) -> int:
        return self._staff.named(name).person_id

    def _actor(self, name: str) -> Actor:
        with self.kernel.database.session() as session:
            account = account_by_login(session, login_of(name))
        if account is None:
            raise LookupError(name)
        return Actor(account.id, account.person_id, EVERY_REGION, request_id="demo")


def _register(played: _Played, seed: str) -> dict[str, int]:
    """Newcomers, and one who was registered twice: the second time with a digit read wrongly from an old card."""
    generator = Generator(f"{seed}:newcomers")
    people = {}
    for name in (*NEWCOMERS, TWICE):
        number = generator.citizen(BORN_IN, name, youngest=1985, oldest=1999).id_number
        people[name] = _person(played, NewPerson(name, number, login_of(name), PASSWORD), 9)
        if name == TWICE:
            again = NewPerson(name, misread(number), f"{login_of(name)}2", PASSWORD)
            _person(played, again, 6)
    return people


def _person(played: _Played, new: NewPerson, days_ago: float) -> int:
    done = played.act(SYSTEM, days_ago, partial(register_person, new=new))
    return int(done.person_id)


def _carry(
    played: _Played, request: int, steps: tuple[tuple[Callable[..., Any], str], ...], days_ago: float
) -> None:
    takers = {
        review_request: REVIEWER,
        approve_request: HEAD,
        assign_post: SECURITY,
        refuse_request: REVIEWER,
    }
    for place, (operation, said) in enumerate(steps):
        key = "reason" if operation is refuse_request else "comment"
        step = partial(operation, request_id=request, **{key: said})
        played.act(takers[operation], days_ago - place * 0.5, step)


def _ask_for_end(played: _Played, ends: date) -> None:
    name, post = LEAVING
    with played.kernel.database.session() as session:
        grant = session.scalars(
            select(PostGrant.id).where(
                PostGrant.person_id == played.person(name),
                PostGrant.post == post,
                PostGrant.revokes.is_(None),
            )
        ).one()
    operation = partial(apply_for_end, grant_id=grant, last_day_after=ends, reason="轮岗到送达归档。")
    played.act(APPLICANT, 1, operation)
