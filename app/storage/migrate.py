"""Brings the schema of a database to a revision; only under the owner's role."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.pool import NullPool

from app.storage.database import normalised_url

SCRIPTS = Path(__file__).resolve().parents[2] / "migrations"
# Two hosts that start at once must not migrate at once; any number that nobody else uses.
MIGRATION_LOCK = 0x5A5E


def upgrade(url: str, revision: str = "head") -> None:
    """Bring the database to `revision`; does nothing when it is there. One process at a time, others wait."""
    with _locked(url) as connection:
        command.upgrade(_config(connection), revision)


def downgrade(url: str, revision: str) -> None:
    """Take the database back to `revision` (`-1`: one step; `base`: empty)."""
    with _locked(url) as connection:
        command.downgrade(_config(connection), revision)


def current(url: str) -> str | None:
    """The revision the database is at, None before the first migration."""
    with _connected(url) as connection:
        return MigrationContext.configure(connection).get_current_revision()


def head() -> str | None:
    """The revision this version of the application expects."""
    return ScriptDirectory(str(SCRIPTS)).get_current_head()


def is_current(url: str) -> bool:
    """Whether the database is at the revision this version of the application expects."""
    return current(url) == head()


@contextmanager
def _locked(url: str) -> Iterator[Connection]:
    with _connected(url) as connection:
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": MIGRATION_LOCK})
        connection.commit()
        yield connection


@contextmanager
def _connected(url: str) -> Iterator[Connection]:
    engine = create_engine(normalised_url(url), poolclass=NullPool)
    with engine.connect() as connection:
        yield connection


def _config(connection: Connection) -> Config:
    config = Config()
    # Alembic reads its options with % interpolation, and the project may lie under any path.
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
