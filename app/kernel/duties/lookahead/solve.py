"""Pattern backtracking: is there anybody for everything that remains?

Karapetyan, Gagarin and Gutin (FAW 2015, LNCS 9130): search patterns, that is which steps are done by one person, not
who that is; a pattern can be staffed when blocks can be matched with different people. The number of patterns depends
on the steps alone. The matching is kept from node to node and mended by one augmenting path.
"""

from __future__ import annotations

from app.kernel.duties.lookahead.compiled import Compiled, compile_problem
from app.kernel.duties.lookahead.problem import Plan, Problem
from app.kernel.duties.lookahead.sat import solve_by_sat

MOST_STEPS = 25
# About what SAT takes for a case of 25 steps: a search that runs out has not cost more than it.
NODES = 500


class OutOfNodes(Exception):
    """The search met its bound."""


def solve(problem: Problem, *, nodes: int = NODES) -> Plan | None:
    """A way to finish (step → person) or None when there is none. Exact.

    SAT answers when the search met its bound, which beyond 25 steps that hang together is soon. Raises Undecided
    when SAT meets its own.
    """
    compiled = compile_problem(problem)
    if not compiled.possible:
        return None
    try:
        return solve_by_patterns(compiled, nodes)
    except OutOfNodes:
        return solve_by_sat(problem)


def bound_for(part: int, nodes: int = NODES) -> int:
    """Nodes for a part (units as bits).

    A large part gets enough to walk down once and a little more: too few people for too many different steps, which
    SAT can't count (the pigeonhole formulas), fails on the first way down.
    """
    size = part.bit_count()
    return nodes if size <= MOST_STEPS else min(nodes, 2 * size)


def solve_by_patterns(compiled: Compiled, nodes: int) -> Plan | None:
    """The search alone, part by part. Raises OutOfNodes."""
    plan: Plan = {}
    for part in compiled.parts:
        search = Search(compiled, bound_for(part, nodes))
        if not search.place(part):
            return None
        for block, owner in zip(search.blocks, search.owners, strict=True):
            person = compiled.people[owner.bit_length() - 1]
            plan.update((key, person) for unit in bits(block) for key in compiled.keys[unit])
    return plan


def bits(mask: int) -> list[int]:
    """Positions of the bits set."""
    found = []
    while mask:
        lowest = mask & -mask
        found.append(lowest.bit_length() - 1)
        mask ^= lowest
    return found


class Search:
    """One part of a problem. A block is the units of one person; `owners` is a matching that is always complete."""

    def __init__(self, compiled: Compiled, nodes: int, candidates: list[int] | None = None) -> None:
        self.compiled = compiled
        self.candidates = compiled.candidates if candidates is None else candidates
        self.nodes = nodes
        self.blocks: list[int] = []
        self.fits: list[int] = []
        self.owners: list[int] = []
        self.taken = 0
        self.fit_of = {1 << unit: people for unit, people in enumerate(self.candidates)}
        self.touched = [0] * len(compiled.counts)
        self.counts_of = [
            [place for place, count in enumerate(compiled.counts) if count.units >> unit & 1]
            for unit in range(len(compiled.keys))
        ]

    def place(self, left: int) -> bool:
        """Place all units of `left`; the scarcest first."""
        if not left:
            return True
        if self.nodes <= 0:
            raise OutOfNodes
        self.nodes -= 1
        unit, options = self._scarcest(left)
        left ^= 1 << unit
        return any(self._try(unit, at, fit, left) for at, fit in options)

    def _scarcest(self, left: int) -> tuple[int, list[tuple[int, int]]]:
        chosen, best, fewest = -1, [], 1 << 30
        rest = left
        while rest:
            lowest = rest & -rest
            rest ^= lowest
            unit = lowest.bit_length() - 1
            options = self._options(unit, lowest, left)
            # Ties go to the unit with the fewest people.
            weight = len(options) << 20 | self.candidates[unit].bit_count()
            if weight < fewest:
                chosen, best, fewest = unit, options, weight
                if not options:
                    break
        return chosen, best

    def _options(self, unit: int, bit: int, left: int) -> list[tuple[int, int]]:
        """Blocks the unit may join (index, people who would fit) and, with index −1, a block of its own."""
        barred, wanted = self.compiled.apart[unit], []
        for place in self.counts_of[unit]:
            count, touched = self.compiled.counts[place], self.touched[place]
            if touched >= count.high:
                wanted.append(count.units)
            if touched + (count.units & left).bit_count() <= count.low:
                barred |= count.units
        fit_of = self.fit_of
        options = [] if wanted or not fit_of[bit] else [(-1, fit_of[bit])]
        for at, block in enumerate(self.blocks):
            if block & barred:
                continue
            if wanted and not all(block & units for units in wanted):
                continue
            fit = fit_of.get(block | bit)
            if fit is None:
                fit = self._fit(block, unit, self.fits[at])
            if fit:
                options.append((at, fit))
        return options

    def _fit(self, block: int, unit: int, fit: int) -> int:
        """Who may do the block and the unit beside it."""
        fit &= self.candidates[unit]
        whole = block | 1 << unit
        for limit in self.compiled.limits:
            if fit and unit in limit.gives:
                members = 0
                for each in bits(whole):
                    members |= limit.gives.get(each, 0)
                fit &= limit.allowed(members)
        self.fit_of[whole] = fit
        return fit

    def _try(self, unit: int, at: int, fit: int, left: int) -> bool:
        fresh = at < 0
        if fresh:
            at = len(self.blocks)
            self.blocks.append(0)
            self.fits.append(0)
            self.owners.append(0)
        block, old_fit = self.blocks[at], self.fits[at]
        fresh_in = [place for place in self.counts_of[unit] if not block & self.compiled.counts[place].units]
        for place in fresh_in:
            self.touched[place] += 1
        self.blocks[at], self.fits[at] = block | 1 << unit, fit
        if self._staff(at) and self.place(left):
            return True
        for place in fresh_in:
            self.touched[place] -= 1
        self.blocks[at], self.fits[at] = block, old_fit
        if fresh:
            self.taken &= ~self.owners.pop()
            self.blocks.pop()
            self.fits.pop()
        return False

    def _staff(self, at: int) -> bool:
        """Keep, find or free a person for the block; on failure nothing has changed."""
        owner = self.owners[at]
        if owner & self.fits[at]:
            return True
        self.taken ^= owner
        self.owners[at] = 0
        if self._augment(at, {}):
            return True
        self.taken |= owner
        self.owners[at] = owner
        return False

    def _augment(self, at: int, seen: dict[int, bool]) -> bool:
        free = self.fits[at] & ~self.taken
        if free:
            person = free & -free
            self.taken |= person
            self.owners[at] = person
            return True
        seen[at] = True
        for other, owner in enumerate(self.owners):
            if owner & self.fits[at] and other not in seen and self._augment(other, seen):
                self.owners[at] = owner
                return True
        return False
