"""The open cases of offices as the look-ahead sees them, those that stand alike together: ten thousand in a second."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
from sqlalchemy import Text, cast, func, select
from sqlalchemy.orm import Session

from app.kernel.cases.models import Case
from app.kernel.duties.histories import ACT, BAR, list_signatures_of
from app.kernel.duties.pending import OpenTask, Pending, list_pending, unsigned_duties
from app.kernel.duties.route import Route
from app.kernel.duties.signatures import SignatureView
from app.kernel.duties.views import Bar, CaseView, PastAct
from app.kernel.worklist.lookahead import SUBJECT, Position, Routes
from app.kernel.worklist.models import Task
from app.storage.core import among, among_texts, execute, table

_CASE, _TASK = table(Case), table(Task)
_OPEN = (_CASE.c.status == "open") & among_texts(_CASE.c.region_code, "regions")
_CASES = select(
    _CASE.c.id,
    _CASE.c.case_no,
    _CASE.c.process_key,
    _CASE.c.definition_id,
    _CASE.c.region_code,
    _CASE.c.risk,
    _CASE.c.approval_levels,
    _CASE.c.chain_id,
    _CASE.c.case_role,
    _CASE.c.content_hash,
    _CASE.c.decided_at,
).where(_OPEN)
_TASKS = (
    select(
        _TASK.c.case_id,
        _TASK.c.id,
        _TASK.c.step_key,
        _TASK.c.duty,
        _TASK.c.post,
        _TASK.c.region_code,
        _TASK.c.signs,
        (_TASK.c.persons_required - _TASK.c.acts).label("left"),
        _TASK.c.acts,
    )
    .join(_CASE, _CASE.c.id == _TASK.c.case_id)
    .where(_OPEN, _TASK.c.state == "open")
    .order_by(_TASK.c.id)
)
_ACTS = (
    select(
        _CASE.c.id,
        cast(
            func.jsonb_agg(
                func.jsonb_build_array(
                    ACT.c.person_id,
                    ACT.c.principal_id,
                    ACT.c.duty,
                    ACT.c.state,
                    ACT.c.case_id == _CASE.c.id,
                    ACT.c.process_key,
                    ACT.c.case_role,
                ).distinct()
            ),
            Text,
        ).label("acts"),
    )
    .join(ACT, ACT.c.chain_id == _CASE.c.chain_id)
    .where(_OPEN)
    .group_by(_CASE.c.id)
)
_BARS = select(BAR.c.case_id, BAR.c.person_id).join(_CASE, _CASE.c.id == BAR.c.case_id).where(_OPEN)
_ACTED = select(ACT.c.task_id, ACT.c.person_id, ACT.c.principal_id).where(
    among(ACT.c.task_id, "tasks"), ACT.c.state == "performed", ~ACT.c.voided
)


@dataclass(frozen=True)
class Alike:
    """Open cases that stand alike: the same work left, the same people having done the same."""

    definition_id: int
    view: CaseView
    pending: tuple[Pending, ...]
    cases: tuple[tuple[int, str], ...]
    """(id, case number)."""


def group_open_cases(session: Session, routes: Routes, regions: Collection[str]) -> list[Alike]:
    """Open cases of these offices in a fixed number of queries. Who holds a task doesn't count: it can be moved."""
    values = {"regions": sorted(regions)}
    cases = execute(session, _CASES, values).all()
    tasks = _tasks(session, values)
    acts = {row.id: row.acts for row in execute(session, _ACTS, values)}
    bars: dict[int, set[int]] = defaultdict(set)
    for row in execute(session, _BARS, values):
        bars[row.case_id].add(row.person_id)
    signed = list_signatures_of(session, [row.id for row in cases], SUBJECT)
    found: dict[Any, list[Any]] = defaultdict(list)
    for row in cases:
        seen = tasks.get(row.id, ())
        route = routes(session, row.definition_id)
        unsigned = _unsigned(row, seen, route, signed.get(row.id, {}))
        key = (row.definition_id, row.region_code, row.risk, row.approval_levels, row.case_role)
        work = tuple((t.step_key, t.duty, t.post, t.region_code, t.signs, t.left, t.acted_by) for t in seen)
        found[key, work, unsigned, acts.get(row.id, ""), frozenset(bars.get(row.id, ()))].append(row)
    return [
        _alike(routes(session, key[0][0]), rows, key[1], key[2], key[3], key[4])
        for key, rows in found.items()
    ]


def _tasks(session: Session, values: Mapping[str, Any]) -> dict[int, list[OpenTask]]:
    rows = execute(session, _TASKS, values).all()
    shared = [row.id for row in rows if row.acts]
    acted: dict[int, set[int]] = defaultdict(set)
    if shared:
        for row in execute(session, _ACTED, {"tasks": shared}):
            acted[row.task_id] |= {row.person_id, row.principal_id} - {None}
    found: dict[int, list[OpenTask]] = defaultdict(list)
    for row in rows:
        people = frozenset(acted.get(row.id, ()))
        found[row.case_id].append(
            OpenTask(
                row.id, row.step_key, row.duty, row.post, row.region_code, row.signs, row.left, None, people
            )
        )
    return found


def _unsigned(
    row: Any, tasks: Sequence[OpenTask], route: Route, signed: Mapping[str, SignatureView]
) -> tuple[str, ...]:
    view = _view(row, "", frozenset())
    wanted = Position(row, route, view, tuple(tasks)).wanted
    return unsigned_duties(wanted, tasks, bytes(row.content_hash), signed)


def _view(row: Any, acts: str, bars: frozenset[int]) -> CaseView:
    return CaseView(
        case_id=row.id,
        region_code=row.region_code,
        chain_id=row.chain_id,
        process_key=row.process_key,
        case_role=row.case_role,
        risk=row.risk,
        acts=tuple(_acts_of(acts, row.id)) if acts else (),
        bars={person: Bar("recused", "") for person in bars},
        approval_levels=row.approval_levels,
    )


_SOME_TIME = datetime.min.replace(tzinfo=UTC)


def _acts_of(acts: str, case_id: int) -> Iterator[PastAct]:
    for person, principal, duty, state, own, process, role in orjson.loads(acts):
        case = case_id if own else -1
        for who in {person, principal} - {None}:
            yield PastAct(who, "", duty, state, case, "", process, role, _SOME_TIME)


def _alike(
    route: Route, rows: Sequence[Any], work: Any, unsigned: tuple[str, ...], acts: str, bars: frozenset[int]
) -> Alike:
    first = rows[0]
    view = _view(first, acts, bars)
    tasks = [
        OpenTask(place, key, duty, post, region, signs, left, None, acted)
        for place, (key, duty, post, region, signs, left, acted) in enumerate(work)
    ]
    return Alike(
        first.definition_id,
        view,
        tuple(list_pending(route, view, tasks, unsigned)),
        tuple((row.id, row.case_no) for row in rows),
    )
