"""The task panel: what this reader can do on the case now, or why not and who can."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from flask import url_for
from sqlalchemy.orm import Session

from app.faces.duty_words import duty_word
from app.faces.translation import _
from app.faces.web.acting import Standing
from app.faces.web.form_view import form_view
from app.faces.web.language import pick
from app.faces.web.pages.case_forms import Fitting, fitted
from app.faces.web.pages.case_view import TaskPanel
from app.faces.web.pages.queue_rows import denial, may, warning
from app.faces.web.shell import fresh_key
from app.faces.web.signin import kernel
from app.faces.web.viewer import may_supervise
from app.faces.web.words import duty, moment
from app.kernel.cases.models import Case
from app.kernel.decisions.operations import list_open_warnings
from app.kernel.duties.queries import get_candidate
from app.kernel.engine.blank_receipts import has_receipt
from app.kernel.engine.catalogue import Deployed
from app.kernel.worklist.forms import FieldError
from app.kernel.worklist.models import Task
from app.kernel.worklist.outlooks import foresee_rows
from app.kernel.worklist.queries import QueueRow, decide_rows, find_next_task
from app.kernel.worklist.steps import list_last_doers

OPINION = "opinion"


@dataclass(frozen=True)
class Attempt:
    """A submit that was refused: what was typed comes back with what is wrong."""

    typed: Mapping[str, Any] = field(default_factory=dict)
    errors: Mapping[str, FieldError] = field(default_factory=dict)
    refusal: str = ""
    kept: str = ""


@dataclass(frozen=True)
class Situation:
    """What the panel is made of."""

    case: Case
    deployed: Deployed
    tasks: list[Task]
    facts: Mapping[str, Any]
    attempt: Attempt
    required_outcomes: Mapping[str, str] = field(default_factory=dict)
    """What a vote has settled, by engine task id."""
    served: Mapping[str, str] = field(default_factory=dict)
    """Whom an open task serves, by engine task id."""


def own_open_task(tasks: list[Task], who: Standing) -> Task | None:
    """The reader's own opened task of the case."""
    return next((t for t in tasks if t.claimed_by == who.person_id and t.opened_at is not None), None)


def task_panel(session: Session, situation: Situation, who: Standing) -> TaskPanel | None:
    """The reader's own task first, else the first open one; None when the case waits for nobody."""
    if not situation.tasks:
        return None
    tasks = sorted(situation.tasks, key=lambda task: task.claimed_by != who.person_id)
    me = get_candidate(session, who.person_id, who.today)
    pairs = [(task, situation.case) for task in tasks]
    rows = decide_rows(session, me, pairs, who.now, who.today)
    rows = foresee_rows(session, kernel().ports.routes, rows, who.person_id, who.now, who.today)
    # A task the reader may take comes before one he may not.
    rows.sort(key=lambda row: (row.task.claimed_by != who.person_id, not row.decision.allowed))
    row = rows[0]
    if row.task.claimed_by == who.person_id:
        return _own(session, row, situation, who)
    return replace(_not_own(row, situation.attempt, who), before=_before(session, row.task))


def _own(session: Session, row: QueueRow, situation: Situation, who: Standing) -> TaskPanel:
    task = row.task
    release = url_for("task.release", task_id=task.id)
    if task.opened_at is None:
        return TaskPanel(
            title=pick(task.title_zh, task.title_en),
            duty=duty(task.duty),
            open_url=url_for("task.open_dossier", task_id=task.id),
            before_open=_for(row) + _before_open(task),
            before=_before(session, task),
            release_url=release,
            release_words=_("放回队列"),
            refusal=situation.attempt.refusal,
        )
    following = find_next_task(session, who.person_id)
    return TaskPanel(
        title=_("您的意见") if task.signs else pick(task.title_zh, task.title_en),
        duty=duty(task.duty),
        form=form_view(
            _schema(session, situation, task, who),
            _values(situation, task),
            situation.attempt.errors,
            _labels(situation),
        ),
        version=task.version,
        idempotency_key=fresh_key(),
        complete_url=url_for("task.complete", task_id=task.id),
        draft_url=url_for("task.draft", task_id=task.id),
        release_url=release,
        release_words=_("放回队列（仍算已打开）"),
        consequence=_for(row) + _consequence(task),
        first=_unexplained(session, task),
        before=_before(session, task),
        submit=_("签名并提交") if task.signs else _("提交"),
        saved=_saved(task, who),
        receipt_url=_receipt_url(situation, task),
        refusal=situation.attempt.refusal,
        kept=situation.attempt.kept,
        returned=task.return_reason or "",
        next_case=_next_words(following, task),
        dock=_("去办理：%(step)s", step=pick(task.title_zh, task.title_en)),
    )


