"""The list of formulas and the calculator, as printed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import url_for
from sqlalchemy.orm import Session

from app.faces.translation import _
from app.faces.web.acting import Standing
from app.faces.web.language import pick
from app.faces.web.pages.changes_access import may_propose
from app.faces.web.pages.changes_form import Errors, error_lines, form_item
from app.faces.web.pages.parameters_build import chosen_region, language, region_choices
from app.faces.web.pages.parameters_view import FormulaPage, FormulasPage, FormulaTopic
from app.faces.web.parts import Link
from app.faces.web.signin import officer
from app.faces.web.words import moment
from app.kernel.changes.fields import FieldSpec
from app.kernel.decisions.formulas import Calculation, Catalogue
from app.kernel.decisions.formulas.catalogue import Item
from app.kernel.decisions.formulas.derivation import describe
from app.kernel.decisions.formulas.inputs import form_of


def formulas_page(catalogue: Catalogue, who: Standing) -> FormulasPage:
    """All items by topic; who edits rules can begin a change."""
    return FormulasPage(
        pick(catalogue.title_zh, catalogue.title_en),
        [
            FormulaTopic(
                pick(zh, en),
                [
                    Link(url_for("parameters.formula", item=item.key), pick(item.title_zh, item.title_en))
                    for item in catalogue.items.values()
                    if item.topic == topic
                ],
            )
            for topic, zh, en in catalogue.topics
        ],
        url_for("changes.new", kind="formula") if may_propose(who) else "",
    )


def formula_page(
    session: Session,
    who: Standing,
    catalogue: Catalogue,
    item: Item,
    values: Mapping[str, Any],
    *,
    region: str | None = None,
    errors: Errors | None = None,
    rows_shown: int = 0,
    calculation: Calculation | None = None,
) -> FormulaPage:
    """The form with what was typed, and the result where there is one."""
    fields: Sequence[FieldSpec] = form_of(catalogue, item)
    wrong = dict(errors or {})
    items = [form_item(field, values.get(field.key), wrong, rows_shown) for field in fields]
    where = region if values else chosen_region(session, who, {})
    return FormulaPage(
        title=pick(item.title_zh, item.title_en),
        ground=item.ground,
        url=url_for("parameters.calculated", item=item.key),
        items=items,
        regions=region_choices(session, where),
        rows_shown=max((len(one.rows) for one in items if one.rows is not None), default=0),
        summary=error_lines(wrong, items),
        derivation=describe(catalogue, calculation, language()) if calculation is not None else None,
        calculated=_("%(when)s 由%(who)s试算，不是核定", when=moment(who.now), who=officer().person_name)
        if calculation
        else "",
    )
