"""Refusals of drafts, whatever they are drafts of."""

from __future__ import annotations

from app.kernel.refusals import Refusal


class DraftNotFound(Refusal):
    """No such draft."""

    code = "draft_not_found"


class DraftChanged(Refusal):
    """Somebody saved meanwhile (another window, say); params: revision (the present one)."""

    code = "draft_changed"


class DraftNotYours(Refusal):
    """Only the owner edits; others copy the draft or take it over; params: name."""

    code = "draft_not_yours"


class DraftFrozen(Refusal):
    """It is being rechecked or approved; a return gives it back; params: case_no."""

    code = "draft_frozen"


class DraftSettled(Refusal):
    """It was deployed or discarded: work goes on in a new draft."""

    code = "draft_settled"


class DraftEditorReviewed(Refusal):
    """Somebody who edited the draft has rechecked or approved this very change; params: name."""

    code = "draft_editor_reviewed"
