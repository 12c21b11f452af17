"""The expected no of the permission chain."""

from __future__ import annotations

from app.kernel.audit.chain import person_chain
from app.kernel.grants.alerts import tell_auditors
from app.kernel.grants.entities import GrantDecision, PostWanted, Step
from app.kernel.grants.records import keep_grant_decision
from app.kernel.refusals import Refusal
from app.kernel.transaction.unit import Unit


class GrantDenied(Refusal):
    """`decide_grant_step` said no. The face words `decision.reason`; the attempt is kept with its evidence.

    params: reason, and what the reason names. Who wants a post for himself is told to the auditors.
    """

    code = "grant_denied"

    def __init__(
        self, decision: GrantDecision, step: Step, wanted: PostWanted, request_id: int | None
    ) -> None:
        super().__init__(ground=decision.ground)
        self.params = {"reason": decision.reason, **decision.params}
        self.decision = decision
        self.step = step
        self.wanted = wanted
        self.request_id = request_id

    def record_attempt(self, unit: Unit) -> None:
        keep_grant_decision(unit, self.decision, self.step, self.wanted, self.request_id)
        wanted = self.wanted
        about = {
            "step": self.step.value,
            "reason": self.decision.reason,
            "rule": self.decision.rule,
            "post": wanted.post,
            "region": wanted.region_code,
            "request": self.request_id,
        }
        own = self.decision.reason == "grant_self"
        event = "grant.self_attempted" if own else "grant.denied"
        unit.record(event, about, chain=person_chain(wanted.person_id))
        if own:
            key = f"grant_self:{wanted.person_id}:{wanted.post}:{wanted.region_code}:{unit.today}"
            tell_auditors(unit, "grant_self_attempted", key, wanted)


class GrantRequestNotFound(Refusal):
    """params: request_id."""

    code = "grant_request_not_found"


class GrantNotFound(Refusal):
    """The grant to be ended is none; params: grant_id."""

    code = "grant_not_found"


class PostUnknown(Refusal):
    """Post or region of a request don't exist; params: post, region."""

    code = "post_unknown"
