"""The check's findings and the step table, in the reader's words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import pairwise

from flask import url_for

from app.faces.translation import Lazy, _, _l
from app.faces.web.language import code, pick
from app.faces.web.pages.designer_view import FindingRow, ResultsView, StepsView, StepView, WayView
from app.faces.web.parts import Choice
from app.faces.web.words import duty, local
from app.kernel.engine.check.findings import Finding
from app.kernel.engine.check.report import CheckReport, Proved
from app.kernel.engine.designing.steps import Outline, Row, Way, outline

NUMBERS = "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳"
RISK_WORDS: dict[str, Lazy] = {"normal": _l("一般"), "high": _l("高风险"), "routed": _l("提级")}
KIND_WORDS: dict[str, Lazy] = {
    "start": _l("开始"),
    "end": _l("结束"),
    "catch": _l("等待"),
    "throw": _l("抛出"),
    "boundary": _l("边界事件"),
    "user": _l("人工"),
    "manual": _l("手工"),
    "service": _l("服务"),
    "send": _l("发送"),
    "receive": _l("接收"),
    "script": _l("脚本"),
    "rule": _l("决策表"),
    "call": _l("调用"),
    "subprocess": _l("子流程"),
    "gateway": _l("网关"),
}
ADVICE: dict[str, Lazy] = {
    "duty-bypass": _l("让每条路都经过所需的签名任务；定时只提醒和上报，不放行"),
    "duty-missing": _l("在属性面板或步骤表里选职责"),
    "duty-unknown": _l("从列出的职责里选"),
    "missing-form": _l("选一张表单，没有就新建"),
    "missing-candidate-group": _l("写明哪个岗位可以领取"),
    "missing-document": _l("绑定要出具的文书"),
    "missing-clock": _l("绑定法定时限"),
    "unknown-callee": _l("写明被调用的流程，或者先部署它"),
    "unsupported-element": _l("换成引擎能办理的元素"),
    "no-completion": _l("连到下一步或者结束"),
    "dead-task": _l("这一步永远走不到：检查条件和连线，或者删去"),
    "never-raised": _l("在会引发它的自动环节上写明错误代码，或者删去这个事件"),
    "endless-automatic-loop": _l("在循环里加一个等人的步骤，或者出口"),
    "timer-unbounded": _l("写明重复几次"),
    "expression-invalid": _l("改正表达式"),
    "name-unknown": _l("改正名称，或者在前面的环节给它赋值"),
    "script-forbidden": _l("只能写“名称 = 表达式”"),
}
"""What usually mends it, by rule; other rules say it in their message."""


def number(index: int) -> str:
    """① for the first."""
    return NUMBERS[index] if index < len(NUMBERS) else f"({index + 1})"


def results_view(
    report: CheckReport,
    outlines: Mapping[str, Outline],
    now: datetime,
    *,
    current: str = "",
    draft_id: int | None = None,
) -> ResultsView:
    """All findings, what blocks first; links lead to the element in its diagram."""
    ordered = ordered_findings(report)
    blocking = sum(finding.severity == "error" for finding in ordered)
    at = local(now)
    return ResultsView(
        rows=[_row(index, finding, outlines, current, draft_id) for index, finding in enumerate(ordered)],
        blocking=blocking,
        warnings=len(ordered) - blocking,
        proved=_proved(report.proved, outlines),
        remark=_("%(h)s 检查，%(s)s 秒", h=f"{at.hour}:{at.minute:02d}", s=f"{report.seconds:.2f}"),
    )


def ordered_findings(report: CheckReport) -> list[Finding]:
    """Counterexamples, then other errors, then warnings."""
    return sorted(report.findings, key=lambda found: (found.severity != "error", not found.path))


def findings_json(report: CheckReport) -> list[dict[str, object]]:
    """What the canvas draws: the path of each finding with its number and words."""
    return [
        {"number": index, "path": list(found.path or ()), "label": _short(found), "element": found.element}
        for index, found in enumerate(ordered_findings(report))
    ]


def _short(finding: Finding) -> str:
    text = pick(finding.message_zh, finding.message_en)
    return text if len(text) <= SHORTEST[code()] else text[: SHORTEST[code()] - 1] + "…"


SHORTEST = {"zh": 22, "en": 44}
"""Letters that fit beside the red line."""


def _row(
    index: int, finding: Finding, outlines: Mapping[str, Outline], current: str, draft_id: int | None
) -> FindingRow:
    blocks = finding.severity == "error"
    names = outlines.get(finding.file)
    element = finding.element or ""
    where = finding.file + (f":{finding.line}" if finding.line else "")
    return FindingRow(
        index=index,
        word=_("阻止") if blocks else _("提醒"),
        tone="over" if blocks else "soon",
        icon="x-octagon" if blocks else "exclamation-triangle",
        mark=number(index) if blocks else "",
        place=(names.name(element) if names and element else "") or element or where,
        element=element if finding.file == current else "",
        url=_place_url(draft_id, finding.file, element, current),
        message=pick(finding.message_zh, finding.message_en),
        advice=str(ADVICE.get(finding.rule, "")),
        path=_path_words(finding, outlines),
        rule=finding.rule,
        where=where,
    )


def _place_url(draft_id: int | None, file: str, element: str, current: str) -> str:
    """Where the reader sees it: the other diagram, the file's own editor; empty for what is shown already."""
    if draft_id is None or "/" not in file:
        return ""
    if file.endswith(".bpmn"):
        return "" if file == current else url_for("designer.draft", draft_id=draft_id, file=file)
    endpoint = "designer_files.form" if file.endswith(".form") else "designer_files.text"
    return url_for(endpoint, draft_id=draft_id, path=file)


