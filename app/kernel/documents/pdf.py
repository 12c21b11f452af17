"""The PDF of an issued document, set from its print page: PDF/A-2a, Chinese fonts embedded, same input same bytes.

The page's HTML is read into blocks by the classes of print pages (docs/documents.md); the typesetter gets them as
data and runs nothing of them. Fonts come with the application; those in `<data>/fonts` are used for characters
that these lack.
"""

from __future__ import annotations

import io
import re
import threading
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import orjson
import pylopdf_fonts_zh_cn as shipped_fonts
import segno
import typst
from lxml import etree, html

from app.kernel.refusals import Refusal

STANDARD: Final = "a-2a"
_PROGRAM: Final = (Path(__file__).parent / "document.typ").read_bytes()
_LACKING: Final = re.compile(r'text `"(.+?)"` could not be displayed')
_SPACE: Final = re.compile(r"[ \t\r\n\f]+")

_KINDS: Final = {
    "paper-authority": "authority",
    "paper-title": "title",
    "paper-number": "number",
    "paper-to": "plain",
    "paper-heading": "heading",
    "paper-line": "line",
    "paper-foot": "foot",
}
_TAGS: Final = {"h1": "title", "h2": "heading", "h3": "heading", "li": "item"}
_INLINE: Final = {"b": "b", "strong": "b", "u": "u", "em": "b", "span": "s", "small": "s", "br": "br"}
_AROUND: Final = frozenset({"article", "section", "div", "header", "footer", "main", "ul", "ol", "body"})


class CharacterUnprintable(Refusal):
    """No font here has a character of the document; params: characters, folder."""

    code = "character_unprintable"


@dataclass(frozen=True, slots=True)
class SealMark:
    """What a seal prints."""

    authority: str
    name: str


@dataclass(frozen=True, slots=True)
class Marks:
    """What the authority adds to the page: identity, code of verification with its address, seal, word on signing."""

    title: str
    number: str
    authority: str
    code: str = ""
    where: str = ""
    signing: str = ""
    address: str = ""
    seal: SealMark | None = None


@dataclass(frozen=True, slots=True)
class Fonts:
    """Where fonts lie beside the shipped ones."""

    folder: Path | None = None


@dataclass(slots=True)
class _Text:
    """Inline parts under way, with white space as a page shows it."""

    parts: list[Any] = field(default_factory=list)

    def add(self, text: str | None) -> None:
        if not text:
            return
        words = _SPACE.sub(" ", text)
        if not self.parts or self.parts[-1] == {"t": "br"}:
            words = words.lstrip(" ")
        elif isinstance(self.parts[-1], str):
            words = self.parts.pop() + words
            words = _SPACE.sub(" ", words)
        if words:
            self.parts.append(words)

    @property
    def empty(self) -> bool:
        return not any(not isinstance(part, str) or part.strip() for part in self.parts)


def render_pdf(page: str, marks: Marks, *, at: datetime, fonts: Path | None = None) -> bytes:
    """The PDF of a print page. `at` is the moment of issue. Raise CharacterUnprintable."""
    inputs = {
        "page": orjson.dumps(blocks_of(page)).decode(),
        "marks": orjson.dumps({**asdict(marks)}).decode(),
        "qr": qr_code(marks.address or marks.code) if marks.code else "",
    }
    extra = fonts if fonts is not None and fonts.is_dir() else None
    try:
        made = _compiler(extra).compile(
            _PROGRAM, format="pdf", sys_inputs=inputs, pdf_standards=[STANDARD], timestamp=int(at.timestamp())
        )
    except typst.TypstError as error:
        lacking = _LACKING.findall(str(error))
        if not lacking:
            raise
        raise CharacterUnprintable(characters="".join(lacking), folder=str(fonts or "")) from error
    if not isinstance(made, bytes):
        raise TypeError("the typesetter gave no PDF")
    return made


def qr_code(text: str) -> str:
    """A QR code as SVG, medium error correction."""
    target = io.BytesIO()
    segno.make(text, error="m", micro=False).save(target, kind="svg", border=0, scale=4, xmldecl=False)
    return target.getvalue().decode()


_local = threading.local()


def _compiler(extra: Path | None) -> typst.Compiler:
    """One per thread: it keeps what it laid out last."""
    kept: dict[Path | None, typst.Compiler] = _local.__dict__.setdefault("compilers", {})
    if extra not in kept:
        kept[extra] = typst.Compiler(_PROGRAM, font_paths=_fonts(extra), ignore_system_fonts=True)
    return kept[extra]


@lru_cache(maxsize=4)
def _fonts(extra: Path | None) -> typst.Fonts:
    folders = [str(shipped_fonts.serif_path().parent), *([str(extra)] if extra else [])]
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=folders)


def blocks_of(page: str) -> list[dict[str, Any]]:
    """The page as blocks; text that stands in no known element becomes a plain paragraph, nothing is lost."""
    root = html.fragment_fromstring(page, create_parent="body")
    return list(_blocks(root))


def _blocks(around: html.HtmlElement) -> Iterator[dict[str, Any]]:
    loose = _Text()
    loose.add(around.text)
    for child in around:
        if not isinstance(child.tag, str):
            loose.add(child.tail)
            continue
        if child.tag in _INLINE:
            _inline(child, loose)
            loose.add(child.tail)
            continue
        yield from _plain(loose)
        loose = _Text()
        yield from _block(child)
        loose.add(child.tail)
    yield from _plain(loose)


def _plain(loose: _Text) -> Iterator[dict[str, Any]]:
    if not loose.empty:
        yield {"k": "plain", "c": loose.parts}


def _block(element: html.HtmlElement) -> Iterator[dict[str, Any]]:
    classes = (element.get("class") or "").split()
    if "paper-seal" in classes:
        yield {"k": "closing", "lines": list(_closing(element))}
    elif element.tag == "table":
        yield {"k": "table", "rows": [list(_cells(row)) for row in element.iter("tr")]}
    elif element.tag in _AROUND and not any(name in _KINDS for name in classes):
        yield from _blocks(element)
    else:
        kind = next((_KINDS[name] for name in classes if name in _KINDS), _TAGS.get(element.tag, "p"))
        parts = _parts(element)
        if parts:
            yield {"k": kind, "c": parts}


def _closing(element: html.HtmlElement) -> Iterator[dict[str, Any]]:
    for line in element.iterchildren(tag=etree.Element):
        stamp = "paper-stamp" in (line.get("class") or "").split()
        yield {"stamp": stamp, "c": _parts(line)}


def _cells(row: html.HtmlElement) -> Iterator[dict[str, Any]]:
    for cell in row.iterchildren("th", "td"):
        yield {"head": cell.tag == "th", "span": int(cell.get("colspan") or 1), "c": _parts(cell)}


def _parts(element: html.HtmlElement) -> list[Any]:
    text = _Text()
    _inside(element, text)
    if text.parts and isinstance(text.parts[-1], str):
        text.parts[-1] = text.parts[-1].rstrip(" ")
    return [] if text.empty else [part for part in text.parts if part]


def _inside(element: html.HtmlElement, into: _Text) -> None:
    into.add(element.text)
    for child in element:
        if isinstance(child.tag, str):
            _inline(child, into)
        into.add(child.tail)


def _inline(element: html.HtmlElement, into: _Text) -> None:
    kind = _INLINE.get(element.tag, "s")
    if kind == "br":
        into.parts.append({"t": "br"})
    elif kind == "s":
        _inside(element, into)
    else:
        inner = _parts(element)
        if inner:
            into.parts.append({"t": kind, "c": inner})
