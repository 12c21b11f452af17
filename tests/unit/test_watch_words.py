"""The watch tells attempts in words, those that only the database stopped too."""

from flask import Flask

from app.faces.fence_words import FENCE_TEXTS
from app.faces.web import language
from app.faces.web.pages.watch_rows import reason_words


def test_what_the_fence_refused_is_told_in_its_words() -> None:
    app = Flask("reader")
    language.install(app, "zh")
    with app.test_request_context():
        assert {code: reason_words(code) for code in FENCE_TEXTS} == {
            code: str(words) for code, words in FENCE_TEXTS.items()
        }
        assert reason_words("SD999") == "数据库约束 SD999"
