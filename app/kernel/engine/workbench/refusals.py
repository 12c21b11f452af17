"""Refusals of the rule workbench."""

from __future__ import annotations

from app.kernel.refusals import Refusal


class TrialNotFound(Refusal):
    """No such trial."""

    code = "trial_not_found"


class TrialOver(Refusal):
    """The trial is over: there is nothing to cancel."""

    code = "trial_over"


class TrialRunning(Refusal):
    """One trial of a draft at a time; params: percent."""

    code = "trial_running"
