"""Computed reports looked up, kept and forgotten. Nothing of a case is in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.kernel.sharing.models import ComputedReport
from app.kernel.transaction import Unit

# Plain texts: bookkeeping, of which the audit log says nothing.
_KEEP = text("""
    INSERT INTO computed_report (kind, key, made_at, body) VALUES (:kind, :key, :made_at, CAST(:body AS jsonb))
    ON CONFLICT (kind, key) DO UPDATE SET made_at = EXCLUDED.made_at, body = EXCLUDED.body
""")
_FORGET = text("DELETE FROM computed_report WHERE made_at < :before RETURNING kind")


@dataclass(frozen=True)
class Kept:
    """A report with when it was computed."""

    made_at: datetime
    body: Mapping[str, Any]


def find_report(session: Session, kind: str, key: bytes, since: datetime | None = None) -> Kept | None:
    """The report of that digest, computed at `since` or later where it ages."""
    query = select(ComputedReport.made_at, ComputedReport.body).where(
        ComputedReport.kind == kind, ComputedReport.key == key
    )
    if since is not None:
        query = query.where(ComputedReport.made_at >= since)
    row = session.execute(query).one_or_none()
    return Kept(row.made_at, row.body) if row is not None else None


def keep_report(unit: Unit, kind: str, key: bytes, body: Mapping[str, Any]) -> None:
    """In place of an older one."""
    spelled = orjson.dumps(body).decode()
    unit.session.execute(_KEEP, {"kind": kind, "key": key, "made_at": unit.now, "body": spelled})


def forget_reports(unit: Unit, before: datetime) -> int:
    """Older ones are computed anew when they are asked for; answers how many went."""
    return len(unit.session.execute(_FORGET, {"before": before}).all())
