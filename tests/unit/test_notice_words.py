"""Notices name days as people say them."""

from datetime import date

from flask import Flask

from app.faces.web import language
from app.faces.web.pages.notices import in_words


def test_days_of_a_notice_are_written_out_with_the_year_only_where_it_is_another() -> None:
    app = Flask("reader")
    language.install(app, "zh")
    with app.test_request_context():
        told = in_words({"name": "周立群", "from": "2026-12-02", "to": "2027-01-06"}, date(2026, 11, 29))
    assert (told["name"], told["from"], told["to"]) == ("周立群", "12月2日", "2027年1月6日")
