"""Who does which activity, and how much of it falls to one officer (RSK-15)."""

from collections import Counter
from dataclasses import dataclass
from typing import Final

from app.kernel.audit.logs.event_log import NOBODY, NOTHING, EventLog

ONE_OFFICER: Final = 0.6  # RSK-15: one officer has 60 % or more
LEAST_ACTS: Final = 5


@dataclass(frozen=True)
class ActivityUse:
    """Acts of one activity, those with a resource, the people, and the one who did most."""

    activity: str
    acts: int
    known: int
    people: int
    first: str | None
    first_acts: int

    @property
    def share(self) -> float:
        """The busiest person's part of the acts with a resource, 0..1."""
        return self.first_acts / self.known if self.known else 0.0

    @property
    def concentrated(self) -> bool:
        return self.known >= LEAST_ACTS and self.share >= ONE_OFFICER


class Acts:
    """Acts of the whole log by activity and person; `by_activity` and `by_person` leave NOTHING and NOBODY out."""

    def __init__(self, log: EventLog, acting: frozenset[int]) -> None:
        rows = zip(log.activity_of, log.person_of, log.transition_of, strict=True)
        counted = Counter((activity, person) for activity, person, way in rows if way in acting)
        self._names = log.activities.texts
        self._people = log.people.texts
        self.total = counted.total()
        self.by_activity: Counter[int] = Counter()
        self.by_person: Counter[int] = Counter()
        self.doers: dict[int, Counter[int]] = {}
        for (activity, person), count in counted.items():
            if activity != NOTHING:
                self.by_activity[activity] += count
                self.doers.setdefault(activity, Counter())
            if person != NOBODY:
                self.by_person[person] += count
                if activity != NOTHING:
                    self.doers[activity][person] += count

    def most_frequent(self) -> list[int]:
        return [activity for activity, _ in self.by_activity.most_common()]

    def uses(self) -> list[ActivityUse]:
        """Every activity, most acts first."""
        return [self._use(activity) for activity in self.most_frequent()]

    def named_people(self) -> Counter[str]:
        return Counter({self._people[person]: count for person, count in self.by_person.items()})

    def _use(self, activity: int) -> ActivityUse:
        doers = self.doers[activity]
        person, acts = max(doers.items(), key=lambda item: (item[1], -item[0]), default=(NOBODY, 0))
        return ActivityUse(
            self._names[activity],
            self.by_activity[activity],
            doers.total(),
            len(doers),
            None if person == NOBODY else self._people[person],
            acts,
        )
