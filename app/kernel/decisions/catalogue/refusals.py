"""Refusals about findings of statistical rules."""

from __future__ import annotations

from app.kernel.refusals import Refusal


class FindingNotFound(Refusal):
    """No such finding, or outside the actor's regions."""

    code = "finding_not_found"


class FindingNotYours(Refusal):
    """Auditors and supervisors dispose of findings, and of none about themselves."""

    code = "finding_not_yours"


class FindingDisposed(Refusal):
    """Somebody has said what became of the finding."""

    code = "finding_disposed"
