"""Controlled changes: the list, proposing, one change, editing it, computing whom it touches."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app.faces.refusal_texts import text_of
from app.faces.web.acting import carry_out, reading, standing
from app.faces.web.language import pick
from app.faces.web.pages.changes_access import may_propose, may_read
from app.faces.web.pages.changes_build import change_page, changes_page
from app.faces.web.pages.changes_form import REASONS, Errors, change_form
from app.faces.web.pages.changes_view import KindsPage
from app.faces.web.parts import Link
from app.faces.web.posted import Posted, posted_form
from app.faces.web.signin import kernel
from app.kernel.changes.content import Content, get_change
from app.kernel.changes.fields import posted_values
from app.kernel.changes.kinds import ChangeKind, Moment
from app.kernel.changes.refusals import ChangeNotEditable
from app.kernel.changes.registry import change_kinds, get_kind
from app.kernel.decisions.catalogue.change_kind import RuleKind
from app.kernel.engine.changes import Proposal, compute_what_if, edit_change, propose_change
from app.kernel.engine.lifecycle.change_kind import ProcessKind
from app.kernel.refusals import InvalidInput, Refusal
from app.kernel.worklist.queries import list_open_tasks

pages = Blueprint("changes", __name__, url_prefix="/changes")
Answer = Response | str | tuple[str, int]
DRAWN = {ProcessKind.key: "designer.show", RuleKind.key: "workbench.show"}
"""Kinds that begin elsewhere, and where."""


@pages.get("")
def show() -> str:
    """The list."""
    _require(may_read(standing()))
    with reading() as session:
        page = changes_page(session, standing(), _kinds(), request.args)
        return render_template("pages/changes.html", page=page)


@pages.get("/new")
def new() -> Answer:
    """What may be changed; with `kind`, the form for it (`target`: from what stands there)."""
    _require(may_propose(standing()))
    if not request.args.get("kind"):
        links = [Link(_begin_url(key), pick(kind.title_zh, kind.title_en)) for key, kind in _kinds().items()]
        return render_template("pages/change_kinds.html", page=KindsPage(links))
    if request.args["kind"] in DRAWN:
        return redirect(_begin_url(request.args["kind"], request.args.get("target", "")))
    kind, target = get_kind(kernel().ports, request.args["kind"]), request.args.get("target", "")
    who = standing()
    with reading() as session:
        values = kind.prefill(session, target, Moment(who.now, who.today)) if target else {}
        page = change_form(session, who, kind, values, {}, target=target, args=request.args)
        return render_template("pages/change_form.html", page=page)


@pages.post("/new")
def create() -> Answer:
    """Open the change; errors come back by field with the typed text kept."""
    _require(may_propose(standing()))
    posted, kind = posted_form(), get_kind(kernel().ports, request.args.get("kind", ""))
    if "more" in posted.values:
        return _again(kind, posted)
    try:
        operation = partial(propose_change, proposal=_proposal(kind, posted))
        started = carry_out(operation, posted=posted)
    except InvalidInput as invalid:
        return _again(kind, posted, errors=invalid.errors), 422
    except Refusal as refusal:
        return _again(kind, posted, refusal=text_of(refusal)), 409
    _compute(started["case_id"])
    return redirect(url_for("changes.one", case_id=started["case_id"], said="change_proposed"))


@pages.get("/<int:case_id>")
def one(case_id: int) -> str:
    """Content, differences, effects, signatures, history."""
    _require_reader(case_id)
    with reading() as session:
        page = change_page(session, standing(), _kinds(), case_id)
        return render_template("pages/change.html", page=page)


@pages.get("/<int:case_id>/edit")
def editing(case_id: int) -> str:
    """The form with the present content."""
    _require_reader(case_id)
    with reading() as session:
        row = get_change(session, case_id)
        kind, content = get_kind(kernel().ports, row.kind), Content.of(row)
        reasons = {"change_reason": row.reason, "legal_ground": row.ground}
        page = change_form(
            session, standing(), kind, content.values, reasons, case_id=case_id, args=request.args
        )
        return render_template("pages/change_form.html", page=page)


@pages.post("/<int:case_id>/edit")
def edit(case_id: int) -> Answer:
    """Replace the content; what was signed before is stale then."""
    _require_reader(case_id)
    posted = posted_form()
    with reading() as session:
        kind = get_kind(kernel().ports, get_change(session, case_id).kind)
    if "more" in posted.values:
        return _again(kind, posted, case_id=case_id)
    try:
        task_id = _task_of(case_id)
        operation = partial(edit_change, task_id=task_id, proposal=_proposal(kind, posted))
        carry_out(operation, case_id=case_id, posted=posted)
    except InvalidInput as invalid:
        return _again(kind, posted, case_id=case_id, errors=invalid.errors), 422
    except Refusal as refusal:
        return _again(kind, posted, case_id=case_id, refusal=text_of(refusal)), 409
    _compute(case_id)
    return redirect(url_for("changes.one", case_id=case_id, said="change_edited"))


@pages.post("/<int:case_id>/what-if")
def compute(case_id: int) -> Answer:
    """Compute the list of open cases touched."""
    _require_reader(case_id)
    _compute(case_id)
    return redirect(url_for("changes.one", case_id=case_id, said="what_if") + "#what-if")


def _compute(case_id: int) -> None:
    """In a transaction of its own: a long list must not hold up the edit."""
    carry_out(partial(compute_what_if, task_id=_task_of(case_id)), case_id=case_id)


def _task_of(case_id: int) -> int:
    with reading() as session:
        task = next(iter(list_open_tasks(session, case_id)), None)
    if task is None:
        raise ChangeNotEditable
    return task.id


def _begin_url(kind: str, target: str = "") -> str:
    """Processes and rules are drawn as drafts and proposed from there."""
    if kind == RuleKind.key and target:
        return url_for("workbench.new", rule=target)
    return url_for(DRAWN[kind]) if kind in DRAWN else url_for("changes.new", kind=kind)


def _kinds() -> dict[str, ChangeKind]:
    return change_kinds(kernel().ports)


def _require(allowed: bool) -> None:
    if not allowed:
        abort(403)


def _require_reader(case_id: int) -> None:
    """Readers of changes, and whoever has this one's task open (a substitute, say)."""
    who = standing()
    with reading() as session:
        held = [task.claimed_by for task in list_open_tasks(session, case_id) if task.opened_at is not None]
    _require(may_read(who) or who.person_id in held)