def _path_words(finding: Finding, outlines: Mapping[str, Outline]) -> str:
    if not finding.path:
        return ""
    known = {key: name for item in outlines.values() for key, name in item.names.items()}
    nodes = {row.spec.step_key for item in outlines.values() for row in item.rows}
    return " → ".join(known.get(key) or key for key in finding.path if key in nodes or key not in known)


def _proved(proved: Sequence[Proved], outlines: Mapping[str, Outline]) -> list[str]:
    known = {key: name for item in outlines.values() for key, name in item.names.items() if name}
    lines: dict[tuple[str, str, tuple[str, ...]], list[str]] = {}
    for item in proved:
        key = (item.process, item.effect, item.requires)
        lines.setdefault(key, []).append(str(RISK_WORDS.get(item.risk, item.risk)))
    return [
        _(
            "%(process)s，到“%(effect)s”（%(risks)s）：每条路径都依次有%(duties)s",
            process=known.get(process) or process,
            effect=known.get(effect) or effect,
            risks=_("、").join(risks),
            duties=_("、").join(duty(key).word for key in requires),
        )
        for (process, effect, requires), risks in lines.items()
    ]


def outlines_of(files: Mapping[str, bytes]) -> dict[str, Outline]:
    """The outline of every diagram of a draft, by path."""
    return {path: outline(path, data) for path, data in files.items() if path.endswith(".bpmn")}


def steps_view(
    found: Outline,
    report: CheckReport | None,
    *,
    file: str,
    revision: int,
    edit_url: str = "",
    choices: Mapping[str, Sequence[Choice]] | None = None,
) -> StepsView:
    """The step table of one diagram, with the stretches of the counterexample marked."""
    bypass = _stretches(report, found)
    offered = choices or {}
    return StepsView(
        rows=[_step(row, found, bypass) for row in found.rows],
        edit_url=edit_url,
        file=file,
        revision=revision,
        duties=offered.get("duties", ()),
        posts=offered.get("posts", ()),
        forms=offered.get("forms", ()),
    )


def _stretches(report: CheckReport | None, found: Outline) -> dict[tuple[str, str], str]:
    """Neighbours on the first counterexample, with its number."""
    nodes = {row.spec.step_key for row in found.rows}
    for index, finding in enumerate(ordered_findings(report) if report else ()):
        path = [key for key in finding.path or () if key in nodes]
        if path:
            return {pair: number(index) for pair in pairwise(path)}
    return {}


def _step(row: Row, found: Outline, bypass: Mapping[tuple[str, str], str]) -> StepView:
    spec = row.spec
    on_path = any(spec.step_key in pair for pair in bypass)
    return StepView(
        element=spec.step_key,
        name=pick(spec.name, spec.name_en or ""),
        own_name=found.names.get(spec.step_key, ""),
        name_en=spec.name_en or "",
        kind=str(KIND_WORDS.get(spec.kind, spec.element)),
        duty=duty(spec.duty) if spec.duty else None,
        signs=spec.signs,
        group=spec.candidate_group or "",
        form=spec.form_id or "",
        ways=[_way(spec.step_key, way, found, bypass) for way in row.ways],
        user_task=spec.kind == "user",
        on_path=on_path,
        remark=spec.task_type or spec.called or "",
    )


def _way(step: str, way: Way, found: Outline, bypass: Mapping[tuple[str, str], str]) -> WayView:
    target = found.name(way.target)
    why = [way.by, way.name, *(str(RISK_WORDS.get(risk, risk)) for risk in way.risk)]
    if way.default:
        why.append(_("其余"))
    told = _("、").join(dict.fromkeys(part for part in why if part))
    words = _("%(target)s（%(why)s）", target=target, why=told) if told else target
    return WayView(words, bypass.get((step, way.target), ""))
