"""`sanshen demo`: the demonstration region, loaded into an empty database."""

import importlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from sqlalchemy import text

from app.faces.cli.commands import refuse
from app.faces.cli.migration import migrate_or_check
from app.storage.access import Access, database_access
from app.storage.embedded import DATABASE, EmbeddedServer
from config import Settings

if TYPE_CHECKING:
    from app.kernel.kernel import Kernel


@click.command(help="把演示地区载入空数据库 / Load the demonstration region into an empty database.")
@click.option(
    "--cases",
    type=click.IntRange(20, 20_000),
    help="工伤认定案件数，默认 400 / How many cases of recognition, 400 by default.",
)
def demo(cases: int | None) -> None:
    settings = Settings.from_environment()
    with database_access(settings) as access:
        discard_half_loaded(settings, access)
        migrate_or_check(access)
        from app.wiring import build_kernel  # slow to import: only once there is something to load into

        kernel = build_kernel(replace(settings, database_url=access.app_url, database_owner_url=None))
        try:
            if not is_empty(kernel):
                refuse("数据库不是空的，未载入。 / The database isn't empty; nothing was loaded.")
            load(kernel, settings.data_dir, cases)
        finally:
            kernel.database.dispose()
    print_accounts()


def prepare_kernel(settings: Settings, say: Callable[[str], None]) -> None:
    """Make the keys, before web and worker would both try, and load the region into an empty database."""
    from app.wiring import build_kernel

    kernel = build_kernel(settings)
    try:
        if settings.demo and is_empty(kernel):
            say("载入演示地区 / loading the demonstration region")
            load(kernel, settings.data_dir)
    finally:
        kernel.database.dispose()


def is_empty(kernel: "Kernel") -> bool:
    """Whether nobody has an account yet."""
    with kernel.database.session() as session:
        return not session.execute(text("SELECT EXISTS (SELECT FROM account)")).scalar_one()


def load(kernel: "Kernel", data_dir: Path, cases: int | None = None) -> None:
    """Load it all, or so many cases; a marker tells the next start when this was interrupted."""
    marker = unfinished(data_dir)
    marker.touch()
    wanted = {} if cases is None else {"cases": cases}
    region().load(kernel, **wanted, told=lambda text: click.echo(f"   {text}"))
    marker.unlink()


def discard_half_loaded(settings: Settings, access: Access) -> None:
    """Begin anew when an earlier load was interrupted: until it is complete nobody can have worked in there.

    Only our own embedded database is thrown away; with a foreign one its keeper has to decide.
    """
    marker = unfinished(settings.data_dir)
    if not marker.exists():
        return
    if not access.embedded:
        refuse(
            f"演示地区只载入了一半；请清空数据库后删除 {marker}。"
            f" / The demonstration region was loaded by half: empty the database, then delete {marker}."
        )
    server = EmbeddedServer(settings.data_dir)
    server.drop_database(DATABASE)
    server.create_database(DATABASE)
    marker.unlink()


def print_accounts() -> None:
    """The accounts with which a visitor tries the region: log-in name, password, who it is."""
    click.echo("== 演示账户 / demonstration accounts")
    for account in region().accounts():
        click.echo(f"   {account.login:<16} {account.password:<16} {account.zh} / {account.en}")


def unfinished(data_dir: Path) -> Path:
    """The marker of a load under way."""
    return data_dir / ".demonstration.unfinished"


def region() -> Any:
    """The package with the made-up people and cases; nothing else of the application needs it."""
    return importlib.import_module("app.demo")
