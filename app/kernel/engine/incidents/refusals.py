"""Refusals of incidents."""

from __future__ import annotations

from app.kernel.refusals import Refusal


class IncidentNotFound(Refusal):
    """No such incident of this case, or it lies outside the actor's regions; params: incident."""

    code = "incident_not_found"


class IncidentResolved(Refusal):
    """It is over already; params: incident."""

    code = "incident_resolved"


class IncidentPending(Refusal):
    """The automatic step still has to run, so the incident can't be called settled; params: incident."""

    code = "incident_pending"


class IncidentNeedsPerson(Refusal):
    """A person's own step failed: it is tried again by submitting the form again; params: incident."""

    code = "incident_needs_person"
