"""Trials: a draft asked about past cases. Ordered, watched, cancelled; their results stay."""

from __future__ import annotations

from datetime import date
from functools import partial

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.faces.refusal_texts import text_of
from app.faces.web.acting import carry_out, reading, standing
from app.faces.web.pages.designer_access import require_designer, require_reader
from app.faces.web.pages.trials_build import trial_page
from app.faces.web.pages.workbench_errors import errors_of
from app.faces.web.pages.workbench_page import show_rule_draft
from app.kernel.engine.workbench.queries import get_trial
from app.kernel.engine.workbench.trials import (
    KEPT,
    TrialOrder,
    cancel_trial,
    start_trial,
)
from app.kernel.refusals import InvalidInput, Refusal
from app.kernel.transaction import Unit

pages = Blueprint("trials", __name__, url_prefix="/rules")
Answer = AnyResponse | str | tuple[str, int]


@pages.post("/drafts/<int:draft_id>/trials")
def order(draft_id: int) -> Answer:
    """Ask the draft about the cases of a period and region."""
    require_designer()
    form = request.form
    values: dict[str, str | list[str]] = {
        "period_from": form.get("period_from", ""),
        "period_to": form.get("period_to", ""),
        "regions": form.getlist("regions"),
    }
    try:
        operation = partial(_starting, draft_id=draft_id, wanted=_read(values))
        trial_id = carry_out(operation)
    except InvalidInput as invalid:
        errors = errors_of(invalid)
        trial = {"values": values, "errors": errors}
        return show_rule_draft(draft_id, refusal=errors.get("files", ""), trial=trial), 422
    except Refusal as refusal:
        return show_rule_draft(draft_id, refusal=text_of(refusal), trial={"values": values}), 409
    return redirect(url_for("trials.show", trial_id=trial_id, said="trial_ordered"))


def _starting(unit: Unit, draft_id: int, wanted: TrialOrder) -> int:
    return start_trial(unit, draft_id, wanted)


def _read(values: dict[str, str | list[str]]) -> TrialOrder:
    """Raise InvalidInput by field."""
    days: dict[str, date] = {}
    errors: dict[str, tuple[str, dict[str, object]]] = {}
    for key in ("period_from", "period_to"):
        try:
            days[key] = date.fromisoformat(str(values[key]))
        except ValueError:
            errors[key] = ("not_a_date", {})
    if errors:
        raise InvalidInput(errors)
    return TrialOrder(days["period_from"], days["period_to"], tuple(values["regions"]))


@pages.get("/trials/<int:trial_id>")
def show(trial_id: int) -> str:
    """How far it is, what it counted, and the cases of one verdict."""
    require_reader()
    asked = request.args.get("verdict", "")
    offset = request.args.get("offset", 0, type=int)
    with reading() as session:
        trial = get_trial(session, trial_id)
        verdict = asked if asked in KEPT else next((one for one in KEPT if trial.counts.get(one)), KEPT[0])
        page = trial_page(session, standing(), trial, verdict, min(max(0, offset), 100_000))
    return render_template("pages/rule_trial.html", page=page)


@pages.post("/trials/<int:trial_id>/cancel")
def cancel(trial_id: int) -> AnyResponse:
    """Stop it where it is."""
    require_designer()
    carry_out(partial(cancel_trial, trial_id=trial_id))
    return redirect(url_for("trials.show", trial_id=trial_id, said="trial_cancelled"))
