"""The forms of what is entered in a case beside its tasks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import url_for
from sqlalchemy.orm import Session

from app.faces.translation import _
from app.faces.web.acting import Standing
from app.faces.web.form_view import FormView, form_view
from app.faces.web.language import pick
from app.faces.web.pages.apply_build import REGION, application_schema, component
from app.faces.web.pages.case_task import Attempt
from app.faces.web.pages.case_view import EntryLinks
from app.faces.web.parts import Link
from app.faces.web.shell import fresh_key
from app.kernel.cases.models import Case
from app.kernel.deadlines.queries import active_clock
from app.kernel.deadlines.refusals import ClockNotExtendable
from app.kernel.engine.catalogue import get_deployed, get_latest
from app.kernel.engine.chain_facts import list_carried
from app.kernel.engine.clock_acts import allowed_acts
from app.kernel.engine.dossier import Dossier
from app.kernel.engine.incoming import NotAwaited, list_awaited
from app.kernel.engine.opening import list_openable
from app.kernel.refusals import StaffNotEligible


@dataclass(frozen=True)
class EntryPage:
    """What the template prints."""

    title: str
    remark: str
    case_no: str
    subject: str
    case_url: str
    button: str
    form: FormView
    idempotency_key: str
    refusal: str = ""
    kept: str = ""


def entry_links(session: Session, dossier: Dossier, who: Standing, *, works_here: bool) -> EntryLinks:
    """Only what this officer may enter: papers by post, a case in the chain by intake post, an incident at work."""
    case, deployed = dossier.case, dossier.deployed
    held = {post.key for post in who.posts if post.region_code == case.region_code}
    papers = tuple(
        Link(
            url_for("entries.paper", case_id=case.id, message=spec.message),
            pick(spec.title_zh, spec.title_en),
        )
        for spec in list_awaited(deployed, case, dossier.waiting)
        if spec.post in held
    )
    posts = {post.key for post in who.posts}
    chain = tuple(
        Link(url_for("entries.in_chain", case_id=case.id, process=one.key), pick(one.title_zh, one.title_en))
        for one in list_openable(session, case)
        if one.intake_post in posts
    )
    incident = url_for("entries.incident", case_id=case.id) if works_here else ""
    return EntryLinks(papers, chain, _clock_links(dossier) if works_here else (), incident)


def _clock_links(dossier: Dossier) -> tuple[Link, ...]:
    """What the law lets whoever works on the case do to its clocks."""
    words = {"extend": _("延长"), "shift": _("顺延"), "exclude": _("扣除期间")}
    links = []
    for shown in dossier.clocks:
        spec = dossier.deployed.clocks.get(shown.row.kind)
        if spec is None or shown.row.state == "stopped":
            continue
        for action in allowed_acts(spec):
            title = pick(shown.row.title_zh, shown.row.title_en)
            url = url_for("entries.clock", case_id=dossier.case.id, clock=spec.kind, action=action)
            links.append(Link(url, _("%(clock)s：%(action)s", clock=title, action=words[action])))
    return tuple(links)


def paper_page(session: Session, case: Case, who: Standing, attempt: Attempt, message: str) -> EntryPage:
    """The form of a paper. Raise NotAwaited for a name the process doesn't know."""
    deployed = get_deployed(session, case.definition_id)
    spec = deployed.incoming.get(message)
    if spec is None:
        raise NotAwaited(title_zh=message, title_en=message)
    fields = [
        component(deployed.schema.facts[key], required=key in spec.required)
        for key in spec.facts
        if key in deployed.schema.facts
    ]
    note = _text("note", "备注（随卷归档）", "Note (kept on file)", required=False)
    return _page(
        case,
        pick(spec.title_zh, spec.title_en),
        pick(spec.hint_zh, spec.hint_en),
        _("登记"),
        {"components": [*fields, note]},
        attempt,
    )


