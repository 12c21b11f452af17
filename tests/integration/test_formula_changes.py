"""Benefit formulas change by three people, with their worked examples; raw SQL does not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.kernel.cases.models import Case
from app.kernel.changes.kinds import Moment
from app.kernel.decisions.formulas.change_kind import FormulaKind
from app.kernel.decisions.formulas.versions import find_newest, load_files, standing_catalogue
from app.kernel.decisions.parameters.lookup import find_parameter
from app.kernel.decisions.parameters.uses import Looked, record_uses
from app.kernel.refusals import InvalidInput
from app.kernel.transaction import Unit, run, system_actor
from app.storage.embedded import EmbeddedServer
from tests.changing import propose, sign, to_approval
from tests.conftest import START
from tests.moving_clock import MovingClock
from tests.office import Office
from tests.parameter_office import open_parameter_office

TODAY = START.date()
LATER = TODAY + timedelta(days=30)
MONTHS = ("then 丧葬月数 * 平均工资 else", "then (丧葬月数 + 1) * 平均工资 else")
EXAMPLE = re.compile(
    r'(item = "funeral_grant"[^\[]*\[example.inputs\][^\[]*\[example.answers\]\n"基金支付" = )"45000.00"'
)


@pytest.fixture(scope="module")
def office(server: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with open_parameter_office(server, MovingClock(START), tmp_path_factory.mktemp("f") / "data") as opened:
        yield opened


@pytest.fixture
def session(office: Office) -> Iterator[Session]:
    with office.kernel.database.session() as opened:
        office.kernel.database.scope(opened, ("*",))
        yield opened


def wanted(session: Session, *, examples: bool = True) -> dict[str, Any]:
    """A seventh month of the funeral grant, with the worked examples that say so (or without)."""
    values = FormulaKind().prefill(session, "death.dmn", Moment(START, TODAY))
    dmn = values["dmn"].replace(*MONTHS)
    told = EXAMPLE.sub(r'\1"52500.00"', values["examples_toml"]) if examples else values["examples_toml"]
    return {**values, "dmn": dmn, "examples_toml": told, "effective_from": LATER.isoformat()}


def refusals(office: Office, values: dict[str, Any]) -> dict[str, Any]:
    with pytest.raises(InvalidInput) as refused:
        propose(office, "formula", values)
    return {field: code for field, (code, _params) in refused.value.errors.items()}


def test_what_cannot_be_calculated_or_contradicts_its_examples_is_refused_by_field(
    office: Office, session: Session
) -> None:
    assert refusals(office, wanted(session, examples=False)) == {"examples_toml": "formula_example_fails"}
    good = wanted(session)
    broken = {**good, "dmn": good["dmn"].replace("丧葬月数 + 1", "丧葬月数 +")}
    assert refusals(office, broken) == {"dmn": "rule_invalid"}
    index = good["formulas_toml"].replace('file = "death.dmn"', 'file = "dead.dmn"')
    assert refusals(office, {**good, "formulas_toml": index}) == {"formulas_toml": "formula_invalid"}
    gone = good["examples_toml"].replace('item = "funeral_grant"', 'item = "lump_sum_death"')
    assert refusals(office, {**good, "examples_toml": gone}) == {"examples_toml": "formula_without_example"}


def test_three_people_put_a_formula_into_force_from_its_day_and_are_told_which_cases_it_touches(
    office: Office, session: Session
) -> None:
    touched = office.start()

    def use(unit: Unit) -> None:
        case = unit.session.get_one(Case, touched)
        found = find_parameter(unit.session, "funeral_months", region=None, on=TODAY)
        assert found is not None
        record_uses(unit, case, "丧葬补助金", [Looked(None, TODAY, found)])
        record_uses(unit, case, "一次性工亡补助金", [Looked(None, TODAY, found)])

    run(office.kernel, use, system_actor())
    case_id = propose(office, "formula", wanted(session))
    payload = session.execute(
        text("SELECT payload -> 'values' FROM controlled_change WHERE case_id = :id"), {"id": case_id}
    ).scalar_one()
    kind, at = FormulaKind(), Moment(START, TODAY)
    lines = {one.label_en: one.new_en for one in kind.differences(session, None, payload, at)}
    assert lines["Items calculated differently"] == "Funeral grant"
    assert [(one.case_id, one.en) for one in kind.what_if(session, payload, at)] == [
        (touched, "Funeral grant must be calculated again")
    ]
    to_approval(office, case_id)
    sign(office, case_id, "authoriser", "approve")
    session.expire_all()
    newest = find_newest(session)
    assert newest is not None
    assert (newest.version, newest.change_id, newest.effective_from) == (2, case_id, LATER)
    assert MONTHS[1].encode() in load_files(session, newest.id)["death.dmn"]
    assert standing_catalogue(session, TODAY).digest != standing_catalogue(session, LATER).digest
    early = FormulaKind().prefill(session, "death.dmn", Moment(START, TODAY))
    assert refusals(office, early) == {"effective_from": "rule_day_too_early"}


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE formula_version SET effective_from = '2000-01-01'",
        "DELETE FROM formula_file",
        "INSERT INTO formula_file VALUES (1, 'other.dmn', 'x')",
        "INSERT INTO formula_version (version, digest, effective_from, created_at, created_by, approval)"
        " VALUES (9, 'x', '2026-01-01', now(), 'me', '{}'); SET CONSTRAINTS ALL IMMEDIATE",
        "INSERT INTO formula_version (version, digest, effective_from, created_at, created_by, approval, change_id)"
        " SELECT 9, 'x', '2026-01-01', now(), 'me', '{}', min(case_id) FROM controlled_change",
    ],
)
def test_raw_sql_changes_no_formula(office: Office, session: Session, statement: str) -> None:
    with pytest.raises(DBAPIError) as refused:
        session.execute(text(statement))
    session.rollback()
    assert getattr(refused.value.orig, "sqlstate", "") in ("SD020", "SD036", "42501")
