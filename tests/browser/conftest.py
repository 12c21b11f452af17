"""A small office behind a real server process, and browsers that watch for policy violations."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from app.wiring import build_kernel
from config import Settings
from tests.databases import CopiedDatabase
from tests.office import PASSWORD, Office, prepare_database

ROOT = Path(__file__).resolve().parents[2]
STARTS_WITHIN = 60.0


@dataclass
class Site:
    """A running server over an office of its own."""

    url: str
    office: Office


@dataclass
class Visitor:
    """One person's browser; `problems` are policy violations and script errors it met."""

    context: BrowserContext
    page: Page
    url: str
    problems: list[str] = field(default_factory=list)

    def watch(self) -> None:
        """Collect what a browser says when a policy is broken or a script fails."""
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))

    def _heard(self, message: ConsoleMessage) -> None:
        broken = "Content Security Policy" in message.text or "Refused to" in message.text
        if broken or (message.type == "error" and "Failed to load resource" not in message.text):
            self.problems.append(message.text)

    def log_in(self, name: str, password: str = PASSWORD) -> None:
        """Through the log-in page, as everybody must."""
        self.page.goto(f"{self.url}/login")
        self.page.get_by_label("账号").fill(f"{name}-account")
        self.page.get_by_label("密码").fill(password)
        self.page.get_by_role("button", name="登录").click()
        self.page.wait_for_url(f"{self.url}/")

    def go(self, path: str) -> None:
        """Open an address of this site."""
        self.page.goto(f"{self.url}{path}")


@pytest.fixture(scope="module")
def site(database: CopiedDatabase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The office's people and processes, and `sanshen web` as a process of its own."""
    data = tmp_path_factory.mktemp("site") / "data"
    prepare_database(database)
    kernel = build_kernel(Settings(data_dir=data, database_url=database.app_url))
    office = Office.found(kernel)
    port = _free_port()
    environment = {
        **os.environ,
        "DATABASE_URL": database.app_url,
        "SANSHEN_DATA": str(data),
        "HOST": "127.0.0.1",
        "PORT": str(port),
    }
    command = [sys.executable, "-m", "app.faces.cli", "web"]
    with (data / "web.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
        try:
            _wait_until_ready(f"http://127.0.0.1:{port}", process, data / "web.log")
            yield Site(f"http://127.0.0.1:{port}", office)
        finally:
            process.terminate()
            process.wait(timeout=20)
            kernel.database.dispose()


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Browser]:
    """One Chromium for the run; every person gets a context of his own in it."""
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.fixture
def visit(site: Site, browser: Browser) -> Iterator[type[Visitor]]:
    """Call it for a new person's browser; all must end without a broken policy or script error."""
    opened: list[Visitor] = []

    def new(width: int = 1440, height: int = 900) -> Visitor:
        context = browser.new_context(viewport={"width": width, "height": height}, locale="zh-CN")
        visitor = Visitor(context, context.new_page(), site.url)
        visitor.watch()
        opened.append(visitor)
        return visitor

    yield new  # type: ignore[misc]
    for visitor in opened:
        visitor.context.close()
    assert [problem for visitor in opened for problem in visitor.problems] == []


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_ready(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < until:
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(f"{url}/health/ready", timeout=5):  # noqa: S310 (our own address)
                return
        except OSError:
            time.sleep(0.2)
    raise RuntimeError(f"the server did not start:\n{log.read_text('utf-8', 'replace')}")
