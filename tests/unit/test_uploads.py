"""Uploads are known by content, named harmlessly, and refused with a code and the file's name."""

from __future__ import annotations

import io
import zipfile
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kernel.identity.refusals import UploadRefused
from app.kernel.identity.uploads import MAX_COUNT, MAX_NAME, accept, clean_name

PDF: Final = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
PNG: Final = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(17)
JPG: Final = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(40) + b"\xff\xd9"
OFFICE: Final = "application/vnd.openxmlformats-officedocument"
DOCX_TYPE: Final = f"{OFFICE}.wordprocessingml.document.main+xml"
XLSX_TYPE: Final = f"{OFFICE}.spreadsheetml.sheet.main+xml"


def zipped(parts: dict[str, str | bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as container:
        for name, content in parts.items():
            container.writestr(name, content)
    return buffer.getvalue()


def office(main_type: str, types_extra: str = "", *, part: str = "word/document.xml") -> bytes:
    types = f'<?xml version="1.0"?><Types><Override ContentType="{main_type}"/>{types_extra}</Types>'
    return zipped({"[Content_Types].xml": types, "_rels/.rels": "<r/>", part: b"0" * 1000})


DOCX: Final = office(DOCX_TYPE)
XLSX: Final = office(XLSX_TYPE)


def refusal(name: str, data: bytes, *, limit: int = 1 << 20, already: int = 0) -> UploadRefused:
    with pytest.raises(UploadRefused) as caught:
        accept(name, io.BytesIO(data), limit=limit, already=already)
    return caught.value


@pytest.mark.parametrize(
    ("name", "data", "media_type"),
    [
        ("诊断证明.pdf", PDF, "application/pdf"),
        ("photo.PNG", PNG, "image/png"),
        ("photo.jpg", JPG, "image/jpeg"),
        ("photo.jpeg", JPG, "image/jpeg"),
        ("申请表.docx", DOCX, f"{OFFICE}.wordprocessingml.document"),
        ("工资表.xlsx", XLSX, f"{OFFICE}.spreadsheetml.sheet"),
    ],
)
def test_allowed_file_is_taken_with_the_type_of_its_content(name: str, data: bytes, media_type: str) -> None:
    upload = accept(name, io.BytesIO(data), limit=1 << 20)
    assert (upload.name, upload.media_type, upload.data) == (name, media_type, data)


@pytest.mark.parametrize(
    "data",
    [
        b"MZ" + bytes(100),
        b"<html><script>alert(1)</script></html>",
        b"GIF89a" + bytes(20),
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
        b"%PDF-1.7 cut off",
        b"junk before %PDF-1.7\n%%EOF",
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff cut off",
        b"PK\x03\x04 no zip at all",
        DOCX[:-30],
        zipped({"readme.txt": "a plain archive"}),
        office("application/vnd.openxmlformats-officedocument.presentationml.presentation.main+xml"),
        office(DOCX_TYPE, f'<Override ContentType="{XLSX_TYPE}"/>'),
        office(DOCX_TYPE, '<!DOCTYPE x [<!ENTITY m "vba">]>'),
        office(DOCX_TYPE, '<Override ContentType="application/vnd.ms-office.vba&#80;roject"/>'),
    ],
)
@pytest.mark.parametrize("name", ["a.pdf", "a.docx"])
def test_unknown_content_is_refused_under_any_name(name: str, data: bytes) -> None:
    refused = refusal(name, data)
    assert refused.code == "upload_type_unknown"
    assert refused.params["name"] == name


@pytest.mark.parametrize(
    "data",
    [
        office(DOCX_TYPE, '<Default Extension="x" ContentType="application/vnd.ms-office.vbaProject"/>'),
        office("application/vnd.ms-word.document.macroEnabled.main+xml"),
        office(DOCX_TYPE, part="word/vbaProject.bin"),
        office(XLSX_TYPE, part="xl/macrosheets/sheet1.xml"),
        office(XLSX_TYPE, part="xl/embeddings/oleObject1.bin"),
        office(DOCX_TYPE, part="word/activeX/activeX1.xml"),
    ],
)
def test_office_file_with_active_content_is_refused(data: bytes) -> None:
    assert refusal("a.docx", data).code == "upload_macros"


def test_printer_settings_of_excel_are_no_macro() -> None:
    data = office(XLSX_TYPE, part="xl/printerSettings/printerSettings1.bin")
    assert accept("a.xlsx", io.BytesIO(data), limit=1 << 20).name == "a.xlsx"


def test_zip_that_declares_a_monstrous_size_is_refused_unread() -> None:
    bomb = bytearray(office(DOCX_TYPE))
    entry = bomb.rfind(b"PK\x01\x02")
    bomb[entry + 24 : entry + 28] = (0xFFFFFFF0).to_bytes(4, "little")
    assert refusal("a.docx", bytes(bomb)).code == "upload_too_large"


@pytest.mark.parametrize(
    ("name", "data", "found"),
    [
        ("a.png", PDF, "pdf"),
        ("a.pdf", PNG, "png"),
        ("a.docx", XLSX, "xlsx"),
        ("report", PDF, "pdf"),
        ("a.pdf.exe", PDF, "pdf"),
    ],
)
def test_name_that_lies_about_the_content_is_refused(name: str, data: bytes, found: str) -> None:
    refused = refusal(name, data)
    assert (refused.code, refused.params["found"]) == ("upload_extension_mismatch", found)


def test_empty_file_is_refused() -> None:
    assert refusal("a.pdf", b"").code == "upload_empty"


def test_file_at_the_limit_is_taken_and_one_byte_more_is_refused() -> None:
    assert accept("a.pdf", io.BytesIO(PDF), limit=len(PDF)).data == PDF
    assert refusal("a.pdf", PDF, limit=len(PDF) - 1).code == "upload_too_large"


def test_oversized_stream_is_not_read_to_its_end() -> None:
    stream = io.BytesIO(bytes(10 << 20))
    with pytest.raises(UploadRefused):
        accept("a.pdf", stream, limit=1000)
    assert stream.tell() < 1 << 20


def test_one_file_too_many_is_refused() -> None:
    assert accept("a.pdf", io.BytesIO(PDF), limit=1000, already=MAX_COUNT - 1).data == PDF
    assert refusal("a.pdf", PDF, already=MAX_COUNT).code == "upload_count"


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\x\\证明.pdf", "证明.pdf"),
        ("a\x00b\r\n.pdf", "ab.pdf"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("a\u200b.pdf", "a.pdf"),
        ('"quoted"<x>.pdf', "_quoted__x_.pdf"),
        (" .. ", "upload"),
        ("", "upload"),
        ("con.pdf", "_con.pdf"),
        ("two  blanks\t.pdf", "two blanks.pdf"),
        ("长" * 300 + ".pdf", "长" * 116 + ".pdf"),
    ],
)
def test_file_name_is_cleaned(raw: str, clean: str) -> None:
    assert clean_name(raw) == clean


@given(st.text(max_size=400))
def test_no_name_keeps_a_path_or_an_invisible_character(raw: str) -> None:
    name = clean_name(raw)
    assert 0 < len(name) <= MAX_NAME
    assert not set(name) & set("/\\\x00\r\n\u202e")
    assert name not in (".", "..")
    assert clean_name(name) == name
