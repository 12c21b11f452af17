"""A backup as one tar file: a manifest of digests, the database dump, the blobs, on demand the key file.

The dump is taken first: blobs only ever grow and are written before the transaction that names them, so the copy
taken afterwards holds every blob the dump speaks of.
"""

import hashlib
import json
import os
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any, cast

from sqlalchemy import make_url

from app.storage import server_directory
from app.storage.blobs import BlobStore
from app.storage.database import conninfo

FORMAT = 1
MANIFEST, DUMP, KEYS, BLOBS = "manifest.json", "database.dump", "secrets/keys.json", "blobs/"
CHUNK = 1024 * 1024


class ArchiveRefused(RuntimeError):
    """A backup can't be made, read or restored; the text says why, in both languages."""


@dataclass(frozen=True)
class Manifest:
    """What an archive holds: digest (SHA-256) and size in bytes by member name."""

    made_at: str
    revision: str | None
    members: dict[str, tuple[str, int]]

    @property
    def with_keys(self) -> bool:
        return KEYS in self.members


def write(
    file: Path, *, owner_url: str, blobs: Path, keys: Path | None, at: datetime, revision: str | None
) -> Manifest:
    """Back up to `file`, which appears under its name only when complete. Raises ArchiveRefused."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=file.parent, prefix=".backup-") as folder:
        dump = Path(folder) / DUMP
        _run("pg_dump", owner_url, "--format=custom", "--no-owner", f"--file={dump}")
        sources = {DUMP: dump, **({KEYS: keys} if keys else {}), **dict(_blob_files(blobs))}
        members = {name: _measured(path) for name, path in sources.items()}
        manifest = Manifest(at.isoformat(), revision, members)
        draft = Path(folder) / "archive.tar"
        _pack(draft, manifest, sources)
        draft.chmod(0o600)
        draft.replace(file)
    return manifest


def read_manifest(file: Path) -> Manifest:
    """The manifest of an archive. Raises ArchiveRefused when it is none of ours."""
    try:
        with tarfile.open(file, "r:") as archive:
            first = archive.next()
            stream = archive.extractfile(first) if first and first.name == MANIFEST else None
            stated: Any = json.load(stream) if stream else {}
    except (tarfile.TarError, OSError, ValueError) as error:
        raise ArchiveRefused(f"不是备份文件 / not a backup: {file} ({error})") from error
    if stated.get("format") != FORMAT:
        raise ArchiveRefused(f"不是本系统的备份 / not a backup of this system: {file}")
    members = {name: (str(digest), int(size)) for name, (digest, size) in stated["members"].items()}
    return Manifest(stated["made_at"], stated["revision"], members)


def verify(file: Path) -> Manifest:
    """Read everything and compare every digest. Raises ArchiveRefused, which names the first bad member."""
    manifest = read_manifest(file)
    seen = set()
    for name, stream in _members(file):
        if name not in manifest.members:
            raise ArchiveRefused(f"备份中有清单外的文件 / not in the manifest: {name}")
        if _digest(stream) != manifest.members[name]:
            raise ArchiveRefused(f"备份已损坏 / damaged: {name}")
        seen.add(name)
    if missing := manifest.members.keys() - seen:
        raise ArchiveRefused(f"备份不完整 / incomplete: {sorted(missing)[0]}")
    return manifest


def restore(file: Path, *, owner_url: str, blobs: Path, keys: Path) -> None:
    """Put a verified archive into an empty database and the blob store; a key file only where none is.

    Raises ArchiveRefused; the database is then as it was (one transaction).
    """
    store = BlobStore(blobs)
    with tempfile.TemporaryDirectory(prefix="sanshen-restore-") as folder:
        dump = Path(folder) / DUMP
        for name, stream in _members(file):
            if name == DUMP:
                with dump.open("wb") as target:
                    shutil.copyfileobj(stream, target, CHUNK)
            elif name == KEYS:
                _keep_keys(keys, stream.read())
            else:
                store.put(stream.read())
        _run("pg_restore", owner_url, "--no-owner", "--single-transaction", "--exit-on-error", str(dump))


def _keep_keys(keys: Path, content: bytes) -> None:
    if keys.exists():
        if keys.read_bytes() != content:
            raise ArchiveRefused(f"已有另一把密钥 / another key file is there already: {keys}")
        return
    keys.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(keys, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)


def _pack(draft: Path, manifest: Manifest, sources: dict[str, Path]) -> None:
    stated = {
        "format": FORMAT,
        "made_at": manifest.made_at,
        "revision": manifest.revision,
        "members": manifest.members,
    }
    with tarfile.open(draft, "w:") as archive, tempfile.TemporaryFile() as head:
        size = head.write(json.dumps(stated, ensure_ascii=False).encode())
        head.seek(0)
        entry = tarfile.TarInfo(MANIFEST)
        entry.size, entry.mode = size, 0o600
        archive.addfile(entry, head)
        for name, path in sources.items():
            archive.add(path, name, recursive=False)


def _members(file: Path) -> Iterator[tuple[str, IO[bytes]]]:
    with tarfile.open(file, "r:") as archive:
        for entry in archive:
            if entry.name == MANIFEST:
                continue
            if not entry.isreg():
                raise ArchiveRefused(f"备份中有非文件 / not a file: {entry.name}")
            yield entry.name, cast("IO[bytes]", archive.extractfile(entry))


def _blob_files(blobs: Path) -> Iterator[tuple[str, Path]]:
    for path in sorted(blobs.glob("??/??/*")):
        if path.is_file() and len(path.name) == 64:
            yield f"{BLOBS}{path.name}", path


def _measured(path: Path) -> tuple[str, int]:
    with path.open("rb") as stream:
        return _digest(stream)


def _digest(stream: IO[bytes]) -> tuple[str, int]:
    total, size = hashlib.sha256(), 0
    while chunk := stream.read(CHUNK):
        total.update(chunk)
        size += len(chunk)
    return total.hexdigest(), size


def _run(program: str, url: str, *arguments: str) -> None:
    """Run a PostgreSQL program; the password goes through the environment, never the command line."""
    parsed = make_url(url)
    environment = {**os.environ, "PGPASSWORD": parsed.password or ""}
    command = [
        _program(program),
        f"--dbname={conninfo(parsed, with_password=False)}",
        "--no-password",
        *arguments,
    ]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ArchiveRefused(f"{program}: {done.stderr.strip()[-2000:]}")


def _program(name: str) -> str:
    """The wheel's program: as new as any server this version supports; else the one on the PATH."""
    own = server_directory.programs() / name
    found = str(own) if own.exists() else shutil.which(name)
    if found is None:
        raise ArchiveRefused(f"找不到程序 / no such program: {name}")
    return found
