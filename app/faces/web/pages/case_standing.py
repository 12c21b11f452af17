"""The case page's part on recusal and overrides, and the requests its forms send."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from flask import Blueprint, g, redirect, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app.faces.translation import _
from app.faces.web.acting import Standing, carry_out
from app.faces.web.language import pick
from app.faces.web.pages.standing_rows import causes, recusal_row, refused, said
from app.faces.web.pages.standing_view import HitRow, RecusalRow, Refused, StandingPart
from app.faces.web.parts import Choice
from app.faces.web.posted import posted_form
from app.faces.web.words import moment
from app.kernel.cases.models import Case
from app.kernel.decisions.models import RuleHit
from app.kernel.decisions.operations import explain_hit, list_open_warnings
from app.kernel.decisions.overrides import (
    OverrideView,
    list_blocking_hits,
    list_overrides,
    may_override,
    propose_by,
    rule_on_override,
)
from app.kernel.decisions.overrides import propose_override as propose
from app.kernel.decisions.seniority import list_seniors
from app.kernel.decisions.tuning.operations import judge_hit
from app.kernel.duties.queries import get_candidate
from app.kernel.identity.regions import get_lineage
from app.kernel.recusal.operations import declare_recusal, request_recusal, rule_on_recusal
from app.kernel.recusal.queries import (
    list_barred_persons,
    list_heads,
    list_recording_posts,
    list_recusals,
    list_serving,
)
from app.kernel.recusal.rules import may_record
from app.kernel.refusals import Refusal
from app.kernel.transaction import Unit

pages = Blueprint("standing", __name__, url_prefix="/cases/<int:case_id>")
Answer = Response | tuple[str, int]


@pages.post("/recusals")
def declare(case_id: int) -> Answer:
    """I stand back from this case: from here on it is closed to me."""
    posted = posted_form()
    operation = partial(declare_recusal, cause=said(posted, "cause"), detail=said(posted, "detail"))
    return _carried("declare", case_id, operation, url_for("interests.show", said="recused"))


@pages.post("/recusals/requests")
def request_one(case_id: int) -> Answer:
    """Record that a party asks for somebody's recusal."""
    posted = posted_form()
    person = said(posted, "person")
    operation = partial(
        request_recusal,
        person_id=int(person) if person.isascii() and person.isdigit() and len(person) < 18 else 0,
        cause=said(posted, "cause"),
        detail=said(posted, "detail"),
        requested_by=said(posted, "requested_by"),
    )
    return _carried("request", case_id, operation, _back(case_id, "recusal_requested"))


@pages.post("/recusals/<int:recusal_id>/ruling")
def rule_recusal(case_id: int, recusal_id: int) -> Answer:
    """The head rules, from the case page."""
    posted = posted_form()
    operation = partial(
        rule_on_recusal,
        recusal_id=recusal_id,
        verdict=said(posted, "verdict"),
        reason=said(posted, "reason"),
    )
    return _carried(f"ruling-{recusal_id}", case_id, operation, _back(case_id, "recusal_ruled"))


@pages.post("/overrides/<int:hit_id>")
def propose_override(case_id: int, hit_id: int) -> Answer:
    """Propose to set a blocking rule aside."""
    posted = posted_form()
    operation = partial(
        propose, hit_id=hit_id, reason=said(posted, "reason"), evidence=said(posted, "evidence")
    )
    return _carried(f"override-{hit_id}", case_id, operation, _back(case_id, "override_proposed"))


@pages.post("/overrides/<int:hit_id>/ruling")
def rule_override(case_id: int, hit_id: int) -> Answer:
    """A senior other person grants or refuses it."""
    posted = posted_form()
    operation = partial(
        rule_on_override, hit_id=hit_id, verdict=said(posted, "verdict"), ruling=said(posted, "ruling")
    )
    return _carried(f"override-ruling-{hit_id}", case_id, operation, _back(case_id, "override_ruled"))


@pages.post("/warnings/<int:hit_id>")
def explain_warning(case_id: int, hit_id: int) -> Answer:
    """Say why the case goes on in spite of a warning."""
    operation = partial(explain_hit, hit_id=hit_id, reason=said(posted_form(), "reason"))
    return _carried(f"warning-{hit_id}", case_id, operation, _back(case_id, "warning_explained"))


@pages.post("/hits/<int:hit_id>/verdict")
def judge(case_id: int, hit_id: int) -> Answer:
    """Say what a hit turned out to be."""
    posted = posted_form()
    operation = partial(
        judge_hit, hit_id=hit_id, verdict=said(posted, "verdict"), reason=said(posted, "reason")
    )
    then = url_for("case.show", case_id=case_id, said="hit_judged") + "#r"
    return _carried(f"verdict-{hit_id}", case_id, operation, then)


def _back(case_id: int, code: str) -> str:
    return url_for("case.show", case_id=case_id, said=code) + "#standing"


def _carried(form: str, case_id: int, operation: Callable[[Unit], object], then: str) -> Answer:
    """Run it; what is refused comes back on the case page with the typed texts."""
    from app.faces.web.pages.case import render_case
    from app.faces.web.pages.case_task import Attempt

    posted = posted_form()

    def carry(unit: Unit) -> None:
        operation(unit)

    try:
        carry_out(carry, case_id=case_id, posted=posted)
    except Refusal as refusal:
        g.standing_refused = refused(form, posted, refusal)
        return render_case(case_id, Attempt()), 422
    return redirect(then)


