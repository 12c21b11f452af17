"""Bytes of a stranger's XML file to an element tree, trusting nothing in them."""

import re
from dataclasses import dataclass
from typing import Final

from lxml import etree

_ENCODING: Final = re.compile(rb"""^\s*<\?xml[^>]*?encoding\s*=\s*["']([^"']+)["']""")
_DECLARATIONS: Final = re.compile(rb"<!(DOCTYPE|ENTITY)", re.IGNORECASE)
# One byte a character and ASCII below 128: a declaration looks in them as it does in UTF-8.
_SINGLE_BYTE: Final = frozenset(
    {"latin1"}
    | {f"iso-8859-{part}" for part in (*range(1, 12), *range(13, 17))}
    | {f"windows-125{part}" for part in range(9)}
)
_UTF16_MARKS: Final = (b"\xff\xfe", b"\xfe\xff")
_DECLARED: Final = re.compile(r"""^(\s*<\?xml[^>]*?encoding\s*=\s*["'])([^"']+)""")
_UTF16: Final = frozenset({"utf-16", "utf16", "utf-16le", "utf-16be"})
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Limits:
    """Largest file in bytes, most elements, deepest nesting."""

    size: int
    elements: int
    depth: int = 256


class XmlRefused(Exception):
    """The file isn't read; `rule` is `xml-unsafe`, `xml-invalid`, `too-large` or `too-deep`, `line` counts from 1."""

    def __init__(self, rule: str, zh: str, en: str, line: int | None = None) -> None:
        super().__init__(en)
        self.rule, self.zh, self.en, self.line = rule, zh, en, line


def read_xml(data: bytes, limits: Limits) -> etree._Element:
    """The root element. Raises XmlRefused; never opens another file, never expands an entity."""
    if not isinstance(data, bytes):
        raise TypeError("files are read as bytes")
    data = _as_utf8(data, limits)
    _check_bytes(data, limits)
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False,
        remove_pis=True, remove_comments=True,
    )  # fmt: skip
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        line = error.lineno or None
        raise XmlRefused(
            "xml-invalid", f"不是有效的 XML：{error.msg}", f"not well-formed: {error.msg}", line
        ) from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise _with_declarations()
    _check_tree(root, limits)
    return root


def _as_utf8(data: bytes, limits: Limits) -> bytes:
    """UTF-16 as some tools export it, in UTF-8, so that a declaration shows; anything else as it is."""
    if len(data) > limits.size or not data.startswith(_UTF16_MARKS):
        return data
    try:
        text = data.decode("utf-16")
    except UnicodeDecodeError:
        return data
    declared = _DECLARED.match(text)
    if declared is not None and declared[2].lower() not in _UTF16:
        return data
    return _DECLARED.sub(r"\1UTF-8", text, count=1).encode("utf-8", "surrogatepass")


def _check_bytes(data: bytes, limits: Limits) -> None:
    if len(data) > limits.size:
        raise XmlRefused("too-large", f"文件超过 {limits.size} 字节", f"larger than {limits.size} bytes")
    encoding = _ENCODING.match(data.removeprefix(_BYTE_ORDER_MARK))
    declared = encoding.group(1).decode("ascii", "replace").lower() if encoding else "utf-8"
    # Other encodings could hide a declaration from the search below.
    readable = declared in _SINGLE_BYTE or (
        declared in ("utf-8", "utf8", "us-ascii", "ascii") and _is_utf8(data)
    )
    if not readable or b"\0" in data:
        raise XmlRefused("xml-unsafe", "文件必须使用 UTF-8 编码", "the file must be encoded in UTF-8")
    if _DECLARATIONS.search(data):
        raise _with_declarations()


def _check_tree(root: etree._Element, limits: Limits) -> None:
    count = depth = deepest = 0
    for event, _element in etree.iterwalk(root, events=("start", "end")):
        depth += 1 if event == "start" else -1
        count += event == "start"
        deepest = max(deepest, depth)
    if count > limits.elements:
        zh, en = f"元素超过 {limits.elements} 个", f"more than {limits.elements} elements"
        raise XmlRefused("too-large", zh, en)
    if deepest > limits.depth:
        zh, en = f"嵌套超过 {limits.depth} 层", f"nested more than {limits.depth} levels deep"
        raise XmlRefused("too-deep", zh, en)


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _with_declarations() -> XmlRefused:
    return XmlRefused("xml-unsafe", "不允许 DOCTYPE 和实体声明", "DOCTYPE and entities are not allowed")
