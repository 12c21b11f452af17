"""Process files named on the command line: single files and whole folders, as one deployment set."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path

from app.faces.cli.commands import refuse

MOST_FILES = 500
LARGEST_READ = 8 * 1024 * 1024


def read_process_files(named: tuple[Path, ...]) -> dict[str, bytes]:
    """Bytes by path as the check wants them: `folder/name` out of process folders, else the name alone.

    A folder is a process folder, or holds process folders. Ends the command when something can't be read.
    """
    files: dict[str, bytes] = {}
    for path in named:
        for key, file in _found(path):
            if key in files:
                key = str(file)
            files[key] = _read(file)
            if len(files) > MOST_FILES:
                refuse(f"文件超过 {MOST_FILES} 个 / more than {MOST_FILES} files")
    if not files:
        refuse("没有文件 / no files")
    return files


def _found(path: Path) -> Iterator[tuple[str, Path]]:
    if not path.is_dir():
        yield path.name, path
        return
    folders = [path, *sorted(child for child in path.iterdir() if child.is_dir())]
    processes = [folder for folder in folders if (folder / "process.toml").is_file()]
    for folder in processes or [path]:
        for file in sorted(folder.iterdir()):
            if file.is_file() and not file.name.startswith("."):
                yield (f"{folder.resolve().name}/{file.name}" if processes else file.name), file


def read_callees(named: tuple[Path, ...]) -> dict[str, bytes]:
    """Files of the process folders that the manifests of named folders call and that stand beside them."""
    files: dict[str, bytes] = {}
    for folder in named:
        for callee in _callees(folder):
            beside = folder.resolve().parent / callee
            if beside.is_dir():
                files.update(
                    {f"{callee}/{file.name}": _read(file) for file in beside.iterdir() if file.is_file()}
                )
    return files


def _callees(folder: Path) -> list[str]:
    """Names of folders; none where the manifest can't be read, which the check tells."""
    try:
        table = tomllib.loads((folder / "process.toml").read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return []
    named = table.get("process", {})
    callees = named.get("callees", []) if isinstance(named, dict) else []
    return [key for key in callees if isinstance(key, str) and key.isidentifier()]


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            return opened.read(LARGEST_READ)
    except OSError as error:
        refuse(f"{file}: 无法读取 / can't be read: {error.strerror}")
