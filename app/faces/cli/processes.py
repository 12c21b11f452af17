"""`sanshen web` and `sanshen worker`: the two processes of a host, each under the application's role only."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from app.faces.cli.commands import refuse
from app.faces.cli.lifeline import hold_on
from app.faces.cli.memory import spare_collections
from app.storage.access import database_access
from config import Settings

if TYPE_CHECKING:
    from app.kernel.kernel import Kernel


@contextmanager
def opened_kernel(settings: Settings) -> Iterator["Kernel"]:
    """A kernel under the application's role, for one command; starts the embedded server if it must."""
    from app.wiring import build_kernel

    with database_access(settings) as access:
        kernel = build_kernel(replace(settings, database_url=access.app_url, database_owner_url=None))
        try:
            yield kernel
        finally:
            kernel.database.dispose()


@click.command(help="仅启动网页服务（需要 DATABASE_URL） / The web server alone (needs DATABASE_URL).")
@click.option("--lifeline", is_flag=True, hidden=True)
def web(lifeline: bool) -> None:
    """Serve pages until SIGTERM; requests under way get a few seconds."""
    from waitress import serve

    from app.faces.web import create_app

    settings = running_settings()
    # Waitress ends its threads in good order on SystemExit; by itself SIGTERM would cut them off.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    if lifeline:
        hold_on()
    application = create_app(ready_kernel(settings))
    spare_collections()
    serve(
        application,
        host=settings.host,
        port=settings.port,
        threads=settings.web_threads,
        # Uploads, and the multipart envelope around them; the application itself refuses by field.
        max_request_body_size=settings.upload_limit * 12,
        channel_timeout=120,
        ident=None,
        clear_untrusted_proxy_headers=True,
    )


@click.command(help="仅启动后台进程（需要 DATABASE_URL） / The background worker alone (needs DATABASE_URL).")
@click.option("--lifeline", is_flag=True, hidden=True)
def worker(lifeline: bool) -> None:
    """Run jobs until SIGTERM."""
    from app.faces.worker import WorkerOptions, run_worker

    settings = running_settings()
    if lifeline:
        hold_on()
    kernel = ready_kernel(settings)
    spare_collections()
    run_worker(kernel, WorkerOptions(outgoing=settings.data_dir / "outgoing"))


def ready_kernel(settings: Settings) -> "Kernel":
    """The kernel of a process that serves; refuses to when the fence has a hole or the wiring doesn't match."""
    from app.readiness import NotReady, require_ready
    from app.wiring import build_kernel

    kernel = build_kernel(settings)
    try:
        require_ready(kernel)
    except NotReady as failure:
        refuse("系统未就绪，拒绝服务 / not ready, refusing to serve:\n  " + "\n  ".join(failure.problems))
    return kernel


def running_settings() -> Settings:
    """Settings for a process that lives long: it never starts a database and never holds the owner's URL."""
    settings = Settings.from_environment()
    if settings.database_url is None:
        refuse(
            "需要 DATABASE_URL；完整启动请用 sanshen serve。"
            " / DATABASE_URL is needed; `sanshen serve` starts everything."
        )
    if settings.database_owner_url is not None:
        refuse(
            "DATABASE_OWNER_URL 不得交给网页与后台进程。 / DATABASE_OWNER_URL must not be given to web or worker."
        )
    return settings
