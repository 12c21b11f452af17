"""The list of processes and drafts, and the three ways to begin a draft."""

from __future__ import annotations

from collections.abc import Mapping

from flask import current_app, url_for
from sqlalchemy.orm import Session

from app.faces.translation import _
from app.faces.web.acting import Standing
from app.faces.web.language import pick
from app.faces.web.pages.designer_access import may_design
from app.faces.web.pages.designer_build import STATE_WORDS, size_words
from app.faces.web.pages.designer_view import DraftLine, ListPage, NewPage, ProcessLine
from app.faces.web.parts import Choice, ErrorLine, Link
from app.faces.web.signin import kernel
from app.faces.web.words import moment
from app.kernel.engine.catalogue import get_deployed
from app.kernel.engine.designing.checked import check_shared
from app.kernel.engine.lifecycle.listing import DefinitionRow, list_definitions
from app.kernel.engine.lifecycle.queries import DraftRow, list_drafts


def list_page(session: Session, who: Standing, query: str) -> ListPage:
    """Drafts still worked on, mine first, then every process; `query` looks in titles, keys and names."""
    drafts = [row for row in list_drafts(session) if row.state in ("editing", "submitted")]
    found = [row for row in drafts if _matches(query, row.title_zh, row.title_en, row.key, row.owner)]
    return ListPage(
        query=query,
        mine=[_draft(row, who) for row in found if row.owner_id == who.person_id],
        others=[_draft(row, who) for row in found if row.owner_id != who.person_id],
        processes=[
            _process(session, row)
            for row in list_definitions(session)
            if _matches(query, row.title_zh, row.title_en, row.key)
        ],
        new_url=url_for("designer.new") if may_design(who) else "",
    )


def _matches(query: str, *texts: str) -> bool:
    return not query or any(query.casefold() in text.casefold() for text in texts)


def _draft(row: DraftRow, who: Standing) -> DraftLine:
    words, tone = STATE_WORDS[row.state]
    change = None
    if row.case_id is not None:
        change = Link(url_for("changes.one", case_id=row.case_id), row.case_no)
    return DraftLine(
        url=url_for("designer.draft", draft_id=row.id),
        title=pick(row.title_zh, row.title_en),
        key=row.key,
        base=_("从 v%(n)s 改起", n=row.base_version) if row.base_version else _("新流程"),
        owner=row.owner,
        when=moment(row.updated_at, who.today),
        state=str(words),
        tone=tone,
        change=change,
    )


def _process(session: Session, row: DefinitionRow) -> ProcessLine:
    words, tone = _findings(session, row.definition_id)
    if row.retired:
        state, state_tone = _("已停用"), ""
    elif row.startable:
        state, state_tone = _("运行中"), "ok"
    else:
        state, state_tone = _("供调用"), ""
    return ProcessLine(
        key=row.key,
        title=pick(row.title_zh, row.title_en),
        version=f"v{row.version}",
        state=state,
        tone=state_tone,
        running=_("%(n)s 件", n=row.running) if row.running else _("无"),
        findings=words,
        findings_tone=tone,
        ways=_process_ways(row),
    )


def _process_ways(row: DefinitionRow) -> list[Link]:
    return [
        Link(url_for("designer.version", key=row.key, version=row.version), _("看流程图")),
        Link(url_for("processes.show", key=row.key), _("版本与对比")),
        Link(url_for("simulation.version", key=row.key), _("模拟")),
        Link(url_for("heat.show", key=row.key), _("在办情况")),
    ]


def _findings(session: Session, definition_id: int) -> tuple[str, str]:
    """What today's check says of a deployed version."""
    report = check_shared(kernel(), session, get_deployed(session, definition_id).files)
    errors = sum(found.severity == "error" for found in report.findings)
    warnings = len(report.findings) - errors
    if errors:
        return _("阻止 %(n)s", n=errors), "over"
    return (_("提醒 %(n)s", n=warnings), "soon") if warnings else (_("无问题"), "ok")


def new_page(
    session: Session,
    values: Mapping[str, str],
    key: str,
    *,
    errors: Mapping[str, str] | None = None,
    refusal: str = "",
) -> NewPage:
    """The form to begin a draft; `key` is the idempotency key."""
    wrong = dict(errors or {})
    rows = list_definitions(session)
    return NewPage(
        processes=[
            Choice(
                row.key,
                f"{pick(row.title_zh, row.title_en)} v{row.version}",
                row.key == values.get("process"),
            )
            for row in rows
        ],
        versions=(),
        values=values,
        errors=wrong,
        summary=[ErrorLine(text, f"new-{name}", name) for name, text in wrong.items()],
        idempotency_key=key,
        upload_limit=size_words(int(current_app.config["SANSHEN_UPLOAD_LIMIT"])),
        refusal=refusal,
    )
