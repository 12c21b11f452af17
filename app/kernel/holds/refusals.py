"""Refusals of technical holds."""

from __future__ import annotations

from app.kernel.refusals import Refusal


class AlreadyHeld(Refusal):
    """This case (or process, in this region and version) is on hold already; params: what."""

    code = "already_held"


class HoldNotFound(Refusal):
    """No such hold, or it has ended."""

    code = "hold_not_found"


class NothingToHold(Refusal):
    """The case is closed, or no such process or version is deployed; params: what."""

    code = "nothing_to_hold"


class ProcessHeld(Refusal):
    """No new case of a process on hold is opened; params: by, since, why."""

    code = "process_held"


class CaseHeld(Refusal):
    """The case is on hold: nothing is run in it."""

    code = "case_on_hold"
