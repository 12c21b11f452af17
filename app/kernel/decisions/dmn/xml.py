"""A DMN file's bytes as an element tree, or a problem of the model."""

from __future__ import annotations

import re
from typing import Final

from lxml import etree

from app.kernel.decisions.dmn.errors import ModelInvalid, Problem
from app.kernel.xml_safety import Limits, XmlRefused, read_xml

LARGEST_FILE: Final = 4 * 1024 * 1024
MOST_ELEMENTS: Final = 60_000
DEEPEST: Final = 100

_MODEL: Final = re.compile(
    r"https?://www\.omg\.org/spec/DMN/(20151101/dmn\.xsd|20180521/MODEL/|20191111/MODEL/|20211108/MODEL/|20230324/MODEL/)"
)
"""The namespaces of DMN 1.1 to 1.5."""


def parsed_model(file: str, data: bytes) -> etree._Element:
    """The `definitions` element. Raises ModelInvalid."""
    root = parsed(file, data)
    name = etree.QName(root)
    if name.localname != "definitions" or _MODEL.fullmatch(name.namespace or "") is None:
        raise _invalid(
            "not-a-model", file, "不是 DMN 1.1 至 1.5 的决策模型", "no decision model of DMN 1.1 to 1.5"
        )
    return root


def parsed(file: str, data: bytes) -> etree._Element:
    """The root element of any XML file. Raises ModelInvalid."""
    try:
        return read_xml(data, Limits(LARGEST_FILE, MOST_ELEMENTS, DEEPEST))
    except XmlRefused as refused:
        raise _invalid(refused.rule, file, refused.zh, refused.en, refused.line) from None


def _invalid(rule: str, file: str, zh: str, en: str, line: int | None = None) -> ModelInvalid:
    return ModelInvalid([Problem(rule, file, line, None, zh, en)])
