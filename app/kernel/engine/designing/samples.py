"""A document template filled with made-up data, for its designer: nothing of any case, nothing kept."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from datetime import datetime
from types import SimpleNamespace
from typing import Any, Final

from markupsafe import escape

from app.kernel.cases.schema import FactSchema, FactSpec
from app.kernel.documents.numbering import DRAFT_NUMBER
from app.kernel.documents.pdf import Marks, render_pdf
from app.kernel.documents.render import render_docx, render_print

DAY: Final = "2026年8月27日"
_OF_TYPE: Final[Mapping[str, Any]] = {
    "integer": 1,
    "decimal": "1234.56",
    "boolean": True,
    "date": DAY,
    "datetime": f"{DAY}14时20分",
}


class MadeUp:
    """Stands for whatever the domain would derive: prints its name, has every part, is empty as a list."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> MadeUp:
        return MadeUp(name)

    def __getitem__(self, name: object) -> MadeUp:
        return MadeUp(str(name))

    def __iter__(self) -> Iterator[Any]:
        return iter(())

    def __str__(self) -> str:
        return f"〔{self._name}〕"

    def __html__(self) -> str:
        return escape(str(self))


def sample_pdf(page: str, data: Mapping[str, Any], at: datetime) -> bytes:
    """The PDF of a print template. Raise TemplateFaulty, DocumentDataMissing, CharacterUnprintable."""
    marks = Marks(str(data["title"]), DRAFT_NUMBER, str(data["authority"]), signing="")
    return render_pdf(render_print(page, data), marks, at=at)


def sample_docx(template: bytes, data: Mapping[str, Any]) -> bytes:
    """The filled DOCX. Raise TemplateFaulty, DocumentDataMissing."""
    return render_docx(template, data)


def sample_data(manifest: bytes, file: str, rights: Mapping[str, str]) -> dict[str, Any]:
    """What a template named `file` of this `process.toml` would see; every fact says its own name.

    Raise ValueError or KeyError for a manifest that can't be read.
    """
    table = tomllib.loads(manifest.decode("utf-8"))
    schema = FactSchema.from_toml(table)
    documents = table.get("document", {}).values()
    title = next((one["title_zh"] for one in documents if file in (one.get("docx"), one.get("print"))), file)
    return {
        "facts": {key: _value(spec) for key, spec in schema.facts.items()},
        "labels": {key: _label(spec) for key, spec in schema.facts.items()},
        "derived": MadeUp("推算"),
        "case": SimpleNamespace(
            case_no="640100-2026-00000",
            received_at=DAY,
            accepted_at=DAY,
            decided_at=DAY,
            outcome="approved_positive",
        ),
        "materials_missing": ["〔材料一〕", "〔材料二〕"],
        "rights": rights,
        "service": MadeUp("送达"),
        "number": DRAFT_NUMBER,
        "title": title,
        "authority": "〔制发机关〕",
        "issued_on": "2026-08-27",
    }


def _value(spec: FactSpec) -> Any:
    if spec.values:
        chosen = spec.values[0].value
        return [chosen] if spec.type == "list" else chosen
    if spec.type == "list":
        return [f"〔{spec.label_zh}〕"]
    return _OF_TYPE.get(spec.type, f"〔{spec.label_zh}〕")


def _label(spec: FactSpec) -> str:
    return spec.values[0].zh if spec.values else str(_value(spec))
