"""An oracle of segregation of duties: a plain reading of the design, sharing no code with `decide` or the fence.

It keeps its own record of who did what. A person is the root of the merges told to it; a case belongs to the chain
it was moved to last. All sets come from the files; only those of scope case and chain exist there for reviews.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product

from app.domain.registry import reference

POSTS = {
    "initial_review": "rec_handler",
    "recheck": "rec_checker",
    "risk_review": "rec_risk",
    "final_review": "rec_approver",
}
REQUIRED = {
    "normal": ["initial_review", "final_review"],
    "high": ["initial_review", "recheck", "final_review"],
    "routed": ["initial_review", "recheck", "risk_review", "final_review"],
}

SETS = reference.conflict_sets()
EXCLUSIONS = [
    ({row["post"] for row in rows if row["side"] == 0}, {row["post"] for row in rows if row["side"] == 1})
    for rows in (
        [r for r in reference.exclusion_rows() if r["pair"] == n]
        for n in {r["pair"] for r in reference.exclusion_rows()}
    )
]


def excludes(one: str, other: str) -> bool:
    """No person may hold both posts at the same time."""
    return any((one in a and other in b) or (one in b and other in a) for a, b in EXCLUSIONS)


@dataclass
class CaseRecord:
    """What the oracle knows of a case."""

    number: int
    chain: int
    risk: str
    process: str = "duty_probe"
    role: str = "first"
    parties: set[int] = field(default_factory=set)
    recused: dict[int, int] = field(default_factory=dict)
    """Who stood back, and how many acts of the oracle's had been done by then."""
    signatures: list[tuple[str, frozenset[int], bool]] = field(default_factory=list)


