"""Every marking a case can be in, with the duties done so far, walked breadth first.

A marking counts the tokens of a place as none, one, two, or many: of many, either two or many stay when one
leaves. That makes the markings finite and never hides a way.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from app.kernel.engine.check.proof.net import BEGIN, Net, TooManyStates, Transition

MOST_STATES: Final = 60_000

State = tuple[int, int, int, int]
"""Places with a token, with two or more, with many (all as bits), duties done in order."""


@dataclass(frozen=True, slots=True)
class Act:
    """What a visible step does to the duties done: it may be the `effect`, start them anew, add one."""

    effect: str | None = None
    consumes: bool = False
    resets: bool = False
    duty: str | None = None


@dataclass(frozen=True, slots=True)
class _Compiled:
    need: int
    takes: tuple[int, ...]
    keep: int
    gives: tuple[int, ...]
    empty: int
    act: Act | None
    join: tuple[int, tuple[tuple[int, int], ...]] | None
    number: int


class Walk:
    """All states of `net` from its beginning, where `requires` are the duties to be done in order.

    `done` of them were done before. `act_of` says what each visible step does. Raises TooManyStates when there are
    too many or at `deadline` (seconds of `time.thread_time`).
    """

    def __init__(
        self,
        net: Net,
        requires: Sequence[str],
        act_of: Callable[[Transition], Act | None],
        deadline: float,
        *,
        keep_edges: bool = False,
        done: int = 0,
    ) -> None:
        self.net = net
        self.requires = tuple(requires)
        steps = [
            _compiled(number, transition, act_of(transition))
            for number, transition in enumerate(net.transitions)
        ]
        self.urgent = [step for step in steps if net.transitions[step.number].urgent]
        self.steps = [step for step in steps if not net.transitions[step.number].urgent]
        self.came: dict[State, tuple[State, int] | None] = {}
        self.fired = set[int]()
        self.edges: dict[State, list[State]] = {}
        self.unguarded: dict[str, tuple[State, int]] = {}
        self.reached = set[str]()
        self._walk((1 << BEGIN, 0, 0, done), deadline, keep_edges)

    def _walk(self, first: State, deadline: float, keep_edges: bool) -> None:
        self.came[first] = None
        waiting = [first]
        while waiting:
            following: list[State] = []
            for state in waiting:
                if len(self.came) > MOST_STATES or time.thread_time() > deadline:
                    raise TooManyStates
                for number, after in self._successors(state):
                    if keep_edges:
                        self.edges.setdefault(after, []).append(state)
                    if after not in self.came:
                        self.came[after] = (state, number)
                        following.append(after)
            waiting = following

    def _successors(self, state: State) -> Iterator[tuple[int, State]]:
        some, two, many, done = state
        hurried = [s for s in self.urgent if some & s.need == s.need and not some & s.empty]
        # What follows an urgent step at once makes several of it; another urgent step can wait.
        first = [s for s in hurried if (s.need, s.empty) == (hurried[0].need, hurried[0].empty)]
        for step in first or self.steps:
            number = step.number
            if some & step.need != step.need or some & step.empty:
                continue
            takes = step.takes if step.join is None else _ready(step.join, some)
            if takes is None:
                continue
            self.fired.add(number)
            now = done if step.act is None else self._perform(step.act, done, state, number)
            for one, more, most in _taken(some, two, many, takes):
                one, more, most = one & step.keep, more & step.keep, most & step.keep
                for place in step.gives:
                    most |= more & place
                    more |= one & place
                    one |= place
                yield number, (one, more, most, now)

    def _perform(self, act: Act, done: int, state: State, number: int) -> int:
        if act.effect is not None:
            self.reached.add(act.effect)
            if done < len(self.requires):
                self.unguarded.setdefault(act.effect, (state, number))
        if act.consumes or act.resets:
            done = 0
        if act.duty is not None and done < len(self.requires) and self.requires[done] == act.duty:
            done += 1
        return done

    def path_to(self, state: State) -> list[str]:
        """Ids of nodes and flows from the start to `state`."""
        taken: list[int] = []
        came = self.came[state]
        while came is not None:
            taken.append(came[1])
            came = self.came[came[0]]
        return [label for number in reversed(taken) for label in self.net.transitions[number].labels]

    def missing_at(self, effect: str) -> str:
        """The first required duty that isn't done where `effect` is reached unguarded."""
        return self.requires[self.unguarded[effect][0][3]]

    def bypass(self, effect: str) -> tuple[str, ...]:
        """The shortest way to `effect` without its duties."""
        state, number = self.unguarded[effect]
        labels = self.net.transitions[number].labels
        return without_repeats([*self.path_to(state), *labels[: labels.index(effect) + 1]])

    def covered(self) -> set[str]:
        """Ids of the nodes that happen in some state."""
        return {node for number in self.fired for node in self.net.transitions[number].covers}

    def stuck(self) -> State | None:
        """The nearest state from which the end can't be reached, one where nothing happens if there is any.

        Where there were many tokens in a place, their number is a guess: what follows from it isn't looked at.
        """
        ending = {state for state in self.came if state[0] == 0}
        waiting = list(ending)
        while waiting:
            for before in self.edges.get(waiting.pop(), ()):
                if before not in ending:
                    ending.add(before)
                    waiting.append(before)
        lost = [state for state in self._counted() if state not in ending]
        still = (state for state in lost if next(self._successors(state), None) is None)
        return next(still, lost[0] if lost else None)

    def _counted(self) -> list[State]:
        counted: set[State] = set()
        for state, came in self.came.items():
            if not state[2] and (came is None or came[0] in counted):
                counted.add(state)
        return [state for state in self.came if state in counted]

    def standing(self, state: State) -> list[str]:
        """Ids of the nodes where tokens stand."""
        nodes = (self.net.nodes[place] for place in range(state[0].bit_length()) if state[0] >> place & 1)
        return list(dict.fromkeys(nodes))


