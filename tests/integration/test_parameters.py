"""Parameters in the database: found by place and day, changed by three people, fenced against everybody else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.demo.staff import TEST_VALUES
from app.kernel.cases.models import Case
from app.kernel.changes.kinds import Moment
from app.kernel.decisions.parameters import ParameterValue, find_parameter
from app.kernel.decisions.parameters.change_kind import ParameterKind
from app.kernel.decisions.parameters.definitions import read_folder
from app.kernel.decisions.parameters.lookup import ParameterUnknown
from app.kernel.decisions.parameters.models import ParameterEdition
from app.kernel.decisions.parameters.uses import Looked, record_uses
from app.kernel.refusals import InvalidInput
from app.kernel.transaction import Unit, run, system_actor
from app.storage.embedded import EmbeddedServer
from app.wiring import WORKFLOWS
from tests.changing import carry_through, propose
from tests.conftest import START
from tests.moving_clock import MovingClock
from tests.office import CITY, COUNTY, Office
from tests.parameter_office import REGION, open_parameter_office, row, values

DAY = date(2024, 8, 1)
WAGE = "regional_average_wage"


@pytest.fixture(scope="module")
def office(server: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """One office for the module: its tests change different parameters."""
    data = tmp_path_factory.mktemp("office") / "data"
    with open_parameter_office(server, MovingClock(START), data) as opened:
        yield opened


@pytest.fixture
def session(office: Office) -> Iterator[Session]:
    with office.kernel.database.session() as opened:
        office.kernel.database.scope(opened, ("*",))
        yield opened


def found(session: Session, key: str, on: date = DAY, region: str | None = COUNTY, **more: Any) -> Any:
    value = find_parameter(session, key, region=region, on=on, **more)
    return value.value if value is not None else None


def test_the_most_specific_region_answers(session: Session) -> None:
    assert found(session, "minimum_wage", region="640104") == 2050
    assert found(session, "minimum_wage") == 1900
    assert found(session, "funeral_months") == 6


def test_a_value_says_where_it_comes_from(session: Session) -> None:
    value = find_parameter(session, "lump_sum_disability_months", region=CITY, on=DAY, grade="7")
    assert isinstance(value, ParameterValue)
    assert (value.value, value.unit, value.region, value.dimensions) == (13, "months", None, {"grade": "7"})
    assert (value.source, value.tag, value.verified) == ("《工伤保险条例》37(1)", "V", True)
    assert (value.words_zh, value.words_en, value.edition) == ("13 个月", "13 months", 1)


def test_without_a_valid_value_there_is_none(session: Session) -> None:
    assert found(session, "lump_sum_disability_months", on=date(2009, 1, 1), grade="7") is None
    assert found(session, "care_follows_average") is None
    assert found(session, WAGE, on=date(2020, 1, 1)) is None


def test_an_unpublished_value_is_stood_in_for_by_the_preceding_one_and_says_so(session: Session) -> None:
    value = find_parameter(session, WAGE, region=COUNTY, on=date(2025, 9, 1))
    assert value is not None
    assert (value.value, value.provisional, value.provisional_ground) == (
        7500,
        True,
        "人社部发〔2013〕34号 14 [K]",
    )
    published = find_parameter(session, WAGE, region=COUNTY, on=DAY)
    assert published is not None
    assert not published.provisional


def test_unknown_keys_and_dimensions_are_errors_not_missing_values(session: Session) -> None:
    with pytest.raises(ParameterUnknown):
        find_parameter(session, "nothing_like_it", region=CITY, on=DAY)
    with pytest.raises(ParameterUnknown):
        find_parameter(session, "funeral_months", region=CITY, on=DAY, grade="7")


def test_three_people_change_a_value_and_what_was_known_before_stays_known(
    office: Office, session: Session
) -> None:
    change = values("meal_rate", row("30", "2011-01-01", "2024-06-30"), row("50", "2024-07-01"))
    before = session.scalars(select(ParameterEdition).where(ParameterEdition.key == "meal_rate")).one()
    case_id = carry_through(office, "parameter", change)
    session.rollback()
    office.kernel.database.scope(session, ("*",))
    assert found(session, "meal_rate") == 50
    assert found(session, "meal_rate", on=date(2024, 6, 30)) == 30
    assert found(session, "meal_rate", known_at=before.active_from + timedelta(seconds=1)) == 30
    newest = find_parameter(session, "meal_rate", region=CITY, on=DAY)
    assert newest is not None
    edition = session.get_one(ParameterEdition, newest.version_id)
    assert (edition.edition, edition.change_id, edition.approval["kind"]) == (2, case_id, "change")


@pytest.mark.parametrize(
    ("rows", "place", "code"),
    [
        ([row("x", "2026-01-01")], "rows.0.value", "not_a_number"),
        ([row("-1", "2026-01-01")], "rows.0.value", "too_small"),
        ([row("1", "2026-01-01", slot="7")], "rows.0.slot", "slot_unknown"),
        ([row("1", "2026-01-01", "2025-01-01")], "rows.0.valid_to", "period_reversed"),
        ([row("1", "2026-01-01"), row("2", "2027-01-01")], "rows.1.valid_from", "period_overlaps"),
        ([row("1", "2026-01-01", tag="TEST")], "rows.0.tag", "test_value_added"),
    ],
)
def test_rows_that_can_not_stand_are_refused_by_cell(
    session: Session, rows: list[dict[str, str]], place: str, code: str
) -> None:
    kind, at = ParameterKind(), Moment(datetime(2026, 3, 2, tzinfo=UTC), date(2026, 3, 2))
    with pytest.raises(InvalidInput) as refused:
        kind.read(session, values("travel_cap", *rows), at)
    assert {key: error[0] for key, error in refused.value.errors.items()} == {place: code}


def _looked(session: Session, case: Case) -> Looked:
    value = find_parameter(session, WAGE, region=case.region_code, on=date(2025, 9, 1))
    assert value is not None
    return Looked(case.region_code, date(2025, 9, 1), value)


def test_the_what_if_list_names_open_cases_that_saw_another_value(office: Office, session: Session) -> None:
    case_id = office.start()

    def calculate(unit: Unit) -> None:
        case = unit.session.get_one(Case, case_id)
        record_uses(unit, case, "丧葬补助金", [_looked(unit.session, case)])

    run(office.kernel, calculate, system_actor())
    kind, at = ParameterKind(), Moment(office.kernel.clock(), date(2026, 3, 2))
    standing = kind.current(session, f"{WAGE}@{REGION}", at)
    assert standing is not None
    assert list(kind.what_if(session, standing, at)) == []
    published = {**standing, "rows": [*standing["rows"], row("7800", "2025-07-01", "2026-06-30")]}
    (touched,) = kind.what_if(session, published, at)
    assert touched.case_id == case_id
    assert "7500 元/月" in touched.zh
    assert "7800 元/月" in touched.zh


EDITION = (
    "INSERT INTO parameter_edition (key, region_code, edition, active_from, approval, change_id)"
    " VALUES (:key, :region, 9, now(), '{}', :change) RETURNING id"
)
ROW = (
    "INSERT INTO parameter_value (edition_id, slot, value, valid_from, valid_to, source, tag)"
    " VALUES (:edition, '', :value, :since, :until, '文', 'K')"
)


def refusal_of(session: Session, write: Callable[[Session], object]) -> str:
    """SQLSTATE with which the database refuses a write, at the latest at the commit."""
    session.rollback()
    with pytest.raises(DBAPIError) as refused:
        _write(session, write)
    session.rollback()
    return str(refused.value.orig.sqlstate)  # type: ignore[union-attr]


def _write(session: Session, write: Callable[[Session], object]) -> None:
    write(session)
    session.commit()


def _edition(session: Session, key: str, change: int | None) -> int:
    return int(session.execute(text(EDITION), {"key": key, "region": REGION, "change": change}).scalar_one())


def _row(session: Session, edition: int, value: str, since: str, until: str | None = None) -> None:
    session.execute(text(ROW), {"edition": edition, "value": value, "since": since, "until": until})


def test_overlapping_periods_are_refused_at_the_data(session: Session) -> None:
    def write(session: Session) -> None:
        edition = _edition(session, "travel_cap", None)
        _row(session, edition, "1", "2020-01-01", "2020-12-31")
        _row(session, edition, "2", "2020-12-31")

    assert refusal_of(session, write) == "23P01"


def test_values_join_only_the_edition_written_with_them(session: Session) -> None:
    edition = session.scalars(
        select(ParameterEdition.id).where(ParameterEdition.key == "funeral_months")
    ).one()
    assert refusal_of(session, lambda s: _row(s, edition, "99", "1990-01-01", "1990-12-31")) == "SD014"


@pytest.mark.parametrize(
    "statement", ["UPDATE parameter_value SET value = '99'", "DELETE FROM parameter_edition"]
)
def test_the_application_can_rewrite_nothing(session: Session, statement: str) -> None:
    assert refusal_of(session, lambda s: s.execute(text(statement))) == "42501"


def test_raw_rows_under_a_decided_change_are_refused_unless_they_are_what_was_signed(
    office: Office, session: Session
) -> None:
    """A change that is not decided carries nothing; a decided one only its own rows, and once."""
    pending = propose(office, "parameter", values("device_cap", row("9", "2026-01-01", slot="轮椅")))
    assert refusal_of(session, partial(_edition, key="device_cap", change=pending)) == "SD014"
    decided = carry_through(
        office, "parameter", values("assessment_tariff", row("1", "2026-01-01", slot="initial"))
    )
    assert refusal_of(session, partial(_edition, key="assessment_tariff", change=decided)) == "23505"
    assert refusal_of(session, partial(_edition, key="meal_rate", change=decided)) == "SD014"


def test_once_founded_not_even_the_owner_installs_values(office: Office, session: Session) -> None:
    session.execute(text("INSERT INTO founding (id, closed_at, witnesses) VALUES (1, now(), '{}')"))
    with pytest.raises(DBAPIError) as refused:
        _edition(session, "travel_cap", None)
    session.rollback()
    assert refused.value.orig.sqlstate == "SD014"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("key", "written", "slot"),
    [
        ("lump_sum_disability_months", "五级", "5"),
        ("lump_sum_disability_months", "grade 5", "5"),
        ("adjustment_amount", "伤残津贴 / 3", "disability_allowance/3"),
        ("device_cap", "轮椅", "轮椅"),
        ("funeral_months", " ", ""),
    ],
)
def test_a_category_may_be_written_in_words(key: str, written: str, slot: str) -> None:
    definition = next(one for one in read_folder(WORKFLOWS / "parameters").definitions if one.key == key)
    assert definition.slot_of(written) == slot
    assert definition.covers(slot)


def test_shipped_files_say_where_every_value_comes_from() -> None:
    shipped = read_folder(WORKFLOWS / "parameters")
    assert {row.tag for edition in shipped.editions for row in edition.rows} == {"V", "E", "K", "D"}
    assert Decimal(next(r.value for e in shipped.editions if e.key == "funeral_months" for r in e.rows)) == 6


def test_made_up_values_are_all_marked(tmp_path: Path) -> None:
    known = read_folder(WORKFLOWS / "parameters").definitions
    made_up = read_folder(TEST_VALUES, known).editions
    assert {row.tag for edition in made_up for row in edition.rows} == {"TEST"}
