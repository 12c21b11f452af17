"""The connection to PostgreSQL: one engine per process, sessions that nobody but the kernel commits."""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, cast

import psycopg
from psycopg.conninfo import make_conninfo
from sqlalchemy import URL, Connection, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError, DisconnectionError, OperationalError
from sqlalchemy.orm import Session

from app.storage.reading import Memory, remember

DRIVER = "postgresql+psycopg"


class DatabaseUrlInvalid(ValueError):
    """The address isn't one of a PostgreSQL database."""


def normalised_url(url: str) -> str:
    """`postgres://…` and `postgresql://…` with our driver named.

    Raises DatabaseUrlInvalid for anything that isn't PostgreSQL; the text never repeats the password.
    """
    try:
        parsed = make_url(url)
    except Exception as error:
        raise DatabaseUrlInvalid("the database URL can't be read") from error
    if parsed.drivername.split("+")[0] not in ("postgresql", "postgres"):
        raise DatabaseUrlInvalid(f"only PostgreSQL is supported, not {parsed.drivername}")
    return parsed.set(drivername=DRIVER).render_as_string(hide_password=False)


def conninfo(url: str | URL, *, with_password: bool = True) -> str:
    """The address as the bare driver and PostgreSQL's programs take it: keywords and values.

    Rendered as a URL a blank in a socket's path becomes a "+", which only SQLAlchemy reads as a blank.
    """
    parsed = make_url(url)
    parts = parsed.translate_connect_args(username="user", database="dbname")
    if not with_password:
        parts.pop("password", None)
    return make_conninfo(**{**parsed.query, **parts})


_SCOPE = b"SELECT set_config('app.regions', %s, true)"
_WROTE = "sanshen_wrote"
_RESTING = "sanshen_resting_since"
PREPARED = 400
"""Statements a connection keeps planned; the driver's 100 are fewer than a day's work uses."""
PING_AFTER = 10.0
"""Seconds of rest after which a pooled connection is asked whether it lives."""


def _note_write(
    connection: Connection, cursor: Any, statement: str, parameters: Any, context: Any, many: bool
) -> None:
    if context is not None and (context.isinsert or context.isupdate or context.isdelete):
        connection.info[_WROTE] = True


@contextmanager
def in_one_go(session: Session) -> Iterator[None]:
    """Statements within, all without results to read, travel to the server together.

    What any of them raises comes at the end, as DBAPIError.
    """
    try:
        with _driver(session).pipeline():
            yield
    except psycopg.Error as error:
        raise DBAPIError("statements in one go", None, error) from error


def _driver(session: Session) -> psycopg.Connection[Any]:
    return cast("psycopg.Connection[Any]", session.connection().connection.driver_connection)


def _keep_prepared(connection: Any, record: Any) -> None:
    connection.prepared_max = PREPARED


def _note_rest(connection: Any, record: Any) -> None:
    record.info[_RESTING] = time.monotonic()


def forget_writes(session: Session) -> None:
    """From here on `has_written` counts."""
    session.connection().info[_WROTE] = False


def has_written(session: Session) -> bool:
    """Whether the session's connection ran an INSERT, UPDATE or DELETE since `forget_writes`.

    Plain SQL texts don't count: sessions, attempts and other bookkeeping use them on purpose.
    """
    return bool(session.connection().info.get(_WROTE))


class Database:
    """One pool of connections under one role."""

    def __init__(
        self, url: str, *, application_name: str = "sanshen", pool_size: int = 10, durable: bool = True
    ) -> None:
        """`durable` False: commits don't wait for the disk, for data that can be made again."""
        self.url = normalised_url(url)
        options = "-c timezone=UTC" if durable else "-c timezone=UTC -c synchronous_commit=off"
        self.engine = create_engine(
            self.url,
            pool_size=pool_size,
            max_overflow=pool_size,
            connect_args={"application_name": application_name, "options": options},
        )
        event.listen(self.engine, "connect", _keep_prepared)
        event.listen(self.engine, "before_cursor_execute", _note_write)
        event.listen(self.engine, "checkin", _note_rest)
        event.listen(self.engine, "checkout", self._look_after_rest)

    @contextmanager
    def session(self) -> Iterator[Session]:
        """A session that is rolled back at the end unless its user committed."""
        with Session(self.engine, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def reading(self, regions: Iterable[str] = (), memory: Memory | None = None) -> Iterator[Session]:
        """A session that can write nothing (READ ONLY), sees these regions and remembers what it asked.

        `memory`: what an earlier one of the same page asked already.

        It ends with END, not with ROLLBACK: after a rollback the driver forgets its prepared statements, and
        PostgreSQL would plan every statement of every page anew, which costs more than running it.
        """
        with self.session() as session:
            session.connection(execution_options={"postgresql_readonly": True})
            self.scope(session, regions)
            remember(session, memory)
            yield session
            _driver(session).execute(b"END")

    def scope(self, session: Session, regions: Iterable[str]) -> None:
        """Let the row-level security of this transaction see these regions (codes) and no others."""
        connection = _driver(session)
        try:
            # First in every transaction: the pipeline sends BEGIN along instead of waiting for it.
            with connection.pipeline():
                connection.execute(_SCOPE, (",".join(regions),))
        except psycopg.Error as error:
            raise OperationalError("set_config('app.regions')", None, error) from error

    def _look_after_rest(self, connection: Any, record: Any, fairy: Any) -> None:
        """A connection that rested may have died with its server; one in steady use has just answered."""
        if time.monotonic() - record.info.get(_RESTING, 0.0) < PING_AFTER:
            return
        try:
            alive = self.engine.dialect.do_ping(connection)
        except self.engine.dialect.loaded_dbapi.Error:
            alive = False
        if not alive:
            raise DisconnectionError

    def dispose(self) -> None:
        """Close all pooled connections."""
        self.engine.dispose()
