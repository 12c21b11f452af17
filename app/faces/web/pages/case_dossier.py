"""Facts, materials, rule hits, opinions, documents and service of a case, as printed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from flask import current_app, url_for

from app.faces.document_words import DOCUMENT_STATES, SERVICE_RESULTS, SERVICE_WAYS
from app.faces.translation import _, _l
from app.faces.web.acting import Standing
from app.faces.web.language import pick
from app.faces.web.pages.case_view import (
    DocumentRow,
    FactRow,
    Facts,
    MaterialRow,
    Materials,
    OpinionRow,
    Origin,
    RuleRow,
    Rules,
    Service,
    ServiceRow,
    UnjudgedRow,
)
from app.faces.web.parts import Choice, ErrorLine
from app.faces.web.words import day, duty, moment
from app.kernel.cases.schema import FactSpec
from app.kernel.decisions.catalogue.evaluation import Lacking
from app.kernel.decisions.models import RuleHit
from app.kernel.decisions.tuning.queries import HitVerdict
from app.kernel.documents.service_records import Served
from app.kernel.engine.dossier import Dossier
from app.kernel.local_time import local_day
from app.kernel.worklist.models import Task

SOURCES = {
    "applicant": _l("申请人"),
    "employer": _l("用人单位"),
    "worker": _l("职工"),
    "officer": _l("办案人员"),
    "authority": _l("其他机关"),
    "shared": _l("共享获取"),
    "takeover": _l("接续办理"),
}
ACTIONS = {"block": (_l("阻断"), "over"), "warn": (_l("提醒"), "soon"), "route": (_l("提级"), "acc")}
_PLACE = re.compile(r"(.+_\d+)_")
WIDE = 24
"""Texts longer than this take the whole width of the list of facts."""


def facts(dossier: Dossier, revealed: str, origins: Mapping[str, Origin]) -> Facts:
    """Facts in the order the process declares them; sensitive ones masked unless revealed on record."""
    rows, stated = [], stated_places(dossier.facts)
    for key, spec in dossier.deployed.schema.facts.items():
        value, place = dossier.facts.get(key), place_of(key)
        if value in (None, "", []) or (place and place not in stated):
            continue
        text = fact_words(spec, value)
        masked = spec.sensitive and key != revealed
        rows.append(
            FactRow(
                label=pick(spec.label_zh, spec.label_en),
                value=mask(text) if masked else text,
                wide=len(text) > WIDE,
                reveal_url=url_for("case.show", case_id=dossier.case.id, reveal=key) if masked else "",
                origin=origins.get(key),
            )
        )
    shown = {(row.origin.case_no, row.origin.words): row.origin for row in rows if row.origin is not None}
    return Facts(rows, _("第 %(n)s 稿", n=dossier.case.draft_no), list(shown.values()))


def place_of(key: str) -> str:
    """Which place of a list the fact describes (`dependant_3` of `dependant_3_supported`); empty for any other."""
    found = _PLACE.match(key)
    return found.group(1) if found else ""


def stated_places(facts: Mapping[str, Any]) -> set[str]:
    """Places of lists that anything is stated for: an unticked box of an empty line states nothing."""
    return {place_of(key) for key, value in facts.items() if value not in (None, "", [], False)}


def fact_words(spec: FactSpec, value: Any) -> str:
    """A fact's value in the reader's language."""
    if isinstance(value, bool):
        return _("是") if value else _("否")
    known = {choice.value: pick(choice.zh, choice.en) for choice in spec.values}
    if isinstance(value, list):
        return _("、").join(known.get(str(item), str(item)) for item in value)
    if spec.type == "decimal":
        return f"{Decimal(str(value)):,}"
    if spec.type == "datetime":
        at = datetime.fromisoformat(value)
        return _("%(y)s年%(m)s月%(d)s日 %(t)s", y=at.year, m=at.month, d=at.day, t=at.strftime("%H:%M"))
    if spec.type == "date":
        on = datetime.fromisoformat(value)
        return _("%(y)s年%(m)s月%(d)s日", y=on.year, m=on.month, d=on.day)
    return known.get(str(value), str(value))


def mask(text: str) -> str:
    """Keep the first three and the last four characters of a long value, one of a short one."""
    if len(text) >= 11:
        return f"{text[:3]}{'*' * (len(text) - 7)}{text[-4:]}"
    return f"{text[:1]}{'*' * max(len(text) - 1, 2)}"


def materials(dossier: Dossier, who: Standing, task: Task | None, errors: Sequence[ErrorLine]) -> Materials:
    """Files received; the upload form for whoever has opened a task of the case."""
    kinds = {kind.kind: pick(kind.zh, kind.en) for kind in dossier.deployed.materials}
    held = {item.kind for item in dossier.materials}
    missing = [
        kinds[kind.kind] for kind in dossier.deployed.materials if kind.required and kind.kind not in held
    ]
    count = _("%(n)s 份", n=len(dossier.materials))
    if missing:
        remark = _("%(count)s，还缺%(missing)s", count=count, missing=_("、").join(missing))
    else:
        remark = _("%(count)s，受理要件齐全", count=count)
    return Materials(
        rows=[_material(item, kinds, who) for item in dossier.materials],
        remark=remark,
        upload_url=url_for("task.upload", task_id=task.id) if task is not None else "",
        kinds=[Choice(kind, words, kind not in held) for kind, words in kinds.items()],
        limit_mb=current_app.config["SANSHEN_UPLOAD_LIMIT"] // (1024 * 1024),
        errors=errors,
        sources=[Choice(key, str(words)) for key, words in SOURCES.items()],
    )


def _material(item: Any, kinds: Mapping[str, str], who: Standing) -> MaterialRow:
    received = local_day(item.received_at)
    return MaterialRow(
        title=kinds.get(item.kind, item.filename),
        url=url_for("documents.material", uid=item.uid),
        source=str(SOURCES.get(item.source, item.source)),
        received=day(received, who.today),
        remark=f"{item.filename} {_size(item.size)}",
        new=received == who.today,
    )


def _size(size: int) -> str:
    return f"{size / 1048576:.1f} MB" if size >= 1048576 else f"{max(size // 1024, 1)} KB"


DISPOSITIONS = {
    "overridden": _l("已放行"),
    "override_refused": _l("不予放行"),
    "explained": _l("已说明"),
    "lapsed": _l("数据已改，不再命中"),
}


VERDICTS = {"justified": _l("属实"), "false_alarm": _l("误报")}


def rules(
    dossier: Dossier, verdicts: Mapping[int, HitVerdict], lacking: Iterable[Lacking], *, may_judge: bool
) -> Rules:
    """What rules found, with the legal source of each; hits that hold no more stand last."""
    hits = sorted(dossier.hits, key=lambda hit: hit.disposition == "lapsed")
    standing = sum(hit.disposition != "lapsed" for hit in hits)
    return Rules(
        [_rule(hit, dossier, verdicts.get(hit.id), may_judge=may_judge) for hit in hits],
        _("命中 %(n)s 条", n=standing),
        [_unjudged(one) for one in lacking],
    )


def _unjudged(one: Lacking) -> UnjudgedRow:
    manifest = one.rule.manifest
    named = [manifest.facts[key] for key in one.missing]
    return UnjudgedRow(
        rule=one.rule.id,
        title=pick(manifest.name_zh, manifest.name_en),
        lacks=_("、").join(pick(fact.zh, fact.en) for fact in named),
        ground=pick(manifest.ground_zh, manifest.ground_en),
        url=url_for("rules.one", rule_id=one.rule.id),
    )


def hit_handling(disposition: str | None, reason: str | None) -> str:
    """What became of a hit, with the reason given."""
    words = str(DISPOSITIONS.get(disposition or "", "—"))
    return _("%(words)s：%(reason)s", words=words, reason=reason) if reason else words


def _rule(hit: RuleHit, dossier: Dossier, verdict: HitVerdict | None, *, may_judge: bool) -> RuleRow:
    source = dossier.hit_rules.get(hit.version_id or 0)
    words, tone = ACTIONS.get(hit.action, (hit.action, "soon"))
    return RuleRow(
        rule=hit.rule_id,
        title=pick(hit.title_zh, hit.title_en),
        fact=pick(hit.message_zh, hit.message_en),
        action=str(words),
        tone=tone,
        handling=hit_handling(hit.disposition, hit.reason),
        ground=pick(source.manifest.ground_zh, source.manifest.ground_en) if source else "",
        url=url_for("rules.one", rule_id=hit.rule_id) if source else "",
        key=str(hit.id),
        verdict=_verdict(verdict) if verdict is not None else "",
        judge_url=url_for("standing.judge", case_id=hit.case_id, hit_id=hit.id) if may_judge else "",
    )


def _verdict(one: HitVerdict) -> str:
    words = str(VERDICTS.get(one.verdict, one.verdict))
    return _("%(words)s（%(person)s）：%(reason)s", words=words, person=one.person, reason=one.reason)


def opinions(dossier: Dossier, who: Standing) -> list[OpinionRow]:
    """Opinions of completed tasks, the newest first; those on an earlier draft are marked superseded."""
    done = [task for task in dossier.tasks if task.state == "completed"]
    return [row for task in reversed(done) for row in _opinion(task, dossier, who)]


def _opinion(task: Task, dossier: Dossier, who: Standing) -> Iterable[OpinionRow]:
    for part in (task.result or {}).get("parts", []):
        name, outcome = person_words(dossier, task, part.get("person")), part.get("outcome")
        words = outcome_words(dossier, task, outcome) if outcome else _("已办")
        tone = "soon" if str(outcome).startswith("return") else "ok"
        yield OpinionRow(duty(task.duty), name, words, tone, _title(task), part.get("opinion") or "")
    if not task.opinion and not task.signs:
        return
    returned = (task.outcome or "").startswith("return")
    superseded = task.signs and task.draft_no is not None and task.draft_no < dossier.case.draft_no
    tone = "soon" if returned else ("" if superseded else "ok")
    yield OpinionRow(
        duty=duty(task.duty),
        person=person_words(dossier, task),
        outcome=outcome_words(dossier, task),
        tone=tone,
        remark=_opinion_remark(task, who, superseded),
        text=task.opinion or "",
    )


def person_words(dossier: Dossier, task: Task, person_id: int | None = None) -> str:
    """Who completed a task, or a part of it, and for whom."""
    person_id = task.completed_by if person_id is None else person_id
    name = dossier.people.get(person_id or 0, "")
    principal = dossier.acted_for(task.id, person_id)
    return _("%(name)s（代%(principal)s）", name=name, principal=principal) if principal else name


def _opinion_remark(task: Task, who: Standing, superseded: bool) -> str:
    when = moment(task.completed_at, who.today) if task.completed_at else ""
    if task.signs and task.draft_no is not None:
        words = _("第 %(n)s 稿 %(when)s", n=task.draft_no, when=when)
        return _("%(words)s，已被新稿取代", words=words) if superseded else words
    return f"{_title(task)} {when}"


def _title(task: Task) -> str:
    return pick(task.title_zh, task.title_en)


def outcome_words(dossier: Dossier, task: Task, outcome: str | None = None) -> str:
    """The chosen outcome (or another one) as the task's own form words it."""
    chosen = outcome or task.outcome
    form = dossier.deployed.forms.get(task.form_id or "", {})
    for part in form.get("components", []):
        if part.get("key") == "outcome":
            for value in part.get("values", []):
                if value["value"] == chosen:
                    return pick(value["label"], (value.get("properties") or {}).get("label_en", ""))
    return _("已办")


