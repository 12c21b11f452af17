"""Bytes of a process file to an element tree, trusting nothing in them."""

import re
from typing import Final

from lxml import etree

from app.kernel.engine.check.findings import DefinitionInvalid, Finding

LARGEST_FILE: Final = 2 * 1024 * 1024
MOST_ELEMENTS: Final = 20_000

_ENCODING: Final = re.compile(rb"""^\s*<\?xml[^>]*?encoding\s*=\s*["']([^"']+)["']""")
_DECLARATIONS: Final = re.compile(rb"<!(DOCTYPE|ENTITY)", re.IGNORECASE)
# One byte a character and ASCII below 128: a declaration looks in them as it does in UTF-8.
_SINGLE_BYTE: Final = frozenset({"iso-8859-1", "latin1", "windows-1252"})
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


def parsed_xml(file: str, data: bytes) -> etree._Element:
    """The root element of `data`. Raises DefinitionInvalid; never opens another file, never expands an entity."""
    _check_bytes(file, data)
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False,
        remove_pis=True,
    )  # fmt: skip
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        line = error.lineno or None
        raise _invalid(
            "xml-invalid", file, "不是有效的 XML：" + error.msg, f"not well-formed: {error.msg}", line
        ) from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise _with_declarations(file)
    if sum(1 for _ in root.iter()) > MOST_ELEMENTS:
        raise _invalid(
            "too-large", file, f"元素超过 {MOST_ELEMENTS} 个", f"more than {MOST_ELEMENTS} elements"
        )
    return root


def _check_bytes(file: str, data: bytes) -> None:
    if not isinstance(data, bytes):
        raise TypeError("process files are read as bytes")
    if len(data) > LARGEST_FILE:
        raise _invalid(
            "too-large", file, f"文件超过 {LARGEST_FILE} 字节", f"larger than {LARGEST_FILE} bytes"
        )
    encoding = _ENCODING.match(data.removeprefix(_BYTE_ORDER_MARK))
    declared = encoding.group(1).decode("ascii", "replace").lower() if encoding else "utf-8"
    # Other encodings could hide a declaration from the search below.
    readable = declared in _SINGLE_BYTE or (declared in ("utf-8", "us-ascii", "ascii") and _is_utf8(data))
    if not readable or b"\0" in data:
        raise _invalid("xml-unsafe", file, "文件必须使用 UTF-8 编码", "the file must be encoded in UTF-8")
    if _DECLARATIONS.search(data):
        raise _with_declarations(file)


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _with_declarations(file: str) -> DefinitionInvalid:
    return _invalid("xml-unsafe", file, "不允许 DOCTYPE 和实体声明", "DOCTYPE and entities are not allowed")


def _invalid(rule: str, file: str, zh: str, en: str, line: int | None = None) -> DefinitionInvalid:
    return DefinitionInvalid([Finding(rule, "error", file, line, None, zh, en)])
