"""Refusals of violations."""

from __future__ import annotations

from app.kernel.refusals import Refusal


class CaseFrozen(Refusal):
    """An open violation keeps the case from being decided until it is ruled on; params: violation (its id)."""

    code = "case_frozen_by_violation"