@dataclass
class Oracle:
    """People, posts, substitutes, cases and acts, as they were told."""

    canonical: dict[int, int] = field(default_factory=dict)
    posts: dict[int, set[str]] = field(default_factory=dict)
    substitutes: set[tuple[int, int, str]] = field(default_factory=set)
    """(principal, substitute, post)."""
    absent: set[int] = field(default_factory=set)
    cases: dict[int, CaseRecord] = field(default_factory=dict)
    acts: list[tuple[int, frozenset[int], str]] = field(default_factory=list)
    """(case, persons who count, duty)."""
    extra: list[reference.Row] = field(default_factory=list)
    """Conflict sets beside those of the files."""

    def root(self, person: int) -> int:
        while self.canonical.get(person, person) != person:
            person = self.canonical[person]
        return person

    def records(self, person: int) -> list[int]:
        return [p for p in self.posts if self.root(p) == self.root(person)]

    def holds(self, person: int, post: str) -> bool:
        return any(post in self.posts[record] for record in self.records(person))

    def principal(self, person: int, post: str) -> int | None:
        """For whom the person fills the post, who still holds it."""
        for principal, substitute, of_post in sorted(self.substitutes):
            same = self.root(substitute) == self.root(person) and of_post == post
            if same and self.root(principal) != self.root(person) and self.holds(principal, post):
                return self.root(principal)
        return None

    def members(self, set_: reference.Row, case: CaseRecord, duty: str) -> set[str]:
        return {
            member["name"]
            for member in set_["member"]
            if duty in member["duties"]
            and case.process in member.get("processes", [case.process])
            and case.role in member.get("case_roles", [case.role])
        }

    def sets(self, risk: str) -> Iterator[reference.Row]:
        for entry in [*SETS, *self.extra]:
            exclusive = entry["severity"] == "deny" and entry.get("kind", "exclusive") == "exclusive"
            if exclusive and entry["scope"] in ("case", "chain") and risk in entry["risk_classes"]:
                yield entry

    def free(self, person: int, case: CaseRecord, duty: str) -> bool:
        """No conflict set stands against this person performing the duty on the case."""
        for entry in self.sets(case.risk):
            new = self.members(entry, case, duty)
            held: set[str] = set()
            for number, persons, done in self.acts:
                there = self.cases[number]
                in_scope = there.number == case.number or (
                    entry["scope"] == "chain" and there.chain == case.chain
                )
                if in_scope and self.root(person) in {self.root(p) for p in persons}:
                    held |= self.members(entry, there, done)
            if new and not new <= held and len(held | new) > entry["maximum"]:
                return False
        return True

    def barred(self, person: int, case: CaseRecord) -> bool:
        return self.root(person) in {self.root(p) for p in case.parties | case.recused.keys()}

    def torn(self, person: int) -> bool:
        """Records of one person hold posts that exclude each other (a merge brought them together)."""
        records = self.records(person)
        return any(
            excludes(a, b)
            for one, other in product(records, repeat=2)
            if one != other
            for a, b in product(self.filled(one), self.filled(other))
        )

    def filled(self, record: int) -> set[str]:
        """Posts of one record, by grant or by substitution."""
        return self.posts[record] | {post for _, substitute, post in self.substitutes if substitute == record}

    def may_hold(self, record: int, post: str) -> bool:
        """The record may get this post in place of the one it has."""
        kept = {p for _, substitute, p in self.substitutes if substitute == record}
        kept |= {p for other in self.records(record) if other != record for p in self.filled(other)}
        return not any(excludes(post, other) for other in kept)

    def may_stand_in(self, principal: int, substitute: int, post: str) -> bool:
        if self.root(principal) == self.root(substitute):
            return False
        held = {p for record in self.records(substitute) for p in self.filled(record)}
        return not any(excludes(post, other) for other in held)

    def may_act(self, person: int, number: int, duty: str) -> frozenset[int] | None:
        """The persons who would count if this one performed the duty; None when that is not allowed."""
        case, post = self.cases[number], POSTS[duty]
        if self.holds(person, post):
            people = frozenset({self.root(person)})
        else:
            principal = self.principal(person, post)
            if principal is None:
                return None
            people = frozenset({self.root(person), principal})
        if any(self.barred(p, case) or self.torn(p) or not self.free(p, case, duty) for p in people):
            return None
        return people

    def collides(self, number: int) -> bool:
        """Facts of the case, or of its chain, that no later act can mend."""
        case = self.cases[number]
        for entry in self.sets(case.risk):
            held: dict[int, set[str]] = {}
            for other, persons, duty in self.acts:
                there = self.cases[other]
                if other == number or (entry["scope"] == "chain" and there.chain == case.chain):
                    for person in persons:
                        held.setdefault(self.root(person), set()).update(self.members(entry, there, duty))
            if any(len(members) > entry["maximum"] for members in held.values()):
                return True
        return self.barred_acted(case)

    def barred_acted(self, case: CaseRecord) -> bool:
        """Somebody acted after he became a party or stood back, under another record that was merged since."""
        since = dict.fromkeys(case.parties, 0) | case.recused
        return any(
            number == case.number and self.root(actor) == self.root(barred) and place >= begun
            for place, (number, actors, _) in enumerate(self.acts)
            for actor in actors
            for barred, begun in since.items()
        )

    def missing(self, number: int) -> str | None:
        """The first required signature that the case lacks."""
        case = self.cases[number]
        last, seen = -1, set[int]()
        for duty in REQUIRED[case.risk]:
            places = [n for n, (signed, _, _) in enumerate(case.signatures) if signed == duty]
            if not places:
                return duty
            _, persons, agrees = case.signatures[places[-1]]
            people = {self.root(p) for p in persons}
            if not agrees or places[-1] < last or people & seen or any(self.barred(p, case) for p in people):
                return duty
            last, seen = places[-1], seen | people
        return None

    def plan(self, number: int, people: list[int], duties: list[str]) -> list[int] | None:
        """Who could perform these duties one after the other; None when nobody can. Plain search."""
        if not duties:
            return []
        for person in people:
            counted = self.may_act(person, number, duties[0])
            if counted is None:
                continue
            self.acts.append((number, counted, duties[0]))
            rest = self.plan(number, people, duties[1:])
            self.acts.pop()
            if rest is not None:
                return [person, *rest]
        return None
