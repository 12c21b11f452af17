"""Pages of the rule catalogue: what stands and what is unbound, one rule whole; findings dealt with by who may."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial

import pytest
from sqlalchemy import select

from app.kernel.decisions.catalogue.models import RuleFinding
from app.kernel.decisions.catalogue.refusals import FindingDisposed, FindingNotYours
from app.kernel.decisions.catalogue.reports import dispose_finding, run_reports
from app.kernel.refusals import InvalidInput
from app.kernel.transaction import run
from app.storage.embedded import EmbeddedServer
from tests.moving_clock import MovingClock
from tests.office import Office, open_office
from tests.pages import ORIGIN, sit_down
from tests.rules import changed_rule, put_in_force

SUNDAY = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def office(server: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with open_office(server, MovingClock(SUNDAY), tmp_path_factory.mktemp("pages") / "data") as opened:
        yield opened


def test_the_catalogue_shows_what_is_bound_and_what_is_not(office: Office) -> None:
    desk = sit_down(office.kernel, "handler")
    everything = desk.get("/rules").text
    assert everything.count("<b>RSK-") == 28 and everything.count("<b>POL-") == 24
    unbound = desk.get("/rules?state=unbound").text
    assert "POL-05" in unbound and "RSK-11" not in unbound
    assert not {"RSK-15", "RSK-16", "RSK-17", "RSK-20"} & set(re.findall("RSK-[0-9]+", unbound))
    assert "暂不统计" not in desk.get("/rules/reports").text
    found = desk.get("/rules?q=先伤后保&action=route").text
    assert "RSK-11" in found and "RSK-12" not in found
    assert "没有这样的规则" in desk.get("/rules?q=nothing-like-this").text


def test_a_rule_shows_reason_source_contract_decision_cases_and_hits(office: Office) -> None:
    case_id = office.start(insured_since="2026-02-10", enrolment_received_at="2026-02-19")
    desk = sit_down(office.kernel, "auditor")
    shown = desk.get("/rules/RSK-12").text
    for words in (
        "insured_since",
        "most_days",
        "倒签一日",
        "第 1 版",
        "设立时装入",
        office.case(case_id).case_no,
    ):
        assert words in shown
    assert "未绑定：还没有业务或登记提供" in desk.get("/rules/POL-05").text
    assert "SD012" in desk.get("/rules/RSK-25").text
    assert desk.get("/rules/RSK-99").status_code == 404
    assert desk.get("/rules/nonsense").status_code == 404
    case = desk.get(f"/cases/{case_id}").text
    assert "依据：" in case and 'href="/rules/RSK-12"' in case
    unjudged = case.partition("尚缺事实，未能判断")[2].partition("</details>")[0]
    assert "缺" in unjudged and "依据：" in unjudged and 'href="/rules/' in unjudged


def test_a_warning_is_explained_on_the_case_page(office: Office) -> None:
    put_in_force(office.kernel, changed_rule("RSK-11", rule__toml=('action = "route"', 'action = "warn"')))
    case_id = office.start(enrolment_received_at="2026-02-19")
    office.take(case_id, "window")
    desk = sit_down(office.kernel, "window")
    page = desk.get(f"/cases/{case_id}").text
    address = page.partition(f'action="/cases/{case_id}/warnings/')[2].partition('"')[0]
    assert address.isdigit()
    url = f"/cases/{case_id}/warnings/{address}"
    data = {"csrf_token": desk.token, "reason": ""}
    assert desk.client.post(url, data=data, headers=ORIGIN).status_code == 422
    answer = desk.client.post(url, data={**data, "reason": "登记当日受伤，已核对打卡记录"}, headers=ORIGIN)
    assert answer.status_code == 302
    assert "已说明：登记当日受伤" in desk.get(f"/cases/{case_id}").text


def test_findings_are_reported_once_and_dealt_with_by_auditors_and_supervisors(
    office: Office,
) -> None:
    case_id = office.start()
    office.work(case_id, "window", outcome="complete")  # on a Sunday: outside hours
    assert run_reports(office.kernel) == 1
    assert run_reports(office.kernel) == 0
    with office.kernel.database.session() as session:
        (finding,) = session.scalars(select(RuleFinding)).all()
    assert (finding.rule_id, finding.inputs["persons"]) == ("RSK-16", [office.person("window")])
    said = partial(dispose_finding, finding_id=finding.id, disposition="explained", reason="周日值班，已登记")
    with pytest.raises(FindingNotYours):
        run(office.kernel, said, office.actors["handler"])
    with pytest.raises(InvalidInput):
        run(office.kernel, partial(said, reason=""), office.actors["auditor"])
    assert sit_down(office.kernel, "handler").get("/rules/reports").status_code == 403
    desk = sit_down(office.kernel, "auditor")
    assert "非工作时间办理" in desk.get("/rules/reports").text
    url = f"/rules/reports/{finding.id}"
    data = {"csrf_token": desk.token, "disposition": "explained", "reason": ""}
    assert desk.client.post(url, data=data, headers=ORIGIN).status_code == 422
    answer = desk.client.post(url, data={**data, "reason": "周日值班，已登记"}, headers=ORIGIN)
    assert answer.status_code == 302
    assert "没有待处置的发现" in desk.get("/rules/reports").text
    assert "周日值班，已登记" in desk.get("/rules/reports?all=1").text
    with pytest.raises(FindingDisposed):
        run(office.kernel, said, office.actors["auditor"])
    assert run_reports(office.kernel) == 0
