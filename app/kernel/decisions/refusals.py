"""Refusals of rule overrides (SOD-7) and of warnings that nobody has given a reason for."""

from __future__ import annotations

from app.kernel.refusals import Refusal


class OverrideNotAllowed(Refusal):
    """The rule stops and is not marked as one that may be set aside; params: rule, title_zh, title_en."""

    code = "override_not_allowed"


class OverrideKnown(Refusal):
    """An override of this very hit was proposed already; params: rule."""

    code = "override_known"


class OverrideNotFound(Refusal):
    """No such hit in this case, or nobody proposed to override it."""

    code = "override_not_found"


class OverrideRuled(Refusal):
    """Somebody has ruled on the override; params: name."""

    code = "override_ruled"


class OverrideNotYours(Refusal):
    """Only who works on the case (an opened task of his own) proposes an override."""

    code = "override_not_yours"


class OverrideOfOneself(Refusal):
    """Nobody rules on his own proposal, from whatever account."""

    code = "override_of_oneself"


class OverrideNotSenior(Refusal):
    """The ruling needs a post over the region that ranks above every post of the proposer; params: rank."""

    code = "override_not_senior"


class WarningUnexplained(Refusal):
    """A duty is completed only once every warning of the case has a reason; params: rules, titles_zh, titles_en."""

    code = "warning_unexplained"


class HitNotWarning(Refusal):
    """Only a warning that stands takes a reason; params: rule."""

    code = "hit_not_warning"
