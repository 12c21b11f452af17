"""Documents: Chinese dates, escaping, sandbox, missing data, stable bytes."""

import io
import zipfile
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any

import docx as word
import pytest

from app.kernel.documents.numbering import NumberFormatInvalid, check_format
from app.kernel.documents.render import (
    DocumentDataMissing,
    TemplateFaulty,
    date_formal,
    date_zh,
    money,
    render_docx,
    render_print,
)


def template(*paragraphs: str) -> bytes:
    document = word.Document()
    for paragraph in paragraphs:
        document.add_paragraph(paragraph)
    target = io.BytesIO()
    document.save(target)
    return target.getvalue()


def text_of(content: bytes) -> str:
    return "\n".join(paragraph.text for paragraph in word.Document(io.BytesIO(content)).paragraphs)


@pytest.mark.parametrize(
    ("day", "plain", "formal"),
    [
        (date(2026, 11, 23), "2026年11月23日", "二〇二六年十一月二十三日"),
        (date(2030, 10, 10), "2030年10月10日", "二〇三〇年十月十日"),
        (date(2026, 1, 31), "2026年1月31日", "二〇二六年一月三十一日"),
        ("2026-12-20", "2026年12月20日", "二〇二六年十二月二十日"),
    ],
)
def test_chinese_dates(day: date | str, plain: str, formal: str) -> None:
    assert date_zh(day) == plain
    assert date_formal(day) == formal


def test_day_of_an_instant_is_the_day_in_shanghai() -> None:
    assert date_zh(datetime(2026, 11, 22, 16, 30, tzinfo=UTC)) == "2026年11月23日"
    assert date_zh("2026-11-22T16:30:00+00:00") == "2026年11月23日"


def test_docx_holds_the_data_as_text_whatever_characters_it_has() -> None:
    data = {"worker": "苏<国>栋 & 王\x0b𠮷", "day": date(2026, 11, 23)}
    docx = render_docx(template("职工：{{ worker }}", "{{ day|date_formal }}"), data)
    assert text_of(docx) == "职工：苏<国>栋 & 王𠮷\n二〇二六年十一月二十三日"


def test_print_page_escapes_the_data() -> None:
    page = render_print("<p>{{ worker }}</p>", {"worker": "<script>"})
    assert page == "<p>&lt;script&gt;</p>"


def test_missing_data_is_named() -> None:
    with pytest.raises(DocumentDataMissing, match="accident_place"):
        render_docx(template("{{ accident_place }}"), {})
    with pytest.raises(DocumentDataMissing, match="accident_place"):
        render_print("{{ accident_place }}", {})


@pytest.mark.parametrize(
    "attack",
    [
        "{{ ''.__class__.__mro__ }}",
        "{{ data.append(1) }}",
        "{{ render.__globals__ }}",
        "{% include 'config.py' %}",
    ],
)
def test_template_cannot_leave_the_sandbox(attack: str) -> None:
    data: dict[str, Any] = {"data": [], "render": render_print}
    with pytest.raises(TemplateFaulty):
        render_print(attack, data)
    with pytest.raises(TemplateFaulty):
        render_docx(template(attack), data)


def test_file_that_is_no_docx_is_refused() -> None:
    with pytest.raises(TemplateFaulty):
        render_docx(b"not a zip", {})


def test_same_input_gives_the_same_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    source = template("{{ worker }}")
    first = render_docx(source, {"worker": "苏国栋"})
    monkeypatch.setattr("time.time", lambda: 2_000_000_000.0)
    second = render_docx(source, {"worker": "苏国栋"})
    assert sha256(first).digest() == sha256(second).digest()
    assert {entry.date_time for entry in zipfile.ZipFile(io.BytesIO(first)).infolist()} == {
        (1980, 1, 1, 0, 0, 0)
    }
    assert render_docx(source, {"worker": "苏国梁"}) != first


@pytest.mark.parametrize("faulty", ["认〔{year}〕号", "{serial}", "{year}{serial}{case}", "{year}{serial}{"])
def test_number_format_that_cannot_number_is_refused(faulty: str) -> None:
    with pytest.raises(NumberFormatInvalid):
        check_format(faulty)


def test_number_format_of_the_recognition_decision_is_accepted() -> None:
    check_format("{prefix}认〔{year}〕{serial}号")


@pytest.mark.parametrize(
    ("value", "written"),
    [("1620.5", "1,620.50"), (0, "0.00"), (None, "—"), ("", "—"), ("不详", "不详")],
)
def test_amounts_of_money_are_written_with_their_cents(value: object, written: str) -> None:
    assert money(value) == written  # type: ignore[arg-type]
