"""What is still to be done on a case, and the look-ahead's problem made of it. Pure.

Candidates of a step are those whom `decide` would let take it today by post, bars and past acts; what they may
do of the rest together is left to the solver (app/kernel/duties/lookahead).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from app.kernel.duties.conflicts import check_conflicts
from app.kernel.duties.lookahead import AtLeastPersons, AtMost, Constraint, NotEqual, Problem, Same, Step
from app.kernel.duties.route import Route, RouteStep
from app.kernel.duties.signatures import SignatureView, required_signatures
from app.kernel.duties.views import CaseView, ConflictRule, PastAct

Pair = tuple[str, str]
"""A post in a region."""


@dataclass(frozen=True)
class Pool:
    """Who may fill a post in a region, whatever the case: `away` are absent, `principals` are acted for."""

    able: frozenset[int] = frozenset()
    away: frozenset[int] = frozenset()
    principals: Mapping[int, int] = field(default_factory=dict)
    names: Mapping[int, str] = field(default_factory=dict)


EMPTY = Pool()


@dataclass(frozen=True)
class OpenTask:
    """An open user task as the look-ahead sees it; `left` people have still to act on it."""

    task_id: int
    step_key: str
    duty: str
    post: str
    region_code: str
    signs: bool
    left: int = 1
    claimed_by: int | None = None
    acted_by: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Pending:
    """A duty still to be done. `only`: whom one of its `persons` must be; `acted`: who can't be any more."""

    key: str
    duty: str
    post: str
    region_code: str
    persons: int = 1
    only: int | None = None
    acted: frozenset[int] = frozenset()

    @property
    def pair(self) -> Pair:
        return (self.post, self.region_code)

    def places(self) -> list[str]:
        """One step of the problem for each person."""
        return [f"{self.key}#{place}" for place in range(1, self.persons + 1)]


def claimed_key(task_id: int) -> str:
    """The key of the step that a claim of this task takes."""
    return f"task-{task_id}#1"


def list_pending(
    route: Route,
    view: CaseView,
    tasks: Sequence[OpenTask],
    unsigned: Collection[str],
    *,
    moving: int | None = None,
) -> list[Pending]:
    """Everything from the open tasks to the end. `unsigned`: signing duties the gate still wants.

    `moving`: the task that is being given to somebody; whoever holds it now does not count.
    """
    found = [_of_task(task, moving) for task in tasks]
    ahead: dict[str, RouteStep] = {}
    for task in tasks:
        ahead.update({step.key: step for step in route.after.get((view.risk, task.step_key), ())})
    if not tasks:
        ahead = {step.key: step for step in route.start.get(view.risk, ()) if not _done(step.duty, view)}
    for task in tasks:
        ahead.pop(task.step_key, None)
    found += [
        Pending(step.key, step.duty, step.post, view.region_code, step.persons)
        for step in ahead.values()
        if not (step.usual and _done(step.duty, view))
    ]
    open_now = {task.duty for task in tasks if task.signs}
    return found + [
        Pending(f"sign-{duty}", duty, route.posts.get(duty, ""), view.region_code)
        for duty in unsigned
        if duty not in open_now
    ]


def _of_task(task: OpenTask, moving: int | None) -> Pending:
    only = None if task.task_id == moving else task.claimed_by
    return Pending(
        f"task-{task.task_id}",
        task.duty,
        task.post,
        task.region_code,
        max(1, task.left),
        only,
        task.acted_by,
    )


def _done(duty: str, view: CaseView) -> bool:
    return any(
        act.duty == duty and act.state == "performed" and act.case_id == view.case_id for act in view.acts
    )


def wanted_signatures(route: Route, view: CaseView, tasks: Sequence[OpenTask]) -> tuple[str, ...]:
    """Signing duties of the case's class, when its effect is still ahead of an open task."""
    if tasks and not any((view.risk, task.step_key) in route.deciding for task in tasks):
        return ()
    if not tasks and not route.deciding:
        return ()
    return required_signatures(view.risk, view.approval_levels, route.effect)


def unsigned_duties(
    wanted: Sequence[str],
    tasks: Sequence[OpenTask],
    content_hash: bytes,
    latest: Mapping[str, SignatureView],
) -> tuple[str, ...]:
    """What must still be signed: the earliest that doesn't count any more or is open again, and all after it."""
    open_now = {task.duty for task in tasks if task.signs}
    persons: set[int] = set()
    last = 0
    for place, duty in enumerate(wanted):
        sign = latest.get(duty)
        counts = (
            sign is not None
            and sign.agrees
            and sign.content_hash == content_hash
            and sign.seq > last
            and sign.persons.isdisjoint(persons)
        )
        if sign is None or not counts or duty in open_now:
            return tuple(wanted[place:])
        persons |= sign.persons
        last = sign.seq
    return ()


def rules_that_bind(rules: Iterable[ConflictRule], view: CaseView) -> list[ConflictRule]:
    """Those that deny in a case of this risk class."""
    return [rule for rule in rules if rule.severity == "deny" and view.risk in rule.risk_classes]


