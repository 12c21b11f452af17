"""What is shown before a draft is proposed: what would be deployed, what it touches, who will look at it."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from flask import url_for
from sqlalchemy.orm import Session

from app.faces.refusal_texts import text_of_field
from app.faces.translation import _
from app.faces.web.acting import Standing
from app.faces.web.language import pick
from app.faces.web.pages.designer_build import publish_view, title_of
from app.faces.web.pages.designer_tables import outlines_of, results_view
from app.faces.web.pages.designer_view import SubmitPage
from app.faces.web.parts import ErrorLine
from app.kernel.engine.check.findings import DefinitionInvalid
from app.kernel.engine.lifecycle.effects import list_touched
from app.kernel.engine.lifecycle.plan import Planned, list_changed_folders, plan_deployment
from app.kernel.engine.lifecycle.queries import Draft, check_draft, get_draft, list_editors
from app.kernel.engine.lifecycle.versions import load_files
from app.kernel.grants.holdings import list_post_holders
from app.kernel.refusals import InvalidInput

MOST_TOUCHED = 20
FIELDS = {"change_reason": "reason", "legal_ground": "ground"}
"""The change's own fields are other names of ours."""


def submit_page(
    session: Session,
    who: Standing,
    draft_id: int,
    values: Mapping[str, str],
    key: str,
    *,
    invalid: InvalidInput | None = None,
    refusal: str = "",
) -> SubmitPage:
    """The page; `key` is the idempotency key. Raise DraftNotFound."""
    draft, report = get_draft(session, draft_id), check_draft(session, draft_id)
    planned = _planned(session, draft)
    touched = list(list_touched(session, {item.key for item in planned}, "deploy"))
    errors, summary = _errors(invalid)
    return SubmitPage(
        draft_url=url_for("designer.draft", draft_id=draft_id),
        title=title_of(draft),
        url=url_for("designer.propose", draft_id=draft_id),
        publish=publish_view(draft, report, who),
        results=results_view(report, outlines_of(draft.files), who.now, draft_id=draft_id),
        deployments=[_deployment(item) for item in planned],
        touched=[(item.case_no, pick(item.zh, item.en)) for item in touched[:MOST_TOUCHED]],
        touched_remark=_("%(n)s 件在办案件留在原版本，直到有人逐批迁移。", n=len(touched)),
        reviewers=reviewers_of(session, who, set(list_editors(session, draft_id))),
        values=values,
        idempotency_key=key,
        errors=errors,
        summary=summary,
        refusal=refusal,
    )


def _planned(session: Session, draft: Draft) -> list[Planned]:
    """Empty while the files can't be read: the findings say why."""
    base = load_files(session, draft.key, draft.base_version) if draft.base_version else {}
    folders = list_changed_folders(draft.key, draft.files, base)
    try:
        return plan_deployment(session, draft.key, draft.files, folders)
    except DefinitionInvalid:
        return []


def _deployment(item: Planned) -> str:
    if item.before is None:
        return _("%(key)s：首个版本", key=item.key)
    return _("%(key)s：v%(before)s 之后的新版本", key=item.key, before=item.before)


def reviewers_of(session: Session, who: Standing, editors: Collection[str]) -> list[str]:
    """Who holds the posts that recheck and approve; none of those (by name) who edited the draft is among them."""
    lines = []
    for post, words in (("rule_checker", _("复核")), ("rule_approver", _("批准"))):
        held = list_post_holders(session, post, who.today)
        names = sorted({name for holders in held.values() for _id, name, _grant in holders} - set(editors))
        lines.append(_("%(duty)s：%(names)s", duty=words, names=_("、").join(names) or _("现在无人在岗")))
    return lines


def _errors(invalid: InvalidInput | None) -> tuple[dict[str, str], list[ErrorLine]]:
    if invalid is None:
        return {}, []
    errors = {
        FIELDS.get(field, field): text_of_field(code, dict(params))
        for field, (code, params) in invalid.errors.items()
    }
    labels = {"reason": _("变更理由"), "ground": _("变更依据"), "notes": _("版本说明"), "files": _("文件")}
    return errors, [
        ErrorLine(
            text, f"field-{field}" if field in ("reason", "ground", "notes") else "", labels.get(field, "")
        )
        for field, text in errors.items()
    ]
