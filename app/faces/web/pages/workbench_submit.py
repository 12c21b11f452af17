"""What is shown before a rule's draft is proposed: from when it would stand, who will look at it."""

from __future__ import annotations

from collections.abc import Mapping

from flask import url_for
from sqlalchemy.orm import Session

from app.faces.translation import _
from app.faces.web.acting import Standing
from app.faces.web.pages.designer_submit import FIELDS, reviewers_of
from app.faces.web.pages.workbench_build import publish_rule, title_of
from app.faces.web.pages.workbench_errors import errors_of
from app.faces.web.pages.workbench_findings import rule_results
from app.faces.web.pages.workbench_view import RuleSubmitPage
from app.faces.web.pages.workbench_words import compare_url, label
from app.faces.web.parts import ErrorLine, Link
from app.faces.web.words import day
from app.kernel.engine.workbench.queries import (
    RuleCheck,
    RuleDraft,
    check_rule_draft,
    get_rule_draft,
    list_editors,
)
from app.kernel.refusals import InvalidInput

TYPED = ("reason", "ground")


def submit_rule_page(
    session: Session,
    who: Standing,
    draft_id: int,
    values: Mapping[str, str],
    key: str,
    *,
    invalid: InvalidInput | None = None,
    refusal: str = "",
) -> RuleSubmitPage:
    """The page; `key` is the idempotency key. Raise DraftNotFound."""
    draft = get_rule_draft(session, draft_id)
    check = check_rule_draft(draft)
    errors = {FIELDS.get(field, field): text for field, text in errors_of(invalid).items()}
    return RuleSubmitPage(
        draft_url=url_for("workbench.draft", draft_id=draft_id),
        title=title_of(draft),
        url=url_for("workbench.propose", draft_id=draft_id),
        publish=publish_rule(draft, check, who),
        results=rule_results(check, who.now, draft_id),
        effects=_effects(draft, check, who),
        reviewers=reviewers_of(session, who, set(list_editors(session, draft_id))),
        compare=_compare(draft),
        values=values,
        idempotency_key=key,
        errors=errors,
        summary=[
            ErrorLine(text, f"field-{field}" if field in TYPED else "", label(field))
            for field, text in errors.items()
        ],
        refusal=refusal,
    )


def _effects(draft: RuleDraft, check: RuleCheck, who: Standing) -> list[str]:
    if check.rule is None:
        return []
    manifest = check.rule.manifest
    begins = manifest.effective_from
    lines = [
        _("批准后第 %(n)s 版立即生效。", n=manifest.version)
        if begins <= who.today
        else _("批准后第 %(n)s 版从%(day)s起生效。", n=manifest.version, day=day(begins, who.today))
    ]
    if manifest.effective_to:
        lines.append(_("最后一天是%(day)s。", day=day(manifest.effective_to, who.today)))
    if draft.base_version:
        lines.append(_("已有的命中留着；以后按新版本判断。"))
    lines.append(_("%(n)s 个用例都通过。", n=len(check.results)))
    return lines


def _compare(draft: RuleDraft) -> Link | None:
    if not draft.base_version:
        return None
    address = compare_url(draft.key, draft.base_version, f"d{draft.id}")
    return Link(address, _("与 v%(n)s 比较", n=draft.base_version))
