"""The kernel's parts, joined once at start-up and passed to every operation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from app.kernel.documents.signing import Issuing
from app.kernel.ports import Ports
from app.storage.blobs import BlobStore
from app.storage.crypto import KeyRing
from app.storage.database import Database


def wall_clock() -> datetime:
    """Now in UTC: the only place that reads the wall clock on behalf of operations."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Kernel:
    """Database, keys, blobs, the clock (injectable, so tests move time) and the domain's ports."""

    database: Database
    keyring: KeyRing
    blobs: BlobStore
    clock: Callable[[], datetime] = wall_clock
    ports: Ports = field(default_factory=Ports)
    issuing: Issuing = field(default_factory=Issuing)
