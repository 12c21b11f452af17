"""The register in the database: filled by files that three people let in, asked as known when, fenced by region."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from functools import partial

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.domain.registry.facts import agreement_facts, registry_facts
from app.domain.registry.importing import CHANGE_KIND, Upload, put_up, weigh_file
from app.domain.registry.models import Enrolment, InsuredPersonDetail, RegistryFile, RegistryImport
from app.domain.registry.own_wage import own_wage
from app.domain.registry.queries import (
    enrolments,
    experts,
    find_employer,
    find_person,
    is_insured,
)
from app.kernel.duties.refusals import DutyDenied
from app.kernel.engine.changes import Proposal, propose_change
from app.kernel.refusals import InvalidInput
from app.kernel.transaction import run
from app.storage.embedded import EmbeddedServer
from tests.changing import carry_through
from tests.conftest import START
from tests.moving_clock import MovingClock
from tests.office import CITY, COUNTY, Office, id_number, uscc
from tests.parameter_office import open_parameter_office
from tests.registry_office import EMPLOYER, LOADED_ON, NEIGHBOUR, WORKER, fill, wages_text

ACCIDENT = date(2026, 3, 10)


@pytest.fixture(scope="module")
def office(server: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """One office for the module, its register filled on a day in January 2025."""
    data = tmp_path_factory.mktemp("office") / "data"
    with open_parameter_office(server, MovingClock(START), data) as opened:
        fill(opened)
        yield opened


@pytest.fixture
def session(office: Office) -> Iterator[Session]:
    """An officer's of the county: what is asked by number is answered all the same."""
    with office.kernel.database.session() as opened:
        office.kernel.database.scope(opened, (COUNTY,))
        yield opened


def person_of(office: Office, session: Session, number: str = WORKER) -> int:
    found = find_person(session, office.kernel.keyring, number)
    assert found is not None
    return found.id


def put(office: Office, kind: str, content: str, by: str = "editor") -> int:
    upload = Upload(kind, f"{kind}.csv", content.encode())
    return run(office.kernel, partial(put_up, upload=upload), office.actors[by])


def let_in(office: Office, kind: str, content: str) -> RegistryImport:
    """Put up, proposed, rechecked, approved."""
    case_id = carry_through(office, CHANGE_KIND, {"file": str(put(office, kind, content))})
    with office.kernel.database.session() as opened:
        return opened.get_one(RegistryImport, case_id)


def test_a_file_is_let_in_by_three_people_line_by_line(office: Office, session: Session) -> None:
    content = f"""身份证号,姓名,区划代码,自何日起,死亡日期,依据
{id_number(900)},纳彦龙,{CITY},2026-01-01,,增员表
{id_number(901)[:-1]}Q,王某,{CITY},2026-01-01,,增员表
{id_number(902)},李某,999999,2026-01-01,2999-01-01,增员表
{id_number(900)},纳彦龙,{CITY},2026-01-01,,增员表
{WORKER},苏国栋,{CITY},2020-01-01,,登记表
"""
    done = let_in(office, "people", content)
    assert done.results["counts"] == {"new": 1, "corrects": 0, "voids": 0, "unchanged": 1, "refused": 3}
    told = [
        (line["number"], line["status"], [fault["code"] for fault in line.get("faults", [])])
        for line in done.results["lines"]
    ]
    assert told == [
        (2, "new", []),
        (3, "refused", ["id_number_character"]),
        (4, "refused", ["region_out_of_scope"]),
        (5, "refused", ["line_twice"]),
        (6, "unchanged", []),
    ]
    found = find_person(session, office.kernel.keyring, f" {id_number(900)} ")
    assert found is not None
    assert (found.name, found.birth_on.year) == ("纳彦龙", 1980)
    stored = session.get_one(RegistryFile, done.file_id)
    assert "纳彦龙".encode() not in stored.content_sealed
    assert "纳彦龙" not in str(stored.preview)


def test_the_same_file_again_changes_nothing_and_is_not_proposed(office: Office) -> None:
    head = "uscc,name,industry_code,risk_class,region,state,valid_from,source"
    content = f"{head}\n{uscc(5)},甲厂,33,3,{CITY},存续,2026-01-01,登记"
    let_in(office, "employers", content)
    again = put(office, "employers", content)
    proposal = Proposal(CHANGE_KIND, {"file": str(again)}, "再来一次", "内控制度")
    with pytest.raises(InvalidInput) as refused:
        run(office.kernel, partial(propose_change, proposal=proposal), office.actors["editor"])
    assert refused.value.errors == {"file": ("registry_nothing_new", {})}


def test_who_edits_no_rules_puts_no_file_up(office: Office) -> None:
    with pytest.raises(DutyDenied):
        put(office, "wages", wages_text(date(2026, 3, 1), ["1"]), by="handler")


