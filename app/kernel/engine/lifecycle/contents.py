"""A draft's files: what a path may be, how much may be kept, contents stored once under their SHA-256."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from app.kernel.engine.definitions import FILE_KINDS, LARGEST_FILE
from app.kernel.engine.lifecycle.models import ProcessContent
from app.kernel.refusals import InvalidInput

KEY = re.compile(r"[a-z][a-z0-9_]{0,63}")
MOST_FILES = 200
MOST_BYTES = 20 * 1024 * 1024
_PATH = re.compile(r"[a-z][a-z0-9_]{0,63}/[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")
_LINE = re.compile(r"([0-9a-f]{64})  (.+)")


def check_path(path: str) -> None:
    """`folder/name` with an ending of a process folder. Raise InvalidInput by path."""
    if not _PATH.fullmatch(path) or ".." in path or not path.endswith(FILE_KINDS):
        raise InvalidInput({path[:200]: ("process_path_invalid", {})})


def check_sizes(sizes: Mapping[str, int]) -> None:
    """Bytes by path. Raise InvalidInput naming the file that is too large, or the whole."""
    for path, size in sizes.items():
        if size > LARGEST_FILE:
            raise InvalidInput({path: ("process_file_too_large", {"max": LARGEST_FILE // 1024 // 1024})})
    if len(sizes) > MOST_FILES:
        raise InvalidInput({"files": ("too_many_files", {"max": MOST_FILES})})
    if sum(sizes.values()) > MOST_BYTES:
        raise InvalidInput({"files": ("process_files_too_large", {"max": MOST_BYTES // 1024 // 1024})})


def keep_content(session: Session, content: bytes) -> bytes:
    """Store bytes unless they are there; answers their SHA-256."""
    digest = hashlib.sha256(content).digest()
    row = upsert(ProcessContent).values(digest=digest, content=content)
    session.execute(row.on_conflict_do_nothing())
    return digest


def load_contents(session: Session, digests: Mapping[str, bytes]) -> dict[str, bytes]:
    """Contents by path, from SHA-256 by path. Raise KeyError for one that isn't stored."""
    rows = session.execute(
        select(ProcessContent.digest, ProcessContent.content).where(
            ProcessContent.digest.in_(set(digests.values()))
        )
    )
    known = {row.digest: row.content for row in rows}
    return {path: known[digest] for path, digest in sorted(digests.items())}


def list_sums(digests: Mapping[str, bytes]) -> str:
    """One line per file, as `sha256sum` writes them, by path: what three people sign."""
    return "\n".join(f"{digest.hex()}  {path}" for path, digest in sorted(digests.items()))


def read_sums(text: str) -> dict[str, bytes]:
    """The reverse. Raise ValueError for anything else."""
    digests = {}
    for line in text.splitlines():
        found = _LINE.fullmatch(line)
        if found is None:
            raise ValueError(line)
        digests[found[2]] = bytes.fromhex(found[1])
    return digests


def folder_of(path: str) -> str:
    return path.partition("/")[0]


def list_file_folders(files: Mapping[str, object]) -> set[str]:
    """The folders that have a file."""
    return {folder_of(path) for path in files}


def part_of(files: Mapping[str, bytes], folder: str) -> dict[str, bytes]:
    """The files of one folder."""
    return {path: content for path, content in files.items() if folder_of(path) == folder}