def standing_part(session: Session, case: Case, who: Standing) -> StandingPart:
    """What is on record, and what this reader can do about it. The reader may read at least the case's head."""
    lineage = get_lineage(session, case.region_code)
    found = list_recusals(session, case.id)
    heads = list_heads(session, lineage, who.today)
    barred = list_barred_persons(session, case.id)
    is_open = case.status == "open"
    me = get_candidate(session, who.person_id, who.today)
    records = is_open and may_record(me, list_recording_posts(session, case.id), lineage)
    rows = [recusal_row(item, who, rule=is_open and who.person_id in heads) for item in found]
    return StandingPart(
        recusals=rows,
        hits=_hits(session, case, who) if is_open else [],
        remark=_remark(rows),
        declare_url=url_for("standing.declare", case_id=case.id) if is_open else "",
        request_url=url_for("standing.request_one", case_id=case.id) if records else "",
        causes=causes(_back_typed("cause")),
        people=_people(session, lineage, who, barred) if records else [],
        refused=g.get("standing_refused", Refused()),
    )


def _back_typed(key: str) -> str:
    back: Refused = g.get("standing_refused", Refused())
    return back.typed.get(key, "")


def _remark(rows: list[RecusalRow]) -> str:
    waiting = sum(1 for row in rows if row.tone == "soon")
    if waiting:
        return _("%(n)s 条回避待裁定", n=waiting)
    return _("%(n)s 条回避", n=len(rows)) if rows else _("没有回避")


def _people(
    session: Session, lineage: tuple[str, ...], who: Standing, barred: frozenset[int]
) -> list[Choice]:
    chosen = _back_typed("person")
    serving = [item for item in list_serving(session, lineage, who.today) if item.person_id not in barred]
    return [Choice("", _("请选择"), not chosen)] + [
        Choice(str(item.person_id), item.name, str(item.person_id) == chosen)
        for item in serving
        if item.person_id != who.person_id
    ]


def _hits(session: Session, case: Case, who: Standing) -> list[HitRow]:
    """Blocking hits of the case, the latest first, each with its override or the way to one."""
    hits, warnings = list_blocking_hits(session, case.id), list_open_warnings(session, case.id)
    if not hits and not warnings:
        return []
    overrides = list_overrides(session, case.id)
    works_here = propose_by(session, case.id, who.person_id)
    rows = [_warning_row(case, hit, works_here=works_here) for hit in warnings]
    for hit in hits:
        override = overrides.get(hit.id)
        allowed = may_override(session, hit)
        rows.append(
            _ruled_row(session, case, who, hit, override)
            if override is not None
            else _open_row(case, hit, allowed=allowed, works_here=works_here)
        )
    return rows


def _warning_row(case: Case, hit: RuleHit, *, works_here: bool) -> HitRow:
    return HitRow(
        key=str(hit.id),
        rule=hit.rule_id,
        title=pick(hit.title_zh, hit.title_en),
        message=pick(hit.message_zh, hit.message_en),
        state=_("提醒"),
        tone="soon",
        remedy=_("办结下一个环节之前须说明理由，由正在办理的人填写。"),
        explain_url=url_for("standing.explain_warning", case_id=case.id, hit_id=hit.id) if works_here else "",
    )


def _open_row(case: Case, hit: RuleHit, *, allowed: bool, works_here: bool) -> HitRow:
    remedy = (
        _("这条规则可以放行：由正在办理的人提出，由更高岗位的另一人裁定。")
        if allowed
        else _("这条规则不能放行：请改正数据，或者拟否定意见。")
    )
    return HitRow(
        key=str(hit.id),
        rule=hit.rule_id,
        title=pick(hit.title_zh, hit.title_en),
        message=pick(hit.message_zh, hit.message_en),
        state=_("阻断"),
        tone="over",
        propose_url=url_for("standing.propose_override", case_id=case.id, hit_id=hit.id)
        if allowed and works_here
        else "",
        remedy=remedy,
    )


def _ruled_row(session: Session, case: Case, who: Standing, hit: RuleHit, override: OverrideView) -> HitRow:
    states = {
        "granted": (_("已放行"), "ok"),
        "refused": (_("不予放行"), "over"),
        None: (_("放行待裁定"), "soon"),
    }
    state, tone = states[override.verdict]
    seniors = list_seniors(session, case, override.proposer_id, who.today) if override.verdict is None else []
    may_rule = any(person.person_id == who.person_id for person in seniors)
    return HitRow(
        key=str(hit.id),
        rule=hit.rule_id,
        title=pick(hit.title_zh, hit.title_en),
        message=pick(hit.message_zh, hit.message_en),
        state=state,
        tone=tone,
        proposal=[
            _("%(name)s %(when)s提出", name=override.proposer, when=moment(override.proposed_at, who.today)),
            _("理由：%(said)s", said=override.reason),
            _("证据：%(said)s", said=override.evidence),
        ],
        ruling=_override_ruling(override, who),
        rule_url=url_for("standing.rule_override", case_id=case.id, hit_id=hit.id) if may_rule else "",
        may_rule="" if may_rule else _("、").join(person.name for person in seniors[:4]),
        remedy=_("放行只对这一次命中的数据有效；数据一变，规则重新命中。") if override.verdict else "",
    )


def _override_ruling(override: OverrideView, who: Standing) -> str:
    if override.ruled_at is None:
        return ""
    return _(
        "%(head)s %(when)s裁定：%(reason)s",
        head=override.ruler or "",
        when=moment(override.ruled_at, who.today),
        reason=override.ruling or "",
    )
