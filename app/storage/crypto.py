"""Column encryption, blind indexes and the audit MAC, all from one key file.

A sealed value describes itself: format (1 byte), algorithm (1 byte), key version (2 bytes,
big endian), nonce (12 bytes), then ciphertext and tag. Old key versions still open after a
rotation, and another algorithm can be brought in per key version without a data migration.
"""

from __future__ import annotations

import hmac
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.storage.keyfile import KeyFileRefused, SealingKey, Secrets, create, read, replace

__all__ = [
    "AES_256_GCM",
    "CryptoError",
    "KeyFileRefused",
    "KeyRing",
    "SealBroken",
    "UnknownKeyVersion",
    "key_file",
]

FORMAT: Final = 1
AES_256_GCM: Final = 1
NONCE_BYTES: Final = 12
TAG_BYTES: Final = 16
HEADER_BYTES: Final = 4
MAX_KEY_VERSION: Final = 0xFFFF


def key_file(data_dir: Path) -> Path:
    """Where an installation keeps its key file."""
    return data_dir / "secrets" / "keys.json"


class CryptoError(Exception):
    """Something sealed can't be opened."""


class SealBroken(CryptoError):
    """The bytes were changed, or belong to another table, column or row."""


class UnknownKeyVersion(CryptoError):
    """The value was sealed with a key version or algorithm this key ring doesn't hold."""


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The secrets of one installation. Never printed: `repr` shows versions only."""

    current: int
    _ciphers: Mapping[int, tuple[int, AESGCM]] = field(repr=False)
    _index_key: bytes = field(repr=False)
    _mac_key: bytes = field(repr=False)

    @classmethod
    def create(cls, path: Path) -> KeyRing:
        """Write a new key file (mode 0600, atomically). Raises `KeyFileRefused` when one exists."""
        fresh = Secrets(
            current=1,
            sealing={1: _new_key()},
            blind_index=secrets.token_bytes(32),
            audit_mac=secrets.token_bytes(32),
        )
        create(path, fresh)
        return cls._of(fresh)

    @classmethod
    def load(cls, path: Path) -> KeyRing:
        """Read the key file. Raises `KeyFileRefused` when missing, damaged or readable by others."""
        return cls._of(read(path))

    @classmethod
    def rotate(cls, path: Path) -> KeyRing:
        """Add a sealing key version and make it current; blind index and MAC keys stay.

        Those two can't change without rewriting every index and every chain.
        """
        old = read(path)
        version = max(old.sealing) + 1
        if version > MAX_KEY_VERSION:
            raise KeyFileRefused(path, "no key version left")
        new = Secrets(
            current=version,
            sealing={**old.sealing, version: _new_key()},
            blind_index=old.blind_index,
            audit_mac=old.audit_mac,
        )
        replace(path, new)
        return cls._of(new)

    @classmethod
    def _of(cls, kept: Secrets) -> KeyRing:
        ciphers = {version: (key.algorithm, AESGCM(key.key)) for version, key in kept.sealing.items()}
        return cls(kept.current, MappingProxyType(ciphers), kept.blind_index, kept.audit_mac)

    def seal(self, plaintext: str, *, table: str, column: str, row: str) -> bytes:
        """Encrypt for exactly one cell; `row` is the row's `uid`."""
        algorithm, cipher = self._ciphers[self.current]
        header = _header(algorithm, self.current)
        nonce = os.urandom(NONCE_BYTES)
        place = _framed(header, table, column, row)
        return header + nonce + cipher.encrypt(nonce, plaintext.encode(), place)

    def open(self, sealed: bytes, *, table: str, column: str, row: str) -> str:
        """Decrypt one cell. Raises `SealBroken` or `UnknownKeyVersion`."""
        header = sealed[:HEADER_BYTES]
        if len(sealed) < HEADER_BYTES + NONCE_BYTES + TAG_BYTES:
            raise SealBroken(f"{table}.{column}: too short to be a sealed value")
        cipher = self._cipher_for(header)
        nonce = sealed[HEADER_BYTES : HEADER_BYTES + NONCE_BYTES]
        place = _framed(header, table, column, row)
        try:
            return cipher.decrypt(nonce, sealed[HEADER_BYTES + NONCE_BYTES :], place).decode()
        except InvalidTag:
            raise SealBroken(f"{table}.{column}: changed, or sealed for another place") from None

    def version_of(self, sealed: bytes) -> int:
        """Key version of a sealed value, so that re-sealing after a rotation can find the old ones."""
        return int.from_bytes(sealed[2:HEADER_BYTES], "big")

    def blind_index(self, kind: str, normalised: str) -> bytes:
        """32 bytes that equal values of one kind share, for look-ups and uniqueness without clear text."""
        return hmac.digest(self._index_key, _framed(b"", kind, normalised), "sha256")

    def mac(self, data: bytes) -> bytes:
        """HMAC-SHA256 for the audit chain; the database account never sees its key."""
        return hmac.digest(self._mac_key, data, "sha256")

    def _cipher_for(self, header: bytes) -> AESGCM:
        version = int.from_bytes(header[2:], "big")
        held = self._ciphers.get(version)
        if held is None or header != _header(held[0], version):
            raise UnknownKeyVersion(
                f"no key for format {header[0]}, algorithm {header[1]}, version {version}"
            )
        return held[1]


def _new_key() -> SealingKey:
    return SealingKey(algorithm=AES_256_GCM, key=secrets.token_bytes(32))


def _header(algorithm: int, version: int) -> bytes:
    return bytes((FORMAT, algorithm)) + version.to_bytes(2, "big")


def _framed(prefix: bytes, *parts: str) -> bytes:
    # Length prefixes keep ("ab", "c") and ("a", "bc") apart.
    framed = [prefix]
    for part in parts:
        raw = part.encode()
        framed.append(len(raw).to_bytes(4, "big") + raw)
    return b"".join(framed)
