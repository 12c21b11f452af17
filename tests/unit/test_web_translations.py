"""Every text of the interface has its English, and the compiled catalogue is the written one."""

from __future__ import annotations

import gettext
import io
import re
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parents[2]
CATALOGUE = ROOT / "translations/en/LC_MESSAGES"
HOW = "pybabel extract -F translations/babel.cfg -k _l, then add to messages.po and pybabel compile -d translations"


def english() -> dict[str, str]:
    catalogue = read_po(io.BytesIO((CATALOGUE / "messages.po").read_bytes()), locale="en")
    return {str(message.id): str(message.string) for message in catalogue if message.id}


def extracted(folder: str, method: str) -> set[str]:
    suffix = "**.py" if method == "python" else "**.html"
    found = extract_from_dir(
        str(ROOT / folder), method_map=[(suffix, method)], keywords={"_": None, "_l": None, "gettext": None}
    )
    return {str(message) for _file, _line, message, _comments, _context in found}


@pytest.mark.parametrize(("folder", "method"), [("app/faces", "python"), ("templates", "jinja2")])
def test_every_text_is_translated(folder: str, method: str) -> None:
    texts = extracted(folder, method)
    assert len(texts) > 100, "the extraction no longer finds the texts"
    known = english()
    assert sorted(text for text in texts if not known.get(text)) == [], HOW


def test_translations_keep_the_placeholders() -> None:
    pattern = re.compile(r"%\((\w+)\)s")
    wrong = [zh for zh, en in english().items() if set(pattern.findall(zh)) != set(pattern.findall(en))]
    assert wrong == []


def test_compiled_catalogue_is_the_written_one() -> None:
    with (CATALOGUE / "messages.mo").open("rb") as compiled:
        translations = gettext.GNUTranslations(compiled)
    assert {zh: translations.gettext(zh) for zh in english()} == english(), HOW


def test_templates_hold_no_chinese_outside_gettext() -> None:
    bare = {}
    for path in (ROOT / "templates").rglob("*.html"):
        source = path.read_text("utf-8")
        source = re.sub(r"\{#.*?#\}|\{\{.*?\}\}|\{%.*?%\}", "", source, flags=re.DOTALL)
        # Full-width punctuation between values is typography, not text.
        found = re.findall(r"[\u4e00-\u9fff]+", source)
        if found:
            bare[path.name] = found
    assert bare == {}


def test_templates_hold_no_inline_style_or_handler() -> None:
    forbidden = re.compile(r"""\s(style|on[a-z]+)\s*=\s*["']""")
    wrong = [
        path.name
        for path in (ROOT / "templates").rglob("*.html")
        if forbidden.search(path.read_text("utf-8"))
    ]
    assert wrong == []
