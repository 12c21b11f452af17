"""Which signatures an effect rests on, and which of them is missing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


def required_signatures(risk: str, approval_levels: int = 1, kind: str = "decided") -> tuple[str, ...]:
    """Signing duties an effect demands, in order, each by another person.

    A change (deployed) three of its own; a procedural decision (issued) two; a conclusion two when its risk
    is normal, three when high, four when routed, and one more with a second level of approval.
    """
    if kind == "deployed":
        return CHANGE_DUTIES
    if kind == "issued":
        return ("initial_review", "final_review")
    return {
        "normal": ("initial_review", "final_review"),
        "high": ("initial_review", "recheck", "final_review"),
        "routed": ("initial_review", "recheck", "risk_review", "final_review"),
    }[risk] + (("final_review_2",) if approval_levels == 2 else ())


CHANGE_DUTIES = ("rule_edit", "rule_recheck", "rule_approve")


@dataclass(frozen=True)
class SignatureView:
    """The latest signature of a duty on a subject that still counts (not voided, its signer not barred)."""

    signature_id: int
    duty: str
    person_id: int
    seq: int
    content_hash: bytes
    agrees: bool
    principal_id: int | None = None
    """For whom the signer acted."""

    @property
    def persons(self) -> frozenset[int]:
        """Everybody the signature counts for."""
        return frozenset({self.person_id} | ({self.principal_id} if self.principal_id else set()))


def missing_signature(
    required: Iterable[str], content_hash: bytes, latest: Mapping[str, SignatureView]
) -> str | None:
    """The earliest required signing duty that is missing, stale, out of order or by a person used before.

    `latest` maps duty to its latest signature. None when the gate is satisfied.
    """
    persons: set[int] = set()
    last_seq = 0
    for duty in required:
        signature = latest.get(duty)
        if signature is None or not signature.agrees or signature.content_hash != content_hash:
            return duty
        if signature.seq <= last_seq or not signature.persons.isdisjoint(persons):
            return duty
        persons |= signature.persons
        last_seq = signature.seq
    return None
