"""`sanshen migrate`: the schema, under the owner's role."""

import click

from app.faces.cli.commands import refuse
from app.storage import migrate as schema
from app.storage.access import Access, database_access
from config import Settings


@click.command(help="迁移数据库结构 / Bring the schema up to date (or `--to` a revision).")
@click.option("--to", "revision", default="head", show_default=True, help="版本 / revision")
@click.option("--down", is_flag=True, help="退回到该版本 / go back to it")
@click.option("--check", is_flag=True, help="只检查 / only say whether it is up to date")
def migrate(revision: str, down: bool, check: bool) -> None:
    with database_access(Settings.from_environment()) as access:
        if check:
            require_current(access)
        elif access.owner_url is None:
            refuse("缺少 DATABASE_OWNER_URL，不能迁移。 / Migrating needs DATABASE_OWNER_URL.")
        elif down:
            schema.downgrade(access.owner_url, revision)
        else:
            bring_up_to_date(access.owner_url, revision)
        click.echo(f"数据库版本 / revision: {schema.current(access.owner_url or access.app_url)}")


def migrate_or_check(access: Access) -> None:
    """Migrate where we may; where we may not, insist that somebody did."""
    if access.owner_url is None:
        require_current(access)
    else:
        bring_up_to_date(access.owner_url)


def bring_up_to_date(owner_url: str, revision: str = "head") -> None:
    """Migrate; at the newest schema also bring regions, posts and conflict sets up to their files."""
    from app.domain.registry.reference import install_at

    schema.upgrade(owner_url, revision)
    if revision == "head":
        install_at(owner_url)


def require_current(access: Access) -> None:
    """Refuse when the schema isn't the one this version of the application expects."""
    url = access.owner_url or access.app_url
    found, expected = schema.current(url), schema.head()
    if found != expected:
        refuse(
            f"数据库结构版本为 {found}，程序需要 {expected}；请用 DATABASE_OWNER_URL 运行 sanshen migrate。"
            f" / The schema is at {found}, this version needs {expected}:"
            " run `sanshen migrate` with DATABASE_OWNER_URL."
        )
