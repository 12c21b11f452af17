"""Who calls: the bearer token's account, with the posts its person holds today."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar

from flask import Flask, current_app, g, request
from sqlalchemy.orm import Session

from app.faces.api.refusals import RequestUnreadable
from app.faces.web.request_log import request_id
from app.kernel.duties.posts import HeldPost, list_held_posts, regions_of
from app.kernel.identity.refusals import TokenInvalid
from app.kernel.identity.tokens import LiveToken, find_token, touch_token
from app.kernel.kernel import Kernel
from app.kernel.local_time import local_day
from app.kernel.refusals import InvalidInput
from app.kernel.transaction import Actor, Idempotency, Unit, run

T = TypeVar("T")
KEY_HEADER, LONGEST_KEY = "Idempotency-Key", 64


@dataclass(frozen=True)
class Caller:
    """The account behind the token; `posts` are empty for a machine's."""

    token: LiveToken
    actor: Actor
    posts: tuple[HeldPost, ...]
    today: date
    now: datetime


def install(api: Flask, kernel: Kernel) -> None:
    """Every request names its caller before anything else happens."""
    api.extensions["sanshen_kernel"] = kernel
    api.before_request(_identify)


def kernel() -> Kernel:
    """The kernel behind this application."""
    joined: Kernel = current_app.extensions["sanshen_kernel"]
    return joined


def caller() -> Caller:
    """Of the current request."""
    found: Caller = g.caller
    return found


@contextmanager
def reading() -> Iterator[Session]:
    """A session that sees the caller's regions and writes nothing."""
    with kernel().database.reading(caller().actor.regions) as session:
        yield session


def carry_out(
    operation: Callable[[Unit], T], *, case_id: int | None = None, once: Idempotency | None = None
) -> T:
    """Run one operation as the caller."""
    return run(kernel(), operation, caller().actor, case_id=case_id, idempotency=once)


def posted_object() -> Mapping[str, Any]:
    """The body as a JSON object; an empty body is an empty one. Raise RequestUnreadable."""
    if not request.get_data():
        return {}
    body = request.get_json(silent=True, force=True)
    if not isinstance(body, dict):
        raise RequestUnreadable
    return body


def required_key(body: Mapping[str, Any]) -> Idempotency:
    """The caller's idempotency key with what it stands for. Raise InvalidInput when it is missing or too long."""
    key = request.headers.get(KEY_HEADER, "")
    if not key or len(key) > LONGEST_KEY:
        wrong = ("too_long", {"max": LONGEST_KEY}) if key else ("required", {})
        raise InvalidInput({KEY_HEADER: wrong})
    return Idempotency.of(key, {"path": request.path, **body})


def _identify() -> None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise TokenInvalid
    joined, now = kernel(), kernel().clock()
    today = local_day(now)
    with joined.database.reading() as session:
        live = find_token(session, token.strip(), now)
        posts = list_held_posts(session, live.person_id, today) if live.person_id is not None else ()
        regions = regions_of(session, posts, live.person_id, today) if live.person_id is not None else ()
    actor = Actor(
        live.account_id,
        live.person_id,
        regions,
        request_id=request_id(),
        recorded_person_id=live.recorded_person_id,
    )
    if live.needs_touch(now):
        run(joined, lambda unit: touch_token(unit, live.token_id), actor)
    g.caller = Caller(live, actor, posts, today, now)
