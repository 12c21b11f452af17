"""A process file's bytes as an element tree, or a finding."""

from typing import Final

from lxml import etree

from app.kernel.engine.check.findings import DefinitionInvalid, Finding
from app.kernel.xml_safety import Limits, XmlRefused, read_xml

LARGEST_FILE: Final = 2 * 1024 * 1024
MOST_ELEMENTS: Final = 20_000


def parsed_xml(file: str, data: bytes) -> etree._Element:
    """The root element of `data`. Raises DefinitionInvalid."""
    try:
        return read_xml(data, Limits(LARGEST_FILE, MOST_ELEMENTS))
    except XmlRefused as refused:
        finding = Finding(refused.rule, "error", file, refused.line, None, refused.zh, refused.en)
        raise DefinitionInvalid([finding]) from None
