"""Incidents; holding a case; the case page's part on both."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from flask import Blueprint, abort, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app.faces.refusal_texts import text_of
from app.faces.translation import _, _l
from app.faces.web.acting import Standing, carry_out, reading, standing
from app.faces.web.pages.running_rows import HoldLine, IncidentLine, case_hold_line, incident_line
from app.faces.web.parts import Link
from app.faces.web.posted import posted_form
from app.faces.web.running_access import may_see_incidents
from app.kernel.cases.models import Case
from app.kernel.engine.incidents.operations import resolve_incident, retry_now
from app.kernel.engine.incidents.queries import (
    count_open,
    get_incident,
    list_case_incidents,
    list_incidents,
)
from app.kernel.holds.operations import end_case_hold, hold_case
from app.kernel.holds.queries import list_case_holds
from app.kernel.identity.regions import get_lineage
from app.kernel.refusals import Refusal
from app.kernel.transaction import Unit

pages = Blueprint("running", __name__)
Answer = Response | tuple[str, int]
TABS = {"open": _l("未了结"), "waiting": _l("等人处置"), "retrying": _l("正在重试"), "resolved": _l("已了结")}


@dataclass(frozen=True)
class IncidentsPage:
    remark: str
    tabs: Sequence[Link]
    rows: Sequence[IncidentLine]
    total: int
    earlier: str
    later: str
    refusal: str = ""


@dataclass(frozen=True)
class RunningPart:
    """On the case page: what holds the case, what failed in it, and what a supervisor can do."""

    holds: Sequence[HoldLine]
    incidents: Sequence[IncidentLine]
    hold_url: str


@pages.get("/incidents")
def incidents() -> str:
    """Open ones first; `state` and `page` in the address."""
    return _list("")


@pages.post("/incidents/<int:incident_id>/retry")
def retry(incident_id: int) -> Answer:
    """Run the failed step now."""
    went_on = False

    def operation(unit: Unit) -> None:
        nonlocal went_on
        went_on = retry_now(unit, incident_id)

    return _carried(incident_id, operation, lambda: "incident_passed" if went_on else "incident_failed")


@pages.post("/incidents/<int:incident_id>/resolve")
def resolve(incident_id: int) -> Answer:
    """Call it settled."""
    reason = str(posted_form().values.get("reason", ""))
    operation = partial(resolve_incident, incident_id=incident_id, reason=reason)
    return _carried(incident_id, operation, lambda: "incident_resolved")


def _carried(incident_id: int, operation: Callable[[Unit], None], said: Callable[[], str]) -> Answer:
    if not may_see_incidents(standing()):
        abort(403)
    try:
        with reading() as session:
            case_id = get_incident(session, incident_id).case.id
        carry_out(operation, case_id=case_id)
    except Refusal as refusal:
        return _list(text_of(refusal)), 409
    return redirect(url_for("running.incidents", said=said()))


def _list(refusal: str) -> str:
    who = standing()
    if not may_see_incidents(who):
        abort(403)
    state = request.args.get("state", "open")
    state = state if state in TABS else "open"
    asked = request.args.get("page", "1")
    with reading() as session:
        number = int(asked) if asked.isdecimal() and len(asked) < 6 else 1
        found = list_incidents(session, state=state, page=number, reader=who.person_id)
        counts = count_open(session)
        acting = who.holds("supervision")
        page = IncidentsPage(
            remark=_(
                "%(waiting)s 件等人处置，%(retrying)s 件正在重试",
                waiting=counts.get("waiting", 0),
                retrying=counts.get("retrying", 0),
            ),
            tabs=[Link(_at(name), str(words), name == state) for name, words in TABS.items()],
            rows=[incident_line(row, who, may_act=acting) for row in found.rows],
            total=found.total,
            earlier=_at(state, found.page - 1) if found.page > 1 else "",
            later=_at(state, found.page + 1) if found.page < found.pages else "",
            refusal=refusal,
        )
    return render_template("pages/incidents.html", page=page)


def _at(state: str, page: int = 1) -> str:
    return url_for("running.incidents", state=state, page=page if page > 1 else None)


@pages.post("/cases/<int:case_id>/holds")
def hold(case_id: int) -> Answer:
    """A supervisor puts the case on hold."""
    reason = str(posted_form().values.get("reason", ""))
    return _on_case(case_id, partial(hold_case, reason=reason), "case_held")


@pages.post("/cases/<int:case_id>/holds/<int:hold_id>/end")
def resume(case_id: int, hold_id: int) -> Answer:
    """A supervisor ends it."""
    reason = str(posted_form().values.get("reason", ""))
    return _on_case(case_id, partial(end_case_hold, hold_id=hold_id, reason=reason), "case_resumed")


def _on_case(case_id: int, operation: partial[int] | partial[None], said: str) -> Answer:
    from app.faces.web.pages.case import render_case
    from app.faces.web.pages.case_task import Attempt

    def carry(unit: Unit) -> None:
        operation(unit)

    try:
        carry_out(carry, case_id=case_id, posted=posted_form())
    except Refusal as refusal:
        return render_case(case_id, Attempt(refusal=text_of(refusal))), 422
    return redirect(url_for("case.show", case_id=case_id, said=said))


def running_part(session: Session, case: Case, who: Standing) -> RunningPart:
    """What the case page says; ways to act only for whoever supervises the case's region."""
    lineage = get_lineage(session, case.region_code)
    acts = any(post.kind == "supervision" and post.region_code in lineage for post in who.posts)
    holds = list_case_holds(session, case)
    own = any(row.case_id is not None for row in holds)
    may_hold = acts and not own and case.status == "open"
    return RunningPart(
        holds=[case_hold_line(row, who, may_end=acts) for row in holds],
        incidents=[incident_line(row, who, may_act=acts) for row in list_case_incidents(session, case.id)],
        hold_url=url_for("running.hold", case_id=case.id) if may_hold else "",
    )
