"""Cases begun on paper or in another system, one per line of a file (docs/take-over.md)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from app.faces.intake import Fault, LineRefused, Target, Work, digests_of, read_files, require_known_kinds
from app.kernel.engine.catalogue import get_latest
from app.kernel.engine.materials import Upload
from app.kernel.engine.takeover.dates import Suspended
from app.kernel.engine.takeover.operations import TakeOver, check_take_over, take_over
from app.kernel.engine.takeover.queries import find_chain_by_number
from app.kernel.transaction import Unit

TEXTS = ("entry", "origin", "reference")
OPTIONAL = ("done_before", "notes", "outcome", "same_injury_as", "external_id")
OTHERS = ("facts", "evidence", "suspended")
MOST_SUSPENSIONS = 20


def read_case(stated: Mapping[str, Any], target: Target) -> Work:
    """One case begun elsewhere. Raise LineRefused."""
    faults = [Fault(key, "unknown_field", {"field": key}) for key in stated if key not in _KNOWN]
    faults += [Fault(key, "required") for key in TEXTS if not stated.get(key)]
    faults += [
        Fault(key, "not_text")
        for key in (*TEXTS, *OPTIONAL)
        if stated.get(key) is not None and not isinstance(stated[key], str)
    ]
    facts = stated.get("facts")
    if not isinstance(facts, Mapping):
        faults.append(Fault("facts", "not_an_object"))
    if faults:
        raise LineRefused(*faults)
    files = read_files(stated.get("evidence"), target, "evidence")
    given = TakeOver(
        target.process_key,
        target.region_code,
        entry=stated["entry"],
        origin=stated["origin"],
        reference=stated["reference"],
        facts=facts or {},
        evidence=files,
        done_before=stated.get("done_before") or "",
        notes=stated.get("notes") or "",
        suspended=_suspended(stated.get("suspended", [])),
        outcome=stated.get("outcome"),
    )
    return _Case(given, files, str(stated.get("same_injury_as") or ""))


_KNOWN = {*TEXTS, *OPTIONAL, *OTHERS}


def _suspended(stated: Any) -> list[Suspended]:
    if not isinstance(stated, list) or len(stated) > MOST_SUSPENSIONS:
        raise LineRefused(Fault("suspended", "take_over_suspension_dates"))
    try:
        return [
            Suspended(date.fromisoformat(one["from"]), date.fromisoformat(one["until"]), str(one["ground"]))
            for one in stated
        ]
    except (KeyError, TypeError, ValueError):
        raise LineRefused(Fault("suspended", "take_over_suspension_dates")) from None


@dataclass(frozen=True)
class _Case:
    given: TakeOver
    files: list[Upload]
    same_injury_as: str

    @property
    def body(self) -> Mapping[str, Any]:
        given = vars(self.given) | {
            "evidence": digests_of(self.files),
            "suspended": [
                [one.from_on.isoformat(), one.until_on.isoformat(), one.ground]
                for one in self.given.suspended
            ],
        }
        return {**given, "same_injury_as": self.same_injury_as}

    def check(self, unit: Unit) -> None:
        check_take_over(unit, self._placed(unit))

    def open(self, unit: Unit) -> dict[str, Any]:
        return take_over(unit, self._placed(unit))

    def _placed(self, unit: Unit) -> TakeOver:
        """In the chain of the case named as the same injury. Raise LineRefused when there is none."""
        require_known_kinds(get_latest(unit.session, self.given.process_key), self.files, "evidence")
        if not self.same_injury_as:
            return self.given
        chain_id = find_chain_by_number(unit.session, self.same_injury_as)
        if chain_id is None:
            raise LineRefused(Fault("same_injury_as", "case_unknown"))
        return replace(self.given, chain_id=chain_id)
