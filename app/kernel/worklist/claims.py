"""Asking that claims be looked at again, because what they rest on has changed in this very transaction."""

from __future__ import annotations

from collections.abc import Collection

from app.kernel.transaction.unit import Unit

RECONSIDER_JOB = "reconsider_claims"
LAPSED = "post_ended"
"""Cause of a claim's end: its holder no longer fills the task's post."""


def reconsider_later(
    unit: Unit,
    cause: str,
    *,
    persons: Collection[int] = (),
    duties: Collection[str] = (),
    cases: Collection[int] = (),
) -> None:
    """As soon as this unit has committed: the claims of these people, on tasks of these duties, on these cases.

    A job that exists exactly when its cause does; each case is then locked in a transaction of its own, because
    whoever holds one already must not wait for others. `cause` is told to who loses the claim, and on the case.
    """
    wanted = {"persons": sorted(persons), "duties": sorted(duties), "cases": sorted(cases)}
    unit.defer(RECONSIDER_JOB, {"cause": cause, **wanted})
