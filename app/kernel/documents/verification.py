"""Verification (核验): the code on each issued document, and what it tells whoever has the document.

Nothing of the person: number, kind, day, authority and state, and whether an uploaded file is the issued one.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kernel.documents.models import Document, Seal, SealUse
from app.kernel.identity.models import Region

ALPHABET: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""Without 0, 1, I, O: 32 signs, five bits each."""
LENGTH: Final = 12
_GROUP: Final = 4


@dataclass(frozen=True, slots=True)
class Verified:
    """What the public learns of a document; `newest` is the number's latest version."""

    title_zh: str
    title_en: str
    number: str
    authority: str
    issued_on: date
    state: str
    version: int
    newest: int
    sealed: bool
    signed_by: str
    digest: str
    same: bool | None = None
    """Whether the uploaded file is the issued one; None without an upload."""


def new_code() -> str:
    """A code nobody can guess: 60 bits, in groups of four."""
    signs = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    return "-".join(signs[start : start + _GROUP] for start in range(0, LENGTH, _GROUP))


def normal_code(typed: str) -> str | None:
    """A typed code in its normal form, None when it can't be one."""
    signs = "".join(char for char in typed.upper() if char.isalnum())
    if len(signs) != LENGTH or any(char not in ALPHABET for char in signs):
        return None
    return "-".join(signs[start : start + _GROUP] for start in range(0, LENGTH, _GROUP))


def verify(session: Session, code: str, file: bytes | None = None) -> Verified | None:
    """The document with that code in the whole database, None when there is none."""
    row = session.execute(
        select(Document, Region.authority_zh, Seal.authority_zh)
        .join(Region, Region.code == Document.region_code)
        .outerjoin(SealUse, SealUse.document_id == Document.id)
        .outerjoin(Seal, Seal.id == SealUse.seal_id)
        .where(Document.verify_code == code)
    ).one_or_none()
    if row is None:
        return None
    document, authority, sealing = row
    versions = session.scalars(select(Document.version).where(Document.number == document.number))
    return Verified(
        title_zh=document.title_zh,
        title_en=document.title_en,
        number=document.number,
        authority=sealing or authority,
        issued_on=document.issued_on,
        state=document.state,
        version=document.version,
        newest=max(versions),
        sealed=sealing is not None,
        signed_by=document.signed_by,
        digest=document.pdf_digest or "",
        same=None if file is None else hashlib.sha256(file).hexdigest() == document.pdf_digest,
    )
