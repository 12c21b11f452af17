"""The bytes of an event log: unpacked when gzip by content, turned to UTF-8 when in a Chinese encoding."""

import codecs
import gzip
import io
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final, cast

CHUNK: Final = 64 * 1024
HEAD: Final = 1024

_GZIP: Final = b"\x1f\x8b"
_ARCHIVES: Final = {
    b"PK\x03\x04": "ZIP",
    b"BZh": "bzip2",
    b"\xfd7zXZ\x00": "xz",
    b"\x28\xb5\x2f\xfd": "Zstandard",
    b"7z\xbc\xaf": "7-Zip",
}
_ENCODING: Final = re.compile(rb"""^\s*<\?xml[^>]*?encoding\s*=\s*["']([^"']+)["']""")
# What expat can't read by itself and offices in China write; GB 18030 holds the smaller ones.
_TRANSCODED: Final = {
    "gbk": "gb18030",
    "gb2312": "gb18030",
    "gb18030": "gb18030",
    "cp936": "gb18030",
    "big5": "big5",
}


class LogUnreadable(ValueError):
    """An event log can't be read: where (`line` counts from 1, where known) and why, in both languages."""

    def __init__(self, zh: str, en: str, line: int | None = None) -> None:
        where = (f"第 {line} 行：", f"line {line}: ") if line else ("", "")
        super().__init__(f"{where[0]}{zh} / {where[1]}{en}")
        self.line = line


class LogCutShort(LogUnreadable):
    """The compressed stream ends too early; the reader knows the line and says it again with it."""


def chunks(path: Path) -> Iterator[tuple[bytes, str | None]]:
    """Pieces of the XML, at most `CHUNK` bytes unpacked, with the encoding they are in (None: as declared inside).

    Raises LogUnreadable: file not readable, empty, another kind of archive, damaged gzip, wrong encoding.
    """
    try:
        with path.open("rb") as raw:
            yield from _decoded(_unpacked(raw))
    except OSError as error:
        reason = error.strerror or str(error)
        raise LogUnreadable(f"无法读取文件：{reason}", f"the file can't be read: {reason}") from error


def _unpacked(raw: IO[bytes]) -> Iterator[bytes]:
    start = raw.read(8)
    raw.seek(0)
    for magic, name in _ARCHIVES.items():
        if start.startswith(magic):
            raise LogUnreadable(f"这是 {name} 压缩包，请先解压", f"this is a {name} archive: unpack it first")
    packed = start.startswith(_GZIP)
    stream = cast(IO[bytes], gzip.GzipFile(fileobj=raw, mode="rb")) if packed else raw
    try:
        while piece := stream.read(CHUNK):
            yield piece
    except EOFError as error:
        raise LogCutShort(
            "压缩文件不完整，在此之后中断", "the compressed file is cut off after this"
        ) from error
    except (zlib.error, gzip.BadGzipFile) as error:
        raise LogCutShort(f"压缩文件已损坏：{error}", f"the compressed file is damaged: {error}") from error


def _decoded(pieces: Iterator[bytes]) -> Iterator[tuple[bytes, str | None]]:
    first = io.BytesIO()
    for piece in pieces:
        first.write(piece)
        if first.tell() >= HEAD:
            break
    head = first.getvalue()
    if not head.strip():
        raise LogUnreadable("文件是空的", "the file is empty")
    declared = _ENCODING.match(head[:HEAD])
    name = declared.group(1).decode("ascii", "replace").lower() if declared else "utf-8"
    codec = _TRANSCODED.get(name)
    if codec is None:
        yield head, None
        for piece in pieces:
            yield piece, None
        return
    yield from _transcoded(head, pieces, codec)


def _transcoded(head: bytes, pieces: Iterator[bytes], codec: str) -> Iterator[tuple[bytes, str]]:
    decoder = codecs.getincrementaldecoder(codec)("strict")
    line = 1
    waiting: bytes | None = head
    while waiting is not None:
        following = next(pieces, None)
        try:
            text = decoder.decode(waiting, final=following is None)
        except UnicodeDecodeError as error:
            line += error.object[: error.start].count(b"\n")
            raise LogUnreadable(f"不是有效的 {codec} 编码", f"not valid {codec}", line) from error
        line += waiting.count(b"\n")
        yield text.encode("utf-8"), "utf-8"
        waiting = following
