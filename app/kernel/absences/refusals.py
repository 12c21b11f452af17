"""Refusals of absences and substitutions."""

from __future__ import annotations

from app.kernel.refusals import Refusal


class AbsencePeriodInvalid(Refusal):
    """Ends before it starts, lies wholly in the past, or is longer than `limit` days; params: limit."""

    code = "absence_period_invalid"


class AbsenceOverlaps(Refusal):
    """The person is recorded as absent in a part of the period; params: starts, ends."""

    code = "absence_overlaps"


class AbsenceNotFound(Refusal):
    """No such absence, or it is over or cancelled."""

    code = "absence_not_found"


class SubstitutionNotFound(Refusal):
    """No such request or substitution, or it was decided or ended before."""

    code = "substitution_not_found"


class SubstitutionPeriodInvalid(Refusal):
    """Ends before it starts, begins in the past, or is longer than `limit` days; params: limit."""

    code = "substitution_period_invalid"


class SubstitutionOfOneself(Refusal):
    """Principal and substitute are one natural person."""

    code = "substitution_of_oneself"


class SubstitutionPostNotHeld(Refusal):
    """The principal does not hold the post by a grant for the whole period; params: name, post_zh, post_en."""

    code = "substitution_post_not_held"


class SubstitutionChain(Refusal):
    """The principal fills the post for somebody else: that can't be passed on; params: name, principal."""

    code = "substitution_chain"


class SubstitutionPostKind(Refusal):
    """Only posts that carry duties are filled by substitutes; params: post_zh, post_en."""

    code = "substitution_post_kind"


class SubstitutionExcluded(Refusal):
    """Static exclusion: the substitute holds a post that excludes this one.

    params: name, held_post_zh, held_post_en, rule_zh, rule_en.
    """

    code = "substitution_excluded"


class SubstitutionOverlaps(Refusal):
    """Somebody fills the post for the principal in a part of the period already; params: name."""

    code = "substitution_overlaps"


class SubstituteAbsent(Refusal):
    """The substitute is absent in a part of the period; params: name, starts, ends."""

    code = "substitute_absent"


class SubstituteInactive(Refusal):
    """The substitute has no active account; params: name."""

    code = "substitute_inactive"


class SubstitutionApproverInvolved(Refusal):
    """Who approves is neither principal, substitute nor requester."""

    code = "substitution_approver_involved"


class SubstitutionNeedless(Refusal):
    """The substitute holds the same post there himself and needs nobody's place; params: name."""

    code = "substitution_needless"
