"""A smaller net with the same verdicts: steps that do nothing visible happen at once.

A token that stands where all that can happen to it is invisible moves on as it arrives. No way through the
process is lost by that: whoever waits there could as well have moved on before. It may only be done where the
places to come are emptied, awaited and joined together with the place left (their `kin` is the same). A token
whose next step ends a scope or an activity stays: as long as it is there, an event can still come.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import replace

from app.kernel.engine.check.proof.net import BEGIN, Join, Net, TooManyStates, Transition

Kin = tuple[int, tuple[tuple[int, frozenset[int]], ...]]


def reduced(net: Net, is_visible: Callable[[Transition], bool], deadline: float) -> Net:
    """The net with visible steps kept apart; every label and covered node is still there.

    Raises TooManyStates at `deadline` (seconds of `time.thread_time`).
    """
    stripped = [
        transition if transition.node is None or is_visible(transition) else replace(transition, node=None)
        for transition in net.transitions
    ]
    return Net(net.nodes, _Reduction(net, stripped).run(deadline), net.latent)


class _Reduction:
    def __init__(self, net: Net, transitions: list[Transition]) -> None:
        self.transitions = dict(enumerate(transitions))
        self.giving: list[set[int]] = [set() for _ in net.nodes]
        self.taking: list[set[int]] = [set() for _ in net.nodes]
        self.next = len(transitions)
        for index, transition in self.transitions.items():
            self._link(index, transition)
        self.kin = _kin_of(net, transitions)
        urgent = [transition for transition in transitions if transition.urgent]
        self.hurried = {place for transition in urgent for place in transition.takes}
        self.watched = {place for transition in urgent for place in transition.empty}

    def run(self, deadline: float) -> list[Transition]:
        waiting = list(range(len(self.giving) - 1, BEGIN, -1))
        queued = set(waiting)
        while waiting:
            place = waiting.pop()
            queued.discard(place)
            if time.thread_time() > deadline:
                raise TooManyStates
            for other in self._fuse(place):
                if other not in queued and other != BEGIN:
                    queued.add(other)
                    waiting.append(other)
        return list(self.transitions.values())

    def _link(self, index: int, transition: Transition) -> None:
        for place in transition.gives:
            self.giving[place].add(index)
        for place in transition.inputs:
            self.taking[place].add(index)

    def _drop(self, index: int) -> Transition:
        transition = self.transitions.pop(index)
        for place in transition.gives:
            self.giving[place].discard(index)
        for place in transition.inputs:
            self.taking[place].discard(index)
        return transition

    def _add(self, transition: Transition) -> None:
        self.transitions[self.next] = transition
        self._link(self.next, transition)
        self.next += 1

    def _fuse(self, place: int) -> Iterable[int]:
        """Let tokens pass through `place` at once, if that changes nothing; the places to look at again."""
        self._drop_idle(place)
        givers, takers = self.giving[place], self.taking[place]
        if not givers:
            lost = [self._drop(index) for index in list(takers) if self.transitions[index].join is None]
            return {other for transition in lost for other in transition.gives}
        if not takers or not self._may_pass(place):
            return ()
        before = [self._drop(index) for index in list(givers)]
        after = [self._drop(index) for index in list(takers)]
        touched = set[int]()
        fused = _distinct(_joined(one, other, place) for one in before for other in after)
        for transition in fused:
            touched.update(transition.takes, transition.gives)
            self._add(transition)
        for transition in list(before):
            for other in transition.gives:
                touched.add(other)
        self._merge_around(fused)
        return touched - {place}

    def _may_pass(self, place: int) -> bool:
        givers, takers = self.giving[place], self.taking[place]
        one, many = len(givers), len(takers)
        if one > 1 and many > 1 and one * many > one + many + 4:
            return False
        if any(self.transitions[index].gives.count(place) > 1 for index in givers):
            return False
        return all(self._passes(self.transitions[index], place) for index in takers)

    def _passes(self, transition: Transition, place: int) -> bool:
        kin = self.kin.get(place)
        return (
            transition.is_plain
            and place not in transition.gives
            and all(self.kin.get(other) == kin for other in transition.gives)
            and not self.hurried.intersection(transition.gives)
            and (bool(transition.gives) or place not in self.watched)
        )

    def _drop_idle(self, place: int) -> None:
        """A step from a place back to it alone changes nothing: whoever brings a token there covers it."""
        for index in list(self.taking[place]):
            transition = self.transitions[index]
            if transition.is_plain and transition.gives == (place,):
                self._drop(index)
                for giver in list(self.giving[place]):
                    known = self.transitions[giver]
                    self.transitions[giver] = replace(known, covers=known.covers | transition.covers)

    def _merge_around(self, fused: list[Transition]) -> None:
        """Of steps that do the same, keep the one with the shortest way."""
        for place in {place for transition in fused for place in transition.takes[:1]}:
            seen: dict[object, int] = {}
            for index in list(self.taking[place]):
                key = _doing(self.transitions[index])
                if key in seen:
                    self.transitions[seen[key]] = _merged(self.transitions[seen[key]], self._drop(index))
                else:
                    seen[key] = index


def _joined(first: Transition, then: Transition, place: int) -> Transition:
    gives = list(first.gives)
    gives.remove(place)
    return replace(
        first,
        gives=tuple(sorted([*gives, *then.gives])),
        labels=first.labels + then.labels,
        covers=first.covers | then.covers,
    )


def _doing(transition: Transition) -> object:
    return (
        transition.takes, tuple(sorted(transition.gives)), transition.clears, transition.empty,
        id(transition.node) if transition.node else None, id(transition.join) if transition.join else None,
    )  # fmt: skip


def _merged(one: Transition, other: Transition) -> Transition:
    shorter = one if len(one.labels) <= len(other.labels) else other
    return replace(shorter, covers=one.covers | other.covers)


def _distinct(transitions: Iterable[Transition]) -> list[Transition]:
    found: dict[object, Transition] = {}
    for transition in transitions:
        key = _doing(transition)
        found[key] = _merged(found[key], transition) if key in found else transition
    return list(found.values())


def _kin_of(net: Net, transitions: list[Transition]) -> dict[int, Kin]:
    """Which sets of places each place belongs to, and which inclusive joins a token there may come to."""
    sets = {group for transition in transitions for group in (transition.clears, transition.empty) if group}
    members: dict[int, int] = {}
    for number, group in enumerate(sets):
        for place in group:
            members[place] = members.get(place, 0) | 1 << number
    joins: dict[int, list[tuple[int, frozenset[int]]]] = {}
    for number, join in enumerate(transition.join for transition in transitions if transition.join):
        for place in range(len(net.nodes)):
            if goals := _awaited(join, place):
                joins.setdefault(place, []).append((number, goals))
    return {
        place: (members.get(place, 0), tuple(joins.get(place, ()))) for place in members.keys() | joins.keys()
    }


def _awaited(join: Join, place: int) -> frozenset[int]:
    return join.reach.get(place, frozenset()) | (frozenset({place}) if place in join.inputs else frozenset())
