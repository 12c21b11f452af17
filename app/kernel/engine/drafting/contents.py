"""Contents of drafts, stored once under their SHA-256, and the list of them that three people sign."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from app.kernel.engine.drafting.models import DraftContent

_LINE = re.compile(r"([0-9a-f]{64})  (.+)")


def keep_content(session: Session, content: bytes) -> bytes:
    """Store bytes unless they are there; answers their SHA-256."""
    digest = hashlib.sha256(content).digest()
    row = upsert(DraftContent).values(digest=digest, content=content)
    session.execute(row.on_conflict_do_nothing())
    return digest


def load_contents(session: Session, digests: Mapping[str, bytes]) -> dict[str, bytes]:
    """Contents by path, from SHA-256 by path. Raise KeyError for one that isn't stored."""
    rows = session.execute(
        select(DraftContent.digest, DraftContent.content).where(
            DraftContent.digest.in_(set(digests.values()))
        )
    )
    known = {row.digest: row.content for row in rows}
    return {path: known[digest] for path, digest in sorted(digests.items())}


def list_sums(digests: Mapping[str, bytes]) -> str:
    """One line per file, as `sha256sum` writes them, by path: what three people sign."""
    return "\n".join(f"{digest.hex()}  {path}" for path, digest in sorted(digests.items()))


def read_sums(text: str) -> dict[str, bytes]:
    """The reverse. Raise ValueError for anything else."""
    digests = {}
    for line in text.splitlines():
        found = _LINE.fullmatch(line)
        if found is None:
            raise ValueError(line)
        digests[found[2]] = bytes.fromhex(found[1])
    return digests
