"""The check of a rule in the reader's words: where each finding is, and what the editor marks in its tables."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from flask import url_for

from app.faces.translation import _
from app.faces.web.language import pick
from app.faces.web.pages.designer_tables import number
from app.faces.web.pages.designer_view import FindingRow, ResultsView
from app.faces.web.words import local
from app.kernel.decisions.workbench.places import Finding, Place
from app.kernel.engine.workbench.queries import RuleCheck

TONES = {"error": ("over", "x-octagon"), "warning": ("soon", "exclamation-triangle")}


def rule_results(check: RuleCheck, now: datetime, draft_id: int | None = None) -> ResultsView:
    """All findings, what blocks first."""
    at = local(now)
    return ResultsView(
        rows=[_row(index, found, draft_id) for index, found in enumerate(check.findings)],
        blocking=check.errors,
        warnings=len(check.findings) - check.errors,
        proved=[],
        remark=_("%(h)s 检查", h=f"{at.hour}:{at.minute:02d}"),
    )


def marks_json(findings: Sequence[Finding]) -> list[dict[str, object]]:
    """What the editor marks: element, severity, words."""
    return [
        {
            "element": found.place.id if found.place else "",
            "severity": found.problem.severity,
            "message": pick(found.problem.message_zh, found.problem.message_en),
        }
        for found in findings
    ]


def _row(index: int, found: Finding, draft_id: int | None) -> FindingRow:
    problem, blocks = found.problem, found.problem.severity == "error"
    tone, icon = TONES["error" if blocks else "warning"]
    file = problem.file.partition("/")[2] or problem.file
    url = ""
    if draft_id is not None and found.place is None:
        url = url_for("workbench_files.text", draft_id=draft_id, name=file) + f"#L{problem.line or 1}"
    return FindingRow(
        index=index,
        word=_("阻止") if blocks else _("提醒"),
        tone=tone,
        icon=icon,
        mark=number(index) if blocks else "",
        place=_place_words(found.place) if found.place else file,
        element=found.place.id if found.place and draft_id is not None else "",
        url=url,
        message=pick(problem.message_zh, problem.message_en),
        advice="",
        path="",
        rule=problem.rule,
        where=_("%(file)s 第 %(line)s 行", file=file, line=problem.line) if problem.line else file,
    )


def _place_words(place: Place) -> str:
    values = {"name": place.decision, "row": place.row, "column": place.column}
    if place.row is None:
        return place.decision
    if place.column is None:
        return _("%(name)s 第 %(row)s 行", **values)
    if place.output:
        return _("%(name)s 第 %(row)s 行输出 %(column)s", **values)
    return _("%(name)s 第 %(row)s 行输入 %(column)s", **values)
