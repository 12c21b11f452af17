"""Refusals of consultations: extra opinions (加签) and countersignatures (会签)."""

from __future__ import annotations

from app.kernel.refusals import Refusal


class ConsultationOpen(Refusal):
    """Somebody's answer is awaited; params: names."""

    code = "consultation_open"


class CountersignDisagrees(Refusal):
    """A countersigner said no, so the outcome can't agree; params: names."""

    code = "countersign_disagrees"


class ConsultationNotFound(Refusal):
    code = "consultation_not_found"


class ConsultationClosed(Refusal):
    """Answered or cancelled already, or its task has ended."""

    code = "consultation_closed"


class ConsultationRepeated(Refusal):
    """This person was asked for the same on this task before; params: name."""

    code = "consultation_repeated"


class NotConsulted(Refusal):
    """Only the person who was asked may answer, only the asker may cancel."""

    code = "not_consulted"


class NotADiscussion(Refusal):
    """Reports are given to an open collective discussion only."""

    code = "not_a_discussion"


class NoHigherOffice(Refusal):
    """No office above has anybody here who holds the task's post; params: post, region."""

    code = "no_higher_office"


class ReasonMissing(Refusal):
    """A supervisor who takes a task away says why."""

    code = "reason_missing"
