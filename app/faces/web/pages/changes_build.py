"""The list of controlled changes and one change, as printed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from flask import url_for
from sqlalchemy.orm import Session

from app.faces.translation import Lazy, _, _l
from app.faces.web.acting import Standing
from app.faces.web.language import pick
from app.faces.web.pages.changes_access import may_propose
from app.faces.web.pages.changes_form import worded
from app.faces.web.pages.changes_view import (
    ChangeLine,
    ChangePage,
    ChangesPage,
    DifferenceRow,
    EffectRow,
    Effects,
    HistoryRow,
    SignatureRow,
)
from app.faces.web.pages.process_change_build import process_change_part
from app.faces.web.pages.processes_build import draft_url
from app.faces.web.pages.queue_view import FilterField, Pager
from app.faces.web.pages.workbench_words import compare_url
from app.faces.web.parts import Choice, Link
from app.faces.web.signin import kernel
from app.faces.web.words import duty, moment
from app.kernel.cases.models import Case
from app.kernel.changes.content import PROCESS, Content, get_change
from app.kernel.changes.kinds import ChangeKind, Difference, Moment, Touched
from app.kernel.changes.models import ControlledChange
from app.kernel.changes.queries import (
    PAGE_SIZE,
    STATES,
    ChangeRow,
    DoneStep,
    Signed,
    find_change_row,
    find_obstacle,
    list_changes,
    list_done_steps,
    list_signatures,
)
from app.kernel.changes.refusals import ChangeNotFound
from app.kernel.changes.registry import cases_named
from app.kernel.changes.touched import read_record
from app.kernel.decisions.catalogue.change_kind import RuleKind
from app.kernel.engine.catalogue import Deployed, get_deployed
from app.kernel.engine.lifecycle.change_kind import ProcessKind
from app.kernel.engine.lifecycle.queries import find_draft_of
from app.kernel.engine.workbench.queries import find_rule_draft_of
from app.kernel.recusal.queries import list_barred, list_readable
from app.kernel.worklist.models import Task
from app.kernel.worklist.queries import list_open_tasks

STATE_WORDS: dict[str, tuple[Lazy, str]] = {
    "editing": (_l("编制中"), "acc"),
    "recheck": (_l("待复核"), "soon"),
    "approval": (_l("待批准"), "soon"),
    "applied": (_l("已实施"), "ok"),
    "rejected": (_l("不予批准"), "over"),
    "withdrawn": (_l("已撤回"), ""),
}
SEVERITY_WORDS: dict[str, tuple[Lazy, str]] = {
    "violation": (_l("既成冲突"), "over"),
    "blocked": (_l("无人可办"), "over"),
    "restricted": (_l("少人可办"), "soon"),
    "relieved": (_l("多人可办"), "ok"),
    "info": (_l("说明"), "acc"),
}
AGREED = ("submit", "agree", "approve")


def changes_page(
    session: Session, who: Standing, kinds: Mapping[str, ChangeKind], args: Mapping[str, str]
) -> ChangesPage:
    """The list as the address asks for it; what makes no sense counts as not given."""
    state = args.get("state", "") if args.get("state", "") in STATES else ""
    kind = args.get("kind", "") if args.get("kind", "") in kinds else ""
    number = args.get("page", "1")
    found = list_changes(
        session, state=state, kind=kind, page=int(number) if number.isascii() and number.isdigit() else 1
    )
    options = [Choice(key, pick(k.title_zh, k.title_en), key == kind) for key, k in kinds.items()]
    first = (found.page - 1) * PAGE_SIZE
    words = _(
        "共 %(n)s 件，本页 %(a)s–%(b)s",
        n=found.total,
        a=min(first + 1, found.total),
        b=first + len(found.rows),
    )
    return ChangesPage(
        tabs=[
            Link(_url(state=""), _("全部"), not state),
            *(Link(_url(state=key, kind=kind), str(STATE_WORDS[key][0]), key == state) for key in STATES),
        ],
        kinds=FilterField("kind", _("类别"), options),
        state=state,
        lines=[_line(row, who, kinds) for row in _readable(session, who, found.rows)],
        caption=_("受控变更，共 %(n)s 件", n=found.total),
        pager=Pager(
            words,
            PAGE_SIZE,
            _url(state=state, kind=kind, page=str(found.page - 1)) if found.page > 1 else "",
            _url(state=state, kind=kind, page=str(found.page + 1)) if found.page < found.pages else "",
        ),
        new_url=url_for("changes.new") if may_propose(who) else "",
    )


def _readable(session: Session, who: Standing, rows: Sequence[ChangeRow]) -> list[ChangeRow]:
    """Without changes that are about a case the reader is barred from."""
    named = cases_named(session, kernel().ports, [row.case_id for row in rows])
    barred = list_barred(session, who.person_id, {case for cases in named.values() for case in cases})
    return [row for row in rows if barred.isdisjoint(named.get(row.case_id, ()))]


def _url(**args: str) -> str:
    given = {key: value for key, value in args.items() if value}
    return url_for("changes.show") + (f"?{urlencode(given)}" if given else "")


def _line(row: ChangeRow, who: Standing, kinds: Mapping[str, ChangeKind]) -> ChangeLine:
    words, tone = STATE_WORDS[row.state]
    return ChangeLine(
        url=url_for("changes.one", case_id=row.case_id),
        case_no=row.case_no,
        title=row.title,
        kind=_kind_words(kinds, row.kind),
        state=str(words),
        tone=tone,
        proposer=row.proposed_by,
        proposed=moment(row.proposed_at, who.today),
        holder=row.holder,
        touched=_touched_words(row.what_if),
    )


def _kind_words(kinds: Mapping[str, ChangeKind], key: str) -> str:
    return pick(kinds[key].title_zh, kinds[key].title_en) if key in kinds else key


def _touched_words(record: Mapping[str, Any] | None) -> str:
    if record is None:
        return _("未计算")
    return _("%(n)s 件", n=record["cases"]) if record["cases"] else _("无")


def change_page(session: Session, who: Standing, kinds: Mapping[str, ChangeKind], case_id: int) -> ChangePage:
    """One change. Raise ChangeNotFound."""
    row = find_change_row(session, case_id)
    case = session.get(Case, case_id)
    if row is None or case is None:
        raise ChangeNotFound
    change, kind = get_change(session, case_id), kinds[row.kind]
    content, at = Content.of(change), Moment(who.now, who.today)
    task = next(iter(list_open_tasks(session, case_id)), None)
    held = task is not None and task.claimed_by == who.person_id and task.opened_at is not None
    words, tone = STATE_WORDS[row.state]
    subject_zh, subject_en = kind.subject(session, content.values)
    return ChangePage(
        case_id=case_id,
        title=row.title,
        case_no=row.case_no,
        kind=pick(kind.title_zh, kind.title_en),
        target=pick(subject_zh, subject_en),
        state=str(words),
        tone=tone,
        facts=_facts(row, change, who),
        reason=change.reason,
        ground=change.ground,
        digest=change.digest.hex(),
        differences=[
            _difference(line) for line in kind.differences(session, content.before, content.values, at)
        ],
        effects=_effects(session, change, who, task if held else None),
        signatures=[_signature(item, who) for item in list_signatures(session, case)],
        history=_history(session, case, who),
        case_url=url_for("case.show", case_id=case_id),
        case_words=_case_words(task, held, who),
        edit_url=_edit_url(session, change)
        if held and task is not None and task.step_key == "rule_edit"
        else "",
        obstacle=_obstacle(session, case),
        new=content.before is None,
        to_do=task is not None and (held or _claimable(task, who)),
        process=process_change_part(session, who, case_id, content),
        ways=_rule_ways(session, change),
    )


def _edit_url(session: Session, change: ControlledChange) -> str:
    """Where the content is edited: of a process or a rule in its draft, of other kinds in the form."""
    if change.kind == ProcessKind.key:
        drawn = find_draft_of(session, change.case_id)
        if drawn is not None:
            return draft_url(drawn.id)
    rule = find_rule_draft_of(session, change.case_id) if change.kind == RuleKind.key else None
    if rule is not None:
        return url_for("workbench.draft", draft_id=rule.id)
    return url_for("changes.edit", case_id=change.case_id)


def _rule_ways(session: Session, change: ControlledChange) -> list[Link]:
    draft = find_rule_draft_of(session, change.case_id) if change.kind == RuleKind.key else None
    if draft is None:
        return []
    ways = [Link(url_for("workbench.draft", draft_id=draft.id), _("看草稿"))]
    if draft.base_version:
        ways.append(Link(compare_url(draft.key, draft.base_version, f"d{draft.id}"), _("逐行比较")))
    return ways


def change_part(
    session: Session, who: Standing, kinds: Mapping[str, ChangeKind], case: Case
) -> ChangePage | None:
    """What the case page shows of the change; None for cases of other processes."""
    return change_page(session, who, kinds, case.id) if case.process_key == PROCESS else None


def _facts(row: ChangeRow, change: ControlledChange, who: Standing) -> list[tuple[str, str]]:
    facts = [
        (_("编制人"), row.proposed_by),
        (_("编制时间"), moment(change.prepared_at, who.today)),
    ]
    if row.holder:
        facts.append((_("现办理人"), row.holder))
    if change.applied_at is not None:
        facts.append((_("实施时间"), moment(change.applied_at, who.today)))
    return facts


def _difference(line: Difference) -> DifferenceRow:
    old, new = worded(pick(line.old_zh, line.old_en)), worded(pick(line.new_zh, line.new_en))
    return DifferenceRow(pick(line.label_zh, line.label_en), old.splitlines(), new.splitlines(), line.changed)


def _effects(session: Session, change: ControlledChange, who: Standing, held: Task | None) -> Effects:
    """Totals of all lines; the lines themselves only of cases that the reader may read."""
    compute = url_for("changes.compute", case_id=change.case_id) if held is not None else ""
    if change.what_if is None or change.what_if_at is None:
        return Effects((), _("编制后还没有计算；复核同意前必须有。"), compute_url=compute)
    lines = read_record(change.what_if)
    total = int(change.what_if["total"])
    counts = [
        (str(SEVERITY_WORDS[key][0]), str(count))
        for key, count in ((k, change.what_if["by_severity"].get(k, 0)) for k in SEVERITY_WORDS)
        if count
    ]
    readable = list_readable(session, {line.case_id for line in lines}, who.person_id)
    shown = [line for line in lines if line.case_id in readable]
    cut = _("只列前 %(n)s 条，共 %(total)s 条", n=len(lines), total=total) if total > len(lines) else ""
    kept_back = len(lines) - len(shown)
    hidden = _("另有 %(n)s 条涉及您不能查看的案件，不列出", n=kept_back) if kept_back else ""
    more = _("；").join(filter(None, (cut, hidden)))
    remark = _(
        "%(when)s 计算，涉及案件 %(n)s 件", when=_at(change.what_if_at, who), n=change.what_if["cases"]
    )
    return Effects([_effect(line) for line in shown], remark, counts, True, more, compute)


def _at(value: datetime, who: Standing) -> str:
    return moment(value, who.today)


def _effect(line: Touched) -> EffectRow:
    words, tone = SEVERITY_WORDS[line.severity]
    return EffectRow(
        url_for("case.show", case_id=line.case_id),
        line.case_no,
        str(words),
        tone,
        worded(pick(line.zh, line.en)),
    )


def _signature(item: Signed, who: Standing) -> SignatureRow:
    name = (
        _("%(who)s 代 %(principal)s", who=item.name, principal=item.principal)
        if item.principal
        else item.name
    )
    if item.void:
        state, tone = _("已作废"), ""
    elif not item.current:
        state, tone = _("内容已改，失效"), ""
    elif item.agrees:
        state, tone = _("同意，有效"), "ok"
    else:
        state, tone = _("退回"), "soon"
    return SignatureRow(duty(item.duty), name, moment(item.at, who.today), state, tone)


def _history(session: Session, case: Case, who: Standing) -> list[HistoryRow]:
    deployed = get_deployed(session, case.definition_id)
    return [
        HistoryRow(
            duty(step.duty),
            step.name,
            moment(step.at, who.today),
            _outcome(deployed, step),
            "ok" if step.outcome.startswith(AGREED) else "soon",
            step.opinion,
        )
        for step in list_done_steps(session, case.id)
    ]


def _outcome(deployed: Deployed, step: DoneStep) -> str:
    for part in deployed.forms.get(step.form_id, {}).get("components", []):
        if part.get("key") == "outcome":
            for value in part["values"]:
                if value["value"] == step.outcome:
                    return pick(value["label"], value.get("properties", {}).get("label_en", ""))
    return step.outcome


def _case_words(task: Task | None, held: bool, who: Standing) -> str:
    if task is None:
        return _("看案件卷宗")
    if held:
        return _("去办理并签名")
    return _("去领取") if _claimable(task, who) else _("看案件")


def _claimable(task: Task, who: Standing) -> bool:
    """Nobody has it and the reader holds its post; whether he may is for the case page to say."""
    held = {(post.key, post.region_code) for post in who.posts}
    return task.claimed_by is None and (task.post, task.region_code) in held


def _obstacle(session: Session, case: Case) -> str:
    """Why an approved change came back, until it is edited."""
    found = find_obstacle(session, case.id) if case.status == "open" else ""
    spec = get_deployed(session, case.definition_id).schema.facts["change_obstacle"]
    return next((pick(choice.zh, choice.en) for choice in spec.values if choice.value == found), "")
