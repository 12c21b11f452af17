"""Pages of process versions: what is in force and what differs, files out and in, proposals to go back or to end."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.kernel.engine.lifecycle.archive import read_archive, write_archive
from app.storage.embedded import EmbeddedServer
from tests.designing import MANIFEST, open_design_office, read_draft, sign_all, submit
from tests.moving_clock import MovingClock
from tests.office import Office
from tests.pages import ORIGIN, Desk, sit_down

PAGE = "/designer/processes/injury_recognition"
DIAGRAM = "injury_recognition/injury_recognition.bpmn"


@pytest.fixture
def office(server: EmbeddedServer, clock: MovingClock, tmp_path: Path) -> Iterator[Office]:
    with open_design_office(server, clock, tmp_path / "data") as opened:
        yield opened


def bring(desk: Desk, archive: bytes) -> tuple[int, str]:
    """Status and target of an import."""
    data = {"archive": (io.BytesIO(archive), "a.zip"), "csrf_token": desk.token}
    answer = desk.client.post(f"{PAGE}/import", data=data, headers=ORIGIN)
    return answer.status_code, answer.headers.get("Location", "")


def test_a_version_goes_out_comes_back_changed_and_is_compared_deployed_and_left(
    office: Office,
) -> None:
    desk = sit_down(office.kernel, "editor")
    assert f'href="{PAGE}"' in desk.get("/designer").text
    shown = desk.get(PAGE)
    assert "第 1 版" in shown.text
    assert "检查通过" in shown.text
    assert "没有别的版本可以恢复" in shown.text

    files = read_archive(desk.get(f"{PAGE}/export?side=1").data)
    assert write_archive(files) == desk.get(f"{PAGE}/export?side=1").data
    old = next(line for line in files[MANIFEST].splitlines() if line.startswith(b"title_zh"))
    files[MANIFEST] = files[MANIFEST].replace(old, 'title_zh = "工伤认定（导入）"'.encode(), 1)
    files[DIAGRAM] = files[DIAGRAM].replace(
        b'candidateGroups="rec_window"', b'candidateGroups="rec_clerk"', 1
    )
    status, place = bring(desk, write_archive(files))
    assert status == 302
    draft_id = int(place.rsplit("/", 1)[1])
    assert read_draft(office, draft_id).files == files
    assert desk.get(f"{PAGE}/export?side=d{draft_id}").data == write_archive(files)

    compared = desk.get(f"{PAGE}/diff?from=1&to=d{draft_id}")
    assert "候选岗位" in compared.text
    assert "≠ 修改" in compared.text
    assert "工伤认定（导入）" in compared.text
    (side,) = re.findall(rf'data-diagram="([^"]*side=d{draft_id}[^"]*)"', compared.text)
    assert desk.get(side.replace("&amp;", "&")).data == files[DIAGRAM]

    case_id = submit(office, draft_id)
    change = desk.get(f"/changes/{case_id}")
    for words in (
        "批准即生效的版本",
        "与现行版本的差异",
        "已证明",
        "都不能复核、批准",
        f"/designer/drafts/{draft_id}",
    ):
        assert words in change.text, words
    sign_all(office, case_id)
    shown = desk.get(PAGE)
    assert "第 2 版" in shown.text
    assert "与现行比较" in shown.text
    assert re.search(r"初始化", shown.text)

    empty = desk.post(f"{PAGE}/roll-back", {"version": "1", "reason": "", "ground": "制度"})
    assert empty.status_code == 422
    assert "变更理由" in empty.text
    sent = desk.post(f"{PAGE}/roll-back", {"version": "1", "reason": "新版有误", "ground": "制度"})
    assert sent.status_code == 302
    back = desk.get(sent.headers["Location"])
    assert "恢复旧版本" in back.text
    sign_all(office, int(re.findall(r"/changes/(\d+)", sent.headers["Location"])[0]))
    assert "恢复第 1 版" in desk.get(PAGE).text


def test_who_has_no_business_there_sees_nothing_and_strange_archives_are_refused(
    office: Office,
) -> None:
    handler = sit_down(office.kernel, "handler")
    assert [handler.get(path).status_code for path in (PAGE, f"{PAGE}/diff", f"{PAGE}/export?side=1")] == [
        403
    ] * 3
    assert handler.post(f"{PAGE}/retire", {"reason": "x", "ground": "x"}).status_code == 403
    checker = sit_down(office.kernel, "rechecker")
    seen = checker.get(PAGE)
    assert seen.status_code == 200
    assert "提请停用" not in seen.text
    assert checker.post(f"{PAGE}/retire", {"reason": "x", "ground": "x"}).status_code == 403
    desk = sit_down(office.kernel, "editor")
    assert bring(desk, b"no zip")[0] == 422
    assert bring(desk, write_archive({"other/process.toml": b""}))[0] == 422
    block = desk.get("/designer/processes/controlled_change")
    assert "受控变更流程不能停用" in block.text
    for side in ("99", "d99", "c99", "x", "d", "1;2"):
        assert desk.get(f"{PAGE}/export?side={side}").status_code in (404, 409), side