def test_a_correction_leaves_what_was_known_on_the_accident_day(office: Office, session: Session) -> None:
    person = person_of(office, session, NEIGHBOUR)
    day = date(2025, 8, 1)
    assert not is_insured(session, person, on=day)
    session.rollback()
    done = let_in(
        office,
        "enrolments",
        f"id_number,unit_number,category,from_on,to_on,registered_on,source\n"
        f"{NEIGHBOUR},640121-0009,over_age,2024-07-01,2025-12-31,2024-07-02,更正表",
    )
    assert done.results["counts"]["corrects"] == 1
    assert is_insured(session, person, on=day)
    assert not is_insured(session, person, on=day, known_on=day)
    assert not is_insured(session, person, on=date(2024, 12, 1), known_on=date(2024, 12, 1)), (
        "not known before it was recorded"
    )
    assert is_insured(session, person, on=date(2024, 12, 1), known_on=LOADED_ON)
    assert len(enrolments(session, person)) == 1


def test_a_period_taken_back_never_was_and_overlaps_are_refused(office: Office, session: Session) -> None:
    head = "id_number,unit_number,category,from_on,to_on,registered_on,source,void\n"
    person, number = id_number(910), "640100-0001"
    let_in(office, "people", f"id_number,name,region,valid_from,source\n{person},周晓东,{CITY},2026-01-01,表")
    let_in(office, "enrolments", f"{head}{person},{number},单位职工,2026-01-01,,2026-01-02,表,")
    done = let_in(
        office,
        "enrolments",
        f"{head}{person},{number},单位职工,2026-02-01,,2026-01-02,表,\n"
        f"{person},{number},单位职工,2026-01-01,,2026-01-02,误登,是\n"
        f"{person},{number},单位职工,2026-03-01,,2026-01-02,表,\n"
        f"{person},unknown,单位职工,2026-03-01,,2026-01-02,表,\n"
        f"{id_number(911)},{number},单位职工,2026-03-01,,2026-01-02,表,",
    )
    told = [line.get("faults", [{"code": line["status"]}])[0]["code"] for line in done.results["lines"]]
    assert told == ["enrolment_overlaps", "voids", "new", "unit_unknown", "nothing_known"]
    assert [line.from_on for line in enrolments(session, person_of(office, session, person))] == [
        date(2026, 3, 1)
    ]


def test_who_moves_to_another_region_leaves_no_stale_row_behind(office: Office) -> None:
    person = id_number(920)
    head = "id_number,name,region,valid_from,source\n"
    let_in(office, "people", f"{head}{person},韩雪琴,{CITY},2026-01-01,表")
    let_in(office, "people", f"{head}{person},韩雪琴,{COUNTY},2026-01-01,更正表")
    seen = {}
    for region in (CITY, COUNTY):
        with office.kernel.database.session() as opened:
            office.kernel.database.scope(opened, (region,))
            rows = opened.scalars(
                select(InsuredPersonDetail).where(InsuredPersonDetail.name == "韩雪琴")
            ).all()
            seen[region] = [(row.void, row.replaces is not None) for row in rows]
    assert seen == {CITY: [(False, False), (True, True)], COUNTY: [(False, False)]}


def test_own_wage_of_twelve_months_with_bounds_and_derivation(office: Office, session: Session) -> None:
    person = person_of(office, session)
    early, late = own_wage(session, person, date(2025, 3, 5)), own_wage(session, person, ACCIDENT)
    assert (early.value, early.provisional, early.counted) == (Decimal("4500.00"), False, 12)
    assert (late.value, late.provisional, late.counted) == (Decimal("5800.00"), True, 12)
    assert [step.name for step in late.derivation.steps]
    short = own_wage(session, person, date(2024, 6, 10))
    assert (short.counted, short.value) == (3, Decimal("4320.00"))
    none = own_wage(session, person, date(2024, 2, 10))
    assert (none.counted, none.value, none.derivation.status) == (0, None, "not_computed")


def test_facts_for_rules_of_a_worker_and_his_employer(office: Office, session: Session) -> None:
    person = find_person(session, office.kernel.keyring, WORKER)
    employer = find_employer(session, EMPLOYER, on=ACCIDENT)
    told = registry_facts(session, person, employer, ACCIDENT)
    assert told["covered_on_accident"] is True
    assert (told["insured_since"], told["enrolment_received_at"]) == ("2023-02-01", "2023-02-03")
    assert told["recent_wages"] == [Decimal(5000)] * 6 + [Decimal(6600)] * 6
    assert told["employer_registration"] == "active"
    assert registry_facts(session, None, employer, ACCIDENT)["covered_on_accident"] is False
    assert registry_facts(session, None, None, ACCIDENT)["covered_on_accident"] is None
    elsewhere = find_employer(session, uscc(2))
    assert registry_facts(session, person, elsewhere, ACCIDENT)["covered_on_accident"] is False
    assert agreement_facts(session, "银川市某三级医院", ACCIDENT)["agreement_to"] == "2026-12-31"
    assert agreement_facts(session, "无名诊所", ACCIDENT) == {"agreement_from": None, "agreement_to": None}


