"""Evidence files by content hash, on disk, outside the web root.

A blob's name is the SHA-256 of its bytes, so writing twice is harmless and reading proves
that nothing was changed. Layout: `<root>/ab/cd/abcd…`.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from pathlib import Path
from typing import Final

_DIGEST: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)


class BlobError(Exception):
    """A blob can't be read."""


class BlobDigestInvalid(BlobError):
    """Not a lower-case hexadecimal SHA-256 (and so perhaps a path)."""


class BlobMissing(BlobError):
    """Nothing is stored under this digest."""


class BlobDamaged(BlobError):
    """The stored bytes don't have the digest they are named after."""


class BlobStore:
    """A directory of files named by their own hash."""

    def __init__(self, root: Path, *, durable: bool = True) -> None:
        self._root = root
        self._durable = durable

    def unhurried(self) -> BlobStore:
        """The same directory, without waiting for the disk: for a load that begins anew when it is cut off."""
        return BlobStore(self._root, durable=False)

    def put(self, data: bytes) -> str:
        """Store bytes, return their digest (64 hex characters). Durable on return; idempotent."""
        digest = hashlib.sha256(data).hexdigest()
        path = self.path(digest)
        if not self._holds_whole(path, digest):
            self._write(path, data)
        return digest

    def get(self, digest: str) -> bytes:
        """The bytes. Raises `BlobDigestInvalid`, `BlobMissing` or `BlobDamaged`."""
        try:
            data = self.path(digest).read_bytes()
        except FileNotFoundError:
            raise BlobMissing(digest) from None
        if hashlib.sha256(data).hexdigest() != digest:
            raise BlobDamaged(digest)
        return data

    def path(self, digest: str) -> Path:
        """Where a digest's bytes are or would be. Raises `BlobDigestInvalid`."""
        if not _DIGEST.fullmatch(digest):
            raise BlobDigestInvalid(digest[:64])
        return self._root / digest[:2] / digest[2:4] / digest

    @staticmethod
    def _holds_whole(path: Path, digest: str) -> bool:
        # A damaged copy is healed by the next upload of the same bytes instead of kept for ever.
        try:
            with path.open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest() == digest
        except FileNotFoundError:
            return False

    def _write(self, path: Path, data: bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
        try:
            with open(temporary, "xb", opener=_private) as file:
                file.write(data)
                file.flush()
                if self._durable:
                    os.fsync(file.fileno())
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
        if self._durable:
            for directory in (path.parent, path.parent.parent, path.parent.parent.parent):
                _sync(directory)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _sync(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
