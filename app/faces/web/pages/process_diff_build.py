"""Two sets of process files compared, in the reader's words."""

from __future__ import annotations

from collections import Counter

from flask import url_for

from app.faces.diff_words import KIND_WORDS, property_word, type_word
from app.faces.translation import _
from app.faces.web.pages.process_sides import Side
from app.faces.web.pages.processes_view import (
    Canvas,
    DiagramPart,
    DiffPart,
    ElementLine,
    FilePart,
    PropertyLine,
    TextLine,
)
from app.kernel.engine.lifecycle.diff import ORDER, DiagramDiff, ElementChange, FileDiff, compare_files

LONGEST_TEXT = 1500
"""Lines shown of one text difference; the export has the whole."""


def diff_part(key: str, old: Side, new: Side) -> DiffPart:
    """Diagrams with their canvases and tables, then the other files."""
    diff = compare_files(old.files, new.files)
    return DiffPart(
        old.title,
        new.title,
        [_diagram(key, old, new, diagram) for diagram in diff.diagrams],
        [_file(found) for found in diff.files],
    )


def _diagram(key: str, old: Side, new: Side, diagram: DiagramDiff) -> DiagramPart:
    word, _sign, tone = KIND_WORDS[diagram.kind]
    counted = Counter(change.kind for change in diagram.elements)
    return DiagramPart(
        file=diagram.file,
        kind=str(word),
        tone=tone,
        old=_canvas(key, old, diagram, before=True),
        new=_canvas(key, new, diagram, before=False),
        counts=[
            f"{KIND_WORDS[kind][1]} {KIND_WORDS[kind][0]} {counted[kind]}" for kind in ORDER if counted[kind]
        ],
        lines=[_element(change) for change in diagram.elements],
    )


def _canvas(key: str, side: Side, diagram: DiagramDiff, *, before: bool) -> Canvas | None:
    if diagram.file not in side.files:
        return None
    return Canvas(
        url=url_for("processes.diagram", key=key, side=side.name, file=diagram.file),
        title=side.title,
        added="" if before else " ".join(diagram.ids("added")),
        removed=" ".join(diagram.ids("removed")) if before else "",
        changed=" ".join(diagram.ids("changed")),
        moved=" ".join(diagram.ids("moved")),
    )


def _element(change: ElementChange) -> ElementLine:
    word, sign, tone = KIND_WORDS[change.kind]
    return ElementLine(
        kind=str(word),
        sign=sign,
        tone=tone,
        element=change.element,
        type=type_word(change.type),
        name=change.name,
        properties=[PropertyLine(property_word(p.name), p.old, p.new) for p in change.properties],
    )


def _file(found: FileDiff) -> FilePart:
    word, _sign, tone = KIND_WORDS[found.kind]
    sizes = " → ".join(
        _("%(n)s 字节", n=size) if size is not None else "—" for size in (found.old_size, found.new_size)
    )
    lines = [_line(line) for line in found.lines[:LONGEST_TEXT]]
    if len(found.lines) > LONGEST_TEXT:
        lines.append(TextLine("@", _("还有 %(n)s 行，请导出查看", n=len(found.lines) - LONGEST_TEXT)))
    return FilePart(found.file, str(word), tone, sizes, lines)


def _line(line: str) -> TextLine:
    mark = line[:1]
    if mark in ("+", "-"):
        return TextLine(mark, line[1:])
    return TextLine("@", line) if mark == "@" else TextLine("", line[1:])
