"""What statistical rules found, as printed: open ones first, with the form for who may dispose of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from flask import url_for
from sqlalchemy.orm import Session

from app.faces.translation import Lazy, _, _l
from app.faces.web.acting import Standing
from app.faces.web.language import pick
from app.faces.web.pages.rules_build import TONES
from app.faces.web.pages.rules_view import FindingRow, Mark, ReportsPage
from app.faces.web.pages.standing_view import Refused
from app.faces.web.parts import Link
from app.faces.web.signin import kernel
from app.faces.web.words import day, moment
from app.kernel.decisions.catalogue.models import RuleFinding
from app.kernel.decisions.catalogue.reports import DISPOSERS, list_findings, list_reckoned
from app.kernel.decisions.catalogue.rule import Rule
from app.kernel.decisions.catalogue.versions import list_standing
from app.kernel.decisions.catalogue.vocabulary import SEVERITIES

SHOWN: Final = 60
DISPOSED: Final[Mapping[str, tuple[Lazy, str]]] = {
    "explained": (_l("已说明"), "ok"),
    "followed": (_l("已列入稽核"), "acc"),
}


def may_dispose(who: Standing) -> bool:
    """Auditors and supervisors."""
    return any(post.kind in DISPOSERS for post in who.posts)


def reports_page(
    session: Session,
    who: Standing,
    *,
    open_only: bool,
    back: Refused | None = None,
) -> ReportsPage:
    """Findings of the reader's regions; statistical rules that still wait for their data are named."""
    rules = {one.rule.id: one.rule for one in list_standing(session, who.today)}
    reckoned = list_reckoned(kernel().ports)
    found = list_findings(session, who.actor.regions, open_only=open_only, limit=SHOWN)
    return ReportsPage(
        rows=[_row(one, rules.get(one.rule_id), who) for one in found],
        tabs=[
            Link(url_for("rules.reports"), _("待处置"), open_only),
            Link(url_for("rules.reports", all=1), _("全部"), not open_only),
        ],
        waiting=[
            f"{key} {pick(rule.manifest.name_zh, rule.manifest.name_en)}"
            for key, rule in rules.items()
            if rule.manifest.statistic is not None and rule.manifest.statistic not in reckoned
        ],
        refused=back or Refused(),
    )


def _row(one: RuleFinding, rule: Rule | None, who: Standing) -> FindingRow:
    title = pick(rule.manifest.name_zh, rule.manifest.name_en) if rule else ""
    own = who.person_id in one.inputs["persons"]
    disposes = may_dispose(who) and not own and one.disposition is None
    label, tone = DISPOSED[one.disposition] if one.disposition else (_l("待处置"), "soon")
    return FindingRow(
        key=one.id,
        rule=Link(url_for("rules.one", rule_id=one.rule_id), one.rule_id),
        title=title,
        message=pick(one.message_zh, one.message_en),
        severity=Mark(pick(*SEVERITIES[one.severity]), TONES[one.severity]),
        period=f"{day(one.period_from, who.today)} – {day(one.period_to, who.today)}",
        when=moment(one.at, who.today),
        state=Mark(str(label), tone),
        said=one.reason or "",
        dispose_url=url_for("rules.dispose", finding_id=one.id) if disposes else "",
        why_not=_("涉及您本人，由别人处置") if own and one.disposition is None else "",
    )
