"""JSON of what the kernel answers. Instants are ISO 8601 in UTC, days are days in China."""

from __future__ import annotations

from typing import Any

from flask_babel import force_locale  # type: ignore[import-untyped]

from app.faces.duty_words import duty_word
from app.faces.refusal_texts import reason_text
from app.faces.remedies import remedy_of
from app.kernel.duties.views import Decision, PastAct
from app.kernel.worklist.models import Task
from app.kernel.worklist.queries import QueueRow


def decision_shape(decision: Decision, duty: str | None) -> dict[str, Any]:
    """The answer with its reason in both languages, the rule, the acts it rests on and the way on."""
    params = {"wanted": duty or "", **decision.params}
    said: dict[str, dict[str, str]] = {"reason": {}, "remedy": {}}
    for language in ("zh", "en"):
        with force_locale(language):
            said["reason"][language] = reason_text(decision.reason, params, scope=decision.scope)
            said["remedy"][language] = remedy_of(decision.reason)
    return {
        "verdict": decision.verdict.value,
        "reason": decision.reason,
        "text": said["reason"],
        "remedy": said["remedy"] if said["remedy"]["zh"] else None,
        "rule": decision.rule,
        "rule_version": decision.rule_version,
        "scope": decision.scope,
        "ground": decision.ground,
        "evidence": [_act(act) for act in decision.evidence],
    }


def _act(act: PastAct) -> dict[str, Any]:
    return {
        "person": act.name,
        "on_behalf_of": act.on_behalf_of,
        "duty": act.duty,
        "state": act.state,
        "case_no": act.case_no,
        "at": act.at.isoformat(),
    }


def task_shape(task: Task) -> dict[str, Any]:
    """A task without anything of the case."""
    with force_locale("zh"):
        duty = duty_word(task.duty)
    return {
        "id": task.id,
        "case_id": task.case_id,
        "step": task.step_key,
        "title": {"zh": task.title_zh, "en": task.title_en},
        "duty": task.duty,
        "duty_zh": duty,
        "post": task.post,
        "region": task.region_code,
        "state": task.state,
        "version": task.version,
        "signs": task.signs,
        "form": task.form_id,
        "claimed_by": task.claimed_by,
        "opened": task.opened_at is not None,
        "due_on": task.due_on.isoformat() if task.due_on else None,
        "waiting_for_staff": task.waiting_for_staff,
    }


def row_shape(row: QueueRow) -> dict[str, Any]:
    """A row of the queue, as the page shows it: nothing of the dossier, and whether the caller may take it."""
    return {
        "task": task_shape(row.task),
        "case": {
            "id": row.case.id,
            "case_no": row.case.case_no,
            "process": row.case.process_key,
            "risk": row.case.risk,
            "subject": row.case.subject_name,
            "organisation": row.case.organisation,
            "received_at": row.case.received_at.isoformat(),
        },
        "claimant": row.claimant,
        "on_behalf_of": row.principal or None,
        "decision": decision_shape(row.decision, row.task.duty),
        "able": list(row.able),
    }
