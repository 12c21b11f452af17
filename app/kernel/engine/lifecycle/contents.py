"""A process draft's files: what a path may be, how much may be kept, which belong to one folder."""

from __future__ import annotations

import re
from collections.abc import Mapping

from app.kernel.engine.definitions import FILE_KINDS, LARGEST_FILE
from app.kernel.refusals import InvalidInput

KEY = re.compile(r"[a-z][a-z0-9_]{0,63}")
MOST_FILES = 200
MOST_BYTES = 20 * 1024 * 1024
_PATH = re.compile(r"[a-z][a-z0-9_]{0,63}/[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")


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


def folder_of(path: str) -> str:
    return path.partition("/")[0]


def list_file_folders(files: Mapping[str, object]) -> set[str]:
    """The folders that have a file."""
    return {folder_of(path) for path in files}


def part_of(files: Mapping[str, bytes], folder: str) -> dict[str, bytes]:
    """The files of one folder."""
    return {path: content for path, content in files.items() if folder_of(path) == folder}
