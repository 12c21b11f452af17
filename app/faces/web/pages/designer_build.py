"""One draft, or one deployed version, as the modeler's and the viewer's page print it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import current_app, url_for
from sqlalchemy.orm import Session

from app.faces.translation import Lazy, _, _l
from app.faces.web.acting import Standing
from app.faces.web.language import TAGS, code, pick
from app.faces.web.pages.designer_access import may_design
from app.faces.web.pages.designer_choices import choices_for
from app.faces.web.pages.designer_tables import findings_json, outlines_of, results_view, steps_view
from app.faces.web.pages.designer_view import DraftPage, FileLine, PublishView, Stage, StepsView
from app.faces.web.pages.designer_words import LINT, PANEL, SAVING, words_of
from app.faces.web.parts import Choice, Link
from app.faces.web.words import moment
from app.kernel.engine.check.report import CheckReport
from app.kernel.engine.designing.steps import EMPTY, list_called
from app.kernel.engine.drafting.queries import DraftStanding
from app.kernel.engine.lifecycle.queries import Draft

STATE_WORDS: dict[str, tuple[Lazy, str]] = {
    "editing": (_l("草稿"), "acc"),
    "submitted": (_l("待复核、批准"), "soon"),
    "deployed": (_l("已部署"), "ok"),
    "discarded": (_l("已废弃"), ""),
}
FILE_KINDS: dict[str, Lazy] = {
    "bpmn": _l("流程图"),
    "form": _l("表单"),
    "toml": _l("设置"),
    "html": _l("打印模板"),
    "docx": _l("文书模板"),
    "dmn": _l("决策表"),
}


def title_of(draft: Draft) -> str:
    """The process as the reader calls it."""
    return pick(draft.title_zh, draft.title_en)


def why_not_editable(draft: Draft, who: Standing) -> str:
    """Empty when the reader edits this draft; else the reason, told before he tries."""
    if draft.state == "submitted":
        return _("已提交复核（%(no)s），退回以前不能改", no=draft.case_no)
    if draft.state in ("deployed", "discarded"):
        return _("这份草稿已经了结，要再改请新建草稿")
    if not may_design(who):
        return _("只有任规则编制岗的人能改")
    if draft.owner_id != who.person_id:
        return _("这是%(name)s的草稿；您可以复制一份自己改", name=draft.owner)
    return ""


def current_diagram(draft: Draft, asked: str) -> str:
    """The diagram the address asks for, else the process's own, else any; empty when there is none."""
    diagrams = list_called(draft.files, draft.key)
    return asked if asked in diagrams else next(iter(diagrams), "")


def draft_page(session: Session, who: Standing, draft: Draft, report: CheckReport, asked: str) -> DraftPage:
    """The whole page; what may change while editing is in `parts`."""
    file, why_not = current_diagram(draft, asked), why_not_editable(draft, who)
    choices = choices_for(session, draft.files, draft.key, file)
    words, _tone = STATE_WORDS[draft.state]
    return DraftPage(
        id=draft.id,
        title=title_of(draft),
        tag=str(words),
        remark=_remark(draft, who),
        key=draft.key,
        editable=not why_not,
        why_not=why_not,
        publish=publish_view(draft, report, who),
        diagrams=_diagrams(draft, file),
        file=file,
        raw_url=raw_url(draft.id, file) if file else "",
        results=results_view(report, outlines_of(draft.files), who.now, current=file, draft_id=draft.id),
        steps=steps_part(draft, report, file, choices, editable=not why_not),
        files=_files(draft, editable=not why_not),
        ways=_ways(draft),
        data=island_data(draft, file, choices, report) if file else {},
        revision=draft.revision,
        discard_url=url_for("designer.discard", draft_id=draft.id)
        if not why_not and not draft.pending
        else "",
        upload_url=url_for("designer_files.add", draft_id=draft.id) if not why_not else "",
        copy_url=url_for("designer.copy", draft_id=draft.id) if why_not and may_design(who) else "",
        upload_limit=size_words(int(current_app.config["SANSHEN_UPLOAD_LIMIT"])),
    )


def steps_part(
    draft: Draft,
    report: CheckReport,
    file: str,
    choices: Mapping[str, Sequence[Choice]],
    *,
    editable: bool,
) -> StepsView:
    """The step table of the shown diagram."""
    return steps_view(
        outlines_of({file: draft.files[file]} if file else {}).get(file, EMPTY),
        report,
        file=file,
        revision=draft.revision,
        edit_url=url_for("designer_files.step", draft_id=draft.id) if editable else "",
        choices=choices,
    )


def stages_of(draft: DraftStanding, who: Standing, last: str) -> list[Stage]:
    """Draft, recheck, approval, and what it is in the end."""
    reached = {"editing": 1, "submitted": 2, "deployed": 4, "discarded": 1}[draft.state]
    stages = [
        Stage(1, _("草稿"), f"{draft.owner}{_('，')}{moment(draft.updated_at, who.today)}"),
        Stage(2, _("复核"), _("另一人")),
        Stage(3, _("批准"), _("第三人")),
        Stage(4, last, ""),
    ]
    return [Stage(one.number, one.word, one.small, "now" if one.number == reached else "") for one in stages]


