"""What happened on a case, as `decide` reads it: acts of the chain and beyond, bars, tasks, signatures."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, and_, any_, bindparam, column, exists, func, select, true
from sqlalchemy import table as bare_table
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import Session

from app.kernel.cases.models import Case, CaseParty
from app.kernel.duties.models import Performance, PerformanceVoid, Signature
from app.kernel.duties.signatures import SignatureView
from app.kernel.duties.views import PANEL_DUTY, Bar, CaseView, ConflictRule, Held, PastAct, TaskView
from app.kernel.holds.models import Hold
from app.kernel.identity.models import Person
from app.kernel.local_time import local_day
from app.kernel.violations.models import ViolationCase, ViolationRuling
from app.kernel.worklist.models import Task
from app.storage.core import among, execute, table
from app.storage.reading import remembered

_CASE, _PARTY, _ACT_ROW = table(Case), table(CaseParty), table(Performance)
_SIGNATURE, _VOID, _PERSON = table(Signature), table(PerformanceVoid), table(Person)
_TOUCHED, _RULING, _HOLD = table(ViolationCase), table(ViolationRuling), table(Hold)

# Views of migrations 0002 and 0019: canonical persons, whatever region the reader sees.
ACT = bare_table(
    "duty_act",
    *(column(name) for name in ("performance_id", "person_id", "principal_id", "name", "principal_name")),
    *(column(name) for name in ("duty", "state", "at", "task_id", "case_id", "chain_id", "case_no")),
    *(column(name) for name in ("process_key", "case_role", "region_code", "voided", "redone")),
)
PANEL = bare_table("case_panel", column("case_id"), column("person_id"))
BAR = bare_table("case_bar", column("case_id"), column("person_id"), column("bar"), column("cause"))

_COLUMNS = (
    ACT.c.person_id,
    ACT.c.principal_id,
    ACT.c.name,
    ACT.c.principal_name,
    ACT.c.duty,
    ACT.c.state,
    ACT.c.case_id,
    ACT.c.case_no,
    ACT.c.process_key,
    ACT.c.case_role,
    ACT.c.at,
    ACT.c.performance_id,
    ACT.c.task_id,
    ACT.c.redone,
)
CHAIN_ACTS = (
    select(func.json_agg(aggregate_order_by(func.json_build_array(*_COLUMNS), ACT.c.performance_id)))
    .where(ACT.c.chain_id == bindparam("chain"))
    .scalar_subquery()
    .label("acts")
)
"""The acts of a chain as one JSON array of arrays, to be read by `acts_of`."""
CASE_BARS = (
    select(func.json_agg(func.json_build_array(BAR.c.person_id, BAR.c.bar, BAR.c.cause)))
    .where(BAR.c.case_id == bindparam("case"))
    .scalar_subquery()
    .label("bars")
)
_OPEN_VIOLATION = and_(
    _TOUCHED.c.case_id == bindparam("case"),
    ~exists().where(_RULING.c.violation_id == _TOUCHED.c.violation_id),
)
CASE_FROZEN = exists().where(_OPEN_VIOLATION).label("frozen")

_HOLDING = _HOLD.c.ended_at.is_(None) & (
    (_HOLD.c.case_id == _CASE.c.id)
    | (
        (_HOLD.c.process_key == _CASE.c.process_key)
        & (_HOLD.c.definition_id.is_(None) | (_HOLD.c.definition_id == _CASE.c.definition_id))
        & (_CASE.c.region_code == any_(_HOLD.c.regions))
    )
)
_HELD = func.json_build_array(_HOLD.c.reason, _PERSON.c.name, _HOLD.c.held_at, _HOLD.c.case_id.is_(None))
CASE_HELD = (
    select(_HELD)
    .select_from(_CASE)
    .join(_HOLD, _HOLDING)
    .join(_PERSON, _PERSON.c.id == _HOLD.c.held_by)
    .where(_CASE.c.id == bindparam("case"))
    .order_by(_HOLD.c.id)
    .limit(1)
    .scalar_subquery()
    .label("held")
)
"""The oldest technical hold on a case, to be read by `held_of`."""
_HELD_CASES = (
    select(_CASE.c.id, _HELD.label("held"))
    .join(_HOLD, _HOLDING)
    .join(_PERSON, _PERSON.c.id == _HOLD.c.held_by)
    .where(_CASE.c.id.in_(bindparam("cases", expanding=True)))
    .order_by(_HOLD.c.id)
)

_ACTS_OF_CHAINS = (
    select(ACT.c.chain_id, *_COLUMNS).where(among(ACT.c.chain_id, "chains")).order_by(ACT.c.performance_id)
)
_BARS_OF_CASES = select(BAR.c.case_id, BAR.c.person_id, BAR.c.bar, BAR.c.cause).where(
    among(BAR.c.case_id, "cases")
)
_FROZEN_CASES = (
    select(_TOUCHED.c.case_id)
    .where(
        among(_TOUCHED.c.case_id, "cases"),
        ~exists().where(_RULING.c.violation_id == _TOUCHED.c.violation_id),
    )
    .distinct()
)


def acts_of(rows: Iterable[Any]) -> Iterator[PastAct]:
    """Acts from rows of `_COLUMNS`; one performed for somebody is one of each of the two."""
    for row in rows:
        (
            person,
            principal,
            name,
            principal_name,
            duty,
            state,
            case_id,
            case_no,
            process,
            role,
            at,
            act,
            task,
            redone,
        ) = row
        moment = datetime.fromisoformat(at) if isinstance(at, str) else at
        shared = (duty, state, case_id, case_no, process, role, moment)
        yield PastAct(person, name, *shared, principal_name, act, task, redone=redone)
        if principal is not None and principal != person:
            yield PastAct(principal, principal_name, *shared, None, act, task, redone=redone)


def bars_of(rows: Iterable[Any]) -> dict[int, Bar]:
    """Bars by person, from (person, kind, cause); a party's bar goes before a recusal's."""
    return {
        person: Bar(kind, cause)
        for person, kind, cause in sorted(rows, key=lambda r: (r[1], r[2]), reverse=True)
    }


def held_of(row: Sequence[Any] | None) -> Held | None:
    """The hold that `CASE_HELD` found."""
    if row is None:
        return None
    reason, by, since, process = row
    return Held(reason, by, datetime.fromisoformat(since), process)


def list_held(session: Session, case_ids: Collection[int]) -> dict[int, Held]:
    """The oldest hold of each held case."""
    found: dict[int, Held] = {}
    for row in execute(session, _HELD_CASES, {"cases": sorted(case_ids)}) if case_ids else ():
        held = held_of(row.held)
        if held is not None:
            found.setdefault(row.id, held)
    return found


def case_view(
    case: Case,
    acts: Iterable[PastAct],
    bars: Mapping[int, Bar],
    *,
    frozen: bool,
    hold: Held | None = None,
) -> CaseView:
    return CaseView(
        case_id=case.id,
        region_code=case.region_code,
        chain_id=case.chain_id,
        process_key=case.process_key,
        case_role=case.case_role,
        risk=case.risk,
        acts=tuple(acts),
        bars=bars,
        frozen=frozen,
        approval_levels=case.approval_levels,
        hold=hold,
    )


def get_case_view(session: Session, case: Case) -> CaseView:
    return list_case_views(session, [case])[case.id]


def list_case_views(session: Session, cases: Iterable[Case]) -> dict[int, CaseView]:
    """Views of cases by id, with the acts of their whole chains and whoever is barred from them."""
    by_id = {case.id: case for case in cases}
    return remembered(
        session, "case views", by_id, lambda wanted: _load_views(session, [by_id[one] for one in wanted])
    )


def _load_views(session: Session, cases: Sequence[Case]) -> dict[int, CaseView]:
    ids = {"cases": [case.id for case in cases]}
    chains: dict[int, list[Any]] = defaultdict(list)
    for row in execute(session, _ACTS_OF_CHAINS, {"chains": sorted({case.chain_id for case in cases})}):
        chains[row.chain_id].append(row[1:])
    acts = {chain: tuple(acts_of(rows)) for chain, rows in chains.items()}
    bars: dict[int, list[Any]] = defaultdict(list)
    for row in execute(session, _BARS_OF_CASES, ids):
        bars[row.case_id].append(row[1:])
    frozen = frozenset(execute(session, _FROZEN_CASES, ids).scalars())
    held = list_held(session, ids["cases"])
    return {
        case.id: case_view(
            case,
            acts.get(case.chain_id, ()),
            bars_of(bars[case.id]),
            frozen=case.id in frozen,
            hold=held.get(case.id),
        )
        for case in cases
    }


_SHARED = _PARTY.alias("shared")
_OF_PARTY = (
    select(*_COLUMNS)
    .distinct()
    .join_from(
        _PARTY,
        _SHARED,
        and_(_SHARED.c.id_number_index == _PARTY.c.id_number_index, _SHARED.c.role == _PARTY.c.role),
    )
    .join(ACT, ACT.c.case_id == _SHARED.c.case_id)
    .where(
        _PARTY.c.case_id == bindparam("case"),
        _PARTY.c.role == bindparam("role"),
        ACT.c.at > bindparam("since"),
        among(ACT.c.person_id, "persons") | among(ACT.c.principal_id, "persons"),
    )
)
_OF_REGION = select(*_COLUMNS).where(
    ACT.c.region_code == bindparam("region"),
    ACT.c.at >= bindparam("since"),
    among(ACT.c.person_id, "persons") | among(ACT.c.principal_id, "persons"),
)


def with_far_acts(
    session: Session,
    view: CaseView,
    duty: str,
    rules: Iterable[ConflictRule],
    persons: Collection[int],
    now: datetime,
) -> CaseView:
    """Add the acts of these persons outside the chain that a set of a wider scope counts for this duty.

    Usually no such set knows the duty, and the view comes back as it is.
    """
    far = [rule for rule in rules if rule.is_far and rule.members_of(duty, view.process_key, view.case_role)]
    acts = [act for rule in far for act in _far_acts(session, view, rule, persons, now)]
    return replace(view, acts=(*view.acts, *acts)) if acts else view


def _far_acts(
    session: Session, view: CaseView, rule: ConflictRule, persons: Collection[int], now: datetime
) -> Iterator[PastAct]:
    values: dict[str, Any] = {"persons": sorted(persons), "case": view.case_id, "role": rule.party_role}
    if rule.scope == "party":
        values["since"] = now - timedelta(days=rule.window_days or 0)
        rows = execute(session, _OF_PARTY, values)
    else:
        first = period_begins(rule.period or "year", local_day(now))
        values = {"persons": sorted(persons), "region": view.region_code, "since": first}
        rows = execute(session, _OF_REGION, values)
    for act in acts_of(rows):
        yield replace(act, rules=frozenset({rule.key}))


def period_begins(period: str, day: date) -> date:
    """First day of the month, quarter or year that a day lies in."""
    month = {"month": day.month, "quarter": (day.month - 1) // 3 * 3 + 1, "year": 1}[period]
    return day.replace(month=month, day=1)


def list_task_views(session: Session, tasks: Iterable[Task]) -> dict[int, TaskView]:
    """Views of tasks by id; those needing several persons carry who has acted already, those of a panel who sits."""
    tasks = list(tasks)
    shared = [task.id for task in tasks if task.persons_required > 1]
    acted = remembered(session, "who acted", shared, lambda wanted: _load_acted(session, wanted))
    panels = [task.case_id for task in tasks if task.duty == PANEL_DUTY]
    drawn = remembered(session, "who sits", panels, lambda wanted: _load_panels(session, wanted))
    return {
        task.id: TaskView(
            task_id=task.id,
            duty=task.duty,
            post=task.post,
            region_code=task.region_code,
            claimed_by=task.claimed_by,
            opened=task.opened_at is not None,
            acted_by=acted.get(task.id, frozenset()),
            drawn=(drawn.get(task.case_id) or None) if task.duty == PANEL_DUTY else None,
        )
        for task in tasks
    }


def _load_panels(session: Session, cases: Collection[int]) -> dict[int, frozenset[int]]:
    """Who sits on each case's newest panel; nobody where none was drawn."""
    sitting: dict[int, set[int]] = {case: set() for case in cases}
    for row in session.execute(select(PANEL.c.case_id, PANEL.c.person_id).where(PANEL.c.case_id.in_(cases))):
        sitting[row.case_id].add(row.person_id)
    return {case: frozenset(people) for case, people in sitting.items()}