def chain_page(session: Session, case: Case, who: Standing, attempt: Attempt, process: str) -> EntryPage:
    """The application of another process, filled with what it takes over. Raise StaffNotEligible."""
    deployed = get_latest(session, process)
    if all(post.key != deployed.intake_post for post in who.posts):
        raise StaffNotEligible
    carried = {
        key: value
        for key, value in list_carried(session, case.chain_id, deployed).items()
        if key in deployed.schema.facts and not deployed.schema.facts[key].sensitive
    }
    typed = {**_place(who, deployed.intake_post, case), **carried, **attempt.typed}
    return _page(
        case,
        _("在本工伤链中办理%(process)s", process=pick(deployed.title_zh, deployed.title_en)),
        _("与本案同属一个工伤。空着的证件号等敏感事实由系统从原案件沿用。"),
        _("登记并生成案号"),
        _optional(application_schema(deployed, who), set(deployed.from_chain_facts)),
        attempt,
        typed,
    )


def clock_page(session: Session, case: Case, attempt: Attempt, clock: str, action: str) -> EntryPage:
    """Extend, shift, or enter days that don't count; with what the law allows."""
    row = active_clock(session, case.id, clock)
    spec = get_deployed(session, case.definition_id).clocks.get(clock)
    if row is None or spec is None or action not in allowed_acts(spec):
        raise ClockNotExtendable(kind=clock, allowed=spec.extendable if spec else 0)
    words = {
        "extend": (_("延长"), _("法律允许合计延长 %(n)s（单位同时限）。", n=spec.extendable)),
        "shift": (_("顺延"), _("约定改期的，期限随之顺延。")),
        "exclude": (
            _("扣除期间"),
            _("不可归责于申请人的期间不计入申请时限（法释〔2014〕9号第七条）。"),
        ),
    }
    fields = (
        [_date("from", "起", "From"), _date("to", "止", "To")]
        if action == "exclude"
        else [_number("length", "长度", "Length")]
    )
    ground = _text("ground", "依据和理由", "Ground and reasons", required=True)
    title = _("%(clock)s：%(action)s", clock=pick(row.title_zh, row.title_en), action=words[action][0])
    return _page(case, title, words[action][1], words[action][0], {"components": [*fields, ground]}, attempt)


def incident_page(case: Case, attempt: Attempt) -> EntryPage:
    """Say why an incident is suspected."""
    reason = _text("reason", "发现经过和理由", "What was found, and why", required=True)
    return _page(
        case,
        _("标记疑似要情"),
        _("告知基金监督，由其研判；不影响本案办理，标记不能撤回。"),
        _("标记"),
        {"components": [reason]},
        attempt,
    )


def split_region(values: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """The region chosen, and the facts typed; what was left empty is no fact: it may be taken over."""
    facts = {key: value for key, value in values.items() if key != REGION and value not in ("", [])}
    return str(values.get(REGION, "")), facts


def _page(
    case: Case,
    title: str,
    remark: str,
    button: str,
    schema: Mapping[str, Any],
    attempt: Attempt,
    typed: Mapping[str, Any] | None = None,
) -> EntryPage:
    return EntryPage(
        title=title,
        remark=remark,
        case_no=case.case_no,
        subject=case.subject_name,
        case_url=url_for("case.show", case_id=case.id),
        button=button,
        form=form_view(schema, typed if typed is not None else attempt.typed, attempt.errors),
        idempotency_key=fresh_key(),
        refusal=attempt.refusal,
        kept=attempt.kept,
    )


def _optional(schema: dict[str, Any], carried: set[str]) -> dict[str, Any]:
    """What is taken over need not be typed."""
    for group in schema["components"]:
        for item in group.get("components", ()):
            if item["key"] in carried:
                item["validate"]["required"] = False
    return schema


def _place(who: Standing, post: str, case: Case) -> dict[str, str]:
    places = {held.region_code for held in who.posts if held.key == post}
    near = case.region_code if case.region_code in places else min(places, default="")
    return {REGION: near}


def _text(key: str, zh: str, en: str, *, required: bool) -> dict[str, Any]:
    return {
        "type": "textarea",
        "key": key,
        "label": zh,
        "properties": {"label_en": en},
        "validate": {"required": required, "maxLength": 1000},
    }


def _date(key: str, zh: str, en: str) -> dict[str, Any]:
    return {
        "type": "datetime",
        "subtype": "date",
        "key": key,
        "dateLabel": zh,
        "properties": {"label_en": en},
        "validate": {"required": True},
    }


def _number(key: str, zh: str, en: str) -> dict[str, Any]:
    return {
        "type": "number",
        "key": key,
        "label": zh,
        "properties": {"label_en": en},
        "validate": {"required": True, "min": 1},
    }
