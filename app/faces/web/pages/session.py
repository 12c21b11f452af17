"""Log in and out, language and theme. Typed text of an expired session survives a new log-in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import (
    Blueprint,
    Response,
    current_app,
    g,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask_login import current_user
from werkzeug.wrappers import Response as AnyResponse

from app.faces.refusal_texts import text_of
from app.faces.web import language as languages
from app.faces.web.parts import ErrorLine
from app.faces.web.request_log import request_id
from app.faces.web.shell import THEME_COOKIE, safe_next
from app.faces.web.signin import (
    drop_cookie,
    kernel,
    officer,
    open_to_visitors,
    presented_token,
    set_cookie,
)
from app.kernel.identity.login import Credentials, log_in
from app.kernel.identity.refusals import AccountLocked, LoginFailed, LoginThrottled
from app.kernel.identity.sessions import choose_locale, log_out
from app.kernel.refusals import Refusal
from app.kernel.transaction import Actor, run

pages = Blueprint("session", __name__)
YEAR = 365 * 24 * 3600
DRAFT = "draft."
NOT_KEPT = frozenset({"csrf_token", "password", "account"})


@dataclass(frozen=True)
class LoginPage:
    """What the log-in template prints; `draft` is what an expired session had typed."""

    next: str
    account: str = ""
    errors: Sequence[ErrorLine] = ()
    draft: Sequence[tuple[str, str]] = ()

    @property
    def kept_draft(self) -> bool:
        """Whether typed text waits for the log-in."""
        return bool(self.draft)


@dataclass(frozen=True)
class RestorePage:
    """Typed text on its way back to its form."""

    url: str
    draft: Sequence[tuple[str, str]]


@pages.get("/login")
@open_to_visitors
def show() -> AnyResponse:
    """The log-in page."""
    address = safe_next(request.args.get("next", ""))
    if current_user.is_authenticated:
        return redirect(address)
    return make_response(render_template("pages/login.html", page=LoginPage(address)))


@pages.post("/login")
@open_to_visitors
def enter() -> AnyResponse:
    """Check the credentials; wrong ones show the form again with the account and the draft kept."""
    address, draft = safe_next(request.form.get("next", "")), _posted_draft()
    account = request.form.get("account", "")
    given = Credentials(
        account,
        request.form.get("password", ""),
        request.remote_addr,
        presented_token() or None,
        request_id(),
    )
    try:
        opened = log_in(kernel(), given)
    except (LoginFailed, LoginThrottled, AccountLocked) as refusal:
        return _refused(refusal, LoginPage(address, account, [ErrorLine(text_of(refusal))], draft))
    g.opened_csrf = opened.csrf_token
    response: AnyResponse = (
        make_response(render_template("pages/restore.html", page=RestorePage(address, draft)))
        if draft
        else redirect(address)
    )
    set_cookie(response, opened.token)
    return response


@pages.post("/logout")
def leave() -> AnyResponse:
    """End the session on the server, then in the browser."""
    live, token = officer(), presented_token()
    run(kernel(), lambda unit: log_out(unit, token), _actor(live.account_id, live.person_id))
    response = redirect(url_for("session.show", said="left"))
    drop_cookie(response)
    return response


@pages.post("/language")
@open_to_visitors
def language() -> AnyResponse:
    """Switch between Chinese and English; remembered with the account of whoever is signed in."""
    chosen = request.form.get("language", "")
    response = redirect(safe_next(request.form.get("next", "")))
    if chosen not in languages.TAGS:
        return response
    if current_user.is_authenticated:
        live, token = officer(), presented_token()
        run(
            kernel(),
            lambda unit: choose_locale(unit, token, chosen),
            _actor(live.account_id, live.person_id),
        )
    _keep(response, languages.COOKIE, chosen)
    return response


@pages.post("/theme")
@open_to_visitors
def theme() -> AnyResponse:
    """Light or dark, where there is no script to do it."""
    response = redirect(safe_next(request.form.get("next", "")))
    chosen = request.form.get("theme", "")
    if chosen in ("light", "dark"):
        _keep(response, THEME_COOKIE, chosen)
    return response


def ask_to_log_in() -> AnyResponse:
    """The log-in page in place of a page behind it. A posted form is carried along, files are not."""
    if request.method == "POST":
        draft = [(key, value) for key, value in request.form.items(multi=True) if key not in NOT_KEPT]
        page = LoginPage(request.path, draft=draft)
        return make_response(render_template("pages/login.html", page=page), 401)
    return redirect(url_for("session.show", next=request.full_path.rstrip("?")))


def _posted_draft() -> list[tuple[str, str]]:
    return [
        (key.removeprefix(DRAFT), value)
        for key, value in request.form.items(multi=True)
        if key.startswith(DRAFT)
    ]


def _refused(refusal: Refusal, page: LoginPage) -> Response:
    status = 429 if isinstance(refusal, LoginThrottled) else 401
    response = make_response(render_template("pages/login.html", page=page), status)
    if status == 429:
        response.headers["Retry-After"] = str(refusal.params["seconds"])
    return response


def _actor(account_id: int, person_id: int) -> Actor:
    return Actor(account_id, person_id, (), request_id=request_id())


def _keep(response: AnyResponse, name: str, value: str) -> None:
    # The theme cookie is read by the page's script as well, so that switching needs no request.
    readable = name == THEME_COOKIE
    secure = current_app.config["SANSHEN_TLS"]
    response.set_cookie(
        name, value, max_age=YEAR, samesite="Lax", secure=secure, httponly=not readable, path="/"
    )
