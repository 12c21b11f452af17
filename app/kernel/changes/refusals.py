"""Refusals of controlled changes."""

from __future__ import annotations

from app.kernel.refusals import Refusal


class ChangeOutdated(Refusal):
    """What the change was made from has changed meanwhile, so it can't be applied; params: target."""

    code = "change_outdated"


class ChangeNotFound(Refusal):
    """The case is no controlled change (or lies outside the actor's regions)."""

    code = "change_not_found"


class ChangeNotEditable(Refusal):
    """The content may be changed only in the opened edit task, by whoever holds it."""

    code = "change_not_editable"


class ChangeKindUnknown(Refusal):
    """No such kind of change; params: kind."""

    code = "change_kind_unknown"


class ChangesNothing(Refusal):
    """The content is the same as what stands now."""

    code = "change_without_difference"
