"""Officers' browsers without a browser: the web application's own client, logged in through the log-in page."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
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


def sit_down(kernel: Kernel, folder: Path, name: str) -> Desk:
    """Log in with the account that `tests.office` made."""
    app = create_app(kernel, Settings(data_dir=folder))
    app.extensions["sanshen_assets"] = assets = Assets(_unbuilt(folder))
    app.jinja_env.globals["asset"] = assets.url
    client = app.test_client()
    form = {
        "account": f"{name}-account",
        "password": PASSWORD,
        "csrf_token": _token(client.get("/login").text),
    }
    answer = client.post("/login", data=form, headers=ORIGIN)
    assert answer.status_code == 302, answer.text
    return Desk(client, _token(client.get("/absences").text))


def _unbuilt(folder: Path) -> Path:
    """Names of assets without building them."""
    (folder / "dist").mkdir(exist_ok=True)
    (folder / "dist/manifest.json").write_text(json.dumps({name: name for name in NEEDED}))
    return folder


def _token(page: str) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found is not None
    return found.group(1)
