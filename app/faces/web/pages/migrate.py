"""Migrating running cases: which can go over, which can't and why; then proposed as a controlled change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from flask import Blueprint, abort, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app.faces.refusal_texts import text_of, text_of_field
from app.faces.translation import _
from app.faces.web.acting import Standing, carry_out, reading
from app.faces.web.language import pick
from app.faces.web.pages.designer_access import may_design, require_designer, require_reader
from app.faces.web.parts import Choice, ErrorLine, Link
from app.faces.web.posted import posted_form
from app.kernel.engine.catalogue import get_deployed
from app.kernel.engine.changes import Proposal, propose_weighed
from app.kernel.engine.lifecycle.queries import list_versions
from app.kernel.engine.running.obstacles import words_of
from app.kernel.engine.running.queries import Progress, list_progress
from app.kernel.engine.running.weighing import Weighed, list_open_cases, weigh
from app.kernel.recusal.queries import list_barred
from app.kernel.refusals import InvalidInput, Refusal

pages = Blueprint("migrate", __name__, url_prefix="/designer/processes/<key>/migrate")
SHOWN = 200
WEIGHED = 2000
"""Cases looked at for the page; the change's own what-if list looks at all."""


@dataclass(frozen=True)
class CaseLine:
    case: Link
    subject: str
    fit: bool
    why: str


@dataclass(frozen=True)
class ProgressLine:
    change: Link
    words: str
    done: int
    waiting: int
    refused: int
    share: int
    stayed: Sequence[tuple[Link, str]]


@dataclass(frozen=True)
class MigratePage:
    key: str
    title: str
    old: Sequence[Choice]
    new: Sequence[Choice]
    chosen: tuple[str, str]
    total: int
    weighed: int
    can: int
    reasons: Sequence[tuple[str, int]]
    lines: Sequence[CaseLine]
    progress: Sequence[ProgressLine]
    may_propose: bool
    typed: Mapping[str, str] = field(default_factory=dict)
    errors: Sequence[ErrorLine] = ()
    refusal: str = ""


@pages.get("")
def show(key: str) -> str:
    """`from` and `to` are the versions; without them the oldest with open cases and the newest."""
    require_reader()
    return _shown(key, {})


@pages.post("")
def propose(key: str) -> Response | tuple[str, int]:
    """Propose the change; three people decide it, the worker carries it out."""
    require_designer()
    posted = posted_form()
    typed = {name: str(value) for name, value in posted.values.items()}
    values = {
        "process": key,
        "from_version": typed.get("from", ""),
        "to_version": typed.get("to", ""),
        "cases": typed.get("cases", ""),
    }
    proposal = Proposal("migration", values, typed.get("reason", ""), typed.get("ground", ""))
    try:
        started = carry_out(lambda unit: propose_weighed(unit, proposal), posted=posted)
    except InvalidInput as invalid:
        return _shown(key, typed, [_line(name, *told) for name, told in invalid.errors.items()]), 422
    except Refusal as refusal:
        return _shown(key, typed, refusal=text_of(refusal)), 409
    return redirect(url_for("changes.one", case_id=started["case_id"], said="change_proposed"))


def _line(name: str, code: str, params: Mapping[str, object]) -> ErrorLine:
    labels = {
        "from_version": ("from", _("离开版本")),
        "to_version": ("to", _("换到版本")),
        "cases": ("cases", _("案号")),
        "change_reason": ("reason", _("变更理由")),
        "legal_ground": ("ground", _("变更依据")),
    }
    anchor, label = labels.get(name, ("", ""))
    return ErrorLine(text_of_field(code, params), anchor, label)


def _shown(key: str, typed: Mapping[str, str], errors: Sequence[ErrorLine] = (), refusal: str = "") -> str:
    who = require_reader()
    with reading() as session:
        page = _page(session, who, key, typed, errors, refusal)
    return render_template("pages/migrate.html", page=page)


def _page(
    session: Session,
    who: Standing,
    key: str,
    typed: Mapping[str, str],
    errors: Sequence[ErrorLine],
    refusal: str,
) -> MigratePage:
    versions = {str(row.version): row.id for row in list_versions(session, key)}
    if not versions:
        abort(404)
    numbers = sorted(versions, key=int)
    ids = {number: list_open_cases(session, versions[number]) for number in numbers}
    old = _chosen("from", typed, numbers) or next((n for n in numbers if ids[n]), numbers[0])
    new = _chosen("to", typed, numbers) or numbers[-1]
    deployed, goal = get_deployed(session, versions[old]), get_deployed(session, versions[new])
    found = list(weigh(session, ids[old][:WEIGHED], deployed, goal)) if old != new else []
    hidden = list_barred(session, who.person_id, {item.case.id for item in found})
    reasons = Counter(_why(item) for item in found if not item.fit)
    return MigratePage(
        key=key,
        title=pick(deployed.title_zh, deployed.title_en),
        old=[Choice(n, _("第 %(n)s 版（在办 %(k)s 件）", n=n, k=len(ids[n])), n == old) for n in numbers],
        new=[Choice(n, _("第 %(n)s 版", n=n), n == new) for n in numbers],
        chosen=(old, new),
        total=len(ids[old]),
        weighed=len(found),
        can=sum(item.fit for item in found),
        reasons=reasons.most_common(),
        lines=[
            _case_line(item)
            for item in sorted(found, key=lambda item: item.fit)[:SHOWN]
            if item.case.id not in hidden
        ],
        progress=[_progress_line(item) for item in list_progress(session, key, who.person_id)],
        may_propose=may_design(who) and old != new and bool(ids[old]),
        typed=typed,
        errors=errors,
        refusal=refusal,
    )


def _chosen(name: str, typed: Mapping[str, str], numbers: Sequence[str]) -> str:
    value = typed.get(name) or request.args.get(name, "")
    return value if value in numbers else ""


def _why(item: Weighed) -> str:
    return _("；").join(pick(one.zh, one.en) for one in item.obstacles)


def _case_line(item: Weighed) -> CaseLine:
    case = item.case
    link = Link(url_for("case.show", case_id=case.id), case.case_no)
    return CaseLine(link, case.subject_name, item.fit, _why(item))


def _progress_line(item: Progress) -> ProgressLine:
    total = max(1, item.total)
    return ProgressLine(
        change=Link(url_for("changes.one", case_id=item.change_id), item.case_no),
        words=_("第 %(a)s 版换到第 %(b)s 版", a=item.from_version, b=item.to_version),
        done=item.done,
        waiting=item.waiting,
        refused=item.refused,
        share=round(100 * (item.total - item.waiting) / total),
        stayed=[
            (
                Link(url_for("case.show", case_id=one.case_id), one.case_no),
                pick(*words_of(one.reason, one.params)),
            )
            for one in item.stayed
        ],
    )
