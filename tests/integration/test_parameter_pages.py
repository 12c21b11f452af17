"""Pages and commands of parameters and formulas: read by every officer, proposed by rule editors, nothing kept."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner, Result

from app.faces.cli.commands import main
from app.storage.embedded import EmbeddedServer
from tests.conftest import START
from tests.moving_clock import MovingClock
from tests.office import PASSWORD, Office
from tests.pages import Desk, sit_down
from tests.parameter_office import open_parameter_office

LUMP_SUM = "/parameters/formulas/lump_sum_disability"
FACTS = {
    "accident_on": "2024-09-01",
    "own_wage": "5300",
    "grade": "7",
    "legal_basis": "14",
    "region": "640100",
}


@pytest.fixture(scope="module")
def office(server: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    data = tmp_path_factory.mktemp("office") / "data"
    with open_parameter_office(server, MovingClock(START), data) as opened:
        yield opened


@pytest.fixture(scope="module")
def handler(office: Office) -> Desk:
    return sit_down(office.kernel, "handler")


def test_the_list_says_what_is_missing_made_up_or_unverified(handler: Desk) -> None:
    page = handler.get("/parameters?region=640100&on=2024-09-01").text
    for words in (
        "27 个月",
        "《工伤保险条例》35(1)(1)",
        "7500 元/月",
        "TEST 测试值",
        "缺值，不能计算",
        "D 本系统选定",
    ):
        assert words in page
    only = handler.get("/parameters?region=640100&on=2024-09-01&flag=missing").text
    assert "care_follows_average" in only
    assert "lump_sum_disability_months" not in only
    assert "minimum_wage" not in handler.get("/parameters?q=丧葬").text
    assert "没有这样的参数" in handler.get("/parameters?q=no-such-thing").text


def test_one_parameter_shows_its_editions_and_only_editors_may_propose(
    office: Office,
    handler: Desk,
) -> None:
    page = handler.get("/parameters/regional_average_wage").text
    assert "宁夏回族自治区　第 1 版" in page
    assert "暂用上一期的值" in page
    assert "/changes/new" not in page
    assert handler.get("/parameters/nothing").status_code == 404
    editor = sit_down(office.kernel, "editor")
    address = "/changes/new?kind=parameter&amp;target=regional_average_wage@640000"
    assert address in editor.get("/parameters/regional_average_wage").text.replace("%40", "@")
    form = editor.get(address.replace("&amp;", "&")).text
    assert 'value="7500"' in form


def test_a_calculation_shows_its_result_and_every_step(handler: Desk) -> None:
    assert "一次性伤残补助金" in handler.get("/parameters/formulas").text
    assert "伤残等级" in handler.get(LUMP_SUM).text
    answer = handler.post(LUMP_SUM, FACTS)
    assert answer.status_code == 200
    for words in (
        "68,900.00",
        "《工伤保险条例》37(1)",
        "13 个月",
        "计发月数 * 工资.本人工资",
        "试算，不是核定",
    ):
        assert words in answer.text
    assert handler.get("/parameters/formulas/nothing").status_code == 404


def test_wrong_input_comes_back_by_field_with_what_was_typed(handler: Desk) -> None:
    answer = handler.post(LUMP_SUM, {**FACTS, "grade": "11"})
    assert answer.status_code == 422
    assert "不能大于 10" in answer.text
    assert 'value="5300"' in answer.text
    more = handler.post(LUMP_SUM, {**FACTS, "more": "1", "rows_shown": "3"})
    assert more.text.count('name="contributions.') == 12


def test_without_a_value_the_page_says_which_one_is_missing(handler: Desk) -> None:
    answer = handler.post(
        "/parameters/formulas/periodic_adjustment",
        {
            "award_on": "2025-01-01",
            "received_since": "2019-06-01",
            "adjusted_benefit": "care_allowance",
            "adjusted_level": "0",
            "amount_before": "3000",
            "region": "640100",
        },
    )
    assert "缺少有效的参数，不能计算：长期待遇调整办法" in answer.text


def call(office: Office, monkeypatch: pytest.MonkeyPatch, folder: Path, *arguments: str) -> Result:
    monkeypatch.setenv("DATABASE_URL", office.kernel.database.url)
    monkeypatch.setenv("SANSHEN_DATA", str(folder))
    return CliRunner().invoke(main, list(arguments), input=f"{PASSWORD}\n")


def test_the_commands_list_sources_calculate_and_propose(
    office: Office, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def run(*arguments: str) -> Result:
        return call(office, monkeypatch, tmp_path, *arguments)

    listed = orjson.loads(
        run("parameter", "list", "--region", "640100", "--on", "2024-09-01", "--json").stdout
    )
    wage = next(one for one in listed if one["key"] == "regional_average_wage")
    assert [value["value"] for value in wage["values"]] == ["7500"]
    sources = run("sources", "--on", "2024-09-01")
    assert sources.exit_code == 1
    assert "✓ parameter funeral_months  丧葬补助金的月数" in sources.output
    assert "✗ 没有有效值 no valid value parameter minimum_wage" in sources.output
    assert "✗ 没有有效值 no valid value parameter adjustment_cut_off" in sources.output
    assert "?" in next(line for line in sources.output.splitlines() if "rounding_mode" in line)
    assert (
        "✓ clock injury_recognition.CR06  认定决定 60 日 / Decision, 60 days: 60 日 calendar days"
        in sources.output
    )
    flagged = orjson.loads(run("sources", "--unverified", "--json").stdout)
    assert {line["tag"] for line in flagged} <= {"K", "D", "TEST", ""}
    assert {line["kind"] for line in flagged} == {"clock", "parameter", "rule"}
    assert "RSK-12.most_days" in {line["key"] for line in flagged}
    facts = {key: value for key, value in FACTS.items() if key != "region"}
    worked = run(
        "formula",
        "calculate",
        "lump_sum_disability",
        "--region",
        "640100",
        "--input",
        orjson.dumps(facts).decode(),
    )
    assert worked.exit_code == 0, worked.output
    assert "基金支付: 68,900.00" in worked.output
    assert "lump_sum_death" in run("formula", "list").output
    rows = tmp_path / "rows.toml"
    rows.write_text(
        '[[row]]\nvalue = 45\nfrom = 2026-01-01\nsource = "宁人社发〔2026〕9号"\ntag = "K"\n', "utf-8"
    )
    said = ("--as", "editor-account", "--reason", "新标准", "--ground", "条例 30")
    proposed = run("parameter", "propose", "meal_rate", str(rows), "--region", "640000", *said)
    assert proposed.exit_code == 0, proposed.output
    assert "/changes/" in proposed.output


def test_a_decision_is_evaluated_from_its_file(monkeypatch: pytest.MonkeyPatch) -> None:
    file = str(Path(__file__).parents[2] / "workflows/benefits/care.dmn")
    given = {"护理等级": "most", "护理比例": 40, "平均工资": 7500, "小数位数": 2, "取整方式": "half_up"}
    told = CliRunner().invoke(
        main,
        ["decision", "evaluate", file, "--decision", "生活护理费", "--input", orjson.dumps(given).decode()],
    )
    assert told.exit_code == 0, told.output
    assert orjson.loads(told.stdout.splitlines()[-1])["基金支付"] == 3000
