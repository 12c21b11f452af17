"""Moves on the designer's pages: a new draft, the canvas, the properties panel, waiting until all is saved."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Visitor

PATIENCE = 30_000
"""Milliseconds for what the server computes: machines that test do so beside much else."""

SAVED = re.compile(r"已保存")
BLOCK = "review_block/review_block.bpmn"


def begin(visitor: Visitor, process: str = "injury_recognition") -> str:
    """A copy of a process as a draft; answers the draft's address."""
    visitor.go("/designer/new")
    visitor.page.get_by_label("流程", exact=True).select_option(process)
    visitor.page.get_by_role("button", name="复制为草稿").click()
    expect(visitor.page.get_by_text("草稿已建好")).to_be_visible(timeout=PATIENCE)
    return visitor.page.url.partition("?")[0]


def open_diagram(page: Page, draft_url: str, file: str = "") -> None:
    """Show a diagram of the draft and wait until it is drawn and checked."""
    page.goto(f"{draft_url}?file={file}" if file else draft_url)
    drawn(page)


def drawn(page: Page) -> None:
    expect(page.locator("#canvas[data-drawn=yes]")).to_be_visible(timeout=PATIENCE)


def element(page: Page, key: str) -> Locator:
    """An element on the canvas."""
    return page.locator(f".djs-element[data-element-id='{key}']").first


def panel(page: Page) -> Locator:
    """The properties panel."""
    return page.locator("#properties")


def settled(page: Page) -> None:
    """Everything typed is saved, and the check of exactly that has come back."""
    expect(page.locator("#save-state")).to_have_text(SAVED, timeout=PATIENCE)
    page.wait_for_function(
        "() => document.body.dataset.checked === document.querySelector('input[name=revision]').value",
        timeout=PATIENCE,
    )


# Half-way along the line, wherever it bends: its bounding box says nothing of where the line runs.
MIDDLE = """path => {
    const point = path.getPointAtLength(path.getTotalLength() / 2).matrixTransform(path.getScreenCTM());
    return [point.x, point.y];
}"""


def drop_on_flow(page: Page, flow: str) -> None:
    """A new task from the palette, dropped on a flow: click, then click; the move between is paced."""
    page.locator(".djs-palette [data-action='create.task']").click()
    x, y = element(page, flow).locator("path.djs-hit-stroke").evaluate(MIDDLE)
    page.mouse.move(x - 40, y - 40)
    page.mouse.move(x, y, steps=8)
    page.mouse.click(x, y)


def make_user_task(page: Page, name: str) -> None:
    """Name the task just dropped, and make it one that people do."""
    label = page.locator(".djs-direct-editing-content")
    expect(label).to_be_visible()
    page.keyboard.type(name)
    page.keyboard.press("Enter")
    expect(label).to_have_count(0)
    page.locator(".djs-context-pad [data-action='replace']").click()
    page.locator(".djs-popup [data-id='replace-with-user-task']").click()
    expect(panel(page)).to_contain_text("人工任务")
