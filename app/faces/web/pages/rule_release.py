"""Proposals about a rule's versions without editing: go back to an earlier one, or retire the rule."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from flask import Blueprint, abort, redirect, render_template, url_for
from werkzeug.wrappers import Response

from app.faces.refusal_texts import text_of
from app.faces.translation import _
from app.faces.web.acting import carry_out, reading, standing
from app.faces.web.language import pick
from app.faces.web.pages.designer_access import require_designer
from app.faces.web.pages.designer_submit import FIELDS
from app.faces.web.pages.workbench_errors import errors_of
from app.faces.web.pages.workbench_words import compare_url, label
from app.faces.web.parts import Choice, ErrorLine
from app.faces.web.posted import posted_form
from app.faces.web.shell import fresh_key
from app.kernel.decisions.catalogue.versions import find_version, list_standing, newest_version
from app.kernel.engine.workbench.proposals import restore_rule_version, retire_rule
from app.kernel.refusals import InvalidInput, Refusal
from app.kernel.transaction import Unit

pages = Blueprint("rule_release", __name__, url_prefix="/rules/<rule_id>")
Values = Mapping[str, str]
Operation = Callable[..., Mapping[str, object]]


@dataclass(frozen=True)
class ReleasePage:
    """The two forms; `way` is the one that came back with errors."""

    rule_id: str
    title: str
    sub: str
    versions: list[Choice]
    compare_url: str
    key: str
    values: Values
    way: str
    errors: Mapping[str, str]
    summary: list[ErrorLine]
    refusal: str


@pages.get("/release")
def show(rule_id: str) -> str:
    """What may be proposed of this rule."""
    require_designer()
    return _page(rule_id, "", {})


@pages.post("/roll-back")
def roll_back(rule_id: str) -> Response | tuple[str, int]:
    """Propose an earlier version's content as the next version."""
    return _propose(rule_id, "roll_back", _restoring)


@pages.post("/retire")
def retire(rule_id: str) -> Response | tuple[str, int]:
    """Propose that the rule judges nothing from a day on."""
    return _propose(rule_id, "retire", _retiring)


def _restoring(unit: Unit, rule_id: str, values: Values) -> Mapping[str, object]:
    number = values.get("version", "")
    if not (number.isascii() and number.isdigit() and len(number) < 9):
        raise InvalidInput({"version": ("required", {})})
    return restore_rule_version(
        unit, rule_id, int(number), reason=values.get("reason", ""), ground=values.get("ground", "")
    )


def _retiring(unit: Unit, rule_id: str, values: Values) -> Mapping[str, object]:
    return retire_rule(
        unit,
        rule_id,
        values.get("effective_from", ""),
        reason=values.get("reason", ""),
        ground=values.get("ground", ""),
    )


def _propose(rule_id: str, way: str, operation: Operation) -> Response | tuple[str, int]:
    require_designer()
    posted = posted_form()
    values = {key: value.strip() for key, value in posted.values.items() if isinstance(value, str)}
    try:
        answer = carry_out(partial(operation, rule_id=rule_id, values=values), posted=posted)
    except InvalidInput as invalid:
        errors = {FIELDS.get(field, field): text for field, text in errors_of(invalid).items()}
        return _page(rule_id, way, values, errors=errors), 422
    except Refusal as refusal:
        return _page(rule_id, way, values, refusal=text_of(refusal)), 409
    return redirect(url_for("changes.one", case_id=answer["case_id"], said="rule_proposed"))


def _page(
    rule_id: str, way: str, values: Values, *, errors: Mapping[str, str] | None = None, refusal: str = ""
) -> str:
    wrong = dict(errors or {})
    with reading() as session:
        newest = newest_version(session, rule_id)
        found = find_version(session, rule_id, newest)
        today = standing().today
        in_force = next((one.rule for one in list_standing(session, today) if one.rule.id == rule_id), None)
    if found is None:
        abort(404)
    manifest, number = found.rule.manifest, in_force.manifest.version if in_force else None
    page = ReleasePage(
        rule_id=rule_id,
        title=f"{rule_id} {pick(manifest.name_zh, manifest.name_en)}",
        sub=_("现行第 %(n)s 版", n=number) if number else _("现在没有现行版本"),
        versions=[
            Choice(str(one), _("第 %(n)s 版", n=one), str(one) == values.get("version"))
            for one in range(newest, 0, -1)
            if one != number
        ],
        compare_url=compare_url(rule_id, newest - 1, newest) if newest > 1 else "",
        key=fresh_key(),
        values={"effective_from": today.isoformat(), **values},
        way=way,
        errors=wrong,
        summary=[ErrorLine(text, f"{way}-{field}", label(field)) for field, text in wrong.items()],
        refusal=refusal,
    )
    return render_template("pages/rule_release.html", page=page)
