"""Which database a command works on, and under which roles it may: embedded, or the one the settings name."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from sqlalchemy import URL, make_url

from app.storage import roles
from app.storage.credentials import kept_password
from app.storage.database import conninfo, normalised_url
from app.storage.embedded import EmbeddedServer
from config import Settings


class DatabaseUnreachable(RuntimeError):
    """Nobody answers at DATABASE_URL, or not for this role; the text holds no password."""


@dataclass(frozen=True)
class Access:
    """The application's URL, and the owner's where this process may migrate."""

    app_url: str
    owner_url: str | None
    embedded: bool


@contextmanager
def database_access(settings: Settings) -> Iterator[Access]:
    """Open the way to the database; an embedded server that had to be started is stopped afterwards.

    DATABASE_URL alone: a role that may create roles is an administrator's, so our roles are made (their passwords
    kept in the data directory) and the database is given to the owner role; any other role is the application's,
    which can't migrate. Raises DatabaseUnreachable, ServerFailed, DatabaseUrlInvalid.
    """
    if settings.database_url is None:
        with EmbeddedServer(settings.data_dir).running() as server:
            yield Access(server.app_url(), server.owner_url(), embedded=True)
        return
    url = make_url(normalised_url(settings.database_url))
    if settings.database_owner_url:
        yield Access(rendered(url), normalised_url(settings.database_owner_url), embedded=False)
        return
    with connected(url) as connection:
        if not may_create_roles(connection):
            yield Access(rendered(url), None, embedded=False)
            return
        passwords = {role: kept_password(settings.data_dir / "secrets", role) for role in roles.ROLES}
        take_over(connection, passwords, url.database or connection.info.dbname)
    yield Access(under(url, roles.APP, passwords), under(url, roles.OWNER, passwords), embedded=False)


def connected(url: URL) -> psycopg.Connection[Any]:
    """A connection over a SQLAlchemy URL, each statement its own transaction.

    Raises DatabaseUnreachable when the server is away or refuses the role.
    """
    try:
        return psycopg.connect(conninfo(url), connect_timeout=20, autocommit=True)
    except psycopg.OperationalError as error:
        shown = url.render_as_string(hide_password=True)
        raise DatabaseUnreachable(f"无法连接数据库 / can't connect to {shown}: {error}") from error


def may_create_roles(connection: psycopg.Connection[Any]) -> bool:
    """Whether this role administers the server."""
    row = connection.execute(
        "SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user"
    ).fetchone()
    return bool(row and row[0])


def take_over(admin: psycopg.Connection[Any], passwords: dict[str, str], database: str) -> None:
    """Make our roles and give them the database of this connection."""
    roles.ensure_roles(admin, passwords)
    roles.give_database(admin, database)
    roles.restrict_database(admin, database)
    roles.restrict_schema(admin)


def under(url: URL, role: str, passwords: dict[str, str]) -> str:
    """The same address under one of our roles."""
    return rendered(url.set(username=role, password=passwords[role]))


def rendered(url: URL) -> str:
    """With its password, for the process that connects."""
    return url.render_as_string(hide_password=False)
