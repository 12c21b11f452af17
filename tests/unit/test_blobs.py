"""The blob store names files by content, notices damage and never leaves its directory."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from app.storage.blobs import BlobDamaged, BlobDigestInvalid, BlobMissing, BlobStore


def files_under(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file()]


@pytest.mark.parametrize("data", [b"", b"evidence", bytes(range(256)) * 5000])
def test_stored_bytes_come_back_under_their_hash(tmp_path: Path, data: bytes) -> None:
    store = BlobStore(tmp_path / "blobs")
    digest = store.put(data)
    assert digest == hashlib.sha256(data).hexdigest()
    assert store.get(digest) == data


def test_storing_twice_keeps_one_private_file(tmp_path: Path) -> None:
    store = BlobStore(tmp_path)
    assert store.put(b"evidence") == store.put(b"evidence")
    [only] = files_under(tmp_path)
    assert only.stat().st_mode & 0o777 == 0o600


def test_damaged_blob_is_noticed_and_healed_by_the_next_upload(tmp_path: Path) -> None:
    store = BlobStore(tmp_path)
    digest = store.put(b"evidence")
    store.path(digest).write_bytes(b"evidenc3")
    with pytest.raises(BlobDamaged):
        store.get(digest)
    store.put(b"evidence")
    assert store.get(digest) == b"evidence"


def test_missing_blob_is_named(tmp_path: Path) -> None:
    with pytest.raises(BlobMissing):
        BlobStore(tmp_path).get("0" * 64)


@pytest.mark.parametrize(
    "digest",
    [
        "",
        "../../etc/passwd",
        "..",
        "A" * 64,
        "0" * 63,
        "0" * 65,
        "0" * 64 + "\n",
        "/" + "0" * 63,
        "../" + "0" * 61,
        "٠" * 64,
    ],
)
def test_anything_but_a_digest_is_refused(tmp_path: Path, digest: str) -> None:
    with pytest.raises(BlobDigestInvalid):
        BlobStore(tmp_path).get(digest)


def test_failed_write_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = BlobStore(tmp_path)

    def full_disk(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("app.storage.blobs.os.fsync", full_disk)
    with pytest.raises(OSError, match="No space"):
        store.put(b"evidence")
    assert files_under(tmp_path) == []
