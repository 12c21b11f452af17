"""Look-ahead at claims and assignments: would the case become impossible to finish, and who else may take it.

`decide` answers for the task; this for what comes after. It never allows what `decide` denies.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Protocol

from sqlalchemy.orm import Session

from app.kernel.cases.models import Case
from app.kernel.duties.histories import list_signatures_of, list_task_views, with_far_acts
from app.kernel.duties.lookahead.staffing import LIMIT
from app.kernel.duties.outlook import FINE, Outlook, judge, slack_of, with_outlook
from app.kernel.duties.pending import (
    OpenTask,
    Pair,
    Pending,
    Pool,
    build_problem,
    claimed_key,
    list_pending,
    rules_that_bind,
    surely_finishable,
    unsigned_duties,
    wanted_signatures,
)
from app.kernel.duties.route import Route
from app.kernel.duties.signatures import SignatureView
from app.kernel.duties.views import CaseView, ConflictRule, Decision, PastAct
from app.kernel.transaction.unit import Unit
from app.kernel.worklist.models import Task
from app.kernel.worklist.pools import known_pools, load_pools

SUBJECT = "conclusion"
"""What the signatures of a case's own conclusion are on (app/kernel/duties/operations.py)."""

Routes = Callable[[Session, int], Route]
"""(session, definition id) -> the route of that version; the engine's, joined in app/wiring.py."""


class Standing(Protocol):
    """What of a case's row matters here."""

    @property
    def id(self) -> int: ...
    @property
    def content_hash(self) -> bytes: ...
    @property
    def decided_at(self) -> datetime | None: ...


@dataclass(frozen=True)
class Position:
    """A case where it stands: its route, what `decide` sees of it, its open tasks."""

    case: Standing
    route: Route
    view: CaseView
    tasks: tuple[OpenTask, ...]

    @property
    def wanted(self) -> tuple[str, ...]:
        """Signing duties, done or not, when nothing is decided yet."""
        return wanted_signatures(self.route, self.view, self.tasks) if self.case.decided_at is None else ()

    def pending(self, signed: Mapping[str, SignatureView] | None, moving: int | None = None) -> list[Pending]:
        """What is left. Without `signed`, as if nothing were signed: that is never less."""
        unsigned: Sequence[str] = self.wanted
        if signed is not None:
            unsigned = unsigned_duties(unsigned, self.tasks, self.case.content_hash, signed)
        return list_pending(self.route, self.view, self.tasks, unsigned, moving=moving)


@dataclass(frozen=True)
class Taking:
    """A person, and for whom, taking a task of a case."""

    position: Position
    task_id: int
    person_id: int
    principal_id: int | None = None

    @property
    def people(self) -> frozenset[int]:
        return frozenset({self.person_id, self.principal_id} - {None})  # type: ignore[arg-type]


def seen_task(task: Task, acted_by: frozenset[int] = frozenset()) -> OpenTask:
    """A row as the look-ahead sees it."""
    return OpenTask(
        task.id,
        task.step_key,
        task.duty,
        task.post,
        task.region_code,
        task.signs,
        task.persons_required - task.acts,
        task.claimed_by,
        acted_by,
    )


def look_ahead(
    unit: Unit, case: Case, task: Task, others: Sequence[Task], person_id: int | None
) -> Callable[[CaseView, Sequence[ConflictRule], Decision], Decision]:
    """What `require` asks after `decide` allowed: the same decision, or one that warns or refuses."""

    def refined(view: CaseView, rules: Sequence[ConflictRule], decision: Decision) -> Decision:
        routes = unit.kernel.ports.routes
        if routes is None or person_id is None or not decision.allowed:
            return decision
        route = routes(unit.session, case.definition_id)
        if route.policy == "off":
            return decision
        tasks = {one.id: one for one in (*others, task)}
        position = Position(case, route, view, seen_tasks(unit.session, tasks.values()))
        taking = Taking(position, task.id, person_id, decision.on_behalf_of)
        outlook, names = _outlook(unit.session, taking, rules, unit.now, unit.today)
        return with_outlook(decision, outlook, names, refuse=route.policy == "refuse")

    return refined


def seen_tasks(session: Session, tasks: Collection[Task]) -> tuple[OpenTask, ...]:
    """Rows as the look-ahead sees them, with who acted already on those for several people."""
    shared = [task for task in tasks if task.persons_required > 1 and task.acts]
    acted = {key: one.acted_by for key, one in list_task_views(session, shared).items()} if shared else {}
    return tuple(seen_task(task, acted.get(task.id, frozenset())) for task in tasks)


