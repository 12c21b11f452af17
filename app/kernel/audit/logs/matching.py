"""How many people may be missing before tasks that need different people can't be done: Hall's condition, exactly."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Slack:
    """For one task: min |N(S)| - |S| over the sets S of tasks with it, and such a set. Below 0: people are missing."""

    value: int
    tight: frozenset[int]


class _Places:
    """Tasks placed on people. People allowed the same tasks are one class with as many places as it has people."""

    def __init__(self, allowed: Sequence[frozenset[int]]) -> None:
        members: dict[int, set[int]] = {}
        for task, people in enumerate(allowed):
            for person in people:
                members.setdefault(person, set()).add(task)
        sizes: dict[frozenset[int], int] = {}
        for tasks in members.values():
            key = frozenset(tasks)
            sizes[key] = sizes.get(key, 0) + 1
        self.classes = list(sizes)
        self.room = list(sizes.values())
        self.held: list[list[int]] = [[] for _ in self.classes]

    def copy(self) -> "_Places":
        twin = _Places(())
        twin.classes, twin.room = self.classes, self.room
        twin.held = [list(tasks) for tasks in self.held]
        return twin

    def add_anybody(self, tasks: int, people: int) -> None:
        """People who may do every task."""
        self.classes = [*self.classes, frozenset(range(tasks))]
        self.room = [*self.room, people]
        self.held.append([])

    def place(self, task: int, visited: set[int]) -> bool:
        """Find room for the task, moving others if need be; `visited` are the classes looked at."""
        for number, tasks in enumerate(self.classes):
            if task not in tasks or number in visited:
                continue
            visited.add(number)
            held = self.held[number]
            if len(held) < self.room[number]:
                held.append(task)
                return True
            for other in set(held):
                if self.place(other, visited):
                    held[held.index(other)] = task
                    return True
        return False

    def holding(self, classes: set[int]) -> set[int]:
        return {task for number in classes for task in self.held[number]}


def missing_people(allowed: Sequence[frozenset[int]]) -> int:
    """How many more people, allowed everything, the tasks need to be done by different people (0: none)."""
    places = _Places(allowed)
    return sum(not places.place(task, set()) for task in range(len(allowed)))


def slacks(allowed: Sequence[frozenset[int]], asked: Iterable[int]) -> list[Slack]:
    """The slack of each task asked for. All need different people; `allowed[t]` are those who may do task t.

    A task can be asked for k more times exactly when every set with it has k people to spare (Lovász and Plummer,
    Matching Theory, 1986, 1.3). Missing people are lent first, and taken off again.
    """
    places = _Places(allowed)
    unplaced = [task for task in range(len(allowed)) if not places.place(task, set())]
    if unplaced:
        places.add_anybody(len(allowed), len(unplaced))
        for task in unplaced:
            places.place(task, set())
    return [_slack(places.copy(), task, len(unplaced)) for task in asked]


def _slack(places: _Places, task: int, lent: int) -> Slack:
    spare = 0
    while True:
        visited: set[int] = set()
        if not places.place(task, visited):
            return Slack(spare - lent, frozenset({task} | places.holding(visited)))
        spare += 1
