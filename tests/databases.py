"""One embedded server per test run, and fast copies of one migrated database."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import psutil
import psycopg

from app.storage import migrate
from app.storage.embedded import EmbeddedServer

TEMPLATE = "migrated"
PREFIX = f"sanshen-tests-{os.geteuid()}-"
MEMORY = Path("/dev/shm")
ROOM = 4 * 2**30
DIRECTORY_VARIABLE = "SANSHEN_TEST_SERVER"


@dataclass(frozen=True)
class CopiedDatabase:
    """A migrated database of one module or one test, and its address under each role."""

    name: str
    server: EmbeddedServer

    @property
    def owner_url(self) -> str:
        return self.server.owner_url(self.name)

    @property
    def app_url(self) -> str:
        return self.server.app_url(self.name)

    @property
    def auditor_url(self) -> str:
        return self.server.auditor_url(self.name)

    def admin(self) -> psycopg.Connection[Any]:
        """A superuser's connection, to arrange and to look; each statement its own transaction."""
        return self.server.admin(self.name)


def choose_directory() -> None:
    """Called once, by the process that leads the run; the workers find the choice in their environment."""
    _remove_leftovers()
    os.environ[DIRECTORY_VARIABLE] = tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=_roots()[0])


def remove_directory() -> None:
    """Stop the server and remove what the run left on disk."""
    if directory := os.environ.pop(DIRECTORY_VARIABLE, None):
        _remove(Path(directory))


def shared_server() -> EmbeddedServer:
    """The server of this run, started by whoever asks first, with the migrated template in it."""
    directory = Path(os.environ[DIRECTORY_VARIABLE])
    server = EmbeddedServer(directory, durable=False)
    with (directory / ".template.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        server.start()
        done = directory / ".template.done"
        if not done.exists():
            server.drop_database(TEMPLATE)
            server.create_database(TEMPLATE)
            migrate.upgrade(server.owner_url(TEMPLATE))
            done.touch()
    return server


def template(server: EmbeddedServer, name: str, fill: Callable[[CopiedDatabase, Path], None]) -> Path:
    """A database filled once per run by whoever asks first; answers its directory (keys, notes).

    `fill` gets a migrated copy and the directory. No connection may stay open afterwards.
    """
    directory = Path(os.environ[DIRECTORY_VARIABLE]) / f"template-{name}"
    directory.mkdir(exist_ok=True)
    with (directory / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (directory / ".done").exists():
            server.drop_database(name)
            server.create_database(name, template=TEMPLATE)
            fill(CopiedDatabase(name, server), directory)
            (directory / ".done").touch()
    return directory


@contextmanager
def copy_of_template(server: EmbeddedServer, source: str = TEMPLATE) -> Iterator[CopiedDatabase]:
    """A fresh copy, dropped afterwards."""
    name = f"copy_{uuid4().hex[:12]}"
    server.create_database(name, template=source)
    try:
        yield CopiedDatabase(name, server)
    finally:
        server.drop_database(name)


def _roots() -> list[Path]:
    """Where the server may lie, the best first: each test copies a thousand small files, which memory does well."""
    usual = Path(tempfile.gettempdir())
    if MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM:
        return [MEMORY, usual]
    return [usual]


def _remove_leftovers() -> None:
    """Runs that were killed could not stop their server: the next one does it for them."""
    for directory in (found for root in _roots() for found in root.glob(f"{PREFIX}*")):
        with suppress(ValueError):
            if not psutil.pid_exists(int(directory.name.removeprefix(PREFIX).split("-")[0])):
                _remove(directory)


def _remove(directory: Path) -> None:
    with suppress(FileNotFoundError):
        EmbeddedServer(directory, durable=False).stop()
    shutil.rmtree(directory, ignore_errors=True)
