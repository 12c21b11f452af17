"""Who closes whose cases: officers that nearly always follow each other (RSK-15)."""

from collections import Counter
from dataclasses import dataclass
from typing import Final

from app.kernel.audit.logs.event_log import NOBODY, Case

CONCENTRATED: Final = 0.8  # RSK-15: the same initial-final pair in more than 80 %
LEAST_CASES: Final = 5


@dataclass(frozen=True)
class Handover:
    """Cases in which `earlier` acted and `closer`, somebody else, did the last act.

    `of`: cases of `earlier` closed by anybody else; `closings`: cases of others that `closer` closed; `back`: cases the
    other way round, `back_of` as `of`; `usual`: share of all such cases in the log that `closer` closes.
    """

    earlier: str
    closer: str
    cases: int
    of: int
    closings: int
    back: int
    back_of: int
    usual: float

    @property
    def share(self) -> float:
        return self.cases / self.of

    @property
    def always(self) -> bool:
        return self.cases == self.of

    @property
    def concentrated(self) -> bool:
        """More than 80 % of what `earlier` hands on is closed by `closer`, in at least five cases."""
        return self.of >= LEAST_CASES and self.share > CONCENTRATED

    @property
    def mutual(self) -> bool:
        """The same holds the other way round."""
        return self.concentrated and self.back_of >= LEAST_CASES and self.back / self.back_of > CONCENTRATED


class HandoverMeasure:
    """Fed case by case; a case whose last act names nobody tells nothing of who closed it."""

    def __init__(self, names: list[str]) -> None:
        self._names = names
        self._pairs: Counter[tuple[int, int]] = Counter()
        self._handed: Counter[int] = Counter()
        self._closed: Counter[int] = Counter()
        self._cases = 0

    def add(self, case: Case) -> None:
        if not case.people or case.people[-1] == NOBODY:
            return
        closer = case.people[-1]
        earlier = case.known_people() - {closer}
        if not earlier:
            return
        self._cases += 1
        self._closed[closer] += 1
        for person in earlier:
            self._pairs[person, closer] += 1
            self._handed[person] += 1

    @property
    def cases(self) -> int:
        """Cases by two or more people whose closing performer is known."""
        return self._cases

    def result(self) -> list[Handover]:
        """Every pair, the concentrated ones first, then by cases."""
        found = [self._handover(*pair) for pair in self._pairs]
        return sorted(
            found,
            key=lambda item: (not item.concentrated, -item.cases, -item.share, item.earlier, item.closer),
        )

    def _handover(self, earlier: int, closer: int) -> Handover:
        return Handover(
            self._names[earlier],
            self._names[closer],
            self._pairs[earlier, closer],
            self._handed[earlier],
            self._closed[closer],
            self._pairs[closer, earlier],
            self._handed[closer],
            self._closed[closer] / self._cases,
        )
