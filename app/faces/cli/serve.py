"""`sanshen serve`: database, migrations, demonstration region, web server and worker, started and stopped as one."""

import fcntl
import os
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from types import FrameType

import click

from app.faces.cli import demonstration
from app.faces.cli.commands import refuse
from app.faces.cli.migration import migrate_or_check
from app.faces.cli.supervisor import Child, GaveUp, child_environment, stop_all
from app.storage.access import Access, database_access
from app.storage.embedded import EmbeddedServer
from config import Settings

WEB_ANSWERS_WITHIN = 60.0


@click.command(help="启动整个系统，Ctrl-C 停止 / Start the whole system; Ctrl-C stops it.")
def serve() -> None:
    settings = Settings.from_environment()
    began = time.monotonic()
    interruptible()
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    with only_one(settings):
        refuse_taken_port(settings)
        try:
            with opened_database(settings) as access:
                prepare(settings, access)
                run_children(settings, access, began)
        except KeyboardInterrupt:
            say("已全部停止 / everything stopped")
        except GaveUp as failure:
            refuse(str(failure))


def say(text: str) -> None:
    click.echo(f"== {text}")


def interruptible() -> None:
    """SIGTERM and SIGHUP do what Ctrl-C does; a second signal doesn't disturb the clearing up."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(each, signal.SIG_IGN)
        raise KeyboardInterrupt

    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, interrupt)


@contextmanager
def only_one(settings: Settings) -> Iterator[None]:
    """Hold the data directory; the lock ends with this process, even a killed one."""
    descriptor = os.open(settings.data_dir / ".serve.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.pread(descriptor, 200, 0).decode(errors="replace").strip()
        os.close(descriptor)
        refuse(f"系统已在运行 / the system is already running on {settings.data_dir}: {holder}")
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{address(settings)} (pid {os.getpid()})\n".encode(), 0)
    try:
        yield
    finally:
        os.close(descriptor)


def refuse_taken_port(settings: Settings) -> None:
    """Say it before anything is started."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            refuse(
                f"无法在 {settings.host}:{settings.port} 监听（{error.strerror}）；可用 PORT=… 换一个端口。"
                f" / Can't listen on {settings.host}:{settings.port} ({error.strerror}); choose another with PORT=…"
            )


@contextmanager
def opened_database(settings: Settings) -> Iterator[Access]:
    """The database; an embedded one is stopped at the end, also one that a killed run had left over."""
    try:
        if settings.database_url is None:
            say("启动内置 PostgreSQL / starting the embedded PostgreSQL")
        with database_access(settings) as access:
            yield access
    finally:
        if settings.database_url is None:
            EmbeddedServer(settings.data_dir).stop()


def prepare(settings: Settings, access: Access) -> None:
    """Schema, keys and, in an empty database, the demonstration region."""
    demonstration.discard_half_loaded(settings, access)
    say("检查并迁移数据库结构 / bringing the schema up to date")
    migrate_or_check(access)
    under_app = replace(settings, database_url=access.app_url, database_owner_url=None)
    demonstration.prepare_kernel(under_app, say)


def run_children(settings: Settings, access: Access, began: float) -> None:
    """Web and worker until a signal comes. Raises GaveUp."""
    environment = child_environment(access.app_url, str(settings.data_dir))
    children = [Child(command, environment, say) for command in ("web", "worker")]
    try:
        for child in children:
            child.start()
        await_web(settings, children)
        say(f"就绪 / ready: {address(settings)}  ({time.monotonic() - began:.1f} s)")
        if settings.demo:
            demonstration.print_accounts()
        say("按 Ctrl-C 停止 / Ctrl-C stops it")
        while True:
            time.sleep(0.5)
            for child in children:
                child.look_after()
    finally:
        stop_all(children)


def await_web(settings: Settings, children: list[Child]) -> None:
    """Wait until the web server accepts connections. Raises GaveUp when it doesn't in time."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)  # noqa: S104 - compared only
    deadline = time.monotonic() + WEB_ANSWERS_WITHIN
    while time.monotonic() < deadline:
        for child in children:
            child.look_after()
        try:
            socket.create_connection((host, settings.port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.1)
    raise GaveUp("网页服务没有应答 / the web server does not answer")


def address(settings: Settings) -> str:
    """Where a browser finds the system."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"{'https' if settings.tls else 'http'}://{host}:{settings.port}/"
