"""Bytes of a DMN file to an element tree, trusting nothing in them."""

from __future__ import annotations

import re
from typing import Final

from lxml import etree

from app.kernel.decisions.dmn.errors import ModelInvalid, Problem

LARGEST_FILE: Final = 4 * 1024 * 1024
MOST_ELEMENTS: Final = 60_000
DEEPEST: Final = 100

_DECLARATIONS: Final = re.compile(rb"<!(DOCTYPE|ENTITY)", re.IGNORECASE)
_ENCODING: Final = re.compile(rb"""^\s*<\?xml[^>]*?encoding\s*=\s*["']([^"']+)["']""")
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_MODEL: Final = re.compile(
    r"https?://www\.omg\.org/spec/DMN/(20151101/dmn\.xsd|20180521/MODEL/|20191111/MODEL/|20211108/MODEL/|20230324/MODEL/)"
)
"""The namespaces of DMN 1.1 to 1.5."""


def parsed_model(file: str, data: bytes) -> etree._Element:
    """The `definitions` element. Raises ModelInvalid; never opens another file, never expands an entity."""
    root = parsed(file, data)
    name = etree.QName(root)
    if name.localname != "definitions" or _MODEL.fullmatch(name.namespace or "") is None:
        raise _invalid(
            "not-a-model", file, "不是 DMN 1.1 至 1.5 的决策模型", "no decision model of DMN 1.1 to 1.5"
        )
    return root


def parsed(file: str, data: bytes) -> etree._Element:
    """The root element of any XML file. Raises ModelInvalid."""
    _check_bytes(file, data)
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False,
        remove_pis=True, remove_comments=True,
    )  # fmt: skip
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise _invalid(
            "xml-invalid", file, f"不是有效的 XML：{error.msg}", f"not well-formed: {error.msg}", error.lineno
        ) from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise _declarations(file)
    count, deepest = _size(root)
    if deepest > DEEPEST:
        raise _invalid("too-deep", file, f"嵌套超过 {DEEPEST} 层", f"nested more than {DEEPEST} levels deep")
    if count > MOST_ELEMENTS:
        raise _invalid(
            "too-large", file, f"元素超过 {MOST_ELEMENTS} 个", f"more than {MOST_ELEMENTS} elements"
        )
    return root


def _size(root: etree._Element) -> tuple[int, int]:
    """How many elements, and how deep."""
    count = depth = deepest = 0
    for event, _element in etree.iterwalk(root, events=("start", "end")):
        depth += 1 if event == "start" else -1
        count += event == "start"
        deepest = max(deepest, depth)
    return count, deepest


def _check_bytes(file: str, data: bytes) -> None:
    if len(data) > LARGEST_FILE:
        raise _invalid(
            "too-large", file, f"文件超过 {LARGEST_FILE} 字节", f"larger than {LARGEST_FILE} bytes"
        )
    encoding = _ENCODING.match(data.removeprefix(_BYTE_ORDER_MARK))
    declared = encoding.group(1).decode("ascii", "replace").lower() if encoding else "utf-8"
    # Other encodings could hide a declaration from the search below.
    if declared not in ("utf-8", "us-ascii", "ascii") or b"\0" in data:
        raise _invalid("xml-unsafe", file, "文件必须使用 UTF-8 编码", "the file must be encoded in UTF-8")
    if _DECLARATIONS.search(data):
        raise _declarations(file)


def _declarations(file: str) -> ModelInvalid:
    return _invalid("xml-unsafe", file, "不允许 DOCTYPE 和实体声明", "DOCTYPE and entities are not allowed")


def _invalid(rule: str, file: str, zh: str, en: str, line: int | None = None) -> ModelInvalid:
    return ModelInvalid([Problem(rule, file, line, None, zh, en)])
