"""Passwords of the database roles: made once, kept in files only their owner can read."""

import os
import secrets
from pathlib import Path


def kept_password(directory: Path, role: str) -> str:
    """The password of `role`, from `<directory>/<role>.secret`, made on first use (mode 0600)."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = directory / f"{role}.secret"
    if not path.exists():
        _write_once(path, secrets.token_urlsafe(32))
    return path.read_text(encoding="ascii").strip()


def _write_once(path: Path, text: str) -> None:
    """Whole or not at all; when two processes race, the first one's password stands."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    with os.fdopen(
        os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii"
    ) as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
