"""The key file: JSON, readable by its owner only, written in one step."""

from __future__ import annotations

import base64
import json
import os
import secrets
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

FILE_FORMAT: Final = 1
KEY_BYTES: Final = 32
KNOWN_ALGORITHMS: Final = {1: "AES-256-GCM"}


class KeyFileRefused(Exception):
    """The key file is missing, damaged, readable by others, or would be overwritten."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"key file {path}: {reason}")
        self.path = path
        self.reason = reason


@dataclass(frozen=True, slots=True, repr=False)
class SealingKey:
    """One version's key and the algorithm it is for."""

    algorithm: int
    key: bytes


@dataclass(frozen=True, slots=True, repr=False)
class Secrets:
    """Everything the key file holds, in clear."""

    current: int
    sealing: Mapping[int, SealingKey]
    blind_index: bytes
    audit_mac: bytes


def read(path: Path) -> Secrets:
    """Read and check a key file. Raises `KeyFileRefused`."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        raise KeyFileRefused(path, "does not exist") from None
    with os.fdopen(handle, "rb") as file:
        _refuse_if_exposed(path, os.fstat(file.fileno()))
        raw = file.read()
    try:
        return _parse(json.loads(raw))
    except (ValueError, KeyError, TypeError, AttributeError):
        # The cause may quote the file: never chain it into a log.
        raise KeyFileRefused(path, "is damaged or of an unknown format") from None


def create(path: Path, kept: Secrets) -> None:
    """Write a key file that must not exist yet. Raises `KeyFileRefused`."""
    temporary = _written_beside(path, kept)
    try:
        # A hard link, unlike a rename, never replaces: two starts at once can't lose the first's keys.
        os.link(temporary, path)
    except FileExistsError:
        raise KeyFileRefused(path, "exists already") from None
    finally:
        temporary.unlink()
    _sync_directory(path.parent)


def replace(path: Path, kept: Secrets) -> None:
    """Replace a key file in one step."""
    _written_beside(path, kept).replace(path)
    _sync_directory(path.parent)


def _refuse_if_exposed(path: Path, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise KeyFileRefused(path, "is not a regular file")
    if status.st_mode & 0o077:
        mode = stat.S_IMODE(status.st_mode)
        raise KeyFileRefused(path, f"mode {mode:04o} lets other accounts read it; run: chmod 600 {path}")


def _written_beside(path: Path, kept: Secrets) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(json.dumps(_as_json(kept), indent=1).encode())
        file.flush()
        os.fsync(file.fileno())
    return temporary


def _sync_directory(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _as_json(kept: Secrets) -> dict[str, Any]:
    return {
        "format": FILE_FORMAT,
        "current": kept.current,
        "sealing": {
            str(version): {"algorithm": KNOWN_ALGORITHMS[key.algorithm], "key": _text(key.key)}
            for version, key in kept.sealing.items()
        },
        "blind_index": _text(kept.blind_index),
        "audit_mac": _text(kept.audit_mac),
    }


def _parse(raw: dict[str, Any]) -> Secrets:
    if raw["format"] != FILE_FORMAT:
        raise ValueError("unknown format")
    algorithms = {name: number for number, name in KNOWN_ALGORITHMS.items()}
    sealing = {
        int(version): SealingKey(algorithms[key["algorithm"]], _key(key["key"]))
        for version, key in raw["sealing"].items()
    }
    if raw["current"] not in sealing:
        raise ValueError("the current version has no key")
    return Secrets(raw["current"], sealing, _key(raw["blind_index"]), _key(raw["audit_mac"]))


def _text(key: bytes) -> str:
    return base64.b64encode(key).decode()


def _key(text: str) -> bytes:
    key = base64.b64decode(text, validate=True)
    if len(key) != KEY_BYTES:
        raise ValueError("wrong key length")
    return key
