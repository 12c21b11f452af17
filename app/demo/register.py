"""The register of the demonstration region: the people, employers and hospitals its cases speak of, and experts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from app.demo.generator import Generator, credit_code
from app.demo.plans import Plan
from app.demo.roster import WUZHONG, YINCHUAN
from app.demo.vocabulary import HOSPITALS
from app.domain.assessment.specialities import SPECIALITIES
from app.domain.registry.importing import load_first
from app.domain.registry.reading import Line
from app.kernel.identity.identifiers import parse_id_number
from app.kernel.kernel import Kernel
from app.kernel.local_time import LOCAL_ZONE
from app.kernel.transaction import Unit, run, system_actor

Values = dict[str, Any]
FIRST = date(2015, 1, 5)
"""The day the made-up register began to be kept."""
SOURCE = "演示数据"
MONTHS = 24
TRADES: Mapping[str, tuple[str, int]] = {
    "build": ("47", 7),
    "machine": ("34", 5),
    "food": ("14", 3),
    "textile": ("17", 3),
    "transport": ("54", 4),
    "chem": ("26", 6),
    "mine": ("06", 8),
    "service": ("82", 2),
    "farm": ("01", 3),
}
"""Industry (GB/T 4754, two digits) and risk class by trade; the classes are made up like the companies."""
WORDS: Mapping[str, str] = {
    "建筑": "build",
    "机械": "machine",
    "铸造": "machine",
    "金属": "machine",
    "乳业": "food",
    "食品": "food",
    "纺织": "textile",
    "物流": "transport",
    "快运": "transport",
    "化工": "chem",
    "新材料": "chem",
    "煤业": "mine",
    "种植": "farm",
}
"""Trade by a word of the company's name; anything else is a service."""
BONES, BURNS = "骨科", "烧伤整形科"
EXPERTS_EACH: Mapping[str, int] = {BONES: 16, BURNS: 3}
"""Of a speciality in each city: most injuries are of bones, and of burns a city has too few for a panel."""
EXPERTS_USUAL = 7
"""Enough for a panel of three where the hospital that treated stands back, with one whose time is over."""
SECOND_SPECIALITY: Mapping[str, str] = {"手外科": BONES, "胸外科": "普通外科", "康复科": "辅助器具"}
"""What the first of a speciality is an expert of besides."""
TITLES = ("主任医师", "主任医师", "副主任医师")
OLD_AGE = {"male": 60, "female": 55}


def fill_register(kernel: Kernel, plans: Sequence[Plan], seed: str, now: datetime) -> None:
    """Everything the plans' applications state, as if registered when they say; before the founding is closed."""
    facts = [(plan.region, plan.facts) for plan in plans]
    today = now.astimezone(LOCAL_ZONE).date()
    kinds: tuple[tuple[str, Iterable[Values]], ...] = (
        ("people", _people(facts)),
        ("employers", _employers(facts)),
        ("units", _units(facts)),
        ("enrolments", _enrolments(facts)),
        ("wages", _wages(facts, today)),
        ("institutions", _institutions(today)),
        ("experts", _experts(Generator(f"{seed}:experts"), today)),
    )
    for kind, rows in kinds:
        lines = [Line(number, {**row, "source": SOURCE}) for number, row in enumerate(rows, start=2)]
        run(kernel, partial(_load, kind=kind, lines=lines), system_actor("demo"))


def _load(unit: Unit, kind: str, lines: list[Line]) -> None:
    load_first(unit, kind, lines, recorded_at)


def recorded_at(row: Mapping[str, Any]) -> datetime:
    """A row was known on the day it was received or paid, else from the beginning."""
    day = row.get("registered_on") or row.get("paid_on") or FIRST
    return datetime.combine(day, time(9), tzinfo=LOCAL_ZONE)


Case = tuple[str, Mapping[str, Any]]


def _people(cases: Iterable[Case]) -> Iterator[Values]:
    for region, facts in cases:
        yield {
            "id_number": parse_id_number(facts["worker_id_no"]),
            "name": facts.get("worker_registered_name") or facts["worker_name"],
            "region": region,
            "valid_from": FIRST,
        }


def _by_employer(cases: Iterable[Case]) -> dict[str, Case]:
    found: dict[str, Case] = {}
    for region, facts in cases:
        found.setdefault(facts["employer_uscc"], (region, facts))
    return found


def _employers(cases: Iterable[Case]) -> Iterator[Values]:
    for place, (code, (region, facts)) in enumerate(_by_employer(cases).items()):
        industry, risk = TRADES[_trade(facts["employer_name"])]
        yield {
            "uscc": code,
            "name": facts["employer_name"],
            "industry_code": industry,
            "risk_class": risk,
            "region": region,
            "state": "revoked" if place % 40 == 39 else "active",
            "address": facts["employer_address"],
            "valid_from": FIRST,
        }


def _trade(name: str) -> str:
    return next((trade for word, trade in WORDS.items() if word in name), "service")


def unit_number(region: str, code: str) -> str:
    """The number an employer insures its people under."""
    return f"{region}-{code[8:17]}"


