"""Who could do a step: people of a region or made-up ones, asked by the same rules as real cases."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from app.kernel.duties.conflicts import check_conflicts
from app.kernel.duties.rules import decide
from app.kernel.duties.views import Action, Candidate, CaseView, ConflictRule, Decision, TaskView, deny

MADE_UP: Final = 12
"""Made-up people per post: enough for nine at one task and those who did the steps before."""


class Office(Protocol):
    """The people a simulation draws on, their region and the conflict sets in force."""

    @property
    def region(self) -> str: ...
    @property
    def rules(self) -> Sequence[ConflictRule]: ...
    def holders(self, post: str | None) -> Sequence[Candidate]:
        """Everybody who holds or fills a post; of no post, whoever may be asked."""


@dataclass(frozen=True)
class RegionOffice:
    """Real people as the page loads them."""

    people: Sequence[Candidate]
    rules: Sequence[ConflictRule] = ()
    region: str = ""

    def holders(self, post: str | None) -> Sequence[Candidate]:
        return [person for person in self.people if post is None or (post, self.region) in person.fills]


@dataclass(frozen=True)
class MadeUpOffice:
    """Enough people for every post, named by post and number; the same ones each time."""

    rules: Sequence[ConflictRule] = ()
    region: str = "000000"
    names: dict[str, str] = field(default_factory=dict)

    def holders(self, post: str | None) -> Sequence[Candidate]:
        key = post or "anybody"
        first = zlib.crc32(key.encode()) * 16
        shown = self.names.get(key, key)
        return [
            Candidate(
                person_id=first + number,
                name=f"{shown} {number}",
                pinyin=f"{key}{number:02}",
                posts=frozenset({(key, self.region)}),
                post_kinds=frozenset({"business"}),
            )
            for number in range(1, MADE_UP + 1)
        ]


@dataclass(frozen=True, slots=True)
class Possible:
    """A person and what `decide` says of giving him the step."""

    person: Candidate
    decision: Decision


def list_possible(office: Office, case: CaseView, task: TaskView, post: str | None) -> tuple[Possible, ...]:
    """Everybody of the post with the answer, able ones first."""
    found = [Possible(person, _decide(person, case, task, post, office)) for person in office.holders(post)]
    return tuple(sorted(found, key=lambda one: (not one.decision.allowed, one.person.pinyin)))


def _decide(person: Candidate, case: CaseView, task: TaskView, post: str | None, office: Office) -> Decision:
    """A step without a post (files made elsewhere) still asks the conflict sets where it has a duty."""
    if post is not None:
        return decide(person, Action.CLAIM, case, task, office.rules)
    if person.person_id in task.acted_by:
        return deny("second_person_required", duty=task.duty)
    return check_conflicts(person.person_id, task.duty, case, office.rules, task.task_id)
