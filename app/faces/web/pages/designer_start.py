"""Beginning a draft from what was posted: a copy, uploaded files or a ZIP of a folder, or a skeleton."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import PurePosixPath

from flask import current_app
from werkzeug.datastructures import FileStorage

from app.faces.refusal_texts import text_of, text_of_field
from app.faces.translation import _
from app.faces.web.acting import carry_out
from app.faces.web.posted import Posted
from app.kernel.engine.lifecycle.archive import read_archive
from app.kernel.engine.lifecycle.drafts import create_draft, import_draft
from app.kernel.refusals import InvalidInput, Refusal


class StartRefused(Exception):
    """Nothing was begun: `errors` by field, or `words` about the whole."""

    def __init__(self, errors: Mapping[str, str] | None = None, words: str = "") -> None:
        super().__init__(words)
        self.errors = dict(errors or {})
        self.words = words


def begin_draft(values: Mapping[str, str], uploads: Sequence[FileStorage], posted: Posted) -> int:
    """The new draft's id. Raise StartRefused."""
    way = values.get("way", "")
    if way == "copy":
        key = values.get("process", "")
        if not key:
            raise StartRefused({"process": _("请选一个流程")})
        return _carried(partial(create_draft, key=key), posted)
    if way == "files":
        files = read_uploads(values.get("key", "").strip(), uploads)
        key = main_folder(values.get("key", "").strip(), files)
        return _carried(partial(import_draft, key=key, files=files), posted)
    if way == "skeleton":
        return _carried(partial(create_draft, key=values.get("new_key", "").strip()), posted)
    raise StartRefused(words=_("请选从哪里开始"))


def _carried(operation: partial[int], posted: Posted) -> int:
    try:
        return carry_out(operation, posted=posted)
    except InvalidInput as invalid:
        raise StartRefused(
            {
                "files" if field == "archive" else field: text_of_field(code, dict(params))
                for field, (code, params) in invalid.errors.items()
            }
        ) from None
    except Refusal as refusal:
        raise StartRefused(words=text_of(refusal)) from None


def read_uploads(key: str, uploads: Sequence[FileStorage]) -> dict[str, bytes]:
    """Contents by `folder/name`; a ZIP is a folder, or a folder of folders. Raise StartRefused."""
    files: dict[str, bytes] = {}
    for upload in uploads:
        name = PurePosixPath((upload.filename or "").replace("\\", "/")).name
        content = upload.read(_limit() + 1)
        if len(content) > _limit():
            raise StartRefused({"files": _("“%(name)s”太大", name=name)})
        if name.lower().endswith(".zip"):
            files |= _unzipped(content)
        elif name:
            files[name] = content
    if not files:
        raise StartRefused({"files": _("请选文件")})
    loose = {path: content for path, content in files.items() if "/" not in path}
    return {path: files[path] for path in files.keys() - loose.keys()} | _in_folder(key, loose)


def _in_folder(key: str, loose: Mapping[str, bytes]) -> dict[str, bytes]:
    """Loose files are one process's; its only diagram is called as the process is, however it was called elsewhere."""
    diagrams = [path for path in sorted(loose) if path.endswith(".bpmn")]
    folder = key or (slug(PurePosixPath(diagrams[0]).stem) if diagrams else "")
    if len(diagrams) != 1:
        return {f"{folder}/{path}": content for path, content in loose.items()}
    renamed = {diagrams[0]: f"{folder}.bpmn"}
    return {f"{folder}/{renamed.get(path, path)}": content for path, content in loose.items()}


def slug(name: str) -> str:
    """A key from a file's name: `Order process (2).bpmn` is `order_process_2`."""
    plain = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
    return plain if plain[:1].isalpha() else f"process_{plain}".rstrip("_")


def main_folder(key: str, files: Mapping[str, bytes]) -> str:
    """The process the files are of: as typed, else the folder nobody else's manifest calls. Raise StartRefused."""
    folders = {path.partition("/")[0] for path in files}
    if key:
        return key
    diagrams = [folder for folder in sorted(folders) if f"{folder}/{folder}.bpmn" in files]
    callees = {
        name
        for folder in folders
        for name in folders
        if folder != name and f'"{name}"'.encode() in files.get(f"{folder}/process.toml", b"")
    }
    found = [folder for folder in diagrams if folder not in callees] or diagrams
    if not found:
        raise StartRefused({"key": _("看不出是哪个流程，请写明代号")})
    return found[0]


def _unzipped(content: bytes) -> dict[str, bytes]:
    try:
        return read_archive(content)
    except InvalidInput as invalid:
        raise StartRefused({"files": _words_of(invalid)}) from None


def _words_of(invalid: InvalidInput) -> str:
    field, (code, params) = next(iter(invalid.errors.items()))
    words = text_of_field(code, dict(params))
    return words if field == "archive" else f"{field}{_('：')}{words}"


def _limit() -> int:
    return int(current_app.config["SANSHEN_UPLOAD_LIMIT"])