def _load_acted(session: Session, tasks: Collection[int]) -> dict[int, frozenset[int]]:
    """Who performed a part of each task, for himself or through somebody."""
    rows = session.execute(
        select(ACT.c.task_id, ACT.c.person_id, ACT.c.principal_id).where(
            ACT.c.task_id.in_(tasks), ACT.c.state == "performed", ~ACT.c.voided
        )
    )
    acted: dict[int, set[int]] = {task: set() for task in tasks}
    for row in rows:
        acted[row.task_id] |= {row.person_id, row.principal_id} - {None}
    return {task: frozenset(people) for task, people in acted.items()}


def get_task_view(session: Session, task: Task) -> TaskView:
    return list_task_views(session, [task])[task.id]


_SIGNER, _FOR = _PERSON.alias("signer"), _PERSON.alias("signed_for")
_BARRED_SIGNER = exists(
    select(true())
    .select_from(BAR)
    .where(
        BAR.c.case_id == _SIGNATURE.c.case_id,
        BAR.c.person_id.in_([_SIGNER.c.canonical_id, func.coalesce(_FOR.c.canonical_id, -1)]),
    )
)
_SIGNED = (
    select(
        _SIGNATURE.c.case_id,
        _SIGNATURE.c.id,
        _SIGNATURE.c.duty,
        _SIGNER.c.canonical_id.label("signer"),
        _FOR.c.canonical_id.label("principal"),
        _SIGNATURE.c.seq,
        _SIGNATURE.c.content_hash,
        _SIGNATURE.c.verdict,
        (exists().where(_VOID.c.performance_id == _SIGNATURE.c.performance_id) | _BARRED_SIGNER).label(
            "lost"
        ),
    )
    .join(_ACT_ROW, _ACT_ROW.c.id == _SIGNATURE.c.performance_id)
    .join(_SIGNER, _SIGNER.c.id == _ACT_ROW.c.person_id)
    .outerjoin(_FOR, _FOR.c.id == _ACT_ROW.c.on_behalf_of)
    .where(_SIGNATURE.c.subject == bindparam("subject"))
    .order_by(_SIGNATURE.c.seq)
)
_LATEST = _SIGNED.where(_SIGNATURE.c.case_id == bindparam("case", type_=BigInteger()))
_LATEST_OF = _SIGNED.where(among(_SIGNATURE.c.case_id, "cases"))


def list_latest_signatures(session: Session, case_id: int, subject: str) -> dict[str, SignatureView]:
    """The latest signature of every duty on a subject of a case; none where that one no longer counts."""
    return _counting(execute(session, _LATEST, {"case": case_id, "subject": subject}))


def list_signatures_of(
    session: Session, case_ids: Collection[int], subject: str
) -> dict[int, dict[str, SignatureView]]:
    """`list_latest_signatures` of many cases; those without any are left out."""
    if not case_ids:
        return {}
    rows: dict[int, list[Any]] = defaultdict(list)
    for row in execute(session, _LATEST_OF, {"cases": sorted(case_ids), "subject": subject}):
        rows[row.case_id].append(row)
    return {case_id: _counting(some) for case_id, some in rows.items()}


def _counting(rows: Iterable[Any]) -> dict[str, SignatureView]:
    """By duty, from rows in the order of signing."""
    latest = {row.duty: row for row in rows}
    return {
        duty: SignatureView(
            row.id,
            duty,
            row.signer,
            row.seq,
            bytes(row.content_hash),
            row.verdict == "agree",
            row.principal,
        )
        for duty, row in latest.items()
        if not row.lost
    }
