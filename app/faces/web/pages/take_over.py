"""Entering a case that began on paper or in another system."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO

from flask import Blueprint, current_app, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.faces.refusal_texts import text_of
from app.faces.translation import _
from app.faces.web.acting import carry_out, reading, standing
from app.faces.web.pages.apply_build import REGION
from app.faces.web.pages.case_task import Attempt
from app.faces.web.pages.take_over_build import (
    OWN,
    case_schema,
    dates_schema,
    permitted,
    suspensions,
    take_over_page,
)
from app.faces.web.posted import posted_form
from app.kernel.engine.materials import Upload
from app.kernel.engine.takeover.operations import TakeOver, take_over
from app.kernel.engine.takeover.queries import find_chain_by_number
from app.kernel.identity.uploads import accept
from app.kernel.refusals import InvalidInput, Refusal
from app.kernel.transaction import Unit
from app.kernel.worklist.forms import validate

pages = Blueprint("take_over", __name__, url_prefix="/apply/<process>/take-over")
SOURCE = "takeover"


@pages.get("/")
def show(process: str) -> str:
    """Choose the entry, state the dates, see the clocks."""
    return _page(process, Attempt(typed=request.args.to_dict()))


@pages.post("/")
def enter(process: str) -> AnyResponse | tuple[str, int]:
    """Open the case where it stands; errors come back by field, files have to be chosen again."""
    posted = posted_form()
    kept = _("您填的内容已放回，文件须重新选择。")
    try:
        evidence = _evidence(str(posted.values.get("kind", "")))
        taken = carry_out(
            lambda unit: take_over(unit, _given(unit, process, posted.values, evidence)), posted=posted
        )
    except InvalidInput as invalid:
        return _page(process, Attempt(typed=posted.values, errors=invalid.errors, kept=kept)), 422
    except Refusal as refusal:
        return _page(process, Attempt(typed=posted.values, refusal=text_of(refusal), kept=kept)), 422
    return redirect(url_for("case.show", case_id=taken["case_id"], said="taken_over"))


def _page(process: str, attempt: Attempt) -> str:
    with reading() as session:
        page = take_over_page(session, standing(), process, attempt)
        return render_template("pages/take_over.html", page=page)


def _given(
    unit: Unit, process: str, typed: Mapping[str, str | list[str]], evidence: list[Upload]
) -> TakeOver:
    """What was stated. Raise InvalidInput by field, StaffNotEligible for who may not register."""
    who = standing()
    deployed = permitted(unit.session, who, process)
    entry = str(typed.get("entry", ""))
    dates = validate(dates_schema(deployed, entry), typed)
    rest = validate(case_schema(deployed, entry, who), typed)
    errors = {**dates.errors, **rest.errors}
    chain_id, beside = None, rest.values.get("same_injury_as")
    if beside:
        chain_id = find_chain_by_number(unit.session, str(beside).strip())
        if chain_id is None:
            errors["same_injury_as"] = ("case_unknown", {})
    if not evidence:
        errors["evidence"] = ("take_over_evidence_missing", {})
    if errors:
        raise InvalidInput(errors)
    stated = {
        **rest.values,
        **{key: dates.values[key] for key in dates.values if key in deployed.schema.facts},
    }
    return TakeOver(
        process,
        str(stated[REGION]),
        entry=entry,
        origin=str(stated["origin"]),
        reference=str(stated["reference"]),
        facts={key: value for key, value in stated.items() if key not in OWN},
        evidence=evidence,
        done_before=str(stated["done_before"]),
        notes=str(stated.get("notes") or ""),
        suspended=suspensions(dates.values),
        outcome=stated.get("outcome"),
        chain_id=chain_id,
    )


def _evidence(kind: str) -> list[Upload]:
    """The files, checked before anything is written. Raise UploadRefused."""
    limit = current_app.config["SANSHEN_UPLOAD_LIMIT"]
    found = []
    for item in (one for one in request.files.getlist("file") if one.filename):
        file = accept(item.filename or "", BytesIO(item.read()), limit=limit)
        found.append(Upload(kind, file.name, file.media_type, file.data, SOURCE))
    return found
