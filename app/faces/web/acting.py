"""Who acts with which posts in which regions, and carrying out one operation for him."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeVar

from flask import g
from sqlalchemy.orm import Session

from app.faces.web.language import pick
from app.faces.web.posted import Posted
from app.faces.web.request_log import request_id
from app.faces.web.signin import kernel, officer
from app.kernel.duties.posts import HeldPost, list_held_posts, regions_of
from app.kernel.local_time import local_day
from app.kernel.transaction import Actor, Idempotency, Unit, run
from app.storage.reading import Memory

T = TypeVar("T")


def title_of(post: HeldPost) -> str:
    """In the reader's language."""
    return pick(post.title_zh, post.title_en)


def place_of(post: HeldPost) -> str:
    """The region in the reader's language."""
    return pick(post.region_zh, post.region_en)


@dataclass(frozen=True)
class Standing:
    """The signed-in person with today's posts; `regions` are those of the posts with all below them."""

    actor: Actor
    posts: tuple[HeldPost, ...]
    today: date
    now: datetime

    @property
    def person_id(self) -> int:
        """The natural person; accounts of people always have one."""
        if self.actor.person_id is None:
            raise LookupError("a signed-in account is a person's")
        return self.actor.person_id

    def holds(self, kind: str) -> bool:
        """Whether any post of today is of this kind."""
        return any(post.kind == kind for post in self.posts)


def standing() -> Standing:
    """Read once per request."""
    if "standing" not in g:
        g.standing = _read()
    found: Standing = g.standing
    return found


@contextmanager
def reading() -> Iterator[Session]:
    """A session that sees the officer's regions and writes nothing."""
    who = standing()
    with kernel().database.reading(who.actor.regions, _memory()) as session:
        yield session


def _memory() -> Memory:
    """What this request asked already; forgotten once it has written."""
    found: Memory = g.setdefault("memory", {})
    return found


def carry_out(
    operation: Callable[[Unit], T], *, case_id: int | None = None, posted: Posted | None = None
) -> T:
    """Run one operation as the officer; a posted form's key makes a second submit harmless."""
    once = Idempotency.of(posted.key, posted.body) if posted is not None and posted.key else None
    try:
        return run(kernel(), operation, standing().actor, case_id=case_id, idempotency=once)
    finally:
        g.pop("memory", None)


def _read() -> Standing:
    live, now = officer(), kernel().clock()
    today = local_day(now)
    with kernel().database.reading((), _memory()) as session:
        posts = list_held_posts(session, live.person_id, today)
        regions = regions_of(session, posts, live.person_id, today)
    actor = Actor(
        live.account_id,
        live.person_id,
        regions,
        request_id=request_id(),
        recorded_person_id=live.recorded_person_id,
    )
    return Standing(actor, posts, today, now)
