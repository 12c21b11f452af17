"""Officers' browsers without a browser: the web application's own client, logged in through the log-in page."""

from __future__ import annotations

import atexit
import json
import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.test import TestResponse

from app.faces.web import create_app
from app.faces.web.built_assets import NEEDED, Assets
from app.kernel.kernel import Kernel
from config import Settings
from tests.office import PASSWORD

ORIGIN = {"Origin": "http://localhost"}


@dataclass
class Desk:
    """One person at the pages."""

    client: FlaskClient
    token: str

    def get(self, path: str) -> TestResponse:
        return self.client.get(path, follow_redirects=True)

    def post(self, path: str, form: Any) -> TestResponse:
        """A form as the page would send it; `form` is a mapping or pairs."""
        pairs = list(form.items()) if isinstance(form, dict) else list(form)
        return self.client.post(path, data=_multi([*pairs, ("csrf_token", self.token)]), headers=ORIGIN)


def _multi(pairs: list[tuple[str, Any]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for key, value in pairs:
        found.setdefault(key, []).append(str(value))
    return found


def sit_down(kernel: Kernel, name: str) -> Desk:
    """Log in with the account that `tests.office` made."""
    client = browser(kernel)
    form = {
        "account": f"{name}-account",
        "password": PASSWORD,
        "csrf_token": _token(client.get("/login").text),
    }
    answer = client.post("/login", data=form, headers=ORIGIN)
    assert answer.status_code == 302, answer.text
    return Desk(client, _token(client.get("/absences").text))


def browser(kernel: Kernel) -> FlaskClient:
    """A visitor at the pages of this kernel, or a program at its interface."""
    app = application(kernel)
    return _Client(app, app.response_class, use_cookies=True, kernel=kernel)


class _Client(FlaskClient):
    """Puts its kernel behind the application that it shares with the others, for each request."""

    def __init__(self, *args: Any, kernel: Kernel, **more: Any) -> None:
        super().__init__(*args, **more)
        self._kernel = kernel

    def open(self, *args: Any, **more: Any) -> TestResponse:
        application(self._kernel)
        return super().open(*args, **more)


def application(kernel: Kernel) -> Flask:
    """The one web application of this process, over this kernel: to build one takes longer than most tests."""
    if not _BUILT:
        _BUILT.append(_build(kernel))
    (app,) = _BUILT
    pages = app.wsgi_app
    assert isinstance(pages, DispatcherMiddleware)
    api = pages.mounts["/api"].__self__  # type: ignore[attr-defined]
    for one in (app, api):
        one.extensions["sanshen_kernel"] = kernel
    app.extensions["sanshen_keyring"] = kernel.keyring
    return app


_BUILT: list[Flask] = []


def _build(kernel: Kernel) -> Flask:
    """With names of assets, without building them."""
    folder = Path(tempfile.mkdtemp(prefix="sanshen-pages-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    app = create_app(kernel, Settings(data_dir=folder))
    (folder / "dist").mkdir()
    (folder / "dist/manifest.json").write_text(json.dumps({name: name for name in NEEDED}))
    app.extensions["sanshen_assets"] = assets = Assets(folder)
    app.jinja_env.globals["asset"] = assets.url
    return app


def _token(page: str) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found is not None
    return found.group(1)
