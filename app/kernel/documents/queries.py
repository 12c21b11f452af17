"""Reads of documents. Row-level security leaves only those of the actor's regions."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kernel.documents.models import Document
from app.storage.blobs import BlobStore


def documents_of(session: Session, case_id: int) -> Sequence[Document]:
    """All documents of a case, oldest first."""
    return session.scalars(select(Document).where(Document.case_id == case_id).order_by(Document.id)).all()


def document_by_uid(session: Session, uid: UUID) -> Document | None:
    """One document by its public id."""
    return session.scalars(select(Document).where(Document.uid == uid)).one_or_none()


def docx_of(blobs: BlobStore, document: Document) -> bytes:
    """The DOCX as it was issued. Raises BlobMissing."""
    return blobs.get(document.docx_digest)


def print_page_of(blobs: BlobStore, document: Document) -> str:
    """The print page (HTML) as it was issued. Raises BlobMissing."""
    return blobs.get(document.print_digest).decode()