def _unexplained(session: Session, task: Task) -> str:
    """Warnings that want a reason first."""
    found = list_open_warnings(session, task.case_id)
    if not found:
        return ""
    named = _("、").join(f"{hit.rule_id} {pick(hit.title_zh, hit.title_en)}" for hit in found)
    return _("先说明理由才能办结：%(rules)s。在下面“回避与放行”中填写。", rules=named)


def _for(row: QueueRow) -> str:
    """For whom a substitute acts, and that it counts for both."""
    if not row.principal:
        return ""
    return _("您代%(name)s办理，两人都记为本案该职责的办理人。", name=row.principal)


def _not_own(row: QueueRow, attempt: Attempt, who: Standing) -> TaskPanel:
    task, typed = row.task, attempt.typed.get(OPINION, "")
    panel = TaskPanel(
        title=pick(task.title_zh, task.title_en),
        duty=duty(task.duty),
        refusal=attempt.refusal,
        typed=typed if isinstance(typed, str) else "",
        reassign_url=_reassign_url(row) if may_supervise(who) else "",
    )
    if task.claimed_by is not None:
        return replace(panel, words=_("%(name)s正在办理。", name=row.claimant or ""))
    if not row.decision.allowed:
        held = row.decision.reason == "case_held"
        able = "" if held else may(row.able)
        return replace(panel, denied=denial(row.decision, task.duty), may=able)
    return replace(
        panel,
        claim_url=url_for("queue.claim", task_id=task.id),
        before_open=_for(row) + _before_open(task),
        warning=warning(row.decision, task.duty),
    )


def _before(session: Session, task: Task) -> str:
    """Who did this step of the case before: it is his again first, though anybody eligible may take it."""
    name = list_last_doers(session, [task]).get(task.id)
    return _("上次由%(name)s办理", name=name) if name else ""


def _reassign_url(row: QueueRow) -> str:
    return f"{url_for('supervisor.show')}?from={row.task.claimed_by or 0}&task={row.task.id}#reassign"


def _before_open(task: Task) -> str:
    return _("打开卷宗即记为本案%(duty)s人，之后不能换职责。只看队列不算打开。", duty=duty_word(task.duty))


def _schema(session: Session, situation: Situation, task: Task, who: Standing) -> Mapping[str, Any]:
    schema = situation.deployed.forms.get(task.form_id or "", {"components": []})
    required = situation.required_outcomes.get(task.engine_task_id)
    return fitted(session, schema, Fitting(situation.case, situation.deployed, required, who))


def _values(situation: Situation, task: Task) -> Mapping[str, Any]:
    """Typed text before the saved draft before the facts on file."""
    known = {**situation.facts, **(task.draft or {})}
    if situation.attempt.typed or situation.attempt.errors:
        facts = {key: value for key, value in situation.facts.items() if not isinstance(value, (bool, list))}
        return {**facts, **situation.attempt.typed}
    return known


def _labels(situation: Situation) -> dict[str, str]:
    facts = situation.deployed.schema.facts
    return {key: pick(spec.label_zh, spec.label_en) for key, spec in facts.items()}


def _consequence(task: Task) -> str:
    if task.signs:
        return _("提交即签名，意见随卷归档，由下一职责的另一个人审查。")
    if task.persons_required > 1:
        return _(
            "这项任务须 %(n)s 个不同的人先后办理，您是第 %(k)s 个。", n=task.persons_required, k=task.acts + 1
        )
    return ""


def _receipt_url(situation: Situation, task: Task) -> str:
    """The blank receipt to take along, for a party that gets one."""
    key = situation.served.get(task.engine_task_id)
    if key is None or not has_receipt(situation.deployed, situation.deployed.service.party(key)):
        return ""
    return url_for("receipts.blank", task_id=task.id)


def _saved(task: Task, who: Standing) -> str:
    if task.draft_saved_at is None or task.draft is None:
        return ""
    return _("草稿 %(when)s 已存", when=moment(task.draft_saved_at, who.today))


def _next_words(following: Task | None, task: Task) -> str:
    if following is None or following.id == task.id:
        return ""
    return pick(following.title_zh, following.title_en)