def _values(session: Session, kind: ChangeKind, posted: Posted) -> dict[str, Any]:
    who = standing()
    return posted_values(kind.form(session, Moment(who.now, who.today)), posted.values)


def _proposal(kind: ChangeKind, posted: Posted) -> Proposal:
    with reading() as session:
        values = _values(session, kind, posted)
    reasons = _reasons(posted)
    return Proposal(
        kind.key, values, reasons["change_reason"], reasons["legal_ground"], reasons["change_title"]
    )


def _reasons(posted: Posted) -> dict[str, str]:
    return {key: str(posted.values.get(key, "")) for key in REASONS}


def _again(
    kind: ChangeKind,
    posted: Posted,
    *,
    case_id: int | None = None,
    errors: Errors | None = None,
    refusal: str = "",
) -> str:
    """The form with what was typed; “more rows” comes here too."""
    more: Mapping[str, Any] = posted.values
    shown = int(str(more.get("rows_shown", "0"))) if str(more.get("rows_shown", "0")).isdigit() else 0
    with reading() as session:
        page = change_form(
            session,
            standing(),
            kind,
            _values(session, kind, posted),
            _reasons(posted),
            case_id=case_id,
            errors=errors,
            refusal=refusal,
            rows_shown=min(shown + (3 if "more" in posted.values else 0), 60),
        )
        return render_template("pages/change_form.html", page=page)
