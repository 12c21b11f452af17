"""Refusals of chains, transfers and re-opened cases."""

from __future__ import annotations

from app.kernel.refusals import Refusal


class CaseNotDecided(Refusal):
    """Only a decided case is done again; an open one goes back by its own steps. params: case_no."""

    code = "case_not_decided"


class CaseRoleUnknown(Refusal):
    """The process knows no such case in the chain; params: role."""

    code = "case_role_unknown"


class CaseAlreadyReopened(Refusal):
    """A case of this role is open in the chain already; params: case_no."""

    code = "case_already_reopened"


class CaseNotMovable(Refusal):
    """A closed case stays with the office that closed it; params: case_no."""

    code = "case_not_movable"


class TransferTargetInvalid(Refusal):
    """No such region, or the one the case is in; params: region."""

    code = "transfer_target_invalid"
