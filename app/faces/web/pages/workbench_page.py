"""Rendering of one rule draft's page, shared by everything that comes back to it with a remark."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import render_template

from app.faces.web.acting import reading, standing
from app.faces.web.pages.workbench_build import rule_draft_page
from app.faces.web.pages.workbench_view import CasesView, PropertiesView
from app.kernel.engine.workbench.queries import RuleCheck, RuleDraft, check_rule_draft, get_rule_draft


def show_rule_draft(
    draft_id: int,
    *,
    refusal: str = "",
    properties: Callable[[RuleDraft], PropertiesView] | None = None,
    cases: Callable[[RuleDraft, RuleCheck], CasesView] | None = None,
    trial: Mapping[str, Any] | None = None,
) -> str:
    """The page, a form of it that was refused in place of the draft's own. Raise DraftNotFound."""
    who = standing()
    with reading() as session:
        draft = get_rule_draft(session, draft_id)
        check = check_rule_draft(draft)
        page = rule_draft_page(
            session,
            who,
            draft,
            check,
            properties=properties(draft) if properties else None,
            cases=cases(draft, check) if cases else None,
            trial=trial,
        )
        return render_template("pages/rule_draft.html", page=page, refusal=refusal)
