"""Which operating-system account runs the embedded PostgreSQL: PostgreSQL refuses to run as root."""

import os
import pwd
import shutil
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path

ACCOUNT = "sanshen-db"


class ServerAccountMissing(RuntimeError):
    """We are root, and the account for the server neither exists nor can be made."""


@dataclass(frozen=True)
class ServerAccount:
    """The account of the server; `switches` is false when it is simply our own."""

    uid: int
    gid: int
    switches: bool

    def own(self, path: Path) -> None:
        """Give `path` to the server's account."""
        if self.switches:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def reach(self, path: Path) -> None:
        """Let the server's account walk through the directories above `path`.

        Adds the right to pass through (never to list or read), and only where it is lacking.
        """
        if not self.switches:
            return
        for directory in path.parents:
            status = directory.stat()
            if not status.st_mode & stat.S_IXOTH and status.st_uid != self.uid:
                directory.chmod(stat.S_IMODE(status.st_mode) | stat.S_IXOTH)

    def run(self, arguments: list[str], *, timeout: float) -> subprocess.CompletedProcess[str]:
        """Run a PostgreSQL program as this account, with an environment that holds nothing of ours."""
        return subprocess.run(
            arguments,
            # The current directory may be closed to the account, and initdb complains about that.
            cwd="/",
            env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=timeout,
            check=False,
            umask=0o077,
            user=self.uid if self.switches else None,
            group=self.gid if self.switches else None,
            extra_groups=[] if self.switches else None,
        )


def server_account() -> ServerAccount:
    """Our own account, or, for root, the system account `sanshen-db`, made when it is missing."""
    if os.geteuid() != 0:
        return ServerAccount(os.geteuid(), os.getegid(), switches=False)
    try:
        entry = pwd.getpwnam(ACCOUNT)
    except KeyError:
        entry = _make_account()
    return ServerAccount(entry.pw_uid, entry.pw_gid, switches=True)


def _make_account() -> pwd.struct_passwd:
    useradd = shutil.which("useradd", path=f"{os.defpath}:/usr/sbin:/sbin")
    if useradd:
        shell = "/usr/sbin/nologin"
        options = [
            "--system",
            "--user-group",
            "--no-create-home",
            "--home-dir",
            "/nonexistent",
            "--shell",
            shell,
        ]
        subprocess.run([useradd, *options, ACCOUNT], capture_output=True, check=False, timeout=60)
    try:
        return pwd.getpwnam(ACCOUNT)
    except KeyError:
        raise ServerAccountMissing(
            f"以 root 运行时，内置 PostgreSQL 需要系统账户 {ACCOUNT}，但无法创建。"
            f" / Running as root, the embedded PostgreSQL needs the system account {ACCOUNT}, which could not be made:"
            f" create it (useradd --system {ACCOUNT}), start as an ordinary user, or set DATABASE_URL."
        ) from None
