"""Refusals of taking over a case that began elsewhere."""

from __future__ import annotations

from app.kernel.refusals import Refusal


class EntryUnknown(Refusal):
    """The process names no such entry, or none at all; params: process, entry."""

    code = "take_over_entry_unknown"


class TakenOverBefore(Refusal):
    """This number of that procedure has been entered already; params: reference, case_no."""

    code = "taken_over_before"


class EvidenceMissing(Refusal):
    """No file shows what was done elsewhere."""

    code = "take_over_evidence_missing"
