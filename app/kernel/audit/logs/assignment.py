"""Can tasks be given to people so that rivals go to different people? List colouring, answered by the look-ahead.

Easy tasks and sets in which every two are rivals are answered without a search: a log may hold a case that repeats
an activity hundreds of times, and the look-ahead is made for the dozen steps of a real case.
"""

from dataclasses import dataclass

from app.kernel.audit.logs.matching import missing_people
from app.kernel.duties.lookahead import AtMostPersons, Constraint, NotEqual, Problem, Step, Undecided, solve

MOST_TASKS = 100


class TooHard(Exception):
    """The search was given up; nothing is known."""


@dataclass(frozen=True)
class Tasks:
    """`allowed[t]`: people who may do task t. `conflicts[t]`: tasks that need somebody else; symmetric."""

    allowed: tuple[frozenset[int], ...]
    conflicts: tuple[frozenset[int], ...]

    def __len__(self) -> int:
        return len(self.allowed)

    def with_anybody(self, people: int) -> "Tasks":
        """The same with so many more people who may do everything (negative numbers)."""
        more = frozenset(range(-people - 1, -1))
        return Tasks(tuple(allowed | more for allowed in self.allowed), self.conflicts)

    def only(self, kept: set[int]) -> "Tasks":
        """Some of the tasks, numbered anew in their order."""
        order = sorted(kept)
        place = {task: number for number, task in enumerate(order)}
        return Tasks(
            tuple(self.allowed[task] for task in order),
            tuple(frozenset(place[other] for other in self.conflicts[task] & kept) for task in order),
        )

    @property
    def all_rivals(self) -> bool:
        """Whether every two of them need different people."""
        return all(len(rivals) == len(self) - 1 for rivals in self.conflicts)


def can_be_done(tasks: Tasks) -> bool:
    """Whether the people suffice. Raises TooHard."""
    core = tasks.only(_hard_core(tasks))
    if core.all_rivals:
        return missing_people(core.allowed) == 0
    return _solved(core, None)


def people_missing(tasks: Tasks) -> int:
    """How many people, allowed everything, would have to be added. Raises TooHard."""
    if tasks.all_rivals:
        return missing_people(tasks.allowed)
    added = 0
    while not can_be_done(tasks.with_anybody(added)):
        added += 1
    return added


def fewest_people(tasks: Tasks) -> int:
    """The fewest different people who can do all tasks, which can be done. Raises TooHard."""
    if tasks.all_rivals:
        return len(tasks)
    most = len(_some_clique(tasks))
    while not _solved(tasks, most):
        most += 1
    return most


def _hard_core(tasks: Tasks) -> set[int]:
    """Without the tasks that have more people than rivals: somebody is always left for those."""
    kept = set(range(len(tasks)))
    while easy := {t for t in kept if len(tasks.allowed[t]) > len(tasks.conflicts[t] & kept)}:
        kept -= easy
    return kept


def _some_clique(tasks: Tasks) -> set[int]:
    """Tasks of which every two are rivals: so many people are needed at least."""
    found: set[int] = set()
    for task in sorted(range(len(tasks)), key=lambda t: -len(tasks.conflicts[t])):
        if found <= tasks.conflicts[task]:
            found.add(task)
    return found


def _solved(tasks: Tasks, most: int | None) -> bool:
    """Ask the look-ahead, with at most so many different people in all."""
    if len(tasks) > MOST_TASKS:
        raise TooHard
    keys = [str(task) for task in range(len(tasks))]
    rules: list[Constraint] = [
        NotEqual(keys[task], keys[rival])
        for task, rivals in enumerate(tasks.conflicts)
        for rival in rivals
        if task < rival
    ]
    if most is not None:
        rules.append(AtMostPersons(most, keys))
    steps = tuple(Step(key, allowed) for key, allowed in zip(keys, tasks.allowed, strict=True))
    try:
        return solve(Problem(steps, tuple(rules))) is not None
    except Undecided as error:
        raise TooHard from error
