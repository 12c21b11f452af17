"""Templates of documents: shipped ones can all be filled with made-up data, slips of the pen are found before that."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import docx
import pytest

from app.domain.registry.reference import read_rights
from app.kernel.documents.checking import unknown_facts
from app.kernel.documents.render import DocumentDataMissing, TemplateFaulty, render_print
from app.kernel.engine.catalogue import read_folder
from app.kernel.engine.check.findings import DefinitionInvalid
from app.kernel.engine.definitions import load_definition, read_definition
from app.kernel.engine.designing.samples import sample_data, sample_docx, sample_pdf

WORKFLOWS = Path(__file__).resolve().parents[2] / "workflows"
PAGES = sorted(WORKFLOWS.glob("*/*.html"))
AT = datetime(2026, 8, 27, tzinfo=UTC)
RIGHTS = read_rights()


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_every_shipped_document_can_be_tried_with_made_up_data(page: Path) -> None:
    data = sample_data((page.parent / "process.toml").read_bytes(), page.name, RIGHTS)
    assert data["title"] != page.name
    assert sample_pdf(page.read_text("utf-8"), data, AT).startswith(b"%PDF-")
    filled = sample_docx(page.with_suffix(".docx").read_bytes(), data)
    assert zipfile.is_zipfile(io.BytesIO(filled))


def word(text: str) -> bytes:
    target, paper = io.BytesIO(), docx.Document()
    paper.add_paragraph(text)
    paper.save(target)
    return target.getvalue()


@pytest.mark.parametrize(
    ("text", "unknown"),
    [
        ("{{ facts.worker_name }} {{ labels.sex }}", []),
        ("{{ facts.worker_nam }}", ["worker_nam"]),
        ("{% if labels['sec'] %}x{% endif %}{{ facts.sex }}", ["sec"]),
        ("{{ case.case_no }} {{ rights.decision }}", []),
    ],
)
def test_a_fact_that_is_not_declared_is_found_in_both_forms(text: str, unknown: list[str]) -> None:
    facts = {"worker_name", "sex"}
    assert unknown_facts("a.html", text.encode(), facts) == unknown
    assert unknown_facts("a.docx", word(text), facts) == unknown


@pytest.mark.parametrize(
    ("name", "content"), [("a.html", b"{% if %}"), ("a.docx", b"no archive"), ("a.html", b"\xff")]
)
def test_a_template_that_cannot_be_read_is_told(name: str, content: bytes) -> None:
    with pytest.raises(TemplateFaulty):
        unknown_facts(name, content, ())


def test_a_process_with_a_faulty_template_can_run_but_not_be_deployed() -> None:
    files = read_folder(WORKFLOWS, "injury_recognition")
    path = "injury_recognition/recognition_acceptance.html"
    files[path] = files[path] + b"{{ facts.worker_nickname }}"
    load_definition("injury_recognition", files)
    with pytest.raises(DefinitionInvalid) as refused:
        read_definition("injury_recognition", files)
    assert [(one.rule, one.file) for one in refused.value.findings] == [("template-unknown-fact", path)]


def test_remedies_are_worded_once_and_an_unknown_kind_is_told() -> None:
    assert all("：" not in text[:3] and text.endswith("。") for text in RIGHTS.values())
    assert RIGHTS["decision"] in render_print("{{ rights.decision }}", {"rights": RIGHTS})
    with pytest.raises(DocumentDataMissing):
        render_print("{{ rights.decison }}", {"rights": RIGHTS})


@pytest.mark.parametrize("word", ["不服", "行政复议", "提起行政诉讼"])
def test_no_template_words_a_remedy_of_its_own(word: str) -> None:
    assert [page.stem for page in PAGES if word in page.read_text("utf-8")] == []
