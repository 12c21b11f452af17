"""Recognising Word and Excel files inside their zip container, without trusting the container."""

from __future__ import annotations

import io
import re
import zipfile
from typing import Final

MAX_PARTS: Final = 5_000
MAX_UNPACKED: Final = 300 * 1024 * 1024
MAX_TYPES: Final = 1024 * 1024

_TYPES: Final = "[Content_Types].xml"
_MAIN: Final = {
    b"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml": "docx",
    b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml": "xlsx",
}
_ACTIVE_TYPE: Final = re.compile(
    rb"macroenabled|vbaproject|activex|ms-excel\.(intl)?macrosheet|oleobject", re.I
)
_ACTIVE_PART: Final = re.compile(
    r"vbaproject|vbadata|activex|macrosheets|dialogsheets|oleobject|\.(bin|exe)\Z", re.I
)
# Excel keeps printer settings as harmless binaries.
_HARMLESS_PART: Final = re.compile(r"(word|xl)/printerSettings/printerSettings\d+\.bin", re.ASCII)


class OfficeFileError(Exception):
    """A zip we don't take; `code` is that of the refusal."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def office_extension(data: bytes) -> str | None:
    """`docx`, `xlsx`, or None for any other zip. Raises `OfficeFileError` for macros and traps."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as container:
            return _inspect(container)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError, OSError, EOFError):
        # zipfile answers damage with any of these; encrypted parts with RuntimeError.
        return None


def _inspect(container: zipfile.ZipFile) -> str | None:
    parts = container.infolist()
    names = [part.filename for part in parts]
    if names.count(_TYPES) != 1 or len(set(names)) != len(names):
        return None
    if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED:
        raise OfficeFileError("upload_too_large")
    with container.open(_TYPES) as file:
        types = file.read(MAX_TYPES + 1)
    if len(types) > MAX_TYPES or not _plain_xml(types):
        return None
    if _ACTIVE_TYPE.search(types) or any(_active(name) for name in names):
        raise OfficeFileError("upload_macros")
    found = [extension for main, extension in _MAIN.items() if main in types]
    return found[0] if len(found) == 1 else None


def _plain_xml(types: bytes) -> bool:
    # Entities or another encoding could spell a macro's media type so that a text search misses it.
    return not types.startswith((b"\xff\xfe", b"\xfe\xff")) and b"<!" not in types and b"&#" not in types


def _active(name: str) -> bool:
    return bool(_ACTIVE_PART.search(name)) and not _HARMLESS_PART.fullmatch(name)
