"""The versions of one process, and what a change of it shows, as printed."""

from __future__ import annotations

from typing import Any

from flask import url_for
from sqlalchemy.orm import Session

from app.faces.duty_words import duty_word
from app.faces.translation import Lazy, _, _l
from app.faces.web.acting import Standing
from app.faces.web.language import pick
from app.faces.web.pages.designer_access import may_design
from app.faces.web.pages.process_diff_build import diff_part
from app.faces.web.pages.process_sides import load_side
from app.faces.web.pages.processes_view import (
    DiffPage,
    DraftLine,
    HistoryLine,
    ProposalForm,
    VersionLine,
    VersionsPage,
)
from app.faces.web.parts import Choice, Link
from app.faces.web.signin import kernel
from app.faces.web.words import moment
from app.kernel.changes.content import PROCESS
from app.kernel.engine.catalogue import DefinitionNotFound
from app.kernel.engine.designing.checked import check_shared
from app.kernel.engine.lifecycle.listing import DefinitionRow, Release, VersionRow, list_definitions
from app.kernel.engine.lifecycle.queries import DraftRow, list_drafts, list_releases, list_versions
from app.kernel.engine.lifecycle.versions import load_files_of

STATE_WORDS: dict[str, tuple[Lazy, str]] = {
    "in_force": (_l("现行"), "ok"),
    "earlier": (_l("旧版"), ""),
    "retired": (_l("已停用"), "over"),
}
DRAFT_WORDS: dict[str, tuple[Lazy, str]] = {
    "editing": (_l("编制中"), "acc"),
    "submitted": (_l("已提请，冻结"), "soon"),
    "deployed": (_l("已部署"), "ok"),
    "discarded": (_l("已作废"), ""),
}
ACTION_WORDS: dict[str, Lazy] = {
    "deploy": _l("部署第 %(n)s 版"),
    "roll_back": _l("恢复第 %(n)s 版"),
    "retire": _l("停用"),
}
SIGNING = ("rule_edit", "rule_recheck", "rule_approve")


def versions_page(session: Session, who: Standing, key: str, form: ProposalForm) -> VersionsPage:
    """Raise DefinitionNotFound for a process never deployed."""
    row = next((found for found in list_definitions(session) if found.key == key), None)
    if row is None:
        raise DefinitionNotFound(key=key)
    versions, edits = list_versions(session, key), may_design(who)
    state, tone = STATE_WORDS["retired" if row.retired else "in_force"]
    why_not = _why_not_retire(row)
    return VersionsPage(
        key=key,
        title=pick(row.title_zh, row.title_en),
        state=str(state),
        tone=tone,
        kind=_("可立案的流程") if row.startable else _("供其他流程调用"),
        callers=[Link(url_for("processes.show", key=caller), caller) for caller in row.callers],
        lines=[_line(session, who, row, version, edits=edits) for version in versions],
        drafts=[_draft(who, draft) for draft in list_drafts(session, key) if draft.state != "deployed"],
        history=[_release(who, item) for item in list_releases(session, key)],
        may_edit=edits,
        may_retire=edits and not why_not,
        why_not_retire=why_not if edits else "",
        choices=[
            Choice(
                str(version.version),
                _("第 %(n)s 版", n=version.version),
                str(version.version) == form.version,
            )
            for version in versions
            if version.state != "in_force"
        ],
        form=form,
    )


def _why_not_retire(row: DefinitionRow) -> str:
    """Said before the click; empty when it may be proposed."""
    if row.retired:
        return _("已经停用；恢复任一版本即重新启用。")
    if row.key == PROCESS:
        return _("受控变更流程不能停用，否则谁也不能再改。")
    if row.callers:
        return _("还有现行流程调用它，不能停用：%(names)s", names=_("、").join(row.callers))
    return ""


