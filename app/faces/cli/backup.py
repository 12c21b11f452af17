"""`sanshen backup` and `sanshen restore`: one file with database, attachments and a manifest of digests."""

from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import click
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from app.faces.cli.commands import refuse
from app.storage import archive
from app.storage import migrate as schema
from app.storage.access import Access, database_access
from app.storage.crypto import KeyRing, key_file
from app.storage.database import Database, normalised_url
from app.storage.embedded import DATABASE, EmbeddedServer
from config import Settings

if TYPE_CHECKING:
    from app.kernel.audit.verify import Verification

ARCHIVE = click.Path(dir_okay=False, path_type=Path)
EVERY_DIGEST = (
    "SELECT digest FROM material"
    " UNION SELECT docx_digest FROM document"
    " UNION SELECT print_digest FROM document"
)
KEYS_APART = (
    "密钥未写入备份：拿到备份的人因此既读不到证件号，也造不出审计校验码。请另行妥善保管 {keys}。"
    " / The keys are not in the backup, so whoever gets hold of it can neither read ID numbers nor forge the"
    " audit log. Keep {keys} safe elsewhere."
)


@click.command(help="备份到一个文件 / Back up to one file.")
@click.argument("file", type=ARCHIVE)
@click.option("--with-keys", is_flag=True, help="连同密钥（备份须另行加密保管） / with the key file")
def backup(file: Path, with_keys: bool) -> None:
    from app.kernel.kernel import wall_clock

    settings = Settings.from_environment()
    keys = key_file(settings.data_dir)
    if file.exists():
        refuse(f"文件已存在 / the file exists: {file}")
    if with_keys and not keys.exists():
        refuse(f"没有密钥文件 / no key file: {keys}")
    with database_access(settings) as access:
        owner_url = _owner_url(access)
        try:
            manifest = archive.write(
                file,
                owner_url=owner_url,
                blobs=settings.data_dir / "blobs",
                keys=keys if with_keys else None,
                at=wall_clock(),
                revision=schema.current(owner_url),
            )
        except archive.ArchiveRefused as refused:
            refuse(str(refused))
    blobs = sum(name.startswith(archive.BLOBS) for name in manifest.members)
    click.echo(f"已备份 / backed up: {file}（{file.stat().st_size} 字节 / bytes，附件 {blobs} / blobs）")
    if not with_keys:
        click.echo(KEYS_APART.format(keys=keys))


@click.command(help="恢复到空数据库并核验 / Restore into an empty database, and verify.")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--replace", "replacing", is_flag=True, help="先清空内置数据库 / throw the embedded database away first"
)
@click.option("--yes", is_flag=True, help="不再询问 / don't ask")
@click.pass_context
def restore(context: click.Context, file: Path, replacing: bool, yes: bool) -> None:
    settings = Settings.from_environment()
    try:
        with _alone(settings), database_access(settings) as access:
            archive.verify(file)
            if replacing:
                empty_database(settings, access, sure=yes)
            result = restore_into(settings, access, file)
    except archive.ArchiveRefused as refused:
        refuse(str(refused))
    if result is None:
        click.echo(
            f"已恢复；没有密钥，审计链未核验：请放回 {key_file(settings.data_dir)} 后运行 sanshen audit verify。"
        )
        click.echo("Restored; without the key file the audit log could not be verified.")
        context.exit(2)
    click.echo(f"已恢复，审计链 {result.events} 条记录 / restored; {result.events} audit events")
    if not result.intact:
        refuse(
            f"审计链有 {len(result.breaks)} 处断裂 / the audit log is broken in {len(result.breaks)} places"
        )


def restore_into(settings: Settings, access: Access, file: Path) -> "Verification | None":
    """Restore into an empty database and verify blobs and audit log; None when there is no key file for the latter.

    Raises ArchiveRefused.
    """
    owner_url = _owner_url(access)
    _require_same_version(file)
    if not is_empty(owner_url):
        raise archive.ArchiveRefused("数据库不是空的（内置数据库可加 --replace） / the database isn't empty")
    archive.restore(
        file, owner_url=owner_url, blobs=settings.data_dir / "blobs", keys=key_file(settings.data_dir)
    )
    _require_all_blobs(settings, owner_url)
    return _verified(settings, owner_url)


def empty_database(settings: Settings, access: Access, *, sure: bool) -> None:
    """Throw the embedded database away, after asking; a foreign one is its keeper's business."""
    if not access.embedded:
        raise archive.ArchiveRefused(
            "--replace 只用于内置数据库 / --replace is for the embedded database only"
        )
    if not sure:
        click.confirm("现有数据将全部丢弃，继续？ / Everything there will be lost. Go on?", abort=True)
    server = EmbeddedServer(settings.data_dir)
    server.drop_database(DATABASE)
    server.create_database(DATABASE)


def is_empty(owner_url: str) -> bool:
    """Whether the database holds no table of ours yet."""
    engine = create_engine(normalised_url(owner_url), poolclass=NullPool)
    with engine.connect() as connection:
        found = connection.execute(
            text("SELECT EXISTS (SELECT FROM pg_tables WHERE schemaname = 'public')")
        ).scalar_one()
    return not found


def _require_same_version(file: Path) -> None:
    made, expected = archive.read_manifest(file).revision, schema.head()
    if made is None:
        raise archive.ArchiveRefused("备份中没有数据库结构 / the backup holds no schema")
    if made != expected:
        click.echo(
            f"备份的结构版本为 {made}，恢复后请运行 sanshen migrate / run `sanshen migrate` afterwards ({expected})"
        )


def _require_all_blobs(settings: Settings, owner_url: str) -> None:
    """Every file the database speaks of is there, whole."""
    from app.storage.blobs import BlobError, BlobStore

    store = BlobStore(settings.data_dir / "blobs")
    engine = create_engine(normalised_url(owner_url), poolclass=NullPool)
    with engine.connect() as connection:
        digests = connection.execute(text(EVERY_DIGEST))
        for (digest,) in digests:
            try:
                store.get(digest)
            except BlobError as error:
                raise archive.ArchiveRefused(f"附件缺失或损坏 / missing or damaged: {digest}") from error


def _verified(settings: Settings, owner_url: str) -> "Verification | None":
    from app.kernel.audit.verify import verify

    keys = key_file(settings.data_dir)
    if not keys.exists():
        return None
    database = Database(owner_url, application_name="sanshen-restore", pool_size=1)
    try:
        with database.session() as session:
            return verify(session, KeyRing.load(keys))
    finally:
        database.dispose()


def _owner_url(access: Access) -> str:
    if access.owner_url is None:
        refuse(
            "需要 DATABASE_OWNER_URL：备份须看到所有地区 / DATABASE_OWNER_URL is needed: a backup must see every region"
        )
    return access.owner_url


def _alone(settings: Settings) -> AbstractContextManager[None]:
    """Nobody may serve from this data directory meanwhile."""
    from app.faces.cli.serve import only_one

    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    return only_one(settings) if settings.database_url is None else nullcontext()