def _outlook(
    session: Session, taking: Taking, rules: Sequence[ConflictRule], now: datetime, today: date
) -> tuple[Outlook, Mapping[int, str]]:
    """A quick yes where there are people enough; else the exact answer, a no only on people as they are now."""
    position = taking.position
    binding = rules_that_bind(rules, position.view)
    most = position.pending(None, taking.task_id)
    pools = known_pools(session, {one.pair for one in most}, today)
    if quickly_fine(taking, most, binding, pools):
        return FINE, {}
    signed = list_signatures_of(session, [position.case.id], SUBJECT).get(position.case.id, {})
    pending = position.pending(signed, taking.task_id)
    taking = replace(taking, position=with_far(session, position, pending, binding, pools, now))
    outlook = exact(taking, pending, binding, pools)
    if outlook.reason:
        pools = load_pools(session, {one.pair for one in pending}, today)
        outlook = exact(taking, pending, binding, pools)
    return outlook, names_in(pools)


def quickly_fine(
    taking: Taking,
    pending: Sequence[Pending],
    rules: Sequence[ConflictRule],
    pools: Mapping[Pair, Pool],
) -> bool:
    """`surely_finishable` for whatever is left beside the task itself."""
    own = f"task-{taking.task_id}"
    rest = [
        replace(one, persons=one.persons - 1) if one.key == own else one
        for one in pending
        if one.key != own or one.persons > 1
    ]
    return surely_finishable(rest, taking.position.view, rules, pools, taking.people)


def exact(
    taking: Taking,
    pending: Sequence[Pending],
    rules: Sequence[ConflictRule],
    pools: Mapping[Pair, Pool],
) -> Outlook:
    """The solver's answer."""
    problem = build_problem(pending, taking.position.view, rules, pools)
    away = away_in(pools)
    return judge(problem, claimed_key(taking.task_id), taking.person_id, duties_of(pending), away)


def after_taking(
    taking: Taking,
    pending: Sequence[Pending],
    rules: Sequence[ConflictRule],
    pools: Mapping[Pair, Pool],
) -> Outlook:
    """How tight the rest is once this person has done the task; people who are away don't count."""
    view, own = taking.position.view, f"task-{taking.task_id}"
    task = next(one for one in taking.position.tasks if one.task_id == taking.task_id)
    done = [_as_done(person, task, view) for person in sorted(taking.people)]
    rest = [
        replace(one, persons=one.persons - 1, acted=one.acted | taking.people) if one.key == own else one
        for one in pending
        if one.key != own or one.persons > 1
    ]
    if not rest:
        return Outlook(slack=LIMIT)
    later = replace(view, acts=(*view.acts, *done))
    return slack_of(build_problem(rest, later, rules, pools, away_in(pools)), duties_of(rest))


def _as_done(person: int, task: OpenTask, view: CaseView) -> PastAct:
    return PastAct(
        person, "", task.duty, "opened", view.case_id, "", view.process_key, view.case_role, _SOME_TIME
    )


_SOME_TIME = datetime.min.replace(tzinfo=UTC)


def duties_of(pending: Sequence[Pending]) -> dict[str, str]:
    """Duty by step of the problem."""
    return {key: one.duty for one in pending for key in one.places()}


def away_in(pools: Mapping[Pair, Pool]) -> frozenset[int]:
    """Everybody in the pools who is away."""
    return frozenset[int]().union(*(pool.away for pool in pools.values()))


def names_in(pools: Mapping[Pair, Pool]) -> dict[int, str]:
    """Names of everybody in the pools."""
    return {person: name for pool in pools.values() for person, name in pool.names.items()}


def with_far(
    session: Session,
    position: Position,
    pending: Sequence[Pending],
    rules: Sequence[ConflictRule],
    pools: Mapping[Pair, Pool],
    now: datetime,
) -> Position:
    """Acts outside the chain, where a set of a wider scope knows a duty that is left; usually none does."""
    view = position.view
    for one in pending:
        people = pools[one.pair].able if one.pair in pools else frozenset[int]()
        if people:
            view = with_far_acts(session, view, one.duty, rules, people, now)
    return replace(position, view=view)
