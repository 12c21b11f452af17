"""Archives of process folders: byte-exact there and back, hostile ones refused."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable

import pytest

from app.kernel.engine.catalogue import read_folder
from app.kernel.engine.lifecycle.archive import LARGEST_ARCHIVE, read_archive, write_archive
from app.kernel.refusals import InvalidInput
from app.wiring import WORKFLOWS


def packed(fill: Callable[[zipfile.ZipFile], object]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        fill(archive)
    return target.getvalue()


def test_every_shipped_folder_goes_there_and_back_byte_for_byte() -> None:
    for key in ("injury_recognition", "controlled_change"):
        files = read_folder(WORKFLOWS, key)
        archive = write_archive(files)
        assert read_archive(archive) == files
        assert write_archive(dict(reversed(files.items()))) == archive


def test_folders_as_entries_are_no_files() -> None:
    def fill(archive: zipfile.ZipFile) -> None:
        archive.writestr("a/", b"")
        archive.writestr("a/process.toml", b"x")

    assert read_archive(packed(fill)) == {"a/process.toml": b"x"}


@pytest.mark.parametrize(
    "name",
    [
        "../a/b.bpmn",
        "/a/b.bpmn",
        "a/../b.bpmn",
        "a\\b.bpmn",
        "a/b/c.bpmn",
        "b.bpmn",
        "a/run.sh",
        "a/x.bpmn.exe",
        "C:/a.toml",
    ],
)
def test_an_entry_outside_a_process_folder_is_refused(name: str) -> None:
    with pytest.raises(InvalidInput):
        read_archive(packed(lambda archive: archive.writestr(name, b"x")))


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    bomb = packed(lambda archive: archive.writestr("a/b.form", b"0" * (80 * 1024 * 1024)))
    assert len(bomb) < 200_000
    with pytest.raises(InvalidInput) as refused:
        read_archive(bomb)
    assert refused.value.errors["a/b.form"][0] == "process_file_too_large"


def test_many_files_that_are_large_together_are_refused() -> None:
    def fill(archive: zipfile.ZipFile) -> None:
        for number in range(6):
            archive.writestr(f"a/b{number}.form", b"0" * (4 * 1024 * 1024))

    with pytest.raises(InvalidInput):
        read_archive(packed(fill))


def test_a_size_that_lies_is_not_believed() -> None:
    honest = packed(lambda archive: archive.writestr("a/b.form", b"0" * (6 * 1024 * 1024)))
    size = (6 * 1024 * 1024).to_bytes(4, "little")
    with pytest.raises(InvalidInput):
        read_archive(honest.replace(size, (10).to_bytes(4, "little")))


def test_links_encrypted_and_repeated_entries_are_refused() -> None:
    def link(archive: zipfile.ZipFile) -> None:
        entry = zipfile.ZipInfo("a/b.toml")
        entry.external_attr = 0o120777 << 16
        archive.writestr(entry, "/etc/passwd")

    def twice(archive: zipfile.ZipFile) -> None:
        archive.writestr("a/b.toml", b"1")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("a/b.toml", b"2")

    for fill in (link, twice):
        with pytest.raises(InvalidInput):
            read_archive(packed(fill))


@pytest.mark.parametrize(
    "data", [b"", b"PK\x03\x04", b"not a zip", b"PK\x05\x06" + b"\0" * 18, b"0" * (LARGEST_ARCHIVE + 1)]
)
def test_what_is_no_archive_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidInput):
        read_archive(data)


def test_too_many_entries_are_refused() -> None:
    def fill(archive: zipfile.ZipFile) -> None:
        for number in range(201):
            archive.writestr(f"a/f{number}.form", b"{}")

    with pytest.raises(InvalidInput):
        read_archive(packed(fill))


def test_damaged_archives_never_raise_anything_else() -> None:
    archive = bytearray(write_archive({"a/b.form": b"{}" * 400, "a/process.toml": b"x = 1"}))
    for place in range(0, len(archive), 3):
        damaged = bytes(archive[:place]) + bytes([archive[place] ^ 0xFF]) + bytes(archive[place + 1 :])
        try:
            read_archive(damaged)
        except InvalidInput:
            continue
