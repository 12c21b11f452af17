"""Beginning a draft from what was posted: a copy, uploaded files or a ZIP of a folder, or a skeleton."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import PurePosixPath

from flask import current_app
from werkzeug.datastructures import FileStorage

from app.faces.refusal_texts import text_of, text_of_field
from app.faces.translation import _
from app.faces.web.acting import carry_out
from app.faces.web.posted import Posted
from app.kernel.engine.lifecycle.drafts import create_draft, replace_draft_files
from app.kernel.refusals import InvalidInput, Refusal
from app.kernel.transaction import Unit

MOST_ENTRIES = 400
FIRST_REVISION = 1


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
        return _carried(partial(_importing, key=key, files=files), posted)
    if way == "skeleton":
        return _carried(partial(create_draft, key=values.get("new_key", "").strip()), posted)
    raise StartRefused(words=_("请选从哪里开始"))


def _carried(operation: partial[int], posted: Posted) -> int:
    try:
        return carry_out(operation, posted=posted)
    except InvalidInput as invalid:
        raise StartRefused(
            {field: text_of_field(code, dict(params)) for field, (code, params) in invalid.errors.items()}
        ) from None
    except Refusal as refusal:
        raise StartRefused(words=text_of(refusal)) from None


def _importing(unit: Unit, key: str, files: Mapping[str, bytes]) -> int:
    draft_id = create_draft(unit, key)
    replace_draft_files(unit, draft_id, files, revision=FIRST_REVISION)
    return draft_id


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
    folder = key or _stem(files)
    return {path if "/" in path else f"{folder}/{path}": content for path, content in files.items()}


def _stem(files: Mapping[str, bytes]) -> str:
    """Loose files belong to the process their diagram is named after."""
    diagrams = [path for path in sorted(files) if path.endswith(".bpmn")]
    return PurePosixPath(diagrams[0]).stem if diagrams else ""


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
    """Files of an archive, sizes counted while unpacking; the outermost common folder is not part of the paths."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            if len(entries) > MOST_ENTRIES or sum(entry.file_size for entry in entries) > _limit():
                raise StartRefused({"files": _("压缩包里的文件太多或者太大")})
            return {_inside(entry.filename): _read(archive, entry) for entry in entries}
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError):
        raise StartRefused({"files": _("不是能读的 ZIP 压缩包")}) from None


def _read(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """No more than the directory says: a lying size must not fill the memory."""
    with archive.open(entry) as opened:
        data = opened.read(entry.file_size + 1)
    if len(data) != entry.file_size:
        raise zipfile.BadZipFile
    return data


def _inside(name: str) -> str:
    """`folder/name`, whatever the archive was packed in."""
    return "/".join(PurePosixPath(name.replace("\\", "/")).parts[-2:])


def _limit() -> int:
    return int(current_app.config["SANSHEN_UPLOAD_LIMIT"])
