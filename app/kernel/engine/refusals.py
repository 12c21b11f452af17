"""Refusals of taking back one's own last step (撤回)."""

from __future__ import annotations

from app.kernel.refusals import Refusal


class NothingToWithdraw(Refusal):
    """The case's last step had an effect that can't be taken back, or was several people's, or none was taken."""

    code = "withdrawal_nothing"


class NotYourStep(Refusal):
    """The last step was somebody else's; params: name."""

    code = "withdrawal_not_own"


class OthersWentOn(Refusal):
    """Somebody has opened what came next, or acted on the case otherwise; params: name."""

    code = "withdrawal_others_acted"
