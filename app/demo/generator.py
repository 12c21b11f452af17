"""Made-up people, employers and injuries with valid numbers; the same seed gives the same ones. Pure."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from app.demo.vocabulary import (
    ADDRESSES,
    GIVEN,
    HOSPITALS,
    INJURIES,
    PREFIXES,
    REASON,
    SURNAMES,
    TRADES,
    Injury,
)

_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_USCC = "0123456789ABCDEFGHJKLMNPQRTUWXY"
# Sequence numbers of real cards are given out upwards from 001; ours are drawn where few births reach.
_SEQUENCES = (700, 999)


@dataclass(frozen=True)
class Citizen:
    """A made-up natural person."""

    name: str
    id_number: str
    born: date
    sex: str


@dataclass(frozen=True)
class Employer:
    """A made-up employer."""

    name: str
    uscc: str
    address: str
    trade: str


def id_number(county: str, born: date, sequence: int) -> str:
    """A resident ID number (GB 11643) with its check digit; odd sequence = male."""
    body = f"{county}{born:%Y%m%d}{sequence:03d}"
    total = sum(int(digit) * weight for digit, weight in zip(body, _ID_WEIGHTS, strict=True))
    return body + "10X98765432"[total % 11]


def credit_code(county: str, serial: int) -> str:
    """A unified social credit code (GB 32100) of a company with its check character."""
    digits = []
    for _ in range(9):
        serial, rest = divmod(serial, 31)
        digits.append(_USCC[rest])
    body = f"91{county}" + "".join(reversed(digits))
    total = sum(_USCC.index(char) * pow(3, place, 31) for place, char in enumerate(body))
    return body + _USCC[-total % 31]


class Generator:
    """Draws from one seed; every number and name comes once."""

    def __init__(self, seed: str) -> None:
        self.rng = random.Random(seed)
        self._numbers: set[str] = set()
        self._names: set[str] = set()

    def citizen(
        self, county: str, name: str | None = None, *, youngest: int = 1968, oldest: int = 2002
    ) -> Citizen:
        """A person of working age, born in the years given."""
        while True:
            sex = self.rng.choice(("male", "male", "female"))
            born = date(self.rng.randint(youngest, oldest), 1, 1) + timedelta(days=self.rng.randrange(365))
            sequence = self.rng.randint(*_SEQUENCES) // 2 * 2 + (sex == "male")
            number = id_number(county, born, min(sequence, 999 if sex == "male" else 998))
            if number not in self._numbers:
                self._numbers.add(number)
                return Citizen(name or self._name(sex), number, born, sex)

    def _name(self, sex: str) -> str:
        return self.rng.choice(SURNAMES) + self.rng.choice(GIVEN[sex])

    def employer(self, region: str) -> Employer:
        """A company whose name nobody else of this generator has."""
        while True:
            trade, title = self.rng.choice(TRADES)
            name = f"{ADDRESSES[region][0]}{self.rng.choice(PREFIXES)}{title}有限公司"
            if name not in self._names:
                self._names.add(name)
                county = region[:4] + "00" if region.endswith("00") else region
                code = credit_code(county, self.rng.randrange(31**8, 31**9))
                return Employer(name, code, self.rng.choice(ADDRESSES[region][1:]), trade)

    def injury(self, trade: str) -> Injury:
        """An injury that happens in this trade, or one that may happen in any."""
        return self.rng.choice([item for item in INJURIES if item.trade in (trade, "")])

    def application(
        self, region: str, employer: Employer, received: datetime, *, simple: bool, late: bool = False
    ) -> dict[str, Any]:
        """The facts of an application received at a local time (naive): what a window clerk would type.

        `late`: enrolled just before the accident or with effect backwards, which the risk rules notice.
        """
        rng = self.rng
        worker = self.citizen("640104" if region == "640100" else region.replace("640300", "640302"))
        injury = self.injury(employer.trade)
        accident = _accident(rng, received, injury)
        by_employer = simple or rng.random() < 0.7
        facts: dict[str, Any] = {
            "applicant_type": "employer" if by_employer else "worker",
            "applicant_name": employer.name if by_employer else worker.name,
            "applicant_phone": self._mobile(),
            "channel": rng.choice(("window", "window", "online", "mail")),
            "electronic_service_consent": rng.random() < 0.5,
            "worker_name": worker.name,
            "worker_id_no": worker.id_number,
            "worker_sex": worker.sex,
            "worker_birth_date": worker.born.isoformat(),
            "worker_age": _age(worker.born, accident.date()),
            "worker_phone": self._mobile(),
            "worker_address": f"{rng.choice(ADDRESSES[region][1:])}{rng.randint(1, 30)}号楼{rng.randint(101, 605)}室",
            "occupation": injury.occupation,
            "employer_name": employer.name,
            "employer_uscc": employer.uscc,
            "employer_address": employer.address,
            "employer_contact": self._name("female"),
            "employment_proof_kind": rng.choice(("contract", "contract", "contract", "de_facto")),
            "accident_at": accident.isoformat(timespec="minutes"),
            "accident_place": injury.place,
            "accident_course": injury.course.format(name=worker.name, time=f"{accident:%m月%d日%H时%M分}"),
            "third_party_involved": injury.basis == "14-6",
            "hospital": rng.choice(HOSPITALS),
            "diagnosis_at": (accident + timedelta(hours=rng.randint(1, 5))).isoformat(timespec="minutes"),
            "diagnosis_text": injury.diagnosis,
            "injury_description": injury.description,
            "occupational_disease_certificate": injury.basis == "14-4",
        }
        return facts | self._insurance(accident.date(), late=late)

    def _insurance(self, accident: date, *, late: bool) -> dict[str, Any]:
        days = self.rng.choice((-1, 1, 2, 3)) if late else self.rng.randint(200, 3000)
        enrolled = accident - timedelta(days=days)
        back = self.rng.choice((0, 15, 31)) if late else 0
        since = enrolled - timedelta(days=back)
        return {"insured_since": since.isoformat(), "enrolment_received_at": enrolled.isoformat()}

    def _mobile(self) -> str:
        # One block for all: nobody in this region is likely to own such a number.
        return f"1990000{self.rng.randrange(10000):04d}"

    def conclusion(self, facts: Mapping[str, Any], *, positive: bool) -> dict[str, Any]:
        """What initial review enters: legal basis, parts, responsible employer, reasons."""
        injury = next(item for item in INJURIES if item.diagnosis == facts["diagnosis_text"])
        basis = injury.basis if positive else self.rng.choice(("none", "16-2"))
        return {
            "legal_basis_code": basis,
            "injured_parts": list(injury.parts),
            "traffic_fault": self.rng.choice(("none", "minor")) if basis == "14-6" else "",
            "responsible_employer": facts["employer_name"],
            "responsible_employer_uscc": facts["employer_uscc"],
            "decision_reasons": REASON[positive].format(name=facts["worker_name"], what=injury.diagnosis),
        }


def _accident(rng: random.Random, received: datetime, injury: Injury) -> datetime:
    day = received.date() - timedelta(days=rng.randint(4, 75))
    return datetime(day.year, day.month, day.day, rng.randint(*injury.hours), rng.randrange(0, 60, 5))  # noqa: DTZ001


def _age(born: date, day: date) -> int:
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))