def documents(dossier: Dossier, who: Standing) -> list[DocumentRow]:
    """Documents, newest first; the decision to come is no row of its own until it is issued."""
    rows = []
    for item in dossier.documents:
        words, tone = DOCUMENT_STATES.get(item.state, (item.state, ""))
        rows.append(
            DocumentRow(
                title=pick(item.title_zh, item.title_en),
                page_url=url_for("documents.page", uid=item.uid),
                docx_url=url_for("documents.docx", uid=item.uid),
                pdf_url=url_for("documents.pdf", uid=item.uid) if item.pdf_digest else "",
                number=item.number,
                version=_("第 %(n)s 版", n=item.version) if item.version > 1 else "",
                date=day(item.issued_on, who.today),
                state=str(words),
                tone=tone,
            )
        )
    return rows


def service(dossier: Dossier, who: Standing) -> Service | None:
    """Who has to be served and was, attempt by attempt; None where the process serves nobody."""
    if not any(step.duty == "serve" for step in dossier.deployed.steps.values()):
        return None
    lines = [_served(dossier, party, who) for party in ("worker", "employer")]
    rows = [_attempt(one, dossier, who) for one in dossier.services]
    return Service(rows, [line for line in lines if line and not rows])


def _served(dossier: Dossier, party: str, who: Standing) -> str:
    """Of a process that serves in one step."""
    served = dossier.facts.get(f"served_{party}_at")
    if not served:
        return ""
    on = datetime.fromisoformat(served).date()
    name = dossier.case.subject_name if party == "worker" else dossier.case.organisation
    return _("%(day)s送达%(party)s。", day=day(on, who.today), party=name)


def _attempt(one: Served, dossier: Dossier, who: Standing) -> ServiceRow:
    row, party = one.row, dossier.deployed.service.party(one.row.party)
    words, tone = SERVICE_RESULTS[row.result]
    if row.received_at is not None:
        when = moment(row.received_at, who.today)
    elif row.notice_until is not None:
        when = _("公告至 %(day)s", day=day(row.notice_until, who.today))
    else:
        when = ""
    told = [row.receiver, row.reference, row.reason]
    return ServiceRow(
        party=pick(party.zh, party.en),
        document=pick(one.document.title_zh, one.document.title_en),
        way=str(SERVICE_WAYS[row.way]),
        sent=day(row.sent_on, who.today) if row.sent_on else "",
        result=str(words),
        tone=tone,
        when=when,
        detail=_("；").join(text for text in told if text),
        clerk=dossier.people.get(row.performed_by or 0, _("系统")),
        proofs=[(proof.filename, url_for("documents.material", uid=proof.uid)) for proof in one.proofs],
    )
