"""Writes of recusal: declared by oneself, asked for by a party, found by data; ruled on by the head.

A recusal holds at once, whatever its origin, until the head refuses it (认定办法 16, 鉴定办法 28).
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import insert, select
from sqlalchemy.dialects.postgresql import insert as upsert

from app.kernel.cases.models import Case
from app.kernel.duties.queries import get_candidate, get_case_view
from app.kernel.duties.records import keep_decision
from app.kernel.duties.refusals import DutyDenied
from app.kernel.duties.rules import standing
from app.kernel.duties.views import ALLOWED, Action, Candidate, deny
from app.kernel.identity.models import Person
from app.kernel.identity.regions import get_lineage
from app.kernel.recusal.effects import place_anew, stand_back
from app.kernel.recusal.models import CAUSES, Recusal, RecusalRuling
from app.kernel.recusal.queries import (
    Match,
    canonical_of,
    list_heads,
    list_recording_posts,
)
from app.kernel.recusal.refusals import (
    RecusalKnown,
    RecusalNotFound,
    RecusalNotRecordable,
    RecusalOfOneself,
    RecusalPersonUnknown,
    RecusalRuled,
    RecusalTooLate,
    RulingNotHeads,
    RulingOnOneself,
)
from app.kernel.recusal.rules import VERDICTS, may_record, rules_over, serves
from app.kernel.refusals import CaseNotFound, InvalidInput
from app.kernel.transaction import Unit
from app.kernel.worklist.notices import tell
from app.kernel.worklist.operations import notify


def declare_recusal(unit: Unit, cause: str, detail: str) -> int:
    """The actor stands back from the locked case; at once in force. Answers the recusal's id.

    Raise InvalidInput, RecusalKnown, RecusalTooLate, DutyDenied (no person, no post).
    """
    case, person_id = _open_case(unit), _actor(unit, Action.RECUSE)
    _check_words(cause, {"detail": detail})
    _require_active(unit, case, person_id, Action.RECUSE)
    keep_decision(unit, ALLOWED, Action.RECUSE, case.id, None, None)
    recusal_id = _record(unit, case, person_id, cause, "declared", detail, recorded_by=person_id)
    unit.record("recusal.declared", {"recusal": recusal_id, "person": person_id, "cause": cause})
    _after_recording(unit, case, person_id, recusal_id, detail, inform=False)
    return recusal_id


def request_recusal(unit: Unit, person_id: int, cause: str, detail: str, requested_by: str) -> int:
    """Record that a party (`requested_by`, in words) asks that a person stand back; in force until ruled on.

    Raise InvalidInput, RecusalKnown, RecusalTooLate, RecusalNotRecordable, RecusalOfOneself,
    RecusalPersonUnknown, DutyDenied.
    """
    case, recorder = _open_case(unit), _actor(unit, Action.RECUSE)
    _check_words(cause, {"detail": detail, "requested_by": requested_by})
    lineage = get_lineage(unit.session, case.region_code)
    candidate = _require_active(unit, case, recorder, Action.RECUSE)
    if not may_record(candidate, list_recording_posts(unit.session, case.id), lineage):
        raise RecusalNotRecordable
    concerned = canonical_of(unit.session, person_id)
    if concerned is None or not serves(get_candidate(unit.session, concerned, unit.today), lineage):
        raise RecusalPersonUnknown(field="person")
    if concerned == recorder:
        raise RecusalOfOneself(field="person")
    keep_decision(unit, ALLOWED, Action.RECUSE, case.id, None, None)
    recusal_id = _record(
        unit, case, concerned, cause, "requested", detail, recorded_by=recorder, requested_by=requested_by
    )
    unit.record(
        "recusal.requested",
        {"recusal": recusal_id, "person": concerned, "cause": cause, "requested_by": requested_by},
    )
    _after_recording(unit, case, concerned, recusal_id, detail, inform=True)
    return recusal_id


def rule_on_recusal(unit: Unit, recusal_id: int, verdict: str, reason: str) -> None:
    """The head upholds or refuses a recusal, once; refused, the person may act again.

    Raise InvalidInput, RecusalNotFound, RecusalRuled, RulingNotHeads, RulingOnOneself, DutyDenied (head barred).
    """
    case, head = _open_case(unit), _actor(unit, Action.RULE_RECUSAL)
    if verdict not in VERDICTS:
        raise InvalidInput({"verdict": ("not_an_option", {})})
    _check_words("other", {"reason": reason})
    recusal = unit.session.scalar(select(Recusal).where(Recusal.id == recusal_id, Recusal.case_id == case.id))
    if recusal is None:
        raise RecusalNotFound(recusal_id=recusal_id)
    concerned = canonical_of(unit.session, recusal.person_id)
    if concerned == head:
        raise RulingOnOneself
    if not rules_over(
        get_candidate(unit.session, head, unit.today), get_lineage(unit.session, case.region_code)
    ):
        raise RulingNotHeads
    _require_active(unit, case, head, Action.RULE_RECUSAL)
    _require_unruled(unit, recusal_id)
    keep_decision(unit, ALLOWED, Action.RULE_RECUSAL, case.id, None, None)
    unit.session.execute(
        insert(RecusalRuling).values(
            recusal_id=recusal_id, verdict=verdict, reason=reason.strip(), ruled_by=head, at=unit.now
        )
    )
    unit.record("recusal.ruled", {"recusal": recusal_id, "person": concerned, "verdict": verdict})
    place_anew(unit, case)
    if concerned is not None:
        code = "recusal_refused" if verdict == "refused" else "recusal_upheld"
        tell(unit, concerned, code, f"recusal:{recusal_id}:{verdict}", {})


def recuse_by_data(unit: Unit, case: Case, matches: Iterable[Match]) -> list[int]:
    """Record what data say: who has an interest in a subject of the case stands back until the head refuses.

    The same match is recorded once; answers the new recusals.
    """
    new = []
    for match in matches:
        recusal_id = _insert(unit, case, match.person_id, match.cause, "data", match.label)
        if recusal_id is None:
            continue
        new.append(recusal_id)
        unit.record(
            "recusal.found",
            {"recusal": recusal_id, "person": match.person_id, "cause": match.cause},
            case_id=case.id,
        )
        _after_recording(unit, case, match.person_id, recusal_id, match.label, inform=True)
    return new


def _open_case(unit: Unit) -> Case:
    if unit.case is None:
        raise CaseNotFound
    if unit.case.status != "open":
        raise RecusalTooLate
    return unit.case


def _actor(unit: Unit, action: Action) -> int:
    """The acting person. Raise DutyDenied for machines and the system."""
    if unit.actor.person_id is None:
        case_id = unit.case.id if unit.case else None
        raise DutyDenied(deny("machine_holds_no_duty"), action, case_id, None, None)
    return unit.actor.person_id


def _require_active(unit: Unit, case: Case, person_id: int, action: Action) -> Candidate:
    """An active officer who is not barred from the case himself. Raise DutyDenied."""
    candidate = get_candidate(unit.session, person_id, unit.today)
    denied = standing(candidate, get_case_view(unit.session, case))
    if denied is not None:
        raise DutyDenied(denied, action, case.id, None, None)
    return candidate


def _check_words(cause: str, texts: dict[str, str]) -> None:
    """A known cause, and something said. Raise InvalidInput by field."""
    errors: dict[str, tuple[str, dict[str, object]]] = {
        key: ("too_short", {"min": 2}) if text.strip() else ("required", {})
        for key, text in texts.items()
        if len(text.strip()) < 2
    }
    errors |= {key: ("too_long", {"max": 500}) for key, text in texts.items() if len(text.strip()) > 500}
    if cause not in CAUSES:
        errors["cause"] = ("not_an_option", {})
    if errors:
        raise InvalidInput(errors)


def _record(
    unit: Unit,
    case: Case,
    person_id: int,
    cause: str,
    origin: str,
    detail: str,
    *,
    recorded_by: int,
    requested_by: str | None = None,
) -> int:
    recusal_id = _insert(
        unit,
        case,
        person_id,
        cause,
        origin,
        detail.strip(),
        recorded_by,
        (requested_by or "").strip() or None,
    )
    if recusal_id is None:
        name = unit.session.scalar(select(Person.name).where(Person.id == person_id))
        raise RecusalKnown(name=name, cause=cause)
    return recusal_id


def _insert(
    unit: Unit,
    case: Case,
    person_id: int,
    cause: str,
    origin: str,
    detail: str,
    recorded_by: int | None = None,
    requested_by: str | None = None,
) -> int | None:
    """The new recusal's id; None when the case has one of this person, cause and origin."""
    row = (
        upsert(Recusal)
        .values(
            case_id=case.id,
            person_id=person_id,
            cause=cause,
            origin=origin,
            detail=detail,
            requested_by=requested_by,
            recorded_by=recorded_by,
            at=unit.now,
        )
        .on_conflict_do_nothing()
        .returning(Recusal.id)
    )
    return unit.session.execute(row).scalar_one_or_none()


def _after_recording(
    unit: Unit, case: Case, person_id: int, recusal_id: int, reason: str, *, inform: bool
) -> None:
    """The person's claims end, the heads are told, and (unless it was himself) so is he."""
    stand_back(unit, case, person_id, reason)
    for head in list_heads(unit.session, get_lineage(unit.session, case.region_code), unit.today):
        if head not in (person_id, unit.actor.person_id):
            notify(unit, head, "recusal_to_rule", f"recusal:{recusal_id}", case)
    if inform:
        tell(unit, person_id, "recused", f"recusal:{recusal_id}", {})  # nothing of the case


def _require_unruled(unit: Unit, recusal_id: int) -> None:
    ruled = unit.session.execute(
        select(Person.name)
        .join(RecusalRuling, RecusalRuling.ruled_by == Person.id)
        .where(RecusalRuling.recusal_id == recusal_id)
    ).scalar_one_or_none()
    if ruled is not None:
        raise RecusalRuled(name=ruled)
