"""The watch tells attempts in words, those that only the database stopped too."""

import pytest
from flask import Flask

from app.faces.fence_words import FENCE_TEXTS
from app.faces.web import language
from app.faces.web.pages.watch_rows import reason_words


@pytest.mark.parametrize("code", [*FENCE_TEXTS, "SD999"])
def test_what_the_fence_refused_is_told_in_its_words(code: str) -> None:
    app = Flask("reader")
    language.install(app, "zh")
    with app.test_request_context():
        assert reason_words(code) == str(FENCE_TEXTS.get(code, f"数据库约束 {code}"))
