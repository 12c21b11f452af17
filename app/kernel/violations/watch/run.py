"""Running the watch: everything, or what came since the last run; keeping its result; telling the auditors."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

import orjson
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.kernel.audit.models import AuditEvent
from app.kernel.kernel import Kernel
from app.kernel.transaction import Unit, run, system_actor
from app.kernel.violations.watch.barred import find_barred_acts
from app.kernel.violations.watch.conflicts import find_suspects, judge, stream_acts
from app.kernel.violations.watch.decisions import check_decisions, find_undecided_effects
from app.kernel.violations.watch.far import find_far_conflicts
from app.kernel.violations.watch.findings import Finding
from app.kernel.violations.watch.history import History
from app.kernel.violations.watch.posts import find_drift, find_excluded_posts

CHAIN = "watch"
"""Audit chain of the runs: short, and apart from what people do."""
EVENT = "watch.run"
OVERLAP = 5000
"""Rows below the watermark read again: a transaction may commit later than one that took a higher number."""
KEPT = 200
"""Findings kept with a run; the count is always whole."""


@dataclass(frozen=True)
class Watermark:
    """Highest numbers seen. Merges and versions of sets bear on all that was done: more of them mean a full run."""

    performance: int = 0
    decision: int = 0
    risk: int = 0
    link: int = 0
    aliases: int = 0
    versions: int = 0


@dataclass(frozen=True)
class WatchResult:
    """`findings` are unexplained breaches; `revealed` were lawful by what was known when they were done."""

    full: bool
    acts: int
    chains: int
    decisions: int
    seconds: float
    findings: tuple[Finding, ...]
    revealed: tuple[Finding, ...]
    watermark: Watermark

    @property
    def clean(self) -> bool:
        return not self.findings

    def as_json(self, limit: int | None = None) -> dict[str, Any]:
        """For the command, the audit event and the page."""
        return {
            "full": self.full,
            "clean": self.clean,
            "acts": self.acts,
            "chains": self.chains,
            "decisions": self.decisions,
            "seconds": round(self.seconds, 3),
            "violations": len(self.findings),
            "revealed": len(self.revealed),
            "findings": [item.as_json() for item in (*self.findings, *self.revealed)[:limit]],
            "watermark": asdict(self.watermark),
        }


@dataclass(frozen=True)
class PastRun:
    """A run as it was kept."""

    at: datetime
    full: bool
    violations: int
    revealed: int
    acts: int
    decisions: int
    seconds: float
    findings: Sequence[Mapping[str, Any]] = field(default_factory=tuple)
    watermark: Watermark = field(default_factory=Watermark)


def watch(kernel: Kernel, *, full: bool, since: Watermark | None = None) -> WatchResult:
    """Recompute from one snapshot of the database; writes nothing. Without `since` it is full anyway."""
    began = time.perf_counter()
    with kernel.database.session() as session:
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        kernel.database.scope(session, system_actor().regions)
        return _watch(session, full, since or Watermark(), began)


def _watch(session: Session, full: bool, since: Watermark, began: float) -> WatchResult:
    here = _watermark(session)
    full = full or (here.aliases, here.versions) != (since.aliases, since.versions)
    before = Watermark() if full else _lowered(since)
    history = History(session)
    chains = None if full else history.with_component(_touched_chains(session, before))
    suspects, acts, read = find_suspects(history, stream_acts(session, chains))
    decided, decisions = check_decisions(session, history, before.decision)
    found = [
        *judge(history, suspects),
        *find_far_conflicts(session, history),
        *find_barred_acts(session, history, before.performance),
        *decided,
        *find_undecided_effects(session),
        *find_excluded_posts(session, history),
        *find_drift(session, history),
    ]
    told = [finding for finding in found if not history.is_recorded(finding)]
    return WatchResult(
        full=full,
        acts=acts,
        chains=read,
        decisions=decisions,
        seconds=time.perf_counter() - began,
        findings=tuple(finding for finding in told if not finding.revealed),
        revealed=tuple(finding for finding in told if finding.revealed),
        watermark=here,
    )


def _lowered(since: Watermark) -> Watermark:
    return Watermark(
        performance=max(0, since.performance - OVERLAP),
        decision=max(0, since.decision - OVERLAP),
        risk=max(0, since.risk - OVERLAP),
        link=max(0, since.link - OVERLAP),
        aliases=since.aliases,
        versions=since.versions,
    )


_MARKS = text(
    "SELECT (SELECT max(id) FROM performance), (SELECT max(id) FROM case_decision), (SELECT max(id) FROM case_risk),"
    " (SELECT max(id) FROM chain_link), (SELECT count(*) FROM person_alias), (SELECT count(*) FROM conflict_set)"
)
_TOUCHED = text(
    'SELECT DISTINCT c.chain_id FROM "case" c WHERE c.id IN ('
    "SELECT case_id FROM performance WHERE id > :performance UNION SELECT case_id FROM case_risk WHERE id > :risk"
    " UNION SELECT case_id FROM chain_link WHERE id > :link)"
)


def _watermark(session: Session) -> Watermark:
    return Watermark(*[value or 0 for value in session.execute(_MARKS).one()])


def _touched_chains(session: Session, since: Watermark) -> set[int]:
    values = {"performance": since.performance, "risk": since.risk, "link": since.link}
    return set(session.execute(_TOUCHED, values).scalars())


def run_watch(kernel: Kernel, *, full: bool = False) -> WatchResult:
    """Watch from where the last run ended, keep the result as an audit event, tell the auditors what is new."""
    with kernel.database.session() as session:
        last = next(iter(list_runs(session, 1)), None)
    result = watch(kernel, full=full or last is None, since=last.watermark if last else None)
    run(kernel, partial(_keep, result=result), system_actor())
    return result


def _keep(unit: Unit, result: WatchResult) -> None:
    unit.record(EVENT, result.as_json(KEPT), chain=CHAIN)
    for finding in (*result.findings, *result.revealed)[:KEPT]:
        values = {
            "key": f"watch:{finding.fingerprint}",
            "params": orjson.dumps(_params(finding)).decode(),
            "case": finding.case_ids[0] if finding.case_ids else None,
            "at": unit.now,
            "today": unit.today,
        }
        unit.session.execute(_TELL_AUDITORS, values)


def _params(finding: Finding) -> dict[str, str]:
    return {"kind": finding.kind, "rule": finding.rule, "fingerprint": finding.fingerprint}


# Whoever audits anywhere: a breach of the guard itself is no matter of one region.
_TELL_AUDITORS = text(
    """
    INSERT INTO notification (person_id, key, code, params, case_id, at)
    SELECT DISTINCT p.canonical_id, :key, 'watch_found',
           CAST(:params AS jsonb) || jsonb_build_object('case_no', coalesce(c.case_no, ''),
                                                        'subject', coalesce(c.subject_name, '')),
           c.id, CAST(:at AS timestamptz)
    FROM post_grant g
    JOIN post ON post.key = g.post AND post.kind = 'audit'
    JOIN person p ON p.id = g.person_id
    LEFT JOIN "case" c ON c.id = CAST(:case AS bigint)
    WHERE g.revokes IS NULL AND g.valid_from <= :today AND (g.valid_to IS NULL OR g.valid_to > :today)
      AND NOT EXISTS (SELECT FROM post_grant ended WHERE ended.revokes = g.id AND ended.valid_from <= :today)
    ON CONFLICT (person_id, key) DO NOTHING
    """
)


def list_runs(session: Session, limit: int = 20) -> list[PastRun]:
    """The last runs, newest first."""
    rows = session.execute(
        select(AuditEvent.at, AuditEvent.payload)
        .where(AuditEvent.chain == CHAIN, AuditEvent.event == EVENT)
        .order_by(AuditEvent.seq.desc())
        .limit(limit)
    )
    return [_past(row.at, orjson.loads(row.payload)) for row in rows]


def _past(at: datetime, payload: Mapping[str, Any]) -> PastRun:
    return PastRun(
        at=at,
        full=payload["full"],
        violations=payload["violations"],
        revealed=payload["revealed"],
        acts=payload["acts"],
        decisions=payload["decisions"],
        seconds=payload["seconds"],
        findings=payload["findings"],
        watermark=Watermark(**payload["watermark"]),
    )
