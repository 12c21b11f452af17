"""What differs between two sets of process files: elements of diagrams with their properties, other files as text.

Pure. An element is anything of a process with an id; one that stands elsewhere on the canvas and is otherwise the same
is `moved`. Properties are named as in the file: `name`, `sanshen:duty.kind`, `zeebe:formDefinition.formId`.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from lxml import etree

from app.kernel.engine.check.findings import DefinitionInvalid
from app.kernel.engine.check.xml_safety import parsed_xml
from app.kernel.engine.vocabulary import BPMN, NAMES

Kind = Literal["added", "removed", "changed", "moved"]
FileKind = Literal["added", "removed", "changed"]
ORDER: tuple[Kind, ...] = ("added", "removed", "changed", "moved")
TEXTS = (".bpmn", ".dmn", ".form", ".html", ".toml")
_DI = "http://www.omg.org/spec/BPMN/20100524/DI"
_PREFIXES = {address: prefix for prefix, address in NAMES.items()}
_NOT_PROPERTIES = frozenset({"incoming", "outgoing", "flowNodeRef"})


@dataclass(frozen=True)
class PropertyChange:
    """One property, empty where it isn't there."""

    name: str
    old: str
    new: str


@dataclass(frozen=True)
class ElementChange:
    """An element of a diagram; `name` is the newer one. `properties` lists an added or removed element's own too."""

    kind: Kind
    element: str
    type: str
    name: str
    properties: tuple[PropertyChange, ...]


@dataclass(frozen=True)
class DiagramDiff:
    """The differences of one diagram file; `kind` when the file itself came or went."""

    file: str
    kind: FileKind
    elements: tuple[ElementChange, ...]

    def ids(self, kind: Kind) -> list[str]:
        """Element ids of one kind, to colour them."""
        return [change.element for change in self.elements if change.kind == kind]


@dataclass(frozen=True)
class FileDiff:
    """Another file: unified difference of its lines, none when it isn't text (sizes in bytes then)."""

    file: str
    kind: FileKind
    lines: tuple[str, ...]
    old_size: int | None
    new_size: int | None


@dataclass(frozen=True)
class DefinitionDiff:
    """All differences, by path; nothing differs when both are empty."""

    diagrams: tuple[DiagramDiff, ...]
    files: tuple[FileDiff, ...]

    def __bool__(self) -> bool:
        return bool(self.diagrams or self.files)


@dataclass(frozen=True)
class _Element:
    type: str
    properties: Mapping[str, str]
    layout: str


def compare_files(old: Mapping[str, bytes], new: Mapping[str, bytes]) -> DefinitionDiff:
    """`old` and `new` by `folder/name`. A diagram that can't be read is compared as text; raises nothing."""
    diagrams: list[DiagramDiff] = []
    files: list[FileDiff] = []
    for path in sorted(old.keys() | new.keys()):
        before, after = old.get(path), new.get(path)
        if before == after:
            continue
        diagram = _compare_diagrams(path, before, after) if path.endswith(".bpmn") else None
        if diagram is not None:
            diagrams.append(diagram)
        else:
            files.append(_compare_text(path, before, after))
    return DefinitionDiff(tuple(diagrams), tuple(files))


def _kind(before: bytes | None, after: bytes | None) -> FileKind:
    if before is None:
        return "added"
    return "removed" if after is None else "changed"


def _compare_diagrams(path: str, before: bytes | None, after: bytes | None) -> DiagramDiff | None:
    """None when one of them can't be read, or only its spelling differs."""
    try:
        old = _read(path, before) if before is not None else {}
        new = _read(path, after) if after is not None else {}
    except DefinitionInvalid:
        return None
    changes = [
        change
        for element in sorted(old.keys() | new.keys())
        if (change := _compare_elements(element, old.get(element), new.get(element))) is not None
    ]
    if not changes:
        return None
    changes.sort(key=lambda change: (ORDER.index(change.kind), change.element))
    return DiagramDiff(path, _kind(before, after), tuple(changes))


