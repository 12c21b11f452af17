"""What is asked: steps, who may take each, and what separation demands of them together.

The workflow satisfiability problem of Wang and Li (ACM TISSEC 13(4), 2010) with the constraints of Crampton (SACMAT
2005), extended by history: what people did on the case already counts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace

Plan = dict[str, int]
"""Step key → id of the person who could take it: the witness that the rest can be finished."""


class ProblemInvalid(ValueError):
    """A problem that contradicts itself in form: a step twice, a constraint on a step that isn't there."""


class Undecided(RuntimeError):
    """Neither search nor SAT came to an end within its bound; no answer is better than a wrong one."""


@dataclass(frozen=True)
class Step:
    """A step still to be done and the ids of those who may take it (posts, recusal, parties looked at already).

    A step for several people (`persons="2"`) is several steps with NotEqual between them.
    """

    key: str
    candidates: Collection[int]


@dataclass(frozen=True)
class NotEqual:
    """Two steps by different people."""

    a: str
    b: str
    label: str = ""

    def steps(self) -> Iterator[str]:
        yield from (self.a, self.b)


@dataclass(frozen=True)
class Same:
    """Binding of duty: two steps by one person. If one is done, give the other that person as its only candidate."""

    a: str
    b: str
    label: str = ""

    def steps(self) -> Iterator[str]:
        yield from (self.a, self.b)


@dataclass(frozen=True)
class AtMost:
    """A conflict set: nobody may come to hold more than `maximum` of its members.

    `members`: member → keys of the remaining steps that give it (may be none). `held`: person id → members held by
    past acts. As in `decide`: whoever holds too many already may still do again what he holds, nothing new.
    """

    members: Mapping[str, Collection[str]]
    maximum: int = 1
    held: Mapping[int, Collection[str]] = field(default_factory=dict)
    label: str = ""

    def steps(self) -> Iterator[str]:
        for keys in self.members.values():
            yield from keys

    def allows(self, person: int, wanted: Collection[str]) -> bool:
        """Whether the person may hold the members `wanted` beside what past acts gave."""
        held = self.held.get(person, ())
        new = set(wanted).difference(held)
        return not new or len(new.union(held)) <= self.maximum


@dataclass(frozen=True)
class AtMostPersons:
    """These steps, with `past` (ids of those who did others of the kind), by at most `maximum` people."""

    maximum: int
    over: Collection[str]
    past: Collection[int] = ()
    label: str = ""

    def steps(self) -> Iterator[str]:
        yield from self.over


@dataclass(frozen=True)
class AtLeastPersons:
    """These steps, with `past`, by at least `minimum` different people."""

    minimum: int
    over: Collection[str]
    past: Collection[int] = ()
    label: str = ""

    def steps(self) -> Iterator[str]:
        yield from self.over


Constraint = NotEqual | Same | AtMost | AtMostPersons | AtLeastPersons


@dataclass(frozen=True)
class Problem:
    """The remaining steps of a case. Raises ProblemInvalid when keys repeat or a constraint names no step."""

    steps: tuple[Step, ...]
    constraints: tuple[Constraint, ...] = ()

    def __post_init__(self) -> None:
        keys = {step.key for step in self.steps}
        if len(keys) != len(self.steps):
            twice = sorted({s.key for s in self.steps if [t.key for t in self.steps].count(s.key) > 1})
            raise ProblemInvalid(f"steps: {', '.join(twice)} twice; give each step a key of its own")
        for place, constraint in enumerate(self.constraints):
            if not keys.issuperset(constraint.steps()):
                name = ", ".join(sorted(set(constraint.steps()) - keys))
                raise ProblemInvalid(
                    f"constraints[{place}] ({type(constraint).__name__}): no step {name}; leave out steps that are done"
                )

    def content(self) -> tuple[object, ...]:
        """Everything that is asked, in a form that can be compared and kept: equal content, equal answer."""
        steps = tuple((step.key, frozenset(step.candidates)) for step in self.steps)
        return steps, tuple((type(one), _frozen(vars(one))) for one in self.constraints)

    def assigned(self, key: str, person: int) -> Problem:
        """The same with this person on this step, whether or not a candidate: the question of a claim."""
        if all(step.key != key for step in self.steps):
            raise ProblemInvalid(f"no step {key}")
        fixed = tuple(replace(s, candidates=(person,)) if s.key == key else s for s in self.steps)
        return Problem(fixed, self.constraints)

    def without(self, absent: Collection[int]) -> Problem:
        """The same with these people absent; what they did before still counts."""
        gone = frozenset(absent)
        left = tuple(
            step if gone.isdisjoint(step.candidates) else Step(step.key, frozenset(step.candidates) - gone)
            for step in self.steps
        )
        return Problem(left, self.constraints)

    def restricted(self, kept: Collection[str]) -> Problem:
        """The same with only these steps; the others are taken by outsiders, so it is never harder than the whole."""
        keep = frozenset(kept)
        fewer = [narrowed for c in self.constraints if (narrowed := _narrow(c, keep)) is not None]
        return Problem(tuple(step for step in self.steps if step.key in keep), tuple(fewer))


def _frozen(part: object) -> object:
    if isinstance(part, Mapping):
        return frozenset((key, _frozen(value)) for key, value in part.items())
    return part if isinstance(part, str) or not isinstance(part, Collection) else frozenset(part)


def _narrow(constraint: Constraint, keep: frozenset[str]) -> Constraint | None:
    if isinstance(constraint, NotEqual | Same):
        return constraint if keep.issuperset(constraint.steps()) else None
    if isinstance(constraint, AtMost):
        return replace(constraint, members={m: keep.intersection(k) for m, k in constraint.members.items()})
    over = keep.intersection(constraint.over)
    if isinstance(constraint, AtMostPersons):
        return replace(constraint, over=over)
    return replace(
        constraint, over=over, minimum=constraint.minimum - (len(set(constraint.over)) - len(over))
    )
