"""When accounts were last used: by a session or by an act. RSK-24 asks about accounts that slept and wake."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.kernel.audit.chain import person_chain
from app.kernel.duties.models import Performance
from app.kernel.grants.alerts import list_watchers, tell
from app.kernel.identity.models import Account, Person, WebSession
from app.kernel.transaction.unit import Unit

DORMANT_DAYS: Final = 30
"""RSK-24: unused for so many days (domain page controls.md §5)."""


@dataclass(frozen=True)
class LastUse:
    """When any active account was last used (None: never), and when the newest was made."""

    at: datetime | None
    made_at: datetime


def last_uses(session: Session, person_ids: Collection[int]) -> dict[int, LastUse]:
    """By canonical person; who has no active account is left out.

    Sessions are kept for 30 days after their end, which is as far back as the question reaches.
    """
    seen = (
        select(WebSession.account_id, func.max(WebSession.last_seen_at).label("at"))
        .group_by(WebSession.account_id)
        .subquery()
    )
    acted = select(func.max(Performance.at)).where(Performance.account_id == Account.id).scalar_subquery()
    rows = session.execute(
        select(
            Person.canonical_id,
            func.max(func.greatest(seen.c.at, acted)),
            func.max(Account.created_at),
        )
        .join(Account, Account.person_id == Person.id)
        .outerjoin(seen, seen.c.account_id == Account.id)
        .where(Person.canonical_id.in_(person_ids), Account.state == "active")
        .group_by(Person.canonical_id)
    )
    return {person_id: LastUse(used, made) for person_id, used, made in rows}


def note_awakening(unit: Unit, account: Account) -> None:
    """RSK-24: an account that slept and is used again goes to the log and to those who keep watch."""
    used = unit.session.scalar(
        select(func.max(func.greatest(WebSession.last_seen_at, WebSession.created_at))).where(
            WebSession.account_id == account.id
        )
    )
    acted = unit.session.scalar(
        select(func.max(Performance.at)).where(
            Performance.person_id == account.person_id, Performance.account_id == account.id
        )
    )
    slept = unit.now - max(moment for moment in (account.created_at, used, acted) if moment is not None)
    if slept <= timedelta(days=DORMANT_DAYS) or account.person_id is None:
        return
    person = unit.session.get_one(Person, account.person_id)
    payload = {"account_id": account.id, "days": slept.days, "rule": "RSK-24"}
    unit.record("account.woken", payload, chain=person_chain(person.id))
    told = {"name": person.name, "days": slept.days, "person": person.canonical_id}
    tell(unit, list_watchers(unit), "account_woken", f"woken:{account.id}:{unit.today}", told)


def dormant_days(session: Session, person_id: int, now: datetime) -> int | None:
    """Days since the last use when they exceed `DORMANT_DAYS`; None for who is in use or has no account."""
    found = last_uses(session, [person_id]).get(person_id)
    if found is None:
        return None
    slept = now - max(found.at or found.made_at, found.made_at)
    return slept.days if slept > timedelta(days=DORMANT_DAYS) else None
