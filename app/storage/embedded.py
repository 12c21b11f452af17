"""The embedded PostgreSQL: ours alone, in the data directory, behind a private socket and passwords.

<data>/postgresql   the database, nothing else, mode 0700
<data>/socket       the socket (elsewhere when that path is too long)
<data>/secrets      the passwords, mode 0600
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import psycopg
from psycopg import sql
from sqlalchemy import URL

from app.storage import roles, server_directory
from app.storage.credentials import kept_password
from app.storage.database import DRIVER
from app.storage.server_account import ServerAccount, server_account
from app.storage.server_directory import PORT, SUPERUSER, ServerFailed

DATABASE = "sanshen"
# After the main process was killed its children finish their statement before they leave.
ORPHANS_LEAVE_WITHIN = 20.0


class EmbeddedServer:
    """The PostgreSQL server of one data directory; every method may be called from several processes."""

    def __init__(self, data_dir: Path, *, durable: bool = True) -> None:
        """`durable=False` trades crash safety for speed: for tests, never for data anyone wants to keep."""
        self.data_dir = data_dir.absolute()
        self.directory = self.data_dir / "postgresql"
        self.secrets = self.data_dir / "secrets"
        self._durable = durable
        self._sockets = server_directory.socket_directory(self.data_dir)

    def start(self) -> bool:
        """Make the server if need be and start it; true when this call started it, false when it ran already.

        A server left over by a killed process is adopted. Raises ServerFailed with the server's own words.
        """
        self.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._alone():
            if self.is_running():
                self._ensure_roles()
                return False
            self._launch()
            self._ensure_roles()
            return True

    def stop(self) -> None:
        """Stop the server, whoever started it; connections still open are cut, their transactions rolled back."""
        if not self.data_dir.exists():
            return
        with self._alone():
            if self.is_running():
                self._pg_ctl("stop", "--mode=fast", "--timeout=60")

    @contextmanager
    def running(self) -> Iterator["EmbeddedServer"]:
        """Use the server; stop it afterwards only if it had to be started for this."""
        started = self.start()
        try:
            yield self
        finally:
            if started:
                self.stop()

    def is_running(self) -> bool:
        """Whether a main process of this very directory lives (a process number alone may be another's by now)."""
        process = self._process_of_pid_file()
        return process is not None and process in self._processes()

    def owner_url(self, database: str = DATABASE) -> str:
        """URL under the role that migrates; never for web or worker."""
        return self._url(roles.OWNER, database)

    def app_url(self, database: str = DATABASE) -> str:
        """URL under the role of web and worker."""
        return self._url(roles.APP, database)

    def auditor_url(self, database: str = DATABASE) -> str:
        """URL under the role that only reads."""
        return self._url(roles.AUDITOR, database)

    def create_database(self, name: str, *, template: str | None = None) -> None:
        """A further database with the same roles and rights, empty or a copy (`template` must have no users)."""
        with self.admin() as connection:
            roles.ensure_database(connection, name, template=template)
            roles.restrict_database(connection, name)
        if template is None:
            with self.admin(name) as connection:
                roles.restrict_schema(connection)

    def drop_database(self, name: str) -> None:
        """Remove a database, cutting its connections."""
        with self.admin() as connection:
            connection.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
            )

    def admin(self, database: str = "postgres") -> psycopg.Connection[Any]:
        """A connection of the server's superuser, each statement its own transaction."""
        password = kept_password(self.secrets, SUPERUSER)
        return psycopg.connect(
            host=str(self._sockets),
            port=PORT,
            user=SUPERUSER,
            password=password,
            dbname=database,
            autocommit=True,
            connect_timeout=20,
        )

    def _launch(self) -> None:
        account = self._reaching_account()
        server_directory.make_private(self._sockets, account)
        if not self.directory.exists():
            server_directory.initialise(self.directory, account, kept_password(self.secrets, SUPERUSER))
        server_directory.configure(self.directory, account, self._sockets, durable=self._durable)
        self._clear_leftovers()
        self._pg_ctl("start", f"--log={self.directory / 'startup.log'}", "--timeout=120")

    def _clear_leftovers(self) -> None:
        """Wait for the children of a killed server, then drop lock files that no living server holds.

        PostgreSQL takes a lock file for held as soon as a process of that number exists, even a dead one that
        nobody has reaped, or a stranger.
        """
        deadline = time.monotonic() + ORPHANS_LEAVE_WITHIN
        while self._processes() and time.monotonic() < deadline:
            time.sleep(0.1)
        if self._processes():
            return  # PostgreSQL itself will say what is wrong
        if self._process_of_pid_file() is not None:
            (self.directory / "postmaster.pid").unlink()
        (self._sockets / f".s.PGSQL.{PORT}.lock").unlink(missing_ok=True)

    def _process_of_pid_file(self) -> psutil.Process | None:
        try:
            first_line = (self.directory / "postmaster.pid").read_text(encoding="utf-8").partition("\n")[0]
            return psutil.Process(int(first_line))
        except (FileNotFoundError, ValueError, psutil.NoSuchProcess):
            return None

    def _processes(self) -> list[psutil.Process]:
        """Every living PostgreSQL process that works in our directory."""
        found = []
        for process in psutil.process_iter():
            try:
                if process.name() == "postgres" and process.cwd() == str(self.directory.resolve()):
                    found.append(process)
            except psutil.Error:
                continue  # gone meanwhile, or another user's
        return found

    def _pg_ctl(self, verb: str, *options: str) -> None:
        arguments = [
            str(server_directory.programs() / "pg_ctl"),
            verb,
            f"--pgdata={self.directory}",
            "--wait",
        ]
        done = self._reaching_account().run([*arguments, *options], timeout=180)
        if done.returncode != 0:
            raise ServerFailed(
                f"pg_ctl {verb}: {done.stderr.strip() or done.stdout.strip()}\n{self._last_words()}"
            )

    def _reaching_account(self) -> ServerAccount:
        """The server's account, able to walk to its directory and programs even if somebody closed them since."""
        account = server_account()
        account.reach(self.directory)
        account.reach(server_directory.programs() / "postgres")
        return account

    def _last_words(self) -> str:
        logs = [self.directory / "startup.log", *(self.directory / "log").glob("*.log")]
        texts = [path.read_text(encoding="utf-8", errors="replace")[-2000:] for path in logs if path.exists()]
        return "\n".join(texts).strip()

    def _ensure_roles(self) -> None:
        with self.admin() as connection:
            roles.ensure_roles(connection, {role: kept_password(self.secrets, role) for role in roles.ROLES})
            roles.restrict_database(connection, "postgres")
        self.create_database(DATABASE)

    def _url(self, role: str, database: str) -> str:
        url = URL.create(
            DRIVER,
            username=role,
            password=kept_password(self.secrets, role),
            database=database,
            query={"host": str(self._sockets), "port": str(PORT)},
        )
        return url.render_as_string(hide_password=False)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        descriptor = os.open(self.data_dir / ".server.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)