def build_problem(
    pending: Sequence[Pending],
    view: CaseView,
    rules: Sequence[ConflictRule],
    pools: Mapping[Pair, Pool],
    absent: Collection[int] = (),
) -> Problem:
    """The remaining duties as a problem; `rules` as `rules_that_bind` gives them. `absent` may take nothing."""
    history = _History(view, rules)
    gone = frozenset(absent) | view.bars.keys()
    steps: list[Step] = []
    for one in pending:
        pool = pools.get(one.pair, EMPTY)
        able = history.narrowed(one.duty, pool, gone | one.acted)
        first = able if one.only is None else frozenset({one.only})
        steps += [Step(key, able if place else first) for place, key in enumerate(one.places())]
    return Problem(tuple(steps), tuple(_constraints(pending, view, rules)))


class _History:
    """What past acts leave open to whom: asked of `check_conflicts`, once for everybody who did nothing yet."""

    def __init__(self, view: CaseView, rules: Sequence[ConflictRule]) -> None:
        self.view, self.rules = view, rules
        self.touched = frozenset(act.person_id for act in view.acts)

    def narrowed(self, duty: str, pool: Pool, gone: frozenset[int]) -> frozenset[int]:
        """Of a pool, those who may do the duty and aren't gone; a substitute when both may."""
        rules = [
            rule for rule in self.rules if rule.members_of(duty, self.view.process_key, self.view.case_role)
        ]
        able = pool.able - gone
        if rules and self.touched:
            able = self._after_acts(duty, rules, able)
        if not pool.principals:
            return able
        return frozenset(
            person
            for person in able
            if (principal := pool.principals.get(person)) is None
            or (principal not in self.view.bars and self._free(duty, rules, principal))
        )

    def _after_acts(self, duty: str, rules: list[ConflictRule], able: frozenset[int]) -> frozenset[int]:
        untouched = able - self.touched
        if untouched and not self._free(duty, rules, NOBODY):
            untouched = frozenset()
        return untouched | {one for one in able & self.touched if self._free(duty, rules, one)}

    def _free(self, duty: str, rules: list[ConflictRule], person: int) -> bool:
        return check_conflicts(person, duty, self.view, rules).allowed


NOBODY = 0
"""A person without any act: ids begin at 1."""


def _constraints(
    pending: Sequence[Pending], view: CaseView, rules: Sequence[ConflictRule]
) -> Iterator[Constraint]:
    for one in pending:
        for a, b in combinations(one.places(), 2):
            yield NotEqual(a, b, "persons")
    for rule in rules:
        members: dict[str, list[str]] = {}
        for one in pending:
            for member in rule.members_of(one.duty, view.process_key, view.case_role):
                members.setdefault(member, []).extend(one.places())
        if members:
            yield from _of_rule(rule, members, view)


def _of_rule(rule: ConflictRule, members: Mapping[str, list[str]], view: CaseView) -> Iterator[Constraint]:
    if rule.scope == "task":  # a task has one duty
        return
    held: dict[int, set[str]] = {}
    for act in view.acts:
        if _counts(act, view, rule):
            known = rule.members_of(act.duty, act.process_key, act.case_role)
            if known:
                held.setdefault(act.person_id, set()).update(known)
    keys = [key for some in members.values() for key in some]
    if rule.kind == "same":
        yield from (Same(keys[0], other, rule.key) for other in keys[1:])
    elif rule.kind == "minimum":
        least = min(rule.maximum, len(held) + len(keys))
        yield AtLeastPersons(least, keys, held.keys(), rule.key)
    elif len(members.keys() | {member for some in held.values() for member in some}) > rule.maximum:
        yield AtMost(members, rule.maximum, held, rule.key)


def _counts(act: PastAct, view: CaseView, rule: ConflictRule) -> bool:
    if act.rules:
        return rule.key in act.rules
    return rule.scope == "chain" or (rule.scope == "case" and act.case_id == view.case_id)


def surely_finishable(
    pending: Sequence[Pending],
    view: CaseView,
    rules: Sequence[ConflictRule],
    pools: Mapping[Pair, Pool],
    taken: Collection[int],
) -> bool:
    """A quick yes, by counting (Hall's theorem): people without history, one for each duty that excludes another.

    `taken`: whoever takes the task in question, and for whom. False says nothing.
    """
    bound: dict[tuple[str, Pair], int] = {}
    for one in pending:
        touching = [r for r in rules if r.members_of(one.duty, view.process_key, view.case_role)]
        if any(rule.kind == "same" or rule.is_far for rule in touching):
            return False
        if not touching:
            pool = pools.get(one.pair, EMPTY)
            if one.only is None and len(pool.able - pool.away - view.bars.keys() - one.acted) < one.persons:
                return False
        elif one.only is None:
            group = (one.duty, one.pair)
            bound[group] = max(bound.get(group, 0), one.persons)
    touched = {act.person_id for act in view.acts} | view.bars.keys() | set(taken)
    touched |= {one.only for one in pending if one.only is not None}
    sizes = sorted(
        (
            len(_fresh(pools.get(pair, EMPTY), touched))
            for (_, pair), persons in bound.items()
            for _ in range(persons)
        )
    )
    return all(size > place for place, size in enumerate(sizes))


def _fresh(pool: Pool, touched: Collection[int]) -> frozenset[int]:
    """Those of a pool who did nothing yet and act for nobody."""
    return pool.able - pool.away - pool.principals.keys() - set(touched)


__all__ = [
    "OpenTask",
    "Pair",
    "Pending",
    "Pool",
    "build_problem",
    "claimed_key",
    "list_pending",
    "rules_that_bind",
    "surely_finishable",
    "unsigned_duties",
    "wanted_signatures",
]
