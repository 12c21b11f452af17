"""The form of a new application, made from the facts a process demands for one: no form file needed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import url_for
from sqlalchemy.orm import Session

from app.faces.translation import _
from app.faces.web.acting import Standing, standing
from app.faces.web.applications import startable
from app.faces.web.form_view import FormView, form_view
from app.faces.web.language import pick
from app.faces.web.pages.case_task import Attempt
from app.faces.web.shell import fresh_key
from app.faces.web.words import long_day
from app.kernel.cases.schema import FactSpec
from app.kernel.engine.catalogue import Deployed
from app.kernel.engine.operations import CaseStart
from app.kernel.refusals import InvalidInput, StaffNotEligible
from app.kernel.transaction import Unit
from app.kernel.worklist.forms import validate

REGION = "region_code"
KINDS = {
    "string": "textfield",
    "text": "textarea",
    "integer": "number",
    "decimal": "textfield",
    "boolean": "checkbox",
    "date": "datetime",
    "datetime": "datetime",
    "enum": "select",
    "list": "checklist",
}


@dataclass(frozen=True)
class ApplyPage:
    """What the registration template prints."""

    title: str
    remark: str
    url: str
    form: FormView
    idempotency_key: str
    refusal: str = ""
    kept: str = ""
    take_over_url: str = ""
    """For a case that began on paper; empty where the process has no entry for one."""


def apply_page(session: Session, who: Standing, attempt: Attempt) -> ApplyPage:
    """The form for the first process whose intake post the officer holds. Raise StaffNotEligible."""
    deployed = startable(session, who)
    if deployed is None:
        raise StaffNotEligible
    schema = application_schema(deployed, who)
    return ApplyPage(
        title=_("登记%(process)s申请", process=pick(deployed.title_zh, deployed.title_en)),
        remark=_("收到日 %(day)s", day=long_day(who.today)),
        url=url_for("task.register"),
        form=form_view(schema, {**only_place(deployed, who), **attempt.typed}, attempt.errors),
        idempotency_key=fresh_key(),
        refusal=attempt.refusal,
        kept=attempt.kept,
        take_over_url=url_for("take_over.show", process=deployed.key) if deployed.entries else "",
    )


def application_schema(deployed: Deployed, who: Standing) -> dict[str, Any]:
    """A form-js schema: the facts of an application by group, demanded ones first in each."""
    grouped: dict[str, list[FactSpec]] = defaultdict(list)
    asked = {*deployed.parties.values(), *deployed.schema.variant_facts}
    for spec in deployed.schema.facts.values():
        if spec.required_for in ("application", "acceptance") or spec.key in asked:
            grouped[spec.group].append(spec)
    groups = [
        {
            "type": "group",
            "label": group.zh,
            "properties": {"label_en": group.en},
            "components": [component(spec) for spec in grouped[group.value]],
        }
        for group in deployed.schema.groups
        if grouped[group.value]
    ]
    return {"components": [where(deployed, who), *groups]}


def where(deployed: Deployed, who: Standing) -> dict[str, Any]:
    """The field that says which authority takes the case: of those where the officer holds the intake post."""
    places = [post for post in who.posts if post.key == deployed.intake_post]
    values = [
        {"value": post.region_code, "label": post.region_zh, "properties": {"label_en": post.region_en}}
        for post in places
    ]
    return {
        "type": "select",
        "key": REGION,
        "label": "受理机关所在地",
        "properties": {"label_en": "Authority"},
        "values": values,
        "validate": {"required": True},
    }


def only_place(deployed: Deployed, who: Standing) -> dict[str, str]:
    """Nobody is asked to choose from one."""
    places = {post.region_code for post in who.posts if post.key == deployed.intake_post}
    return {REGION: places.pop()} if len(places) == 1 else {}


def component(spec: FactSpec, *, required: bool | None = None) -> dict[str, Any]:
    """A form-js field for a fact; demanded as an application demands it, unless said otherwise."""
    demanded = spec.required_for == "application" if required is None else required
    built: dict[str, Any] = {
        "type": KINDS[spec.type],
        "key": spec.key,
        "label": spec.label_zh,
        "properties": {"label_en": spec.label_en},
        "validate": {"required": demanded, "maxLength": spec.max_length},
    }
    if spec.values:
        built["values"] = [
            {"value": item.value, "label": item.zh, "properties": {"label_en": item.en}}
            for item in spec.values
        ]
    if spec.type == "datetime":
        built["subtype"] = "datetime"
    return built


def application_of(unit: Unit, posted: Mapping[str, str | list[str]]) -> CaseStart:
    """The checked application. Raise InvalidInput by field, StaffNotEligible for who may not register."""
    who = standing()
    deployed = startable(unit.session, who)
    if deployed is None:
        raise StaffNotEligible
    result = validate(application_schema(deployed, who), posted)
    if result.errors:
        raise InvalidInput(dict(result.errors))
    facts = {key: value for key, value in result.values.items() if key != REGION}
    return CaseStart(deployed.key, result.values[REGION], facts)
