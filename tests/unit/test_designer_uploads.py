"""What a designer uploads becomes a process folder, whatever the files were called elsewhere."""

from __future__ import annotations

import io

import pytest
from flask import Flask
from werkzeug.datastructures import FileStorage

from app.faces.web.pages.designer_start import StartRefused, main_folder, read_uploads, slug
from app.kernel.engine.lifecycle.archive import write_archive


@pytest.fixture(autouse=True)
def limited() -> object:
    app = Flask(__name__)
    app.config["SANSHEN_UPLOAD_LIMIT"] = 1000
    with app.app_context():
        yield


def upload(name: str, content: bytes = b"x") -> FileStorage:
    return FileStorage(io.BytesIO(content), filename=name)


def test_single_diagram_gets_the_name_of_its_process() -> None:
    assert read_uploads("", [upload("Order process (2).bpmn")]) == {
        "order_process_2/order_process_2.bpmn": b"x"
    }
    assert read_uploads("leave", [upload("C:\\tmp\\a.bpmn"), upload("b.form")]) == {
        "leave/leave.bpmn": b"x",
        "leave/b.form": b"x",
    }


def test_archive_keeps_its_folders() -> None:
    files = {"a/a.bpmn": b"1", "a/process.toml": b'callees = ["b"]', "b/b.bpmn": b"2"}
    found = read_uploads("", [upload("all.zip", write_archive(files))])
    assert found == files
    assert main_folder("", found) == "a"


@pytest.mark.parametrize(
    "uploads",
    [[], [upload("")], [upload("a.zip", b"no archive")], [upload("large.bpmn", b"x" * 1001)]],
)
def test_what_cant_be_read_is_refused_at_the_field(
    uploads: list[FileStorage], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.faces.web.pages.designer_start._", lambda text, **_values: text)
    monkeypatch.setattr("app.faces.web.pages.designer_start.text_of_field", lambda code, _params: code)
    with pytest.raises(StartRefused) as caught:
        read_uploads("", uploads)
    assert list(caught.value.errors) == ["files"]


@pytest.mark.parametrize(
    ("name", "key"), [("审批", "process"), ("2 steps", "process_2_steps"), ("A-B", "a_b")]
)
def test_keys_are_made_of_letters_digits_and_underscores(name: str, key: str) -> None:
    assert slug(name) == key
