"""What a page must be for everybody: reachable by keyboard, readable at any width, in both languages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Site, Visitor
from tests.office import bring_to_review

pytestmark = pytest.mark.browser
Visit = Callable[..., Visitor]
AXE = Path(__file__).resolve().parents[2] / "node_modules/axe-core/axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


@pytest.fixture(scope="module")
def worked(site: Site) -> Iterator[int]:
    """A case in recheck, taken and opened by the rechecker."""
    case_id = bring_to_review(site.office)
    site.office.work(case_id, "handler", outcome="submit_positive")
    site.office.take(case_id, "checker")
    yield case_id


def main_pages(case_id: int) -> list[tuple[str, str]]:
    return [
        ("checker", "/"),
        ("checker", "/?tab=all"),
        ("checker", f"/cases/{case_id}/"),
        ("window", "/applications/new"),
        ("supervisor", "/board?from=0"),
        ("supervisor", "/absences/calendar"),
        ("supervisor", "/absences/substitutes"),
        ("checker", "/absences"),
        ("checker", "/absences/new?starts_on=2027-03-01&ends_on=2027-03-05"),
        ("supervisor", "/notices"),
        ("clerk", f"/cases/{case_id}/"),
    ]


def open_each(
    visit: Visit, case_id: int, width: int = 1440, theme: str = "light"
) -> Iterator[tuple[str, Page]]:
    people: dict[str, Visitor] = {}
    for name, path in main_pages(case_id):
        if name not in people:
            people[name] = visit(width=width)
            people[name].context.add_cookies(
                [{"name": "sanshen_theme", "value": theme, "url": people[name].url}]
            )
            people[name].log_in(name)
        people[name].go(path)
        yield f"{name} {path}", people[name].page


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_main_pages_have_no_accessibility_violation(visit: Visit, worked: int, theme: str) -> None:
    found = {}
    script = AXE.read_text("utf-8")
    for name, page in open_each(visit, worked, theme=theme):
        page.evaluate(script)  # through the debugger, so that the page's own policy stays as it is
        result = page.evaluate("rules => axe.run(document, {runOnly: rules})", RULES)
        wrong = [
            (item["id"], [node["target"] for node in item["nodes"]][:3]) for item in result["violations"]
        ]
        if wrong:
            found[name] = wrong
    assert found == {}


@pytest.mark.parametrize("width", [390, 768, 1440])
def test_no_page_scrolls_sideways(visit: Visit, worked: int, width: int) -> None:
    for name, page in open_each(visit, worked, width=width):
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name


def test_diagram_shows_the_token_and_the_mark_of_its_makers_stays_uncovered(
    visit: Visit, worked: int
) -> None:
    checker = visit()
    checker.log_in("checker")
    for path in (f"/cases/{worked}/", f"/cases/{worked}/diagram"):
        checker.go(path)
        drawn = checker.page.locator("[data-diagram][data-drawn]").first
        drawn.scroll_into_view_if_needed()
        expect(drawn.locator(".token").first).to_be_visible()
        mark = drawn.locator(".bjs-powered-by")
        expect(mark).to_be_visible()
        topmost = mark.evaluate(
            """e => { const box = e.getBoundingClientRect();
            const hit = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
            return e.contains(hit) || e === hit; }"""
        )
        assert topmost


def test_mark_of_the_diagrams_makers_is_printed(visit: Visit, worked: int) -> None:
    checker = visit()
    checker.log_in("checker")
    checker.go(f"/cases/{worked}/")
    expect(checker.page.locator("[data-diagram][data-drawn]").first).to_be_attached()
    checker.page.emulate_media(media="print")
    expect(checker.page.locator(".bjs-powered-by").first).to_be_visible()
    expect(checker.page.locator("#task")).to_be_hidden()


def test_steps_of_the_diagram_stand_in_a_table_too(visit: Visit, worked: int) -> None:
    checker = visit()
    checker.log_in("checker")
    checker.go(f"/cases/{worked}/")
    expect(checker.page.locator("#where tr[aria-current=step]")).to_contain_text("复核")


def test_queue_is_worked_by_keyboard(visit: Visit, worked: int) -> None:
    checker = visit()
    checker.log_in("checker")
    checker.go("/?tab=all")
    page = checker.page
    page.keyboard.press("j")
    expect(page.locator("tr.cur")).to_have_count(1)
    page.keyboard.press("/")
    expect(page.locator("[data-search]")).to_be_focused()
    page.keyboard.type("j?")
    expect(page.locator("[data-search]")).to_have_value("j?")
    page.keyboard.press("Escape")
    page.locator("h1").click()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("快捷键")
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**/cases/*/")


def test_search_narrows_the_list_while_typing_and_keeps_it_in_the_address(visit: Visit, worked: int) -> None:
    checker = visit()
    checker.log_in("checker")
    checker.go("/?tab=all")
    page = checker.page
    expect(page.locator("[data-row]")).to_have_count(1)
    page.locator("[data-search]").fill("没有这个人")
    expect(page.get_by_role("heading", name="没有符合条件的任务")).to_be_visible()
    expect(page.locator("[data-search]")).to_be_focused()
    page.locator("[data-search]").fill("苏国")
    expect(page.locator("[data-row]")).to_have_count(1)
    page.reload()
    expect(page.locator("[data-search]")).to_have_value("苏国")
    expect(page.locator("[data-row]")).to_have_count(1)


def test_language_switch_turns_the_page_to_english_and_says_so(visit: Visit, worked: int) -> None:
    checker = visit()
    checker.log_in("checker")
    checker.go("/?tab=all")
    page = checker.page
    expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    page.get_by_role("button", name="English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.get_by_role("heading", level=1)).to_have_text("Work queue")
    checker.go(f"/cases/{worked}/")
    expect(page.locator("#task")).to_contain_text("Your opinion")


def test_pages_work_without_scripts(site: Site, browser: Browser, worked: int) -> None:
    context = browser.new_context(java_script_enabled=False, locale="zh-CN")
    visitor = Visitor(context, context.new_page(), site.url)
    visitor.log_in("checker")
    visitor.go(f"/cases/{worked}/")
    visitor.page.locator('[name="outcome"][value="agree"]').check()
    visitor.page.locator('textarea[name="opinion"]').fill("没有脚本也能填。")
    visitor.page.get_by_role("button", name="存草稿").click()
    expect(visitor.page.locator('textarea[name="opinion"]')).to_have_value("没有脚本也能填。")
    context.close()
