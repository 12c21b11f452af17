"""What is entered in a case beside its tasks: papers that come in, a case opened in its chain, acts on a clock, an
incident. Each is a plain form on a page of its own."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from flask import Blueprint, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from app.faces.refusal_texts import text_of
from app.faces.translation import _
from app.faces.web.acting import carry_out, reading, standing
from app.faces.web.pages.case_entries_build import (
    EntryPage,
    chain_page,
    clock_page,
    incident_page,
    paper_page,
    split_region,
)
from app.faces.web.pages.case_task import Attempt
from app.faces.web.posted import Posted, posted_form
from app.kernel.engine.clock_acts import ClockAct, act_on_clock
from app.kernel.engine.dossier import get_case, require_reading
from app.kernel.engine.incoming import Paper, receive_paper
from app.kernel.engine.marking import mark_incident
from app.kernel.engine.opening import open_in_chain
from app.kernel.refusals import InvalidInput, Refusal
from app.kernel.transaction import Unit

pages = Blueprint("entries", __name__, url_prefix="/cases/<int:case_id>")
Answer = AnyResponse | tuple[str, int] | str
Build = Callable[[Session, int, Attempt], EntryPage]
Act = Callable[[Unit, Posted], object]


@pages.route("/papers/<message>", methods=("GET", "POST"))
def paper(case_id: int, message: str) -> Answer:
    """Register a paper the case waits for."""

    def act(unit: Unit, posted: Posted) -> None:
        note = str(posted.values.get("note", ""))
        receive_paper(unit, Paper(message, _without(posted, "note"), note=note))

    return _entry(case_id, partial(_of_paper, message=message), act, said="uploaded")


@pages.route("/chain/<process>", methods=("GET", "POST"))
def in_chain(case_id: int, process: str) -> Answer:
    """Open a case of another process in the chain, with what it takes over from there."""
    opened: dict[str, int] = {}

    def act(unit: Unit, posted: Posted) -> None:
        region, facts = split_region(posted.values)
        opened.update(open_in_chain(unit, process, region, facts))

    answer = _entry(case_id, partial(_of_chain, process=process), act, said="registered")
    if opened:
        return redirect(url_for("case.show", case_id=opened["case_id"], said="registered"))
    return answer


@pages.route("/clocks/<clock>/<action>", methods=("GET", "POST"))
def clock(case_id: int, clock: str, action: str) -> Answer:
    """Extend or shift a clock, or enter days that don't count."""

    def act(unit: Unit, posted: Posted) -> None:
        act_on_clock(unit, ClockAct.of(clock, action, posted.values, unit.today))

    return _entry(case_id, partial(_of_clock, clock=clock, action=action), act, said="kept")


@pages.route("/incident", methods=("GET", "POST"))
def incident(case_id: int) -> Answer:
    """Mark a suspected incident (X-A)."""

    def act(unit: Unit, posted: Posted) -> None:
        mark_incident(unit, str(posted.values.get("reason", "")))

    return _entry(case_id, _of_incident, act, said="kept")


def _of_paper(session: Session, case_id: int, attempt: Attempt, *, message: str) -> EntryPage:
    return paper_page(session, get_case(session, case_id), standing(), attempt, message)


def _of_chain(session: Session, case_id: int, attempt: Attempt, *, process: str) -> EntryPage:
    return chain_page(session, get_case(session, case_id), standing(), attempt, process)


def _of_clock(session: Session, case_id: int, attempt: Attempt, *, clock: str, action: str) -> EntryPage:
    return clock_page(session, get_case(session, case_id), attempt, clock, action)


def _of_incident(session: Session, case_id: int, attempt: Attempt) -> EntryPage:
    return incident_page(get_case(session, case_id), attempt)


def _entry(case_id: int, build: Build, act: Act, *, said: str) -> Answer:
    """Show the form, or carry it out; a refusal comes back with what was typed."""
    carry_out(lambda unit: require_reading(unit, case_id))
    if request.method == "GET":
        return _show(case_id, build, Attempt())
    posted = posted_form()
    attempt = Attempt(typed=posted.values, kept=_("您填的内容已放回，请核对后再提交。"))
    if not posted.restoring:
        try:
            carry_out(lambda unit: act(unit, posted), case_id=case_id, posted=posted)
            return redirect(url_for("case.show", case_id=case_id, said=said))
        except InvalidInput as invalid:
            attempt = Attempt(typed=posted.values, errors=invalid.errors)
        except Refusal as refusal:
            attempt = Attempt(typed=posted.values, refusal=text_of(refusal))
    return _show(case_id, build, attempt), 200 if posted.restoring else 422


def _show(case_id: int, build: Build, attempt: Attempt) -> str:
    with reading() as session:
        return render_template("pages/case_entry.html", page=build(session, case_id, attempt))


def _without(posted: Posted, *keys: str) -> dict[str, object]:
    return {key: value for key, value in posted.values.items() if key not in keys}
