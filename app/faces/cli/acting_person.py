"""Acting on the command line as a named person: the same log-in as at the pages, ended when the command ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import TypeVar

import click
from sqlalchemy.orm import Session

from app.faces.cli.commands import refuse
from app.faces.refusal_texts import text_of, text_of_field
from app.kernel.duties.posts import list_filled_regions, list_held_posts
from app.kernel.identity.login import Credentials, log_in
from app.kernel.identity.regions import list_subtree
from app.kernel.identity.sessions import OpenedSession, find_session, log_out
from app.kernel.kernel import Kernel
from app.kernel.local_time import local_day
from app.kernel.refusals import InvalidInput, Refusal
from app.kernel.transaction import Actor, Unit, run

T = TypeVar("T")

REQUEST = "console"


@contextmanager
def acting_as(kernel: Kernel, login: str) -> Iterator[Actor]:
    """Ask for the password (a line of standard input where there is no terminal) and act in the person's regions.

    Ends the command when the log-in is refused.
    """
    password = click.prompt(f"{login} 的密码 / password", hide_input=True, err=True)
    try:
        opened = log_in(kernel, Credentials(login, password, request_id=REQUEST))
    except Refusal as refusal:
        refuse(text_of(refusal))
    actor = _actor(kernel, opened)
    try:
        yield actor
    finally:
        run(kernel, partial(log_out, token=opened.token), actor)


def carry_out_as(
    kernel: Kernel,
    login: str,
    operation: Callable[[Unit], T],
    case: Callable[[Session], int] | None = None,
) -> T:
    """One operation as that person; a refusal ends the command with its reasons.

    `case` finds the case to be locked in a session that sees the person's regions.
    """
    with acting_as(kernel, login) as actor:
        try:
            case_id = None
            if case is not None:
                with kernel.database.session() as session:
                    kernel.database.scope(session, actor.regions)
                    case_id = case(session)
            return run(kernel, operation, actor, case_id=case_id)
        except InvalidInput as invalid:
            lines = [f"{field}: {text_of_field(*error)}" for field, error in invalid.errors.items()]
            refuse("\n".join([text_of(invalid), *lines]))
        except Refusal as refusal:
            refuse(text_of(refusal))


def _actor(kernel: Kernel, opened: OpenedSession) -> Actor:
    now = kernel.clock()
    with kernel.database.session() as session:
        live = find_session(session, opened.token, now, timedelta(minutes=1))
        today = local_day(now)
        held = {post.region_code for post in list_held_posts(session, live.person_id, today)}
        regions = list_subtree(session, held | list_filled_regions(session, live.person_id, today))
    return Actor(
        live.account_id,
        live.person_id,
        regions,
        request_id=REQUEST,
        recorded_person_id=live.recorded_person_id,
    )
