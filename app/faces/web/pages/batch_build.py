"""From batch items to words: why one must be looked at alone, what an opened case says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flask import url_for
from sqlalchemy.orm import Session

from app.faces.duty_words import duty_word
from app.faces.translation import _
from app.faces.web.acting import Standing, carry_out, reading
from app.faces.web.language import pick
from app.faces.web.pages.batch_view import BatchPage, BatchRow, PreviewPage, PreviewRow
from app.faces.web.pages.case_again import again_rows
from app.faces.web.pages.case_dossier import fact_words, outcome_words, person_words
from app.faces.web.pages.queue_rows import clock_words, denial, warning
from app.faces.web.words import duty
from app.kernel.deadlines.calendar import WorkingCalendar
from app.kernel.deadlines.queries import load_calendar
from app.kernel.engine.catalogue import get_deployed
from app.kernel.engine.dossier import Dossier, get_case, read_dossier
from app.kernel.worklist.batch import DUTY, BatchItem, plain_outcome
from app.kernel.worklist.queries import list_open_tasks

FACTS_SHOWN = 8


def why_excluded(item: BatchItem) -> str:
    """In words; empty when it can be signed in a batch."""
    if item.excluded == "denied":
        if item.row.claimant and item.row.decision.allowed:
            return _("%(name)s正在办理", name=item.row.claimant)
        return denial(item.row.decision, item.task.duty)
    if item.excluded == "warnings":
        open_hits = (hit for hit in item.hits if hit.action == "warn" and hit.disposition is None)
        rules = _("、").join(dict.fromkeys(hit.rule_id for hit in open_hits))
        return _("提醒还没有说明理由（%(rules)s），请先在案件中逐条说明", rules=rules)
    words = {
        "rules": _("高风险且有规则命中，须单独审核"),
        "consultation": _("征求过意见，须单独审核"),
        "returned": _("退回后重办，须单独审核"),
        "shared": _("须多人办理，不能批量"),
        "form": _("要填会议记录等内容，须单独办理"),
    }
    return words.get(item.excluded, "")


def batch_page(
    session: Session, items: Sequence[BatchItem], chosen: frozenset[int], who: Standing
) -> BatchPage:
    """Rows that can be signed together first."""
    calendar = load_calendar(session)
    rows = [_row(session, item, chosen, who, calendar) for item in items]
    rows.sort(key=lambda row: bool(row.excluded))
    able = sum(not row.excluded for row in rows)
    words = _("打开卷宗即记为这些案件的%(duty)s人，之后不能换职责；每件打开都留痕。", duty=duty_word(DUTY))
    return BatchPage(rows, able, words)


def _row(
    session: Session, item: BatchItem, chosen: frozenset[int], who: Standing, calendar: WorkingCalendar
) -> BatchRow:
    task, case = item.task, item.row.case
    return BatchRow(
        key=str(task.id),
        url=url_for("case.show", case_id=case.id),
        case_no=case.case_no,
        worker=case.subject_name,
        employer=case.organisation,
        duty=duty(task.duty),
        risk=case.risk,
        clock=clock_words(item.row.clock, who.today, calendar),
        hits=len(item.hits),
        chosen=task.id in chosen,
        mine=task.claimed_by == who.person_id,
        excluded=why_excluded(item) or _formless(session, item),
        warning=warning(item.row.decision, task.duty),
    )


def _formless(session: Session, item: BatchItem) -> str:
    """A form that asks for more than an opinion is filled in alone (the chair's minutes)."""
    forms = get_deployed(session, item.row.case.definition_id).forms
    plain = plain_outcome(forms.get(item.task.form_id or "", {}))
    return "" if plain else _("要填会议记录等内容，须单独办理")


def preview_page(items: Sequence[BatchItem], who: Standing, failed: Mapping[int, str]) -> PreviewPage:
    """What each opened case says; one that is not open to the reader says why."""
    with reading() as session:
        calendar = load_calendar(session)
        formless = {item.task.id: _formless(session, item) for item in items}
    rows = []
    for item in items:
        denied = failed.get(item.task.id, "") or why_excluded(item) or formless[item.task.id]
        if not denied and (item.task.claimed_by != who.person_id or item.task.opened_at is None):
            denied = _("卷宗没有打开")
        rows.append(_preview_row(item, who, calendar, denied))
    return PreviewPage(rows, sum(not row.denied for row in rows))


def _preview_row(item: BatchItem, who: Standing, calendar: WorkingCalendar, denied: str) -> PreviewRow:
    task, case = item.task, item.row.case
    row = PreviewRow(
        key=str(task.id),
        version=task.version,
        url=url_for("case.show", case_id=case.id),
        case_no=case.case_no,
        worker=case.subject_name,
        employer=case.organisation,
        risk=case.risk,
        clock=clock_words(item.row.clock, who.today, calendar),
        denied=denied,
    )
    if denied:
        return row
    dossier = carry_out(lambda unit: read_dossier(unit, case.id))
    return PreviewRow(
        **{
            **vars(row),
            "drafted": _drafted(dossier),
            "facts": _facts(dossier),
            "opinions": _opinions(dossier),
            "hits": [f"{hit.rule_id} {pick(hit.message_zh, hit.message_en)}" for hit in item.hits],
            "warnings": [
                _("%(duty)s：%(why)s", duty=again.duty.word, why=again.why) for again in again_rows(dossier)
            ],
        }
    )


def _drafted(dossier: Dossier) -> str:
    outcomes = {"approved_positive": _("拟作肯定决定"), "approved_negative": _("拟作否定决定")}
    return outcomes.get(dossier.case.outcome or "", "")


def _facts(dossier: Dossier) -> list[tuple[str, str]]:
    """What the process names as its key facts, else what a decision demands; sensitive ones stay in the case."""
    specs = dossier.deployed.schema.facts
    demanded = [key for key, spec in specs.items() if spec.required_for == "decision"]
    keys = [key for key in dossier.deployed.process.get("key_facts", demanded) if key in specs]
    shown = [
        (pick(specs[key].label_zh, specs[key].label_en), fact_words(specs[key], dossier.facts[key]))
        for key in keys
        if not specs[key].sensitive and dossier.facts.get(key) not in (None, "", [])
    ]
    return shown[:FACTS_SHOWN]


def _opinions(dossier: Dossier) -> list[tuple[str, str, str]]:
    """Signing opinions on the present draft: who, with what result, in which words."""
    return [
        (
            person_words(dossier, task),
            f"{duty_word(task.duty)} {outcome_words(dossier, task)}",
            task.opinion or "",
        )
        for task in dossier.tasks
        if task.state == "completed" and task.signs and task.draft_no == dossier.case.draft_no
    ]


def result_words(session: Session, case_id: int) -> str:
    """Where the case stands after it was signed."""
    case = get_case(session, case_id)
    waiting = next(iter(list_open_tasks(session, case_id)), None)
    following = pick(waiting.title_zh, waiting.title_en) if waiting is not None else ""
    if case.decided_at is not None:
        return _("已决定，转%(step)s", step=following) if following else _("已决定")
    return _("已签名；签名未齐，转%(step)s", step=following)
