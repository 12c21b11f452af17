"""The pages of take-over: the entry, its dates, the clocks that follow, and the form of the case."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from flask import current_app, url_for
from sqlalchemy.orm import Session

from app.faces.translation import _
from app.faces.web.acting import Standing
from app.faces.web.form_view import form_view
from app.faces.web.language import pick
from app.faces.web.pages.apply_build import REGION, component, only_place, where
from app.faces.web.pages.case_task import Attempt
from app.faces.web.pages.take_over_view import PreviewRow, TakeOverPage
from app.faces.web.parts import Choice, ClockView
from app.faces.web.shell import fresh_key
from app.faces.web.words import day
from app.kernel.cases.schema import FactSpec, FieldErrors
from app.kernel.deadlines.queries import load_calendar
from app.kernel.engine.catalogue import Deployed, get_latest
from app.kernel.engine.takeover.dates import (
    Suspended,
    date_errors,
    list_pausable,
    planned_clocks,
    suspension_errors,
)
from app.kernel.engine.takeover.manifest import Entry
from app.kernel.engine.takeover.operations import DECIDED
from app.kernel.refusals import StaffNotEligible
from app.kernel.worklist.forms import validate

Schema = dict[str, Any]
Typed = Mapping[str, Any]
OWN = ("reference", "origin", "same_injury_as", "outcome", "done_before", "notes", "confirm", REGION)
PAUSE = ("suspended_from", "suspended_until", "suspended_ground")


def permitted(session: Session, who: Standing, process: str) -> Deployed:
    """The process, for who holds its intake post. Raise StaffNotEligible, DefinitionNotFound."""
    deployed = get_latest(session, process)
    if deployed.intake_post not in {post.key for post in who.posts}:
        raise StaffNotEligible
    return deployed


def take_over_page(session: Session, who: Standing, process: str, attempt: Attempt) -> TakeOverPage:
    """As far as what was typed leads. Raise StaffNotEligible, DefinitionNotFound."""
    deployed, typed = permitted(session, who, process), attempt.typed
    page = TakeOverPage(
        title=_("接续办理：%(process)s", process=pick(deployed.title_zh, deployed.title_en)),
        url=url_for("take_over.show", process=process),
        entries=_entries(deployed),
        entry=str(typed.get("entry", "")),
        idempotency_key=fresh_key(),
        limit_mb=current_app.config["SANSHEN_UPLOAD_LIMIT"] // (1024 * 1024),
        refusal=attempt.refusal,
        kept=attempt.kept,
        decided=typed.get("entry") == DECIDED,
    )
    if page.entry not in {one.value for one in page.entries}:
        return replace(page, entry="")
    schema = dates_schema(deployed, page.entry)
    result = validate(schema, typed)
    errors = {**result.errors, **attempt.errors}
    if not errors:
        errors = _wrong_dates(deployed, page.entry, result.values, who)
    keys = {*requires(deployed, page.entry), *PAUSE, "suspended"}
    if keys & errors.keys():
        stated = any(typed.get(key) for key in keys)
        shown = {key: error for key, error in errors.items() if key in keys} if stated else {}
        return replace(page, dates=form_view(schema, typed, shown))
    return _whole(session, deployed, who, page, attempt, result.values)


def _whole(
    session: Session, deployed: Deployed, who: Standing, page: TakeOverPage, attempt: Attempt, dates: Typed
) -> TakeOverPage:
    specs = deployed.schema.facts
    needed = requires(deployed, page.entry)
    values = {**only_place(deployed, who), "origin": "paper", **attempt.typed}
    return replace(
        page,
        form=form_view(
            case_schema(deployed, page.entry, who), values, attempt.errors, {"evidence": _("证明材料")}
        ),
        stated=[*_stated(specs, needed, dates, who.today), *_paused(dates, who.today)],
        hidden=[
            (key, str(attempt.typed.get(key, ""))) for key in (*needed, *PAUSE) if attempt.typed.get(key)
        ],
        preview=_preview(session, deployed, page.entry, dates, who.today),
        kinds=[Choice(one.kind, pick(one.zh, one.en)) for one in deployed.materials],
        kind=str(attempt.typed.get("kind", "other")),
    )


def _stated(
    specs: Mapping[str, FactSpec], needed: Sequence[str], dates: Typed, today: date
) -> list[tuple[str, str]]:
    return [(pick(specs[key].label_zh, specs[key].label_en), _when(str(dates[key]), today)) for key in needed]


def _when(text: str, today: date) -> str:
    """A date or a moment of a fact, in words."""
    at, _separator, minute = text.partition("T")
    return f"{day(date.fromisoformat(at), today)} {minute}".strip()


def _paused(dates: Typed, today: date) -> list[tuple[str, str]]:
    return [
        (
            _("中止"),
            _(
                "%(a)s 至 %(b)s，%(ground)s",
                a=day(one.from_on, today),
                b=day(one.until_on, today),
                ground=one.ground,
            ),
        )
        for one in suspensions(dates)
    ]


def _entries(deployed: Deployed) -> list[Choice]:
    found = [Choice(key, pick(one.title_zh, one.title_en)) for key, one in deployed.entries.items()]
    if deployed.paper_decision is not None:
        found.append(Choice(DECIDED, _("已经作出决定（只作为前情登记）")))
    return found


def requires(deployed: Deployed, entry: str) -> tuple[str, ...]:
    """The facts that hold the true dates."""
    if entry in deployed.entries:
        return deployed.entries[entry].requires
    return deployed.paper_decision.requires if deployed.paper_decision else ()


def _purposes(deployed: Deployed, entry: str) -> tuple[str, ...]:
    if entry in deployed.entries:
        return deployed.entries[entry].purposes
    return deployed.paper_decision.purposes if deployed.paper_decision else ()


def dates_schema(deployed: Deployed, entry: str) -> Schema:
    """A form-js schema of the dates the entry needs, and of one suspension where its clocks can be suspended."""
    parts = [component(deployed.schema.facts[key]) for key in requires(deployed, entry)]
    for part in parts:
        part["validate"] = {**part["validate"], "required": True}
    found = deployed.entries.get(entry)
    if found is not None and list_pausable(deployed, found):
        asked: list[Schema] = [
            _field("datetime", "suspended_from", "中止自", "Suspended from", subtype="date"),
            _field("datetime", "suspended_until", "中止至", "Suspended until", subtype="date"),
            _field("textfield", "suspended_ground", "中止依据", "Ground of the suspension"),
        ]
        label = "曾经中止的填这三项，没有的空着"
        english = {"label_en": "Only where it was suspended: all three"}
        parts.append({"type": "group", "label": label, "properties": english, "components": asked})
    return {"components": parts}


def case_schema(deployed: Deployed, entry: str, who: Standing) -> Schema:
    """The rest of what is asked: where it comes from, the facts by group, what was done there."""
    facts = [
        group
        for group in (_group(deployed, entry, one.value, one.zh, one.en) for one in deployed.schema.groups)
        if group
    ]
    return {"components": [where(deployed, who), *_from_where(deployed, entry), *facts, *_before()]}


def _from_where(deployed: Deployed, entry: str) -> list[Schema]:
    origins = [
        {"value": key, "label": zh, "properties": {"label_en": en}}
        for key, zh, en in (("paper", "纸质", "Paper"), ("system", "旧系统", "Former system"))
    ]
    parts = [
        _field("select", "origin", "来源", "Origin", required=True, values=origins),
        _field("textfield", "reference", "原编号", "Number there", required=True, length=100),
        _field(
            "textfield", "same_injury_as", "同一工伤的案号或原编号", "Case of the same injury", length=100
        ),
    ]
    if entry == DECIDED:
        outcomes = [
            {
                "value": outcome,
                "label": deployed.documents[key].title_zh,
                "properties": {"label_en": deployed.documents[key].title_en},
            }
            for outcome, key in deployed.process.get("decision_documents", {}).items()
        ]
        parts.append(_field("select", "outcome", "决定", "Decision", required=True, values=outcomes))
    return parts


def _before() -> list[Schema]:
    return [
        _field(
            "textarea",
            "done_before",
            "此前由谁办了什么（只作记载，不计职责）",
            "Who did what (no duty follows)",
            True,
        ),
        _field("textarea", "notes", "备注", "Notes"),
        _field("checkbox", "confirm", "已核对日期和证明材料", "Dates and evidence are checked", True),
    ]


def _group(deployed: Deployed, entry: str, key: str, zh: str, en: str) -> Schema | None:
    purposes, dates = _purposes(deployed, entry), requires(deployed, entry)
    offered, parts = {*deployed.parties.values(), *deployed.schema.variant_facts}, []
    for spec in deployed.schema.facts.values():
        asked = spec.required_for in purposes
        if spec.group != key or spec.key in dates or not (asked or spec.key in offered):
            continue
        part = component(spec)
        part["validate"] = {**part["validate"], "required": asked}
        parts.append(part)
    if not parts:
        return None
    return {"type": "group", "label": zh, "properties": {"label_en": en}, "components": parts}


def _field(
    kind: str,
    key: str,
    zh: str,
    en: str,
    required: bool = False,
    *,
    length: int = 4000,
    values: Sequence[Schema] = (),
    subtype: str = "",
) -> Schema:
    made: Schema = {"type": kind, "key": key, "label": zh, "properties": {"label_en": en}}
    made["validate"] = {"required": required, "maxLength": length}
    return made | ({"values": list(values)} if values else {}) | ({"subtype": subtype} if subtype else {})


def suspensions(values: Typed) -> list[Suspended]:
    """The one that the form has room for; files take several."""
    if not values.get("suspended_from") or not values.get("suspended_until"):
        return []
    ground = str(values.get("suspended_ground") or "")
    return [
        Suspended(
            date.fromisoformat(values["suspended_from"]),
            date.fromisoformat(values["suspended_until"]),
            ground,
        )
    ]


def _wrong_dates(deployed: Deployed, key: str, values: Typed, who: Standing) -> FieldErrors:
    errors = date_errors(values, requires(deployed, key), "", who.now)
    entry = deployed.entries.get(key)
    if errors or entry is None:
        return errors
    if any(values.get(one) for one in PAUSE) and not all(values.get(one) for one in PAUSE):
        return {one: ("required", {}) for one in PAUSE if not values.get(one)}
    wrong = suspension_errors(deployed, entry, values, suspensions(values), who.today)
    return {"suspended_until": wrong["suspended"]} if wrong else {}


def _preview(session: Session, deployed: Deployed, key: str, dates: Typed, today: date) -> list[PreviewRow]:
    entry: Entry | None = deployed.entries.get(key)
    if entry is None:
        return []
    calendar = load_calendar(session)
    rows = []
    for clock in planned_clocks(deployed, entry, dates, suspensions(dates)):
        due = clock.due(calendar).due_on
        rows.append(
            PreviewRow(
                pick(clock.spec.title_zh, clock.spec.title_en),
                day(clock.started_on, today),
                day(due, today) if due else "",
                _state(due, today),
                pick(clock.spec.ground_zh, clock.spec.ground_en),
            )
        )
    return rows


def _state(due: date | None, today: date) -> ClockView:
    left = (due - today).days if due else 0
    if left < 0:
        return ClockView("over", _("已超期 %(n)s 日", n=-left))
    return ClockView("ok" if left > 7 else "soon", _("还有 %(n)s 日", n=left))
