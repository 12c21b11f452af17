"""The expected "no" of identity: log-in, sessions, passwords, identifiers, uploads."""

from __future__ import annotations

from app.kernel.audit.chain import LOGIN_CHAIN
from app.kernel.refusals import Refusal
from app.kernel.transaction.unit import Unit


class LoginFailed(Refusal):
    """Unknown login, wrong password or disabled account: nobody is told which.

    params: none. `login_index` (blind index, hexadecimal), `address` and the number of failures
    in a row go to the audit log only.
    """

    code = "login_failed"

    def __init__(self, *, login_index: str, address: str | None, failures: int) -> None:
        super().__init__()
        self._audited = {"login_index": login_index, "address": address, "failures": failures}

    def record_attempt(self, unit: Unit) -> None:
        """A failed log-in is news even though nothing was written."""
        unit.record("login.failed", self._audited, chain=LOGIN_CHAIN)


class LoginThrottled(Refusal):
    """Too many failures; params: seconds until the next attempt counts."""

    code = "login_throttled"


class AccountLocked(Refusal):
    """The password was right, but an administrator has locked the account."""

    code = "account_locked"

    def __init__(self, *, address: str | None) -> None:
        super().__init__()
        self._audited = {"address": address}

    def record_attempt(self, unit: Unit) -> None:
        """Somebody knows the password of a locked account."""
        unit.record("login.locked", self._audited, chain=LOGIN_CHAIN)


class SessionExpired(Refusal):
    """No live session: idle or absolute time-out, log-out, or a changed password."""

    code = "session_expired"


class TokenInvalid(Refusal):
    """No live token of an active account came with the request."""

    code = "token_invalid"


class TokenNotFound(Refusal):
    """The account has no such token."""

    code = "token_not_found"


class PasswordWeak(Refusal):
    """params: rule (a `Weakness`), minimum."""

    code = "password_weak"


class PasswordWrong(Refusal):
    """The present password, asked again before a change, is wrong."""

    code = "password_wrong"

    def record_attempt(self, unit: Unit) -> None:
        """Perhaps a stranger at an unlocked desk."""
        unit.record("password.wrong", {"account_id": unit.actor.account_id})


class LoginTaken(Refusal):
    """params: login."""

    code = "login_taken"


class LoginInvalid(Refusal):
    """A login is 3 to 40 of a-z, 0-9, dot, hyphen and underscore, beginning with a letter or digit."""

    code = "login_invalid"


class PersonKnown(Refusal):
    """One person per ID number; params: person_id."""

    code = "person_known"


class AccountNotFound(Refusal):
    """params: account_id."""

    code = "account_not_found"


class UploadRefused(Refusal):
    """A file isn't taken; the code says why, params always name the file."""

    CODES = (
        "upload_too_large",
        "upload_type_unknown",
        "upload_extension_mismatch",
        "upload_empty",
        "upload_macros",
        "upload_count",
    )
    code = "upload_refused"

    def __init__(self, code: str, **params: object) -> None:
        # An instance's own code, because six near-empty classes would say nothing more.
        self.code = code  # type: ignore[misc]
        super().__init__(field="file", ground=None, **params)


class IdentityActDenied(Refusal):
    """Not this person's to do; never raised by itself."""

    code = "identity_act_denied"

    def record_attempt(self, unit: Unit) -> None:
        """Who tries to manage accounts or identities without the post is news."""
        unit.record("identity.act_denied", {"code": self.code})


class AccountsBySystemAdmin(IdentityActDenied):
    """People and accounts are managed by a system administrator."""

    code = "accounts_by_system_admin"


class OwnAccount(IdentityActDenied):
    """An administrator doesn't manage his own accounts."""

    code = "own_account"


class DoubtsBySupervisors(IdentityActDenied):
    """A doubt is raised by a supervisor, an internal auditor or a system administrator."""

    code = "doubts_by_supervisors"


class PersonNotFound(Refusal):
    """params: person_id."""

    code = "person_not_found"


class DoubtAgainstItself(Refusal):
    """A record can't be doubted against itself."""

    code = "doubt_against_itself"


class DoubtKnown(Refusal):
    """An open doubt about the same records; params: doubt_id."""

    code = "doubt_known"


class MergeImpossible(Refusal):
    """Only two canonical records are merged, once; params: person_id, canonical_id."""

    code = "merge_impossible"


class NameInvalid(Refusal):
    """A name is 2 to 40 characters of letters, the middle dot and blanks between words."""

    code = "name_invalid"
