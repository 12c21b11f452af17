"""Refusals of recusal and of the register of interests."""

from __future__ import annotations

from app.kernel.refusals import Refusal


class RecusalKnown(Refusal):
    """The same person, cause and origin stand in this case already; params: name, cause."""

    code = "recusal_known"


class RecusalNotFound(Refusal):
    """No such recusal in this case."""

    code = "recusal_not_found"


class RecusalRuled(Refusal):
    """The head has ruled on it; a ruling is final. params: name (of the head)."""

    code = "recusal_ruled"


class RecusalTooLate(Refusal):
    """The case is closed: who handled it can't stand back any more; that is for supervision to look at."""

    code = "recusal_too_late"


class RecusalNotRecordable(Refusal):
    """Requests are recorded by whoever receives or handles the case, or supervises it."""

    code = "recusal_not_recordable"


class RecusalPersonUnknown(Refusal):
    """The person named holds no post over the case's region: there is nobody to stand back."""

    code = "recusal_person_unknown"


class RecusalOfOneself(Refusal):
    """A party's request names the recorder himself: he declares it, or somebody else records it."""

    code = "recusal_of_oneself"


class RulingNotHeads(Refusal):
    """Only the head of the department over the region rules on recusals."""

    code = "ruling_not_heads"


class RulingOnOneself(Refusal):
    """Nobody rules on his own recusal; the head of the next higher region does."""

    code = "ruling_on_oneself"


class InterestKnown(Refusal):
    """The same relation to the same subject stands in the register; params: label."""

    code = "interest_known"


class InterestNotFound(Refusal):
    """No such relation of this person, or it was ended already."""

    code = "interest_not_found"


class InterestNotYours(Refusal):
    """Only the person himself or an internal auditor writes a person's register."""

    code = "interest_not_yours"
