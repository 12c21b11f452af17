"""Playing on the page: nothing is kept on the server, every state is an address, segregation is shown."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.storage.embedded import EmbeddedServer
from tests.changing import add_changers
from tests.moving_clock import MovingClock
from tests.office import Office, open_office
from tests.pages import ORIGIN, Desk, sit_down

PAGE = "/designer/processes/injury_recognition/simulate"


@pytest.fixture
def office(server: EmbeddedServer, clock: MovingClock, tmp_path: Path) -> Iterator[Office]:
    with open_office(server, clock, tmp_path / "data") as opened:
        add_changers(opened)
        yield opened


def hidden(text: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', text)
    return html.unescape(found.group(1)) if found else ""


def choose(desk: Desk, at: str, **form: str) -> tuple[int, str]:
    """Post a choice from the page at `at`; status and where it leads, or the page itself."""
    page = desk.get(at).text
    data = {"play": hidden(page, "play"), "region": hidden(page, "region"), "csrf_token": desk.token, **form}
    answer = desk.client.post(PAGE, data=data, headers=ORIGIN)
    return answer.status_code, answer.headers.get("Location") or answer.text


def test_a_version_is_played_by_the_people_of_the_region_and_undone(office: Office) -> None:
    desk = sit_down(office.kernel, "editor")
    shown = desk.get(PAGE).text
    assert "受理审查" in shown
    assert "由谁办" in shown
    step = {"do": "complete", "step": "p01_02_material_check", "f:outcome": "complete"}
    status, there = choose(desk, PAGE, **step)
    assert status == 302
    following = desk.get(there).text
    assert "受理决定" in following
    assert "撤销上一步" in following
    undo = re.search(r'href="([^"]*)">撤销上一步', following)
    assert undo is not None
    assert "受理审查" in desk.get(html.unescape(undo.group(1))).text
    status, told = choose(desk, PAGE, do="complete", step="p01_02_material_check")
    assert status == 422
    assert "请选择一个结果" in told


def test_all_paths_are_tried_and_reported_a_broken_address_begins_anew_readers_only(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.faces.web.pages import simulation
    from app.kernel.engine.simulation.explore import Limits

    monkeypatch.setattr(simulation, "PAGE_LIMITS", Limits(moves=30, seconds=60))
    desk = sit_down(office.kernel, "editor")
    shown = desk.get(PAGE + "?paths=1").text
    assert "步数到了上限" in shown
    assert "没有到达的" in shown
    assert "data-missed=" in shown

    answer = desk.client.get(PAGE + "?play=abc")
    assert answer.status_code == 422
    assert "请重新开始" in answer.text

    assert b"rb2_initial_review" in desk.get(PAGE + "?diagram=review_block").data
    assert desk.client.get(PAGE + "?diagram=nothing").status_code == 404
    (tmp_path / "other").mkdir()
    assert sit_down(office.kernel, "window").client.get(PAGE).status_code == 403