def without_repeats(labels: Sequence[str]) -> tuple[str, ...]:
    return tuple(label for index, label in enumerate(labels) if index == 0 or labels[index - 1] != label)


def _bits(places: Sequence[int]) -> int:
    return sum(1 << place for place in set(places))


def _compiled(number: int, transition: Transition, act: Act | None) -> _Compiled:
    joined = None
    if transition.join is not None:
        reach = tuple((1 << place, _bits(tuple(goals))) for place, goals in transition.join.reach.items())
        joined = (_bits(transition.join.inputs), reach)
    return _Compiled(
        need=_bits(transition.takes),
        takes=tuple(1 << place for place in transition.takes),
        keep=~_bits(tuple(transition.clears)),
        gives=tuple(1 << place for place in transition.gives),
        empty=_bits(tuple(transition.empty)),
        act=act,
        join=joined,
        number=number,
    )


def _ready(join: tuple[int, tuple[tuple[int, int], ...]], some: int) -> tuple[int, ...] | None:
    """What an inclusive join takes, None while a token elsewhere can still come to an input without one."""
    inputs, reach = join
    marked = some & inputs
    if not marked:
        return None
    for place, goals in reach:
        if some & place and not place & inputs and goals & ~marked and not goals & marked:
            return None
    return tuple(1 << bit for bit in range(marked.bit_length()) if marked >> bit & 1)


def _taken(some: int, two: int, many: int, takes: tuple[int, ...]) -> list[tuple[int, int, int]]:
    left = [(some, two, many)]
    for place in takes:
        if many & place:
            left += [(one, more, most & ~place) for one, more, most in left]
        elif two & place:
            left = [(one, more & ~place, most) for one, more, most in left]
        else:
            left = [(one & ~place, more, most) for one, more, most in left]
    return left
