"""Who is behind a request: the session cookie's random token, looked up on the server."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from flask import Flask, Request, current_app, g, request
from flask_login import LoginManager, UserMixin, current_user
from werkzeug.wrappers import Response

from app.faces.web.request_log import request_id
from app.kernel.identity.refusals import SessionExpired
from app.kernel.identity.sessions import LiveSession, find_session, touch
from app.kernel.kernel import Kernel
from app.kernel.transaction import Actor, run
from config import Settings

View = TypeVar("View", bound=Callable[..., object])


@dataclass
class Officer(UserMixin):  # type: ignore[misc]  # flask-login carries no types
    """The signed-in person with the account used."""

    live: LiveSession
    token: str

    @property
    def csrf_token(self) -> str:
        """Bound to the server-side session."""
        return self.live.csrf_token

    def get_id(self) -> str:
        """Flask-Login wants a name for the user; nothing of it reaches the browser."""
        return str(self.live.account_id)


def install(app: Flask, kernel: Kernel, settings: Settings) -> None:
    """Make `current_user` the officer of the session cookie; nothing is kept in Flask's own session."""
    app.config["SANSHEN_COOKIE"] = "__Host-sanshen" if settings.tls else "sanshen"
    app.config["SANSHEN_IDLE"] = timedelta(minutes=settings.session_minutes)
    app.config["SESSION_PROTECTION"] = None
    app.extensions["sanshen_kernel"] = kernel
    manager = LoginManager(app)
    manager.request_loader(_load)


def kernel() -> Kernel:
    """The kernel behind this application."""
    joined: Kernel = current_app.extensions["sanshen_kernel"]
    return joined


def officer() -> LiveSession:
    """The signed-in person; only for pages behind log-in."""
    live: LiveSession = current_user.live
    return live


def open_to_visitors(view: View) -> View:
    """Mark a page that needs no log-in; all others do."""
    view.open_to_visitors = True  # type: ignore[attr-defined]
    return view


def set_cookie(response: Response, token: str) -> None:
    """A cookie of the browser session; how long it is good for the server decides."""
    response.set_cookie(
        current_app.config["SANSHEN_COOKIE"],
        token,
        httponly=True,
        samesite="Lax",
        secure=current_app.config["SANSHEN_TLS"],
        path="/",
    )


def drop_cookie(response: Response) -> None:
    """Forget the token in the browser as well."""
    response.delete_cookie(
        current_app.config["SANSHEN_COOKIE"],
        httponly=True,
        samesite="Lax",
        secure=current_app.config["SANSHEN_TLS"],
        path="/",
    )


def presented_token() -> str:
    """The token the browser sent, live or not."""
    return request.cookies.get(current_app.config["SANSHEN_COOKIE"], "")


def _load(incoming: Request) -> Officer | None:
    token = incoming.cookies.get(current_app.config["SANSHEN_COOKIE"], "")
    if not token:
        return None
    joined, now = kernel(), kernel().clock()
    with joined.database.reading() as session:
        try:
            live = find_session(session, token, now, current_app.config["SANSHEN_IDLE"])
        except SessionExpired:
            g.session_expired = True
            return None
    if live.needs_touch(now):
        actor = Actor(live.account_id, live.person_id, (), request_id=request_id())
        run(joined, lambda unit: touch(unit, token), actor)
    return Officer(live, token)
