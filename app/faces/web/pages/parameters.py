"""Parameters with their sources, and the calculator over the benefit formulas; both write nothing."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, render_template, request
from sqlalchemy.orm import Session

from app.faces.web.acting import reading, standing
from app.faces.web.pages.formulas_build import formula_page, formulas_page
from app.faces.web.pages.parameters_build import chosen_region, parameter_page, parameters_page
from app.faces.web.posted import posted_form
from app.faces.web.signin import kernel
from app.kernel.changes.fields import posted_values
from app.kernel.decisions.formulas import Catalogue, calculate
from app.kernel.decisions.formulas.catalogue import Item
from app.kernel.decisions.formulas.inputs import form_of
from app.kernel.decisions.formulas.sources import StoredParameters
from app.kernel.decisions.formulas.versions import standing_catalogue
from app.kernel.decisions.parameters.lookup import ParameterUnknown
from app.kernel.refusals import InvalidInput

pages = Blueprint("parameters", __name__, url_prefix="/parameters")
Answer = str | tuple[str, int]
MOST_ROWS = 60


@pages.get("")
def show() -> str:
    """What is in force at a place on a day."""
    _require_post()
    with reading() as session:
        page = parameters_page(session, standing(), request.args)
        return render_template("pages/parameters.html", page=page)


@pages.get("/<key>")
def one(key: str) -> str:
    """What one means, and all its editions."""
    _require_post()
    with reading() as session:
        try:
            page = parameter_page(session, standing(), key)
        except ParameterUnknown:
            abort(404)
        return render_template("pages/parameter.html", page=page)


@pages.get("/formulas")
def formulas() -> str:
    """What can be calculated."""
    _require_post()
    with reading() as session:
        return render_template("pages/formulas.html", page=formulas_page(_catalogue(session), standing()))


@pages.get("/formulas/<item>")
def formula(item: str) -> str:
    """The empty form of an item."""
    _require_post()
    with reading() as session:
        catalogue = _catalogue(session)
        page = formula_page(session, standing(), catalogue, _item(catalogue, item), {})
        return render_template("pages/formula.html", page=page)


@pages.post("/formulas/<item>")
def calculated(item: str) -> Answer:
    """The result with its derivation; errors come back by field. Nothing is kept."""
    _require_post()
    posted = posted_form()
    shown = str(posted.values.get("rows_shown", ""))
    rows = min(int(shown), MOST_ROWS) if shown.isascii() and shown.isdigit() and len(shown) < 4 else 0
    with reading() as session:
        who, catalogue = standing(), _catalogue(session)
        wanted = _item(catalogue, item)
        values = posted_values(form_of(catalogue, wanted), posted.values)
        region = chosen_region(session, who, {"region": str(posted.values.get("region", ""))})
        told: dict[str, Any] = {"region": region, "rows_shown": rows}
        if "more" in posted.values:
            told["rows_shown"] = min(rows + 3, MOST_ROWS)
            return render_template(
                "pages/formula.html", page=formula_page(session, who, catalogue, wanted, values, **told)
            )
        try:
            told["calculation"] = calculate(
                catalogue, item, values, StoredParameters(session, region), kernel().clock()
            )
            status = 200
        except InvalidInput as invalid:
            told["errors"] = invalid.errors
            status = 422
        page = formula_page(session, who, catalogue, wanted, values, **told)
        return render_template("pages/formula.html", page=page), status


def _catalogue(session: Session) -> Catalogue:
    """The formulas in force today."""
    return standing_catalogue(session, standing().today)


def _item(catalogue: Catalogue, key: str) -> Item:
    found = catalogue.items.get(key)
    if found is None:
        abort(404)
    return found


def _require_post() -> None:
    """Every officer may read them; who holds no post sees nothing."""
    if not standing().posts:
        abort(403)