def publish_view(draft: Draft, report: CheckReport, who: Standing) -> PublishView:
    """Draft, recheck, approval, deployed; and why it can't be submitted, before the click."""
    shown = stages_of(draft, who, _("已部署"))
    change = None
    if draft.case_id is not None:
        change = Link(url_for("changes.one", case_id=draft.case_id), _("变更 %(no)s", no=draft.case_no))
    refusal = why_not_editable(draft, who) or _blocked(report)
    url = "" if refusal else url_for("designer.submit", draft_id=draft.id)
    return PublishView(shown, url, "" if url else refusal, change)


def _blocked(report: CheckReport) -> str:
    if report.deployable:
        return ""
    paths = sum(1 for found in report.findings if found.severity == "error" and found.path)
    others = sum(1 for found in report.findings if found.severity == "error" and not found.path)
    parts = [_("%(n)s 条绕过路径", n=paths)] if paths else []
    parts += [_("%(n)s 处阻止部署的问题", n=others)] if others else []
    if not parts:
        return _("不能提交复核：图里没有职责等三审设置，只能模拟")
    return _("不能提交复核：有%(what)s", what=_("、").join(parts))


def _remark(draft: Draft, who: Standing) -> str:
    base = _("从 v%(n)s 改起", n=draft.base_version) if draft.base_version else _("新流程")
    return _(
        "%(base)s，%(owner)s，%(when)s",
        base=base,
        owner=draft.owner,
        when=moment(draft.updated_at, who.today),
    )


def _diagrams(draft: Draft, file: str) -> list[Link]:
    return [
        Link(url_for("designer.draft", draft_id=draft.id, file=path), path.partition("/")[2], path == file)
        for path in list_called(draft.files, draft.key)
    ]


def _files(draft: Draft, *, editable: bool) -> list[FileLine]:
    return [
        FileLine(
            path=path,
            kind=str(FILE_KINDS.get(path.rpartition(".")[2], _("文件"))),
            size=size_words(len(content)),
            url=_file_url(draft.id, path),
            raw_url=raw_url(draft.id, path),
            sample_url=_sample_url(draft.id, path),
            remove_url=url_for("designer_files.remove", draft_id=draft.id, path=path) if editable else "",
        )
        for path, content in sorted(draft.files.items())
    ]


def _file_url(draft_id: int, path: str) -> str:
    """Where the file is edited: the modeler, the form editor, the text editor; documents only up and down."""
    ending = path.rpartition(".")[2]
    if ending == "bpmn":
        return url_for("designer.draft", draft_id=draft_id, file=path)
    if ending == "form":
        return url_for("designer_files.form", draft_id=draft_id, path=path)
    return "" if ending == "docx" else url_for("designer_files.text", draft_id=draft_id, path=path)


def _sample_url(draft_id: int, path: str) -> str:
    """A document's template filled with made-up data."""
    if not path.endswith((".html", ".docx")):
        return ""
    return url_for("designer_files.sample", draft_id=draft_id, path=path)


def raw_url(draft_id: int, path: str) -> str:
    """The file's bytes."""
    return url_for("designer_files.raw", draft_id=draft_id, path=path)


def _ways(draft: Draft) -> list[Link]:
    """Other pages of the draft and its process."""
    return [
        Link(url_for("simulation.show", draft_id=draft.id), _("模拟")),
        Link(url_for("processes.show", key=draft.key), _("版本与对比")),
        Link(url_for("heat.show", key=draft.key), _("在办情况")),
    ]


def island_data(
    draft: Draft, file: str, choices: Mapping[str, Sequence[Choice]], report: CheckReport
) -> dict[str, Any]:
    """What the script of the modeler's page reads: addresses, choices, words."""
    return {
        "locale": code(),
        "words": words_of(PANEL, LINT, SAVING) | {"locale": TAGS[code()]},
        "ours": any(b"urn:sanshen:bpmn:1" in data for path, data in draft.files.items() if path == file),
        "checkUrl": url_for("designer.check", draft_id=draft.id, file=file),
        "findings": findings_json(report),
        "file": file_data(draft, file),
        **{
            name: [{"value": one.value, "words": one.words} for one in options]
            for name, options in choices.items()
        },
    }


def file_data(draft: Draft, path: str) -> dict[str, Any]:
    """What autosave needs of one file."""
    return {
        "draft": draft.id,
        "path": path,
        "url": raw_url(draft.id, path),
        "saveUrl": url_for("designer_files.save", draft_id=draft.id, path=path),
        "revision": draft.revision,
    }


def size_words(size: int) -> str:
    """`12 kB`."""
    return f"{max(1, round(size / 1024))} kB" if size < 1024 * 1024 else f"{size / 1024 / 1024:.0f} MB"
