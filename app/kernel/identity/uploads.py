"""What may be uploaded as evidence: known by its content, of the name it claims, small enough."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import BinaryIO, Final

import puremagic

from app.kernel.identity.office_files import MAX_UNPACKED, OfficeFileError, office_extension
from app.kernel.identity.refusals import UploadRefused

MAX_NAME: Final = 120
MAX_COUNT: Final = 40
_CHUNK: Final = 64 * 1024

_MEDIA_TYPES: Final = {
    "pdf": "application/pdf",
    "png": "image/png",
    "jpg": "image/jpeg",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
ALLOWED: Final = tuple(_MEDIA_TYPES)
_ALIASES: Final = {"jpeg": "jpg"}
_FORBIDDEN: Final = re.compile(r'[<>:"|?*]')
_DEVICE_NAME: Final = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|\Z)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Upload:
    """An accepted file: cleaned name, media type by content, bytes."""

    name: str
    media_type: str
    data: bytes


def accept(raw_name: str, stream: BinaryIO, *, limit: int, already: int = 0) -> Upload:
    """Read and check one file of at most `limit` bytes, the case holding `already` files.

    Raises `UploadRefused`: upload_count, upload_too_large, upload_empty, upload_type_unknown,
    upload_macros, upload_extension_mismatch.
    """
    name = clean_name(raw_name)
    if already >= MAX_COUNT:
        raise UploadRefused("upload_count", name=name, limit=MAX_COUNT)
    data = _read(stream, limit, name)
    found = sniff(data, name)
    claimed = name.rpartition(".")[2].lower() if "." in name else ""
    if _ALIASES.get(claimed, claimed) != found:
        raise UploadRefused("upload_extension_mismatch", name=name, extension=claimed, found=found)
    return Upload(name, _MEDIA_TYPES[found], data)


def sniff(data: bytes, name: str) -> str:
    """The allowed extension these bytes are, whatever the file is called. Raises `UploadRefused`."""
    try:
        found = _signature(data)
    except OfficeFileError as error:
        raise UploadRefused(error.code, name=name, limit=MAX_UNPACKED) from error
    if found is None:
        raise UploadRefused("upload_type_unknown", name=name, found=_guess(data), allowed=ALLOWED)
    return found


def clean_name(raw: str) -> str:
    """A name safe to show, store and offer for saving: no path, control or direction characters.

    At most 120 characters, the extension kept; `upload` when nothing is left.
    """
    last = re.split(r"[/\\]", raw)[-1]
    visible = "".join(c for c in unicodedata.normalize("NFC", last) if not _invisible(c))
    plain = " ".join(_FORBIDDEN.sub("_", visible).split()).strip(". ")
    if _DEVICE_NAME.match(plain):
        plain = f"_{plain}"
    return _shortened(plain) or "upload"


def _read(stream: BinaryIO, limit: int, name: str) -> bytes:
    held = bytearray()
    while chunk := stream.read(_CHUNK):
        held += chunk
        if len(held) > limit:
            raise UploadRefused("upload_too_large", name=name, limit=limit)
    if not held:
        raise UploadRefused("upload_empty", name=name)
    return bytes(held)


def _signature(data: bytes) -> str | None:
    if re.match(rb"%PDF-[12]\.\d", data) and b"%%EOF" in data[-2048:]:
        return "pdf"
    if data.startswith(b"\x89PNG\r\n\x1a\n") and data[12:16] == b"IHDR":
        return "png"
    if data.startswith(b"\xff\xd8\xff") and b"\xff\xd9" in data:
        return "jpg"
    if data.startswith(b"PK\x03\x04"):
        return office_extension(data)
    return None


def _guess(data: bytes) -> str:
    """Media type for the message only; it never decides."""
    try:
        found: str = puremagic.from_string(data[:4096], mime=True)
    except (puremagic.PureError, ValueError):
        return ""
    return found


def _invisible(character: str) -> bool:
    # Controls, format characters (direction overrides, zero width), surrogates, private use, unassigned.
    return unicodedata.category(character)[0] == "C"


def _shortened(name: str) -> str:
    if len(name) <= MAX_NAME:
        return name
    stem, dot, extension = name.rpartition(".")
    if not dot or len(extension) > 8:
        return name[:MAX_NAME]
    return stem[: MAX_NAME - len(extension) - 1].rstrip() + dot + extension
