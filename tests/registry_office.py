"""A register for tests: an employer, a project, a worker with two years of wages, a hospital, two experts."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import partial

from app.domain.registry.importing import load_first
from app.domain.registry.kinds import KINDS
from app.domain.registry.reading import Line, read_lines
from app.kernel.transaction import Unit, run, system_actor
from tests.office import CITY, COUNTY, Office, id_number, uscc

LOADED = datetime(2025, 1, 2, 1, tzinfo=UTC)
LOADED_ON = LOADED.date()
"""When the register of the tests was filled."""
WORKER, NEIGHBOUR, EXPERT, EXPERT2 = id_number(555), id_number(556), id_number(701), id_number(702)
EMPLOYER, HOSPITAL = uscc(1), uscc(81)
UNIT, PROJECT, BRANCH = "640100-0001", "640100-P-7", "640121-0009"
TEXTS = {
    "people": f"""id_number,name,region,valid_from,died_on,source
{WORKER},苏国栋,{CITY},2020-01-01,,登记表
{NEIGHBOUR},马秀英,{COUNTY},2020-01-01,,登记表
""",
    "employers": f"""uscc,name,industry_code,risk_class,region,state,address,valid_from,source
{EMPLOYER},宁夏朔峰机械厂,3421,5,{CITY},active,银川市某街1号,2015-06-01,登记表
{EMPLOYER},宁夏朔峰机械制造有限公司,3421,5,{CITY},active,银川市某街1号,2019-03-01,更名核准
{uscc(2)},永宁启山建筑有限公司,4710,7,{COUNTY},active,,2018-01-01,登记表
""",
    "units": f"""number,kind,employer_uscc,name,region,valid_from,ends_on,price,source
{UNIT},employer,{EMPLOYER},宁夏朔峰机械制造有限公司,{CITY},2015-06-01,,,登记表
{PROJECT},project,{uscc(2)},滨河路桥工程,{CITY},2025-05-01,2026-10-31,50000000,中标通知书
{BRANCH},employer,{uscc(2)},永宁启山建筑有限公司,{COUNTY},2018-01-01,,,登记表
""",
    "enrolments": f"""id_number,unit_number,category,from_on,to_on,registered_on,source
{WORKER},{UNIT},employed,2023-02-01,,2023-02-03,增员表
{NEIGHBOUR},{BRANCH},over_age,2024-07-01,2025-06-30,2024-07-02,增员表
""",
    "institutions": f"""uscc,name,kind,region,agreement_no,from_on,to_on,source
{HOSPITAL},银川市某三级医院,medical,{CITY},YL-2025-3,2025-01-01,2026-12-31,服务协议
{uscc(82)},永宁县康复中心,rehabilitation,{COUNTY},,,,机构名录
""",
    "experts": f"""id_number,name,specialities,region,title,hospital,hospital_uscc,from_on,to_on,source
{EXPERT},白文斌,骨科；手外科,{CITY},主任医师,银川市某三级医院,{HOSPITAL},2024-03-01,2027-02-28,聘书
{EXPERT2},哈玉兰,神经内科,{CITY},副主任医师,永宁县人民医院,,2022-01-01,2024-12-31,聘书
""",
}


def lines_of(kind: str, text: str, today: date = LOADED_ON) -> list[Line]:
    return read_lines(KINDS[kind], text.encode(), frozenset({CITY, COUNTY, "640000"}), today)


def wages_text(first: date, wages: list[str], number: str = WORKER, unit: str = UNIT) -> str:
    """Months from `first` on, each paid on the fifth of its month."""
    rows = ["id_number,unit_number,month,wage,paid_on,source"]
    for place, wage in enumerate(wages):
        month = first.month - 1 + place
        day = date(first.year + month // 12, month % 12 + 1, 5)
        rows.append(f"{number},{unit},{day:%Y-%m},{wage},{day},申报表")
    return "\n".join(rows)


def load(office: Office, kind: str, text: str, at: datetime = LOADED, today: date = LOADED_ON) -> None:
    """As the first load of an installation, recorded at a moment past."""

    def loaded(unit: Unit) -> None:
        load_first(unit, kind, lines_of(kind, text, today), at)

    run(office.kernel, partial(loaded), system_actor())


def fill(office: Office) -> None:
    """All of TEXTS, and the worker's wages from March 2024 to February 2026."""
    for kind, text in TEXTS.items():
        load(office, kind, text)
    wages = wages_text(date(2024, 3, 1), ["4000"] * 12 + ["5000"] * 6 + ["6600"] * 6)
    load(office, "wages", wages, today=date(2026, 3, 1))
