"""Every decision again: the signatures it needed, by different people, in order, on what was decided."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from sqlalchemy import bindparam, select, text
from sqlalchemy.orm import Session

from app.kernel.cases.models import Case, CaseTakeOver
from app.kernel.duties.models import CaseDecision, CaseRisk, Signature
from app.kernel.violations.watch.findings import Finding
from app.kernel.violations.watch.history import Act, History, Moment, SetVersion

BATCH = 2000
CHANGE = ("rule_edit", "rule_recheck", "rule_approve")
PROCEDURAL = ("initial_review", "final_review")
BY_RISK: Mapping[str, tuple[str, ...]] = {
    "normal": ("initial_review", "final_review"),
    "high": ("initial_review", "recheck", "final_review"),
    "routed": ("initial_review", "recheck", "risk_review", "final_review"),
}
SECOND_LEVEL = "final_review_2"


@dataclass(frozen=True)
class Decided:
    """A decision with what it rested on."""

    row: CaseDecision
    signatures: Sequence[Signature | None]
    later: Mapping[str, int]
    """Highest sequence of each duty on its subject."""
    risks: Sequence[tuple[datetime, str, int]]
    acts: Sequence[Act]
    """All acts on the case up to the decision."""


def required(kind: str, risk: str, levels: int) -> tuple[str, ...]:
    """Signing duties in order: a change three, a procedural decision two, a conclusion by its risk class."""
    if kind == "deployed":
        return CHANGE
    if kind == "issued":
        return PROCEDURAL
    return BY_RISK[risk] + ((SECOND_LEVEL,) if levels == 2 else ())


def check_decisions(session: Session, history: History, since: int) -> tuple[list[Finding], int]:
    """Findings on the decisions after `since`, with how many decisions were read."""
    findings, seen, last = list[Finding](), 0, since
    while True:
        rows = session.scalars(
            select(CaseDecision).where(CaseDecision.id > last).order_by(CaseDecision.id).limit(BATCH)
        ).all()
        if not rows:
            return findings, seen
        for decided in _load(session, rows):
            findings += _check(history, decided)
        seen, last = seen + len(rows), rows[-1].id
        session.expunge_all()


def find_undecided_effects(session: Session) -> list[Finding]:
    """Cases that say they are decided although no decision was written, here or (taken over) elsewhere."""
    rows = session.execute(
        select(Case.id, Case.decided_at)
        .outerjoin(CaseDecision, CaseDecision.case_id == Case.id)
        .outerjoin(CaseTakeOver, (CaseTakeOver.case_id == Case.id) & (CaseTakeOver.kind == "decided"))
        .where(Case.decided_at.is_not(None), CaseDecision.id.is_(None), CaseTakeOver.case_id.is_(None))
        .order_by(Case.id)
    )
    return [
        Finding(
            "undecided_effect", "undecided_effect", "case", row.id, (), case_ids=(row.id,), at=row.decided_at
        )
        for row in rows
    ]


_ACTS = text(
    "SELECT p.id, p.case_id, p.task_id, p.person_id, p.on_behalf_of, p.duty, p.state, p.at,"
    " c.chain_id, c.process_key, c.case_role, c.region_code FROM performance p"
    ' JOIN "case" c ON c.id = p.case_id WHERE p.case_id = ANY(:cases) ORDER BY p.id'
)


def _load(session: Session, rows: Sequence[CaseDecision]) -> Iterator[Decided]:
    cases = {row.case_id for row in rows}
    named = {number for row in rows for number in row.signature_ids}
    by_id: dict[int, Signature] = {}
    latest: dict[tuple[int, str], dict[str, int]] = defaultdict(dict)
    for signature in session.scalars(
        select(Signature)
        .where(Signature.case_id.in_(bindparam("cases", expanding=True)) | Signature.id.in_(named))
        .order_by(Signature.seq),
        {"cases": list(cases)},
    ):
        by_id[signature.id] = signature
        latest[signature.case_id, signature.subject][signature.duty] = signature.seq
    risks: dict[int, list[tuple[datetime, str, int]]] = defaultdict(list)
    for risk in session.scalars(select(CaseRisk).where(CaseRisk.case_id.in_(cases)).order_by(CaseRisk.id)):
        risks[risk.case_id].append((risk.at, risk.risk, risk.approval_levels))
    acts: dict[int, list[Act]] = defaultdict(list)
    for row in session.execute(_ACTS, {"cases": sorted(cases)}):
        acts[row.case_id].append(Act(*row))
    for decision in rows:
        yield Decided(
            row=decision,
            signatures=[by_id.get(number) for number in decision.signature_ids],
            later=latest[decision.case_id, decision.subject],
            risks=risks[decision.case_id],
            acts=[act for act in acts[decision.case_id] if act.at <= decision.at],
        )


def _check(history: History, decided: Decided) -> list[Finding]:
    problems = _shape(decided)
    for n, signature in enumerate(decided.signatures):
        problems += _problems(history, decided, signature, n)
    problems += _order(decided)
    findings = [_finding(decided, problem) for problem in dict.fromkeys(problems)]
    return [*findings, *_same_person(history, decided), *_too_few(history, decided)]


def _classes(decided: Decided) -> list[tuple[str, int]]:
    """Risk class and levels that may have held: the last before the decision, and any of the same instant."""
    before = [(risk, levels) for at, risk, levels in decided.risks if at < decided.row.at][-1:]
    return before + [(risk, levels) for at, risk, levels in decided.risks if at == decided.row.at]


def _shape(decided: Decided) -> list[str]:
    row = decided.row
    classes = [item for item in _classes(decided) if item[0] == row.risk]
    if not classes:
        return ["risk"]
    given = tuple(signature.duty if signature else "" for signature in decided.signatures)
    wanted = [required(row.kind, risk, levels) for risk, levels in classes]
    if given in wanted:
        return []
    missing = [duty for duty in wanted[-1] if duty not in given]
    return [f"missing:{duty}" for duty in missing] or ["wrong_duty"]


def _problems(history: History, decided: Decided, signature: Signature | None, n: int) -> list[str]:
    row = decided.row
    if signature is None:
        return ["unknown_signature"]
    act = next((item for item in decided.acts if item.id == signature.performance_id), None)
    void = history.voids.get(signature.performance_id)
    found = {
        "foreign": signature.case_id != row.case_id or signature.subject != row.subject,
        "stale": signature.content_hash != row.content_hash,
        "negative": signature.verdict != "agree",
        "superseded": decided.later.get(signature.duty, 0) > signature.seq,
        "not_performed": act is None or act.state != "performed" or act.duty != signature.duty,
        "other_signer": act is not None and act.person != signature.person_id,
        "voided": void is not None and void[1] < row.at,
    }
    return [f"{problem}:{signature.duty}" for problem, there in found.items() if there]


def _order(decided: Decided) -> list[str]:
    numbers = [signature.seq for signature in decided.signatures if signature is not None]
    return [] if all(a < b for a, b in pairwise(numbers)) else ["order"]


def _same_person(history: History, decided: Decided) -> list[Finding]:
    """Two signatures of one natural person as known then, principals of whoever acted for another included."""
    signing = {signature.performance_id for signature in decided.signatures if signature is not None}
    by_person: dict[int, list[Act]] = defaultdict(list)
    for act in decided.acts:
        if act.id in signing:
            for person in history.actors(act, _moment(decided)):
                by_person[person].append(act)
    return [
        _finding(decided, "same_person", person=history.canonical(person), acts=acts)
        for person, acts in by_person.items()
        if len(acts) > 1
    ]


def _too_few(history: History, decided: Decided) -> list[Finding]:
    """Sets that want a number of different people: those that had begun when it was decided."""
    findings = []
    moment = _moment(decided)
    for set_id in history.versions:
        version = history.in_force(set_id, moment)
        if version is None or version.kind != "minimum" or not version.denies:
            continue
        acts = [act for act in decided.acts if _counts(history, version, decided, act)]
        persons = {person for act in acts for person in history.actors(act, moment)}
        if acts and len(persons) < version.maximum and decided.row.risk in version.risk_classes:
            findings.append(_few(decided, version, acts, persons))
    return findings


def _counts(history: History, version: SetVersion, decided: Decided, act: Act) -> bool:
    void = history.voids.get(act.id)
    voided = void is not None and void[1] <= decided.row.at
    return act.state == "performed" and not voided and bool(version.members_of(act))


def _moment(decided: Decided) -> Moment:
    """The moment of the decision: after the last signature it rests on."""
    acts = [signature.performance_id for signature in decided.signatures if signature is not None]
    return Moment(max(acts, default=0), decided.row.at)


def _few(decided: Decided, version: SetVersion, acts: Sequence[Act], persons: set[int]) -> Finding:
    return Finding(
        kind="too_few_persons",
        rule=version.key,
        rule_version=version.version,
        scope="case",
        scope_id=decided.row.case_id,
        persons=tuple(sorted(persons)),
        members=tuple(sorted({act.duty for act in acts})),
        performance_ids=tuple(act.id for act in acts),
        case_ids=(decided.row.case_id,),
        at=decided.row.at,
        detail={"minimum": version.maximum},
    )


def _finding(
    decided: Decided, problem: str, *, person: int | None = None, acts: Sequence[Act] = ()
) -> Finding:
    return Finding(
        kind="decision",
        rule=problem,
        scope="case",
        scope_id=decided.row.case_id,
        persons=() if person is None else (person,),
        members=tuple(sorted({act.duty for act in acts})),
        performance_ids=tuple(act.id for act in acts),
        case_ids=(decided.row.case_id,),
        at=decided.row.at,
        detail={"decision": decided.row.id, "subject": decided.row.subject},
    )
