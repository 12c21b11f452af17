"""One draft of a rule as its page prints it, and the list of drafts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import url_for
from sqlalchemy.orm import Session

from app.faces.translation import _
from app.faces.web.acting import Standing
from app.faces.web.language import TAGS, code, pick
from app.faces.web.pages.designer_access import may_design
from app.faces.web.pages.designer_build import STATE_WORDS, stages_of
from app.faces.web.pages.designer_view import DraftLine, PublishView
from app.faces.web.pages.designer_words import SAVING, words_of
from app.faces.web.pages.trials_build import trial_form
from app.faces.web.pages.workbench_findings import marks_json, rule_results
from app.faces.web.pages.workbench_properties import cases_view, properties_view
from app.faces.web.pages.workbench_view import (
    CasesView,
    NewRulePage,
    PropertiesView,
    RuleDraftPage,
    RuleDraftsPage,
)
from app.faces.web.pages.workbench_words import EDITOR, compare_url, label
from app.faces.web.parts import Choice, ErrorLine, Link
from app.faces.web.words import moment
from app.kernel.decisions.catalogue.reading import MODEL
from app.kernel.decisions.catalogue.versions import list_standing
from app.kernel.engine.workbench.queries import (
    RuleCheck,
    RuleDraft,
    RuleDraftRow,
    list_rule_drafts,
)


def title_of(draft: RuleDraftRow) -> str:
    """`RSK-15 经办集中`."""
    return f"{draft.key} {pick(draft.name_zh, draft.name_en)}"


def why_not_editable(draft: RuleDraftRow, who: Standing) -> str:
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


def rule_draft_page(
    session: Session,
    who: Standing,
    draft: RuleDraft,
    check: RuleCheck,
    *,
    properties: PropertiesView | None = None,
    cases: CasesView | None = None,
    trial: Mapping[str, Any] | None = None,
) -> RuleDraftPage:
    """The whole page; forms that come back with errors replace those of the draft (`trial`: what was typed)."""
    why_not = why_not_editable(draft, who)
    mine = not why_not
    words, _tone = STATE_WORDS[draft.state]
    open_to_others = bool(why_not) and may_design(who)
    return RuleDraftPage(
        id=draft.id,
        key=draft.key,
        title=title_of(draft),
        tag=str(words),
        remark=_remark(draft, who),
        editable=mine,
        why_not=why_not,
        publish=publish_rule(draft, check, who),
        raw_url=url_for("workbench_files.raw", draft_id=draft.id, name=MODEL),
        text_url=url_for("workbench_files.text", draft_id=draft.id, name=MODEL),
        results=rule_results(check, who.now, draft.id),
        properties=properties or properties_view(draft, editable=mine),
        cases=cases or cases_view(draft, check, editable=mine),
        trials=trial_form(session, who, draft, check, trial),
        ways=_ways(draft),
        data=island_data(draft, check),
        revision=draft.revision,
        copy_url=url_for("workbench.copy", draft_id=draft.id) if open_to_others else "",
        take_over_url=url_for("workbench.take_over", draft_id=draft.id)
        if open_to_others and draft.state == "editing"
        else "",
        discard_url=url_for("workbench.discard", draft_id=draft.id) if mine and not draft.pending else "",
    )


def publish_rule(draft: RuleDraftRow, check: RuleCheck, who: Standing) -> PublishView:
    """Draft, recheck, approval, in force; and why it can't be submitted, before the click."""
    stages = stages_of(draft, who, _("已实施"))
    change = None
    if draft.case_id is not None:
        change = Link(url_for("changes.one", case_id=draft.case_id), _("变更 %(no)s", no=draft.case_no))
    refusal = why_not_editable(draft, who) or _blocked(check)
    url = "" if refusal else url_for("workbench.submit", draft_id=draft.id)
    return PublishView(stages, url, "" if url else refusal, change)


def _blocked(check: RuleCheck) -> str:
    if check.failed:
        return _("不能提交复核：%(n)s 个用例不符", n=check.failed)
    return _("不能提交复核：有 %(n)s 处阻止的问题", n=check.errors) if check.errors else ""


def _remark(draft: RuleDraft, who: Standing) -> str:
    base = _("从 v%(n)s 改起", n=draft.base_version) if draft.base_version else _("新规则")
    when = moment(draft.updated_at, who.today)
    return _("%(base)s，%(owner)s，%(when)s", base=base, owner=draft.owner, when=when)


def _ways(draft: RuleDraft) -> list[Link]:
    ways = []
    if draft.base_version:
        compared = compare_url(draft.key, draft.base_version, f"d{draft.id}")
        ways.append(Link(compared, _("与 v%(n)s 比较", n=draft.base_version)))
        ways.append(Link(url_for("tuning.one", rule_id=draft.key), _("命中统计")))
    return ways


def island_data(draft: RuleDraft, check: RuleCheck) -> dict[str, Any]:
    """What the editor's script reads: addresses, findings, words."""
    return {
        "locale": code(),
        "words": words_of(SAVING, EDITOR) | {"locale": TAGS[code()]},
        "checkUrl": url_for("workbench.check", draft_id=draft.id),
        "findings": marks_json(check.findings),
        "file": {
            "draft": draft.id,
            "path": f"{draft.key}/{MODEL}",
            "url": url_for("workbench_files.raw", draft_id=draft.id, name=MODEL),
            "saveUrl": url_for("workbench_files.save", draft_id=draft.id, name=MODEL),
            "revision": draft.revision,
        },
    }


def rule_drafts_page(session: Session, who: Standing, query: str) -> RuleDraftsPage:
    """Drafts still worked on; `query` looks in names, ids and owners."""
    rows = [row for row in list_rule_drafts(session) if row.state in ("editing", "submitted")]
    wanted = query.casefold()
    found = [
        row
        for row in rows
        if any(wanted in text.casefold() for text in (row.key, row.name_zh, row.name_en, row.owner))
    ]
    return RuleDraftsPage(
        query=query,
        mine=[_line(row, who) for row in found if row.owner_id == who.person_id],
        others=[_line(row, who) for row in found if row.owner_id != who.person_id],
        new_url=url_for("workbench.new") if may_design(who) else "",
    )


def _line(row: RuleDraftRow, who: Standing) -> DraftLine:
    words, tone = STATE_WORDS[row.state]
    return DraftLine(
        url=url_for("workbench.draft", draft_id=row.id),
        title=pick(row.name_zh, row.name_en),
        key=row.key,
        base=_("从 v%(n)s 改起", n=row.base_version) if row.base_version else _("新规则"),
        owner=row.owner,
        when=moment(row.updated_at, who.today),
        state=str(words),
        tone=tone,
        change=Link(url_for("changes.one", case_id=row.case_id), row.case_no) if row.case_id else None,
    )


def new_rule_page(
    session: Session,
    who: Standing,
    values: Mapping[str, str],
    key: str,
    *,
    errors: Mapping[str, str] | None = None,
    refusal: str = "",
) -> NewRulePage:
    """The form to begin a draft; `key` is the idempotency key."""
    wrong = dict(errors or {})
    rules = (one.rule.manifest for one in list_standing(session, who.today))
    return NewRulePage(
        rules=[
            Choice(
                one.id,
                f"{one.id} {pick(one.name_zh, one.name_en)} v{one.version}",
                one.id == values.get("rule"),
            )
            for one in rules
        ],
        values=values,
        errors=wrong,
        summary=[ErrorLine(text, f"new-{name}", label(name)) for name, text in wrong.items()],
        idempotency_key=key,
        refusal=refusal,
    )
