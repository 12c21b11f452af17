"""A backup restored elsewhere is the same system: rows, attachments, a verifiable audit chain."""

import tarfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select

from app.demo import load
from app.domain.registry import reference
from app.faces.cli.backup import is_empty, restore_into
from app.kernel.audit.models import AuditEvent
from app.kernel.cases.models import Case
from app.kernel.kernel import Kernel
from app.storage import archive
from app.storage.access import Access
from app.storage.blobs import BlobStore
from app.storage.crypto import key_file
from app.storage.database import Database
from app.storage.embedded import EmbeddedServer
from app.storage.migrate import current
from config import Settings
from tests.databases import CopiedDatabase
from tests.moving_clock import MovingClock

AT = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


@pytest.fixture
def busy(kernel: Kernel, fresh_database: CopiedDatabase, clock: MovingClock) -> Kernel:
    clock.set(AT)
    reference.install_at(fresh_database.owner_url)
    load(kernel, cases=6)
    return kernel


def back_up(settings: Settings, database: CopiedDatabase, file: Path, *, with_keys: bool) -> archive.Manifest:
    return archive.write(
        file,
        owner_url=database.owner_url,
        blobs=settings.data_dir / "blobs",
        keys=key_file(settings.data_dir) if with_keys else None,
        at=AT,
        revision=current(database.owner_url),
    )


def elsewhere(server: EmbeddedServer, folder: Path, name: str) -> tuple[Settings, Access]:
    server.create_database(name)
    access = Access(server.app_url(name), server.owner_url(name), embedded=False)
    return Settings(data_dir=folder, database_url=access.app_url), access


def test_restored_elsewhere_it_is_the_same_system(
    busy: Kernel, settings: Settings, fresh_database: CopiedDatabase, server: EmbeddedServer, tmp_path: Path
) -> None:
    file = tmp_path / "a b" / "backup.tar"
    made = back_up(settings, fresh_database, file, with_keys=True)
    assert made.with_keys
    archive.verify(file)
    new, access = elsewhere(server, tmp_path / "new", f"restored_{fresh_database.name}")
    try:
        assert is_empty(access.owner_url or "")
        result = restore_into(new, access, file)
        assert result is not None
        assert result.intact
        with busy.database.session() as before:
            assert result.events == before.scalar(select(func.count()).select_from(AuditEvent))
            busy.database.scope(before, ("*",))
            cases = before.scalar(select(func.count()).select_from(Case))
        database = Database(access.app_url)
        with database.session() as after:
            database.scope(after, ("*",))
            assert after.scalar(select(func.count()).select_from(Case)) == cases
            recognitions = select(func.count()).where(Case.process_key == "injury_recognition")
            assert after.scalar(recognitions) == 6
        database.dispose()
        blobs = [name.removeprefix(archive.BLOBS) for name in made.members if name.startswith(archive.BLOBS)]
        store = BlobStore(new.data_dir / "blobs")
        assert blobs
        assert all(store.get(digest) for digest in blobs)
        with pytest.raises(archive.ArchiveRefused, match="empty"):
            restore_into(new, access, file)
    finally:
        server.drop_database(f"restored_{fresh_database.name}")


def test_keys_stay_out_unless_asked_for_and_then_the_chain_cannot_be_verified(
    busy: Kernel, settings: Settings, fresh_database: CopiedDatabase, server: EmbeddedServer, tmp_path: Path
) -> None:
    file = tmp_path / "backup.tar"
    assert not back_up(settings, fresh_database, file, with_keys=False).with_keys
    with tarfile.open(file) as opened:
        assert archive.KEYS not in opened.getnames()
    name = f"keyless_{fresh_database.name}"
    new, access = elsewhere(server, tmp_path / "new", name)
    try:
        assert restore_into(new, access, file) is None
    finally:
        server.drop_database(name)


def test_damaged_backup_is_refused_before_anything_is_restored(
    settings: Settings, kernel: Kernel, fresh_database: CopiedDatabase, tmp_path: Path
) -> None:
    kernel.blobs.put(b"evidence " * 500)
    file = tmp_path / "backup.tar"
    back_up(settings, fresh_database, file, with_keys=False)
    content = bytearray(file.read_bytes())
    place = content.index(b"evidence evidence")
    content[place + 3] ^= 1
    file.write_bytes(content)
    with pytest.raises(archive.ArchiveRefused, match="damaged"):
        archive.verify(file)
    file.write_bytes(b"something else")
    with pytest.raises(archive.ArchiveRefused, match="not a backup"):
        archive.read_manifest(file)
