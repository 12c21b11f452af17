"""What a document template names, found without filling it: a slip of the pen is told when the process is deployed."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Collection, Iterator

from docxtpl import DocxTemplate
from jinja2 import TemplateError, nodes

from app.kernel.documents.render import TemplateFaulty, parse_template

BY_FACT = ("facts", "labels")


def unknown_facts(file: str, content: bytes, facts: Collection[str]) -> list[str]:
    """Facts that a template (`.docx`, else a print page) names and the process doesn't declare.

    Raise TemplateFaulty when the template can't be read.
    """
    found = dict.fromkeys(_named(parse_template(source_of(file, content))))
    return [name for name in found if name not in facts]


def source_of(file: str, content: bytes) -> str:
    """The Jinja text of a template. Raise TemplateFaulty."""
    try:
        if not file.endswith(".docx"):
            return content.decode("utf-8")
        document = DocxTemplate(io.BytesIO(content))
        document.init_docx()
        return str(document.patch_xml(document.get_xml()))
    except (TemplateError, zipfile.BadZipFile, KeyError, ValueError) as error:
        raise TemplateFaulty(str(error)) from error


def _named(template: nodes.Template) -> Iterator[str]:
    for part in template.find_all(nodes.Getattr):
        if isinstance(part.node, nodes.Name) and part.node.name in BY_FACT:
            yield part.attr
    for item in template.find_all(nodes.Getitem):
        named = isinstance(item.node, nodes.Name) and item.node.name in BY_FACT
        if named and isinstance(item.arg, nodes.Const):
            yield str(item.arg.value)
