"""My tokens for the interface for programs (docs/api.md): made here, shown once, revoked here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.faces.refusal_texts import text_of_field
from app.faces.translation import _
from app.faces.web.acting import carry_out, reading, standing
from app.faces.web.parts import Choice, ErrorLine
from app.faces.web.posted import posted_form
from app.faces.web.signin import officer
from app.faces.web.words import moment
from app.kernel.identity.tokens import IssuedToken, TokenLine, create_token, list_tokens, revoke_token
from app.kernel.refusals import InvalidInput

pages = Blueprint("tokens", __name__, url_prefix="/me/tokens")
DAYS = (7, 30, 90, 365)
USUAL = 30


@dataclass(frozen=True)
class TokenRow:
    """One token; `revoke_url` while it is live."""

    label: str
    created: str
    until: str
    used: str
    state: str
    tone: str
    revoke_url: str


@dataclass(frozen=True)
class TokensPage:
    """The list, the form, and the token just made: it is never shown again."""

    rows: Sequence[TokenRow]
    days: Sequence[Choice]
    label: str = ""
    issued: str = ""
    errors: Sequence[ErrorLine] = field(default_factory=tuple)


@pages.get("/")
def show() -> str:
    """My tokens, the newest first."""
    return _page()


@pages.post("/")
def create() -> str | tuple[str, int]:
    """A token for my account; the answer is the only page that ever shows it."""
    label, days = request.form.get("label", ""), request.form.get("days", "")
    number = int(days) if days.isascii() and days.isdigit() and len(days) < 6 else 0
    try:
        issued = carry_out(partial(create_token, label=label, days=number))
    except InvalidInput as invalid:
        names = {"label": _("用途"), "days": _("有效期")}
        errors = [
            ErrorLine(text_of_field(*error), f"token-{name}", names.get(name, name))
            for name, error in invalid.errors.items()
        ]
        return _page(label=label, days=number, errors=errors), 422
    return _page(issued=issued)


@pages.post("/<int:token_id>/revoke")
def revoke(token_id: int) -> Response:
    """From now on it opens nothing."""
    carry_out(partial(revoke_token, token_id=token_id), posted=posted_form())
    return redirect(url_for("tokens.show", said="token_revoked"))


def _page(
    *,
    issued: IssuedToken | None = None,
    label: str = "",
    days: int = USUAL,
    errors: Sequence[ErrorLine] = (),
) -> str:
    with reading() as session:
        lines = list_tokens(session, officer().account_id, standing().now)
    page = TokensPage(
        rows=[_row(line) for line in lines],
        days=[Choice(str(one), _("%(n)s 天", n=one), one == (days or USUAL)) for one in DAYS],
        label=label,
        issued=issued.token if issued else "",
        errors=errors,
    )
    return render_template("pages/tokens.html", page=page)


def _row(line: TokenLine) -> TokenRow:
    today = standing().today
    if line.live:
        state, tone = _("有效"), "ok"
    else:
        state, tone = (_("已撤销"), "") if line.revoked_at else (_("已到期"), "")
    return TokenRow(
        label=line.label,
        created=moment(line.created_at, today),
        until=moment(line.expires_at, today),
        used=moment(line.used_at, today) if line.used_at else _("没有用过"),
        state=state,
        tone=tone,
        revoke_url=url_for("tokens.revoke", token_id=line.token_id) if line.live else "",
    )
