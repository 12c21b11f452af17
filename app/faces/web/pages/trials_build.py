"""Trials of a draft on past cases, as pages print them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from flask import url_for
from sqlalchemy.orm import Session

from app.faces.refusal_texts import text_of
from app.faces.translation import _
from app.faces.web.acting import Standing
from app.faces.web.language import code, pick
from app.faces.web.pages.designer_access import may_design
from app.faces.web.pages.trials_view import TrialCaseRow, TrialPage
from app.faces.web.pages.workbench_errors import errors_of
from app.faces.web.pages.workbench_view import FieldView, TrialForm, TrialLine
from app.faces.web.pages.workbench_words import TRIAL_STATES, VERDICTS, label
from app.faces.web.parts import Choice, Link
from app.faces.web.words import day, moment
from app.kernel.decisions.catalogue.rule import Rule, said
from app.kernel.engine.drafting.queries import get_standing
from app.kernel.engine.workbench.asking import load_pair
from app.kernel.engine.workbench.models import RuleTrial
from app.kernel.engine.workbench.queries import (
    RuleCheck,
    RuleDraft,
    TrialCase,
    list_trial_cases,
    list_trials,
)
from app.kernel.engine.workbench.refusals import TrialRunning
from app.kernel.engine.workbench.trials import KEPT, MOST_KEPT, UNDER_WAY, check_fit, progress_of
from app.kernel.identity.regions import list_region_names, list_regions
from app.kernel.refusals import InvalidInput

PERIOD = timedelta(days=365)
SHOWN = 50


def trial_form(
    session: Session, who: Standing, draft: RuleDraft, check: RuleCheck, typed: Mapping[str, Any] | None
) -> TrialForm:
    """Asking for a trial, and those there were."""
    trials = list_trials(session, draft.id)
    names = list_region_names(session, {code for trial in trials for code in trial.regions})
    return TrialForm(
        url=url_for("trials.order", draft_id=draft.id),
        fields=_order_fields(session, who, typed or {}),
        refusal=_why_not(session, who, check, trials),
        lines=[_line(trial, names, who) for trial in trials[:10]],
    )


def _why_not(session: Session, who: Standing, check: RuleCheck, trials: Sequence[RuleTrial]) -> str:
    if not may_design(who):
        return _("只有任规则编制岗的人能试算")
    if check.rule is None:
        return _("规则现在不能读，改好才能试算")
    running = next((trial for trial in trials if trial.state in UNDER_WAY), None)
    if running is not None:
        return text_of(TrialRunning(percent=progress_of(running)))
    try:
        check_fit(session, check.rule)
    except InvalidInput as invalid:
        return errors_of(invalid)["files"]
    return ""


def _order_fields(session: Session, who: Standing, typed: Mapping[str, Any]) -> list[FieldView]:
    values, errors = typed.get("values", {}), typed.get("errors", {})
    seen = [region for region in list_regions(session) if region.code in who.actor.regions]
    chosen = values.get("regions", [seen[0].code] if seen else [])
    return [
        FieldView(
            "period_from",
            label("period_from"),
            "date",
            values.get("period_from", (who.today - PERIOD).isoformat()),
            required=True,
            error=errors.get("period_from", ""),
        ),
        FieldView(
            "period_to",
            label("period_to"),
            "date",
            values.get("period_to", who.today.isoformat()),
            required=True,
            error=errors.get("period_to", ""),
        ),
        FieldView(
            "regions",
            label("regions"),
            "checks",
            "",
            [Choice(one.code, pick(one.name_zh, one.name_en), one.code in chosen) for one in seen],
            required=True,
            error=errors.get("regions", ""),
            remark=_("可选几个，连同各自的下级"),
        ),
    ]


def _line(trial: RuleTrial, names: Mapping[str, tuple[str, str]], who: Standing) -> TrialLine:
    words, tone = TRIAL_STATES[trial.state]
    return TrialLine(
        url=url_for("trials.show", trial_id=trial.id),
        when=moment(trial.requested_at, who.today),
        state=str(words),
        tone=tone,
        scope=_scope(trial, names, who),
        result=_sentence(trial),
    )


def _scope(trial: RuleTrial, names: Mapping[str, tuple[str, str]], who: Standing) -> str:
    regions = "、".join(pick(*names.get(code, (code, code))) for code in trial.regions)
    first, last = day(trial.period_from, who.today), day(trial.period_to, who.today)
    return _("%(regions)s，%(first)s至%(last)s收到的申请", regions=regions, first=first, last=last)


def _sentence(trial: RuleTrial) -> str:
    counts = trial.counts
    if not trial.asked:
        return ""
    hits = counts.get("new", 0) + counts.get("same", 0)
    return _(
        "%(asked)s 件中会命中 %(hits)s 件：新命中 %(new)s，不再命中 %(gone)s，都命中 %(same)s",
        asked=trial.asked,
        hits=hits,
        new=counts.get("new", 0),
        gone=counts.get("gone", 0),
        same=counts.get("same", 0),
    )


def trial_page(session: Session, who: Standing, trial: RuleTrial, verdict: str, offset: int) -> TrialPage:
    """The page; `verdict` is new, gone or same."""
    draft = get_standing(session, trial.draft_id, "rule")
    pair = load_pair(session, trial)
    manifest = pair.draft.manifest
    names = list_region_names(session, trial.regions)
    words, tone = TRIAL_STATES[trial.state]
    rows, seen = list_trial_cases(session, trial.id, who.person_id, verdict, limit=SHOWN, offset=offset)
    total = trial.counts.get(verdict, 0)
    under_way = trial.state in UNDER_WAY
    against = _("与现行 v%(n)s 比较", n=pair.base.manifest.version) if pair.base else _("没有现行版本可比")
    return TrialPage(
        title=f"{manifest.id} {pick(manifest.name_zh, manifest.name_en)}",
        draft=Link(url_for("workbench.draft", draft_id=trial.draft_id), manifest.id),
        state=str(words),
        tone=tone,
        under_way=under_way,
        percent=progress_of(trial),
        progress=_("已算 %(asked)s / %(total)s 件", asked=trial.asked, total=trial.total)
        if trial.total is not None
        else _("等后台开始"),
        scope=_scope(trial, names, who),
        remark=_("%(against)s；%(when)s提出", against=against, when=moment(trial.requested_at, who.today)),
        sentence=_sentence(trial)
        if trial.asked
        else _("还没有结果")
        if under_way
        else _("这个范围里没有案件"),
        tabs=[
            Link(
                url_for("trials.show", trial_id=trial.id, verdict=one),
                str(VERDICTS[one]),
                one == verdict,
                trial.counts.get(one, 0),
            )
            for one in KEPT
        ],
        verdict=str(VERDICTS[verdict]),
        rows=[_case_row(one, pair.draft, pair.base) for one in rows],
        hidden=_hidden(total, seen),
        more=_more(trial.id, verdict, offset, seen),
        cancel_url=url_for("trials.cancel", trial_id=trial.id) if under_way and may_design(who) else "",
        stale=_("草稿在试算之后又改过，结果是改动以前的。") if draft.revision != trial.revision else "",
    )


def _hidden(total: int, seen: int) -> str:
    if total <= seen:
        return ""
    if total > MOST_KEPT:
        return _("一共 %(total)s 件，只列出先算的 %(kept)s 件中您能看的。", total=total, kept=MOST_KEPT)
    return _("另有 %(n)s 件您不能看，只计数。", n=total - seen)


def _more(trial_id: int, verdict: str, offset: int, seen: int) -> list[Link]:
    ways = []
    if offset:
        back = max(0, offset - SHOWN)
        ways.append(
            Link(url_for("trials.show", trial_id=trial_id, verdict=verdict, offset=back), _("上一页"))
        )
    if offset + SHOWN < seen:
        on = offset + SHOWN
        ways.append(Link(url_for("trials.show", trial_id=trial_id, verdict=verdict, offset=on), _("下一页")))
    return ways


def _case_row(one: TrialCase, draft: Rule, base: Rule | None) -> TrialCaseRow:
    facts = {**(base.manifest.facts if base else {}), **draft.manifest.facts}
    return TrialCaseRow(
        url=url_for("case.show", case_id=one.case_id),
        case_no=one.case_no,
        subject=one.subject,
        state=_("在办") if one.status == "open" else _("已办结"),
        message=pick(one.message_zh, one.message_en),
        inputs=[
            (
                pick(facts[key].zh, facts[key].en) if key in facts else key,
                said(facts.get(key), value, int(code() == "en")),
            )
            for key, value in one.inputs.items()
            if value is not None
        ],
    )
