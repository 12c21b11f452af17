"""From a recognised accident to an approved disability award: draw, panel and award by their own people in a browser.

Recognition, which test_recognition_through_the_pages shows, and the steps nobody needs to see twice are played through
the operations; the server runs in this process, so that both move on one clock.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from pypdf import PdfReader

from app.storage.embedded import EmbeddedServer
from config import Settings
from tests.browser.chain_site import serve
from tests.browser.conftest import Visitor
from tests.browser.test_recognition_through_the_pages import fill, fill_required, take
from tests.conftest import START
from tests.moving_clock import MovingClock
from tests.whole_chain import GRADED, WholeChain, open_whole_chain

pytestmark = pytest.mark.browser
OPINION = "经核对，材料与系统数据一致。"


@pytest.fixture
def chain(server: EmbeddedServer, tmp_path: Path) -> Iterator[WholeChain]:
    with open_whole_chain(server, MovingClock(START), tmp_path / "data") as opened:
        yield opened


@pytest.fixture
def visit(chain: WholeChain, browser: Browser, tmp_path: Path) -> Iterator[Callable[[str], Page]]:
    """Call it with a person's name: logged in, in a browser of its own; none may break a policy or a script."""
    opened: dict[str, Visitor] = {}

    def come(name: str) -> Page:
        if name not in opened:
            context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="zh-CN")
            opened[name] = Visitor(context, context.new_page(), url)
            opened[name].watch()
            opened[name].log_in(name)
        return opened[name].page

    with serve(chain, Settings(data_dir=tmp_path / "data")) as url:
        yield come
        for visitor in opened.values():
            visitor.context.close()
    assert [problem for visitor in opened.values() for problem in visitor.problems] == []


def submit(page: Page, outcome: str, **values: str) -> None:
    """Choose the outcome, then fill what it shows, and sign."""
    fill(page, "outcome", outcome)
    for key, value in values.items():
        fill(page, key, value)
    fill_required(page)
    fill(page, "opinion", OPINION)
    page.locator("#task button[type=submit]").first.click()
    expect(page.get_by_text("已签名并提交。")).to_be_visible()


def code(page: Page, label: str) -> str:
    """What the draw's page shows under a label of one's own secret."""
    found = page.locator(f'section.act dt:text-is("{label}") + dd code').text_content()
    assert found
    return found


def draw_panel(chain: WholeChain, visit: Callable[[str], Page], case_id: int) -> None:
    """Each commits on the own page to a secret that stays on paper, then both are told, and the panel is confirmed."""
    secrets: dict[str, str] = {}
    for role in ("operator", "witness"):
        page = visit(chain.committee.name(role))
        url = f"{address(page)}/cases/{case_id}/"
        take(page, url)
        page.goto(f"{url}draws")
        secrets[role], commitment = code(page, "密语"), code(page, "承诺值")
        page.goto(url)
        submit(page, "committed", task_commitment=commitment)
    for role, secret in secrets.items():
        page = visit(chain.committee.name(role))
        take(page, f"{address(page)}/cases/{case_id}/")
        submit(page, "revealed", task_secret=secret)
    page = visit(chain.committee.name("operator"))
    take(page, f"{address(page)}/cases/{case_id}/")
    submit(page, "confirmed")
    page.goto(f"{address(page)}/cases/{case_id}/draws")
    expect(page.get_by_text("已抽出")).to_be_visible()


def address(page: Page) -> str:
    return re.sub(r"^(https?://[^/]+).*", r"\1", page.url)


def words_of_pdf(page: Page, case_url: str, title: str) -> str:
    """The text of a document's PDF, found and downloaded from the case's page."""
    page.goto(case_url)
    link = page.get_by_role("link", name=f"下载 {title} PDF")
    with page.expect_download() as download:
        link.click()
    text = "".join(
        one.extract_text() for one in PdfReader(io.BytesIO(download.value.path().read_bytes())).pages
    )
    return re.sub(r"[\s,]", "", text)


def test_an_accident_goes_through_draw_panel_and_award_to_the_amount_of_the_worked_example(
    chain: WholeChain, visit: Callable[[str], Page]
) -> None:
    chain.recognise()
    assessment = chain.bring_to_draw()
    draw_panel(chain, visit, assessment)
    chain.examine()
    # One expert's opinion is seen; the other two are the same again.
    first, *others = chain.committee.panel(assessment)
    page = visit(chain.committee.name(first))
    case_url = f"{address(page)}/cases/{assessment}/"
    take(page, case_url)
    submit(page, **GRADED)
    for role in others:
        chain.committee.work(assessment, role, **GRADED)
    chain.draft_conclusion()
    page = visit(chain.committee.name("approver"))
    take(page, case_url)
    submit(page, "approve")
    assert "柒级" in (said := words_of_pdf(page, case_url, "劳动能力鉴定结论书")) or "7级" in said
    chain.office.serve(assessment, chain.committee.name("clerk"))

    award = chain.let_reassessment_lapse()
    url = f"{address(page)}/cases/{award}/"
    for name, outcome in (
        ("si_window", "complete"),
        ("si_handler", "ready"),
        ("si_handler", "submit_positive"),
    ):
        take(visit(name), url)
        submit(visit(name), outcome)
    # Six months of 5,000 and six of 5,600 are 5,300 a month; grade 7 is thirteen of them.
    page = visit("si_handler")
    page.goto(url)
    expect(page.get_by_text(re.compile(r"68,?900\.00")).first).to_be_visible()
    expect(page.locator("#task .deny")).to_be_visible()
    expect(page.locator("#task button")).to_have_count(0)
    for name, outcome in (("si_checker", "agree"), ("si_approver", "approve"), ("si_head", "approve")):
        take(visit(name), url)
        submit(visit(name), outcome)
    page = visit("si_window")
    words = words_of_pdf(page, url, "工伤保险待遇核定通知书")
    assert "苏国栋" in words
    assert "68900.00" in words
    assert "5300" in words
    page.goto(url)
    page.get_by_role("link", name="工伤保险待遇核定通知书", exact=True).click()
    expect(page.locator(".paper").get_by_text(re.compile(r"68,?900\.00")).first).to_be_visible()
    chain.office.serve(award, "si_window")
    chain.tell()
    assert [(str(one.amount), one.state) for one in chain.awards.payables(award)] == [("68900.00", "ready")]
    page.goto(f"{url}chain")
    for authority in ("人力资源社会保障行政部门", "劳动能力鉴定委员会", "社会保险经办机构"):
        expect(page.get_by_role("region", name=re.compile(authority))).to_be_visible()
    # Of the others' cases the agency sees what the law passes on to it, and nothing else.
    for paper in ("认定工伤决定书", "劳动能力鉴定结论书"):
        expect(page.get_by_role("list", name="文书").get_by_text(paper)).to_be_visible()