def test_an_employer_is_called_as_it_was_on_the_day(session: Session) -> None:
    names = {
        day: (find_employer(session, EMPLOYER, on=day) or pytest.fail("unknown")).name
        for day in (date(2014, 1, 1), date(2018, 1, 1), date(2026, 1, 1))
    }
    assert list(names.values()) == ["宁夏朔峰机械厂", "宁夏朔峰机械厂", "宁夏朔峰机械制造有限公司"]


def test_experts_whose_appointment_runs_are_found_by_city_and_speciality(session: Session) -> None:
    def who(*, regions: list[str] | None = None, specialities: tuple[str, ...] = ()) -> list[str]:
        found = experts(session, ACCIDENT, regions=regions, specialities=specialities)
        return [expert.name for expert in found]

    assert who() == ["白文斌"]
    assert who(regions=[CITY], specialities=("手外科", "眼科")) == ["白文斌"]
    assert who(regions=[COUNTY]) == who(specialities=("眼科",)) == []
    assert [expert.name for expert in experts(session, date(2024, 6, 1))] == ["白文斌", "哈玉兰"]


def test_an_officer_of_a_county_lists_nothing_of_the_city(office: Office, session: Session) -> None:
    assert session.scalars(select(Enrolment.region_code).distinct()).all() == [COUNTY]
    person_of(office, session)  # by number, from the whole register …
    assert session.scalars(select(Enrolment.region_code).distinct()).all() == [COUNTY]  # … and no further


def test_weighing_a_file_writes_nothing(office: Office, session: Session) -> None:
    upload = Upload("wages", "w.csv", wages_text(date(2026, 3, 1), ["6600", "-1"]).encode())
    plan = weigh_file(session, office.kernel.keyring, upload, (CITY, COUNTY), date(2026, 6, 1))
    assert (plan.counts["new"], plan.counts["refused"]) == (1, 1)
    with pytest.raises(InvalidInput) as refused:
        weigh_file(
            session, office.kernel.keyring, Upload("wages", "w.csv", b"month\n1"), (CITY,), START.date()
        )
    assert refused.value.errors["file"][0] == "column_missing"


RAW = {
    "period changed": "UPDATE enrolment SET to_on = NULL",
    "wages removed": "DELETE FROM contribution_wage",
    "row of an old import": "INSERT INTO employer (uscc, recorded_at, change_id) "
    "SELECT 'X', now(), max(change_id) FROM registry_import",
    "import of another file": "INSERT INTO registry_import (change_id, file_id, results, at) "
    "SELECT max(case_id), max(f.id), '{}', now() FROM controlled_change, registry_file f",
    "another's period replaced": "INSERT INTO enrolment (person_id, unit_id, region_code, category, from_on,"
    " registered_on, replaces, void, recorded_at, source) SELECT p.id, e.unit_id, e.region_code, 'employed', e.from_on,"
    " e.registered_on, e.id, false, now(), 'x' FROM enrolment e JOIN insured_person p ON p.id <> e.person_id LIMIT 1",
}


def test_raw_sql_of_the_application_is_refused(office: Office) -> None:
    let_in(office, "wages", wages_text(date(2023, 3, 1), ["3900"]))
    put(office, "wages", wages_text(date(2023, 3, 1), ["3901"]))
    told = {}
    for name, statement in RAW.items():
        with office.kernel.database.session() as opened:
            office.kernel.database.scope(opened, ("*",))
            with pytest.raises(DBAPIError) as refused:
                opened.execute(text(statement))
            told[name] = getattr(refused.value.orig, "sqlstate", "")
    assert told == {
        "period changed": "42501",
        "wages removed": "42501",
        "row of an old import": "SD014",
        "import of another file": "SD014",
        "another's period replaced": "SD014",
    }


def test_rows_without_an_import_end_with_the_founding(office: Office) -> None:
    with office.kernel.database.session() as opened:
        office.kernel.database.scope(opened, ("*",))
        opened.execute(text("INSERT INTO employer (uscc, recorded_at) VALUES ('LOADED', now())"))
        opened.execute(text("INSERT INTO founding (id, closed_at, witnesses) VALUES (1, now(), '{}')"))
        with pytest.raises(DBAPIError) as refused:
            opened.execute(text("INSERT INTO employer (uscc, recorded_at) VALUES ('LATER', now())"))
    assert getattr(refused.value.orig, "sqlstate", "") == "SD014"
