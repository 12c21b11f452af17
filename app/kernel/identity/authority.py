"""Who may manage accounts and question identities. Administrators are three and hold no business (三员分立)."""

from __future__ import annotations

from app.kernel.grants.entities import Officer
from app.kernel.grants.queries import get_officer
from app.kernel.identity.refusals import AccountsBySystemAdmin, DoubtsBySupervisors, OwnAccount
from app.kernel.transaction.unit import Unit

ACCOUNTS_BY = "system_admin"
"""Accounts are created and locked by the system administrator, posts assigned by the security administrator."""

DOUBTS_BY_KINDS = frozenset({"supervision", "audit"})


def may_manage_accounts(officer: Officer) -> bool:
    return officer.active and any(post == ACCOUNTS_BY for post, _kind, _region in officer.held)


def may_doubt(officer: Officer) -> bool:
    return officer.active and any(
        kind in DOUBTS_BY_KINDS or post == ACCOUNTS_BY for post, kind, _region in officer.held
    )


def require_account_manager(unit: Unit, person_id: int | None = None) -> None:
    """The actor must be a system administrator, and the accounts not his own.

    Raise AccountsBySystemAdmin or OwnAccount.
    """
    officer = _officer(unit)
    if not may_manage_accounts(officer):
        raise AccountsBySystemAdmin
    if person_id == officer.person_id:
        raise OwnAccount


def require_doubter(unit: Unit) -> None:
    """Raise DoubtsBySupervisors for who neither supervises nor audits nor manages accounts."""
    if not may_doubt(_officer(unit)):
        raise DoubtsBySupervisors


def _officer(unit: Unit) -> Officer:
    return get_officer(unit.session, unit.actor.person_id or 0, unit.today)
