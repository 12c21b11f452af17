"""The register of seals for auditors and heads: which seals there are, who keeps them, each use of one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from flask import Blueprint, abort, render_template, url_for
from sqlalchemy.orm import Session

from app.faces.translation import _
from app.faces.web.acting import Standing, reading, standing
from app.faces.web.language import pick
from app.faces.web.watch_access import may_watch, sees_cases
from app.faces.web.words import day, moment
from app.kernel.documents.models import Seal
from app.kernel.documents.sealing import UseOfSeal, get_seal, list_seals, list_uses
from app.kernel.grants.holdings import list_posts

pages = Blueprint("seals", __name__)


@dataclass(frozen=True)
class SealRow:
    """A seal as printed."""

    name: str
    authority: str
    valid: str
    ended: bool
    keeper: str
    uses: int
    url: str


@dataclass(frozen=True)
class UseRow:
    """One use as printed; without address for who may not read cases."""

    when: str
    title: str
    number: str
    case_no: str
    case_url: str
    person: str


@dataclass(frozen=True)
class SealsPage:
    """The register, and one seal with its uses."""

    seals: Sequence[SealRow]
    chosen: SealRow | None = None
    uses: Sequence[UseRow] = field(default_factory=tuple)


@pages.get("/seals")
def show() -> str:
    """The seals of the reader's regions."""
    who = _reader()
    with reading() as session:
        page = SealsPage(_rows(session, who))
    return render_template("pages/seals.html", page=page)


@pages.get("/seals/<int:seal_id>")
def one(seal_id: int) -> str:
    """A seal with its latest uses."""
    who = _reader()
    with reading() as session:
        seal = get_seal(session, seal_id)
        if seal is None or seal.region_code not in who.actor.regions:
            abort(404)
        rows = _rows(session, who)
        chosen = next(row for row in rows if row.url == url_for("seals.one", seal_id=seal_id))
        uses = [_use(use, who) for use in list_uses(session, seal_id, who.person_id)]
    return render_template("pages/seals.html", page=SealsPage(rows, chosen, uses))


def _reader() -> Standing:
    who = standing()
    if not may_watch(who):
        abort(403)
    return who


def _rows(session: Session, who: Standing) -> list[SealRow]:
    posts = {post.key: pick(post.title_zh, post.title_en) for post in list_posts(session)}
    registered = list_seals(session, who.actor.regions)
    return [_row(one.seal, one.uses, posts.get(one.seal.keeper_post, ""), who) for one in registered]


def _row(seal: Seal, uses: int, keeper: str, who: Standing) -> SealRow:
    ended = seal.valid_until is not None and seal.valid_until < who.today
    since = day(seal.valid_from, who.today)
    until = "" if seal.valid_until is None else day(seal.valid_until, who.today)
    return SealRow(
        name=pick(seal.name_zh, seal.name_en),
        authority=seal.authority_zh,
        valid=_("%(since)s 至 %(until)s", since=since, until=until)
        if until
        else _("%(since)s 起", since=since),
        ended=ended,
        keeper=keeper,
        uses=uses,
        url=url_for("seals.one", seal_id=seal.id),
    )


def _use(one: UseOfSeal, who: Standing) -> UseRow:
    shown = sees_cases(who)
    return UseRow(
        when=moment(one.use.at, who.today),
        title=pick(one.document.title_zh, one.document.title_en),
        number=one.document.number,
        case_no=one.case_no if shown else "",
        case_url=url_for("case.show", case_id=one.document.case_id) if shown else "",
        person=one.person or _("系统"),
    )