def _compare_elements(element: str, old: _Element | None, new: _Element | None) -> ElementChange | None:
    before = old.properties if old else {}
    after = new.properties if new else {}
    properties = tuple(
        PropertyChange(name, before.get(name, ""), after.get(name, ""))
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name)
    )
    kind: Kind
    if old is None or new is None:
        kind = "added" if old is None else "removed"
    elif properties or old.type != new.type:
        kind = "changed"
        if old.type != new.type:
            properties = (PropertyChange("type", old.type, new.type), *properties)
    elif old.layout != new.layout:
        kind = "moved"
    else:
        return None
    shown = new or old
    name = after.get("name") or before.get("name") or ""
    return ElementChange(kind, element, shown.type if shown else "", name, properties)


def _read(path: str, data: bytes) -> dict[str, _Element]:
    root = parsed_xml(path, data)
    layouts = {
        shape.get("bpmnElement", ""): _layout(shape)
        for shape in root.iter(f"{{{_DI}}}BPMNShape", f"{{{_DI}}}BPMNEdge")
    }
    return {
        node.get("id", ""): _Element(
            _local(node), dict(_properties(node)), layouts.get(node.get("id", ""), "")
        )
        for top in root
        if _is_bpmn(top)
        for node in top.iter(f"{{{BPMN}}}*")
        if node.get("id") and not _is_part(node)
    }


def _is_bpmn(node: Any) -> bool:
    return isinstance(node.tag, str) and etree.QName(node).namespace == BPMN


def _is_part(node: Any) -> bool:
    """Event definitions, conditions and loop markers belong to the element they stand in."""
    return _local(node).endswith(("EventDefinition", "Characteristics", "Expression", "laneSet"))


def _properties(node: Any) -> Iterator[tuple[str, str]]:
    """Own attributes, then those of everything inside that is no element itself; repeated ones in one text."""
    found: dict[str, list[str]] = {}
    for name, value in node.attrib.items():
        if name != "id":
            found.setdefault(_short(name), []).append(value)
    for child in node:
        if isinstance(child.tag, str) and not (child.get("id") and not _is_part(child)):
            _collect(child, "", found)
    for name, values in found.items():
        yield name, "\n".join(values)


def _collect(node: Any, prefix: str, found: dict[str, list[str]]) -> None:
    local = _local(node)
    if local in _NOT_PROPERTIES:
        return
    name = prefix if local == "extensionElements" else f"{prefix}{_short(node.tag)}"
    text = (node.text or "").strip()
    if text:
        found.setdefault(name, []).append(text)
    for attribute, value in node.attrib.items():
        if attribute != "id":
            found.setdefault(f"{name}.{_short(attribute)}", []).append(value)
    if not text and not node.attrib and not len(node):
        found.setdefault(name, []).append("✓")
    for child in node:
        if isinstance(child.tag, str) and not (child.get("id") and not _is_part(child)):
            _collect(child, f"{name}." if name else "", found)


def _layout(shape: Any) -> str:
    """Numbers of its bounds or way points, in order."""
    return " ".join(
        f"{name}={value}"
        for node in shape.iter()
        if isinstance(node.tag, str) and _local(node) in ("Bounds", "waypoint")
        for name, value in sorted(node.attrib.items())
        if name != "id"
    )


def _local(node: Any) -> str:
    return str(etree.QName(node).localname)


def _short(tag: str) -> str:
    """`prefix:name` with the usual prefix, BPMN's own names bare."""
    name = etree.QName(tag)
    prefix = _PREFIXES.get(name.namespace or "", "")
    if not prefix or name.namespace == BPMN:
        return str(name.localname)
    return f"{prefix}:{name.localname}"


def _compare_text(path: str, before: bytes | None, after: bytes | None) -> FileDiff:
    old, new = _text(path, before), _text(path, after)
    lines = (
        tuple(difflib.unified_diff(old, new, lineterm="", n=3))[2:]
        if old is not None and new is not None
        else ()
    )
    sizes = [None if data is None else len(data) for data in (before, after)]
    return FileDiff(path, _kind(before, after), lines, sizes[0], sizes[1])


def _text(path: str, data: bytes | None) -> list[str] | None:
    """Lines of a text file, none for one that isn't there; None when it is no text."""
    if not path.endswith(TEXTS):
        return None
    try:
        return (data or b"").decode("utf-8").splitlines()
    except UnicodeDecodeError:
        return None