def _line(
    session: Session, who: Standing, row: DefinitionRow, version: VersionRow, *, edits: bool
) -> VersionLine:
    words, tone = STATE_WORDS[version.state]
    findings, findings_tone = "", ""
    if version.state == "in_force":
        report = check_shared(kernel(), session, load_files_of(session, version.id))
        findings = (
            _("检查通过，%(n)s 项效力已证明", n=len(report.proved)) if report.deployable else _("检查不通过")
        )
        findings_tone = "ok" if report.deployable else "over"
    return VersionLine(
        number=version.version,
        state=str(words),
        tone=tone,
        digest=version.digest,
        when=moment(version.deployed_at, who.today),
        people=_people(version),
        change=_change(version.case_id, version.case_no),
        notes=version.notes,
        running=version.running,
        finished=version.finished,
        findings=findings,
        findings_tone=findings_tone,
        export_url=url_for("processes.export", key=version.key, side=str(version.version)),
        diff_url=diff_url(version.key, str(version.version), str(row.version))
        if version.version != row.version
        else "",
        may_roll_back=edits and version.state != "in_force",
    )


def _people(version: VersionRow) -> list[tuple[str, str]]:
    """Duty and name of the three; of the founding, that it was one."""
    if not version.signers:
        return [("", _("初始化部署，设立时见证") if version.case_id is None else "")]
    return [(duty_word(duty), version.signers.get(duty, "—")) for duty in SIGNING]


def _change(case_id: int | None, case_no: str) -> Link | None:
    return Link(url_for("changes.one", case_id=case_id), case_no) if case_id is not None else None


def _draft(who: Standing, draft: DraftRow) -> DraftLine:
    words, tone = DRAFT_WORDS[draft.state]
    return DraftLine(
        url=draft_url(draft.id),
        number=draft.id,
        owner=draft.owner,
        when=moment(draft.updated_at, who.today),
        state=str(words),
        tone=tone,
        diff_url=diff_url(draft.key, str(draft.base_version), f"d{draft.id}")
        if draft.base_version is not None
        else "",
        take_url=url_for("processes.take_over", key=draft.key, draft_id=draft.id)
        if draft.state == "editing" and draft.owner_id != who.person_id and may_design(who)
        else "",
    )


def draft_url(draft_id: int) -> str:
    """The modeler's page of a draft."""
    return f"/designer/drafts/{draft_id}"


def diff_url(key: str, old: str, new: str) -> str:
    """The comparison of two sides (`process_sides.py`)."""
    sides: dict[str, Any] = {"from": old, "to": new}
    return url_for("processes.diff", key=key, **sides)


def _release(who: Standing, item: Release) -> HistoryLine:
    names = _("、").join(item.signers[duty] for duty in SIGNING if duty in item.signers)
    return HistoryLine(
        when=moment(item.at, who.today),
        what=str(ACTION_WORDS[item.action]) % {"n": item.version or ""},
        people=names or _("初始化"),
        change=_change(item.case_id, item.case_no),
    )


def diff_page(session: Session, key: str, old_name: str, new_name: str) -> DiffPage:
    """Raise VersionNotFound, DraftNotFound, ChangeNotFound, DefinitionNotFound."""
    versions = list_versions(session, key)
    if not versions:
        raise DefinitionNotFound(key=key)
    newest = str(versions[0].version)
    old_name = old_name or str(versions[min(1, len(versions) - 1)].version)
    old, new = load_side(session, key, old_name), load_side(session, key, new_name or newest)
    sides = [(str(version.version), _("第 %(n)s 版", n=version.version)) for version in versions]
    sides += [
        (f"d{draft.id}", _("草稿 %(n)s（%(who)s）", n=draft.id, who=draft.owner))
        for draft in list_drafts(session, key)
    ]
    sides += [(side.name, side.title) for side in (old, new) if side.name.startswith("c")]
    return DiffPage(
        key=key,
        title=pick(versions[0].title_zh, versions[0].title_en),
        old_choices=[Choice(name, words, name == old.name) for name, words in sides],
        new_choices=[Choice(name, words, name == new.name) for name, words in sides],
        part=diff_part(key, old, new),
    )