def _units(cases: Iterable[Case]) -> Iterator[Values]:
    """One for each employer, and a project for each builder."""
    for code, (region, facts) in _by_employer(cases).items():
        shared = {"employer_uscc": code, "region": region, "valid_from": FIRST}
        number = unit_number(region, code)
        yield {**shared, "number": number, "kind": "employer", "name": facts["employer_name"]}
        if _trade(facts["employer_name"]) == "build":
            built = {
                "kind": "project",
                "name": f"{facts['employer_name'][:4]}安置房项目",
                "number": f"{number}-P1",
            }
            yield {**shared, **built, "ends_on": date(2027, 12, 31), "price": Decimal(48_000_000)}


def _enrolments(cases: Iterable[Case]) -> Iterator[Values]:
    """Of everybody, as the applications say; who is over age when insured stands so."""
    seats = {code: region for code, (region, _facts) in _by_employer(cases).items()}
    for _region, facts in cases:
        identity = parse_id_number(facts["worker_id_no"])
        since = date.fromisoformat(facts["insured_since"])
        aged = since.year - identity.birth_date.year >= OLD_AGE[identity.sex.value]
        code = facts["employer_uscc"]
        yield {
            "id_number": identity,
            "unit_number": unit_number(seats[code], code),
            "category": "over_age" if aged else "employed",
            "from_on": since,
            "to_on": None,
            "registered_on": date.fromisoformat(facts["enrolment_received_at"]),
        }


def _wages(cases: Sequence[Case], today: date) -> Iterator[Values]:
    """Two years up to now, from the month after the insurance began; each paid on the tenth of the next month."""
    seats = {code: region for code, (region, _facts) in _by_employer(cases).items()}
    for place, (_region, facts) in enumerate(cases):
        since, code = date.fromisoformat(facts["insured_since"]), facts["employer_uscc"]
        identity, number = parse_id_number(facts["worker_id_no"]), unit_number(seats[code], code)
        wage = Decimal(3800 + place * 137 % 6200)
        for month in _months(today):
            if (month.year, month.month) >= (since.year, since.month):
                paid = (month + timedelta(days=40)).replace(day=10)
                raised = wage if month.month < 7 else wage + 200
                line = {"month": month, "wage": raised, "paid_on": paid if paid <= today else None}
                yield {"id_number": identity, "unit_number": number, **line}


def _months(today: date) -> list[date]:
    last = today.year * 12 + today.month - 1
    return [date(month // 12, month % 12 + 1, 1) for month in range(last - MONTHS, last)]


def city_of(hospital: str) -> str:
    """Where a hospital lies: that of the county in 吴忠 too, so that no city's experts are all of one hospital."""
    return WUZHONG if "吴忠" in hospital or hospital.startswith("县") else YINCHUAN


def hospital_code(place: int) -> str:
    """The credit code of a hospital by its place in the vocabulary."""
    return credit_code("640100", 31**8 + 7919 * (place + 1))


def _institutions(today: date) -> Iterator[Values]:
    """All but the last hospital under an agreement; the first for rehabilitation too, an expired one for devices."""
    for place, name in enumerate(HOSPITALS):
        region = city_of(name)
        shared = {"uscc": hospital_code(place), "name": name, "region": region}
        bound = place < len(HOSPITALS) - 1
        yield {
            **shared,
            "kind": "medical",
            "agreement_no": f"YL-{today.year}-{place + 1:02d}" if bound else "",
            "from_on": date(today.year - 1, 1, 1) if bound else None,
            "to_on": date(today.year + 1, 12, 31) if bound else None,
        }
        if place < 2:
            kind = ("rehabilitation", "device")[place]
            years = ((today.year - 1, today.year + 1), (today.year - 3, today.year - 1))[place]
            term = {"from_on": date(years[0], 1, 1), "to_on": date(years[1], 6, 30)}
            yield {**shared, "kind": kind, "agreement_no": f"XY-{years[0]}-{place + 1:02d}", **term}


def _experts(generator: Generator, today: date) -> Iterator[Values]:
    """Some of every speciality in both cities; of each the last one's appointment is over (CA08)."""
    for region, county in ((YINCHUAN, "640104"), (WUZHONG, "640302")):
        hospitals = [(place, name) for place, name in enumerate(HOSPITALS) if city_of(name) == region]
        for place, (speciality, _english) in enumerate(SPECIALITIES.values()):
            several = EXPERTS_EACH.get(speciality, EXPERTS_USUAL)
            for number in range(several):
                citizen = generator.citizen(county, youngest=1966, oldest=1985)
                seat, hospital = hospitals[(place + number) % len(hospitals)]
                over = number == several - 1 and speciality != BURNS
                year = today.year - (3 if over else 1)
                second = SECOND_SPECIALITY.get(speciality) if number == 0 else None
                yield {
                    "id_number": parse_id_number(citizen.id_number),
                    "name": citizen.name,
                    "specialities": [speciality, second] if second else [speciality],
                    "region": region,
                    "title": TITLES[number % len(TITLES)],
                    "hospital": hospital,
                    "hospital_uscc": hospital_code(seat),
                    "from_on": date(year, 3, 1),
                    "to_on": date(year + 2, 12, 31) if not over else date(year + 2, 2, 28),
                }


def list_experts(seed: str, today: date) -> list[Values]:
    """The experts whose appointment runs, of both cities, as the register knows them."""
    return [one for one in _experts(Generator(f"{seed}:experts"), today) if one["to_on"] >= today]
