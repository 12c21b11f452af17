"""One case: dossier, diagram, print. Reading it writes nothing but the record of the reading."""

from __future__ import annotations

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.faces.translation import _
from app.faces.web.acting import carry_out, reading, standing
from app.faces.web.pages.case_build import case_page, gate_page
from app.faces.web.pages.case_chain import chain_cases, chain_part
from app.faces.web.pages.case_messages import fact_origins
from app.faces.web.pages.case_position import diagrams
from app.faces.web.pages.case_standing import standing_part
from app.faces.web.pages.case_taken import taken_part
from app.faces.web.pages.case_task import Attempt
from app.faces.web.pages.changes_build import change_part
from app.faces.web.pages.diagram_view import DiagramPage
from app.faces.web.pages.running import running_part
from app.faces.web.parts import ErrorLine
from app.faces.web.signin import kernel
from app.kernel.changes.registry import change_kinds
from app.kernel.engine.catalogue import get_deployed
from app.kernel.engine.dossier import (
    Dossier,
    decide_reading,
    get_case,
    load_dossier,
    read_dossier,
    record_reading,
    require_reading,
)
from app.kernel.identity.regions import get_region
from app.kernel.transaction import Unit
from app.kernel.worklist.queries import list_open_tasks

pages = Blueprint("case", __name__, url_prefix="/cases/<int:case_id>")


@pages.get("/")
def show(case_id: int) -> str:
    """The dossier, or the gate before it."""
    return render_case(case_id, Attempt(), revealed=request.args.get("reveal", ""))


@pages.get("/print")
def printed(case_id: int) -> AnyResponse:
    """Printing is recorded. The page's script calls this and prints; without it the page comes back."""
    carry_out(lambda unit: _record(unit, require_reading(unit, case_id).id, "case.printed"))
    if request.headers.get("Sec-Fetch-Mode") == "navigate":
        return redirect(url_for("case.show", case_id=case_id))
    return Response(status=204)


@pages.get("/diagram")
def diagram(case_id: int) -> str:
    """The whole diagram, with those of the processes it is inside of."""
    dossier = carry_out(lambda unit: read_dossier(unit, case_id))
    title = _("流程位置")
    return render_template(
        "pages/diagram.html", page=DiagramPage(title, case_id, dossier.case.case_no, diagrams(dossier))
    )


@pages.get("/<process>.bpmn")
def bpmn(case_id: int, process: str) -> Response:
    """The diagram's file of the version the case runs on; models hold no personal data."""
    with reading() as session:
        deployed = get_deployed(session, get_case(session, case_id).definition_id)
    try:
        return Response(deployed.bpmn(process), mimetype="application/xml")
    except KeyError:
        abort(404)


def render_case(
    case_id: int, attempt: Attempt, *, revealed: str = "", upload_errors: list[ErrorLine] | None = None
) -> str:
    """The page for whoever may read the dossier, else the gate."""
    who = standing()
    with reading() as session:
        case = get_case(session, case_id)
        if not decide_reading(session, case, who.person_id, who.now, who.today).allowed:
            return _gate(case_id, attempt)
        dossier = load_dossier(kernel(), session, case, who.now, who.today)
        injury = chain_cases(session, case, who)
        origins = fact_origins(session, dossier, who, injury)
        page = case_page(
            session, dossier, who, attempt, revealed=revealed, upload_errors=upload_errors, origins=origins
        )
        aside = standing_part(session, case, who)
        change = change_part(session, who, change_kinds(kernel().ports), case)
        chain = chain_part(session, dossier, who, injury)
        running = running_part(session, case, who)
        taken = taken_part(session, dossier)
    # Nothing is shown before the reading is on record.
    carry_out(lambda unit: _note(unit, dossier, revealed))
    return render_template(
        "pages/case.html",
        page=page,
        case_standing=aside,
        change=change,
        chain=chain,
        running=running,
        taken=taken,
    )


def _gate(case_id: int, attempt: Attempt) -> str:
    with reading() as session:
        case = get_case(session, case_id)
        tasks = list(list_open_tasks(session, case_id))
        deployed, region = get_deployed(session, case.definition_id), get_region(session, case.region_code)
        page = gate_page(session, case, deployed, region, tasks, standing(), attempt)
        aside = standing_part(session, case, standing())
        running = running_part(session, case, standing())
        return render_template("pages/gate.html", page=page, case_standing=aside, running=running)


def _note(unit: Unit, dossier: Dossier, revealed: str) -> None:
    record_reading(unit, dossier.case)
    spec = dossier.deployed.schema.facts.get(revealed)
    if spec is not None and spec.sensitive:
        _record(unit, dossier.case.id, "case.fact_read", fact=revealed)


def _record(unit: Unit, case_id: int, event: str, **more: object) -> None:
    """Who looked, in the reader's own chain: a reading must not wait for the case's lock."""
    unit.record(event, {"case": case_id, **more}, chain=f"person:{unit.actor.person_id}")
