"""A process folder as one ZIP file: written the same for the same files, read as a stranger's."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Mapping

from app.kernel.engine.definitions import LARGEST_FILE
from app.kernel.engine.lifecycle.contents import MOST_BYTES, MOST_FILES, check_path, check_sizes
from app.kernel.refusals import InvalidInput

LARGEST_ARCHIVE = 20 * 1024 * 1024
_EPOCH = (1980, 1, 1, 0, 0, 0)
_FILE_MODE = 0o100644 << 16
_SYMLINK = 0o120000
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def write_archive(files: Mapping[str, bytes]) -> bytes:
    """By path, without times or owners: the same files make the same bytes."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(files):
            entry = zipfile.ZipInfo(path, _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = _FILE_MODE
            archive.writestr(entry, files[path])
    return target.getvalue()


def read_archive(data: bytes) -> dict[str, bytes]:
    """Files by `folder/name`. Sizes are counted while unpacking, whatever the archive says of itself.

    Raise InvalidInput under `archive`, or by path.
    """
    if len(data) > LARGEST_ARCHIVE:
        raise InvalidInput({"archive": ("process_files_too_large", {"max": LARGEST_ARCHIVE // 1024 // 1024})})
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _unpack(archive)
    except (zipfile.BadZipFile, NotImplementedError, EOFError, ValueError, OSError, RuntimeError, zlib.error):
        raise InvalidInput({"archive": ("archive_unreadable", {})}) from None


def _unpack(archive: zipfile.ZipFile) -> dict[str, bytes]:
    entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    if len(entries) > MOST_FILES:
        raise InvalidInput({"archive": ("too_many_files", {"max": MOST_FILES})})
    files: dict[str, bytes] = {}
    left = MOST_BYTES
    for entry in entries:
        check_path(entry.filename)
        if entry.filename in files or _is_strange(entry):
            raise InvalidInput({entry.filename: ("archive_entry_strange", {})})
        with archive.open(entry) as opened:
            content = opened.read(min(LARGEST_FILE, left) + 1)
        left -= len(content)
        if len(content) > LARGEST_FILE or left < 0:
            check_sizes({entry.filename: len(content), **{path: len(held) for path, held in files.items()}})
            raise InvalidInput({"archive": ("process_files_too_large", {"max": MOST_BYTES // 1024 // 1024})})
        files[entry.filename] = content
    if not files:
        raise InvalidInput({"archive": ("required", {})})
    return files


def _is_strange(entry: zipfile.ZipInfo) -> bool:
    """Encrypted, a link, or packed in a way we don't read."""
    mode = entry.external_attr >> 16
    return bool(entry.flag_bits & 0x1) or (mode & 0o170000) == _SYMLINK or entry.compress_type not in _METHODS
