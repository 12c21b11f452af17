"""The designer's pages: readable by everybody, without scripts too; forms edited; readers read, others are kept out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Site, Visitor
from tests.browser.designing import PATIENCE, drawn, open_diagram, settled
from tests.changing import add_changers
from tests.designing import draft

pytestmark = pytest.mark.browser
Visit = Callable[..., Visitor]
AXE = Path(__file__).resolve().parents[2] / "node_modules/axe-core/axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
FORM = "controlled_change/rule_recheck.form"


@pytest.fixture(scope="module")
def drafted(site: Site) -> int:
    """A draft of the small process; answers its id."""
    add_changers(site.office)
    return draft(site.office, "controlled_change")


def pages_of(number: int) -> list[str]:
    return [
        "/designer",
        "/designer/new",
        f"/designer/drafts/{number}",
        f"/designer/drafts/{number}/forms/{FORM}",
        f"/designer/drafts/{number}/files/controlled_change/process.toml",
        f"/designer/drafts/{number}/submit",
        f"/designer/drafts/{number}/discard",
        "/designer/processes/controlled_change/versions/1",
    ]


def ready(page: Page, path: str) -> None:
    """Islands are drawn before anything is judged."""
    if "/drafts/" in path and path.rpartition("/")[2].isdigit():
        drawn(page)
    if "/forms/" in path:
        expect(page.locator("#form-editor[data-drawn=yes]")).to_be_visible(timeout=PATIENCE)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_designer_pages_have_no_accessibility_violation(visit: Visit, drafted: int, theme: str) -> None:
    editor = visit()
    editor.context.add_cookies([{"name": "sanshen_theme", "value": theme, "url": editor.url}])
    editor.log_in("editor")
    found = {}
    shown = pages_of(drafted)
    for path in shown if theme == "light" else shown[:4]:
        editor.go(path)
        ready(editor.page, path)
        editor.page.evaluate(AXE.read_text("utf-8"))
        # What the makers of the modeler and of the form editor draw inside is theirs; all around it is ours.
        scope = {"exclude": [["#canvas .djs-container"], ["#properties"], ["#form-editor"]]}
        result = editor.page.evaluate("([scope, rules]) => axe.run(scope, {runOnly: rules})", [scope, RULES])
        wrong = [
            (item["id"], [node["target"] for node in item["nodes"]][:3]) for item in result["violations"]
        ]
        if wrong:
            found[path] = wrong
    assert found == {}


def test_designer_pages_fit_a_phone_and_the_table_stays_readable(visit: Visit, drafted: int) -> None:
    editor = visit(width=390)
    editor.log_in("editor")
    for path in pages_of(drafted):
        editor.go(path)
        assert editor.page.evaluate("document.documentElement.scrollWidth") <= 390, path
    editor.go(f"/designer/drafts/{drafted}")
    expect(editor.page.locator("#steps tr", has_text="复核").first).to_be_visible()
    expect(editor.page.locator("#results")).to_be_visible()


def test_mark_of_the_makers_stays_visible_and_uncovered(visit: Visit, drafted: int) -> None:
    editor = visit()
    editor.log_in("editor")
    for path, place in ((f"/designer/drafts/{drafted}", "#canvas"), (pages_of(drafted)[3], "#form-editor")):
        editor.go(path)
        ready(editor.page, path)
        mark = editor.page.locator(f"{place} .bjs-powered-by, {place} .fjs-powered-by").first
        mark.scroll_into_view_if_needed()
        expect(mark).to_be_visible()
        assert mark.evaluate(
            """e => { const box = e.getBoundingClientRect();
            const hit = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
            return e.contains(hit) || e === hit; }"""
        ), path


def test_step_is_edited_without_scripts(site: Site, browser: Browser, drafted: int) -> None:
    context = browser.new_context(java_script_enabled=False, locale="zh-CN")
    person = Visitor(context, context.new_page(), site.url)
    person.log_in("editor")
    person.go(f"/designer/drafts/{drafted}")
    row = person.page.locator("#steps tr", has_text="复核").first
    row.locator("summary").click()
    row.get_by_label("名称", exact=True).fill("仔细复核")
    row.get_by_label("候选组").fill("rule_checker")
    row.get_by_role("button", name="改这一步").click()
    expect(person.page.get_by_role("status").first).to_contain_text("已保存")
    expect(person.page.locator("#steps")).to_contain_text("仔细复核")
    context.close()


def test_form_is_edited_and_shown_as_the_officer_will_see_it(visit: Visit, drafted: int) -> None:
    editor = visit()
    editor.log_in("editor")
    page = editor.page
    editor.go(f"/designer/drafts/{drafted}/forms/{FORM}")
    ready(page, f"/forms/{FORM}")
    place = page.locator("#form-editor")
    place.get_by_role("button", name="多行文字").press("Enter")
    place.locator(".fjs-form .fjs-element").last.click()
    place.get_by_text("通用", exact=True).click()
    place.get_by_label("栏名").fill("核对笔记")
    expect(page.locator("#save-state")).to_contain_text("已保存", timeout=PATIENCE)
    expect(page.locator("#preview").get_by_label("核对笔记")).to_be_visible(timeout=PATIENCE)
    page.reload()
    expect(page.locator("#preview").get_by_label("核对笔记")).to_be_visible()


def test_readers_see_a_draft_and_cant_edit_it(visit: Visit, drafted: int) -> None:
    auditor = visit()
    auditor.log_in("auditor")
    auditor.go("/designer")
    expect(auditor.page.get_by_role("link", name="新建草稿")).to_have_count(0)
    auditor.go(f"/designer/drafts/{drafted}")
    drawn(auditor.page)
    expect(auditor.page.get_by_text("只有任规则编制岗的人能改").first).to_be_visible()
    expect(auditor.page.locator("#steps summary")).to_have_count(0)
    expect(auditor.page.locator("#properties")).to_have_count(0)
    other = visit()
    other.log_in("editor2")
    other.go(f"/designer/drafts/{drafted}")
    other.page.get_by_role("button", name="复制一份自己改").click()
    drawn(other.page)
    expect(other.page.locator("#properties")).to_be_visible()
    clerk = visit()
    clerk.log_in("clerk")
    for path in pages_of(drafted)[:4]:
        answer = clerk.page.goto(f"{clerk.url}{path}")
        assert answer is not None
        assert answer.status == 403, path


def test_step_table_edits_the_drawing_and_the_keyboard_takes_it_back(visit: Visit, drafted: int) -> None:
    editor = visit()
    editor.log_in("editor")
    page = editor.page
    open_diagram(page, f"{editor.url}/designer/drafts/{drafted}")
    row = page.locator("#steps tr", has_text="批准").first
    row.locator("summary").click()
    form = row.locator("form")
    form.get_by_label("职责", exact=True).select_option("")
    form.get_by_role("button", name="改这一步").click()
    settled(page)
    expect(page.locator("#results")).to_contain_text("阻止")
    page.get_by_role("button", name="撤销").click()
    settled(page)
    expect(page.locator("#results")).not_to_contain_text("阻止")
    expect(page.get_by_role("button", name="重做")).to_be_enabled()
