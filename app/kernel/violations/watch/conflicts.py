"""Sets of duties recomputed act by act: exclusive ones (task, case, chain) and bindings of duty.

Two passes. The first reads all acts chain by chain and keeps the few groups in which some version of a set could
be broken at all; the second looks at those with the versions, risk classes, chains and identities of the time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.kernel.violations.watch.findings import Finding
from app.kernel.violations.watch.history import Act, History, SetVersion

BATCH = 5000
_ACTS = """
    SELECT p.id, p.case_id, p.task_id, p.person_id, p.on_behalf_of, p.duty, p.state, p.at,
           c.chain_id, c.process_key, c.case_role, c.region_code
    FROM performance p JOIN "case" c ON c.id = p.case_id
"""
NEAR = ("task", "case", "chain")
"""Scopes that lie within one chain."""


@dataclass
class Suspect:
    """Acts that could break a version of a set: of one person in one scope, or (binding of duty) of one scope."""

    version: SetVersion
    person: int | None
    acts: list[Act] = field(default_factory=list)


def stream_acts(session: Session, chain_ids: Collection[int] | None) -> Iterator[Act]:
    """All acts (None) or those of some chains, chain by chain, in order of their ids."""
    where = "" if chain_ids is None else "WHERE c.chain_id = ANY(:chains)"
    rows = session.execute(
        text(f"{_ACTS} {where} ORDER BY c.chain_id, p.id"),
        {} if chain_ids is None else {"chains": sorted(chain_ids)},
        execution_options={"yield_per": BATCH},
    )
    for row in rows:
        yield Act(*row)


def find_suspects(history: History, acts: Iterable[Act]) -> tuple[list[Suspect], int, int]:
    """Suspects among acts sorted by chain, with the numbers of acts and chains read."""
    sieve, suspects, seen, chains = _Sieve(history), list[Suspect](), 0, 0
    apart: dict[int, list[Act]] = defaultdict(list)
    for chain_id, group in groupby(acts, key=lambda act: act.chain_id):
        bucket = list(group)
        seen, chains = seen + len(bucket), chains + 1
        if history.was_split(chain_id):
            apart[history.component(chain_id)].extend(bucket)
        else:
            suspects += sieve.sift(bucket)
    for bucket in apart.values():
        suspects += sieve.sift(sorted(bucket))
    return suspects, seen, chains


class _Sieve:
    """Keeps what could be broken; remembers what each kind of act counts as."""

    def __init__(self, history: History) -> None:
        self._history = history
        near = [
            version
            for versions in history.versions.values()
            for version in versions
            if version.scope in NEAR and version.denies
        ]
        self._exclusive = [version for version in near if version.kind == "exclusive"]
        self._same = [version for version in near if version.kind == "same"]
        self._known: dict[tuple[str, str, str], list[tuple[SetVersion, str]]] = {}

    def sift(self, acts: Sequence[Act]) -> list[Suspect]:
        groups: dict[tuple[SetVersion, int, int | None], tuple[set[str], list[Act]]] = {}
        for act in acts:
            for version, member in self._counts_as(act):
                scope = _wide_scope(version, act)
                persons: Iterable[int | None] = (None,)
                if version.kind == "exclusive":
                    persons = self._history.actors(act)
                for person in persons:
                    members, held = groups.setdefault((version, scope, person), (set(), []))
                    members.add(member)
                    if not held or held[-1] is not act:
                        held.append(act)
        return [
            Suspect(version, person, held)
            for (version, _, person), (members, held) in groups.items()
            if self._could_break(version, members, held)
        ]

    def _could_break(self, version: SetVersion, members: set[str], held: Sequence[Act]) -> bool:
        if version.kind == "exclusive":
            return len(members) > version.maximum
        records = {frozenset(act.records) for act in held}
        return len(records) > 1

    def _counts_as(self, act: Act) -> list[tuple[SetVersion, str]]:
        key = (act.duty, act.process_key, act.case_role)
        if key not in self._known:
            versions = self._exclusive + self._same
            self._known[key] = [(version, m) for version in versions for m in version.members_of(act)]
        return self._known[key]


def _wide_scope(version: SetVersion, act: Act) -> int:
    """Scope as a first sieve knows it: acts of one bucket share their chain, or once shared one."""
    if version.scope == "task":
        return -1 if act.task_id is None else act.task_id
    return act.case_id if version.scope == "case" else 0


def judge(history: History, suspects: Sequence[Suspect]) -> list[Finding]:
    """The second pass; findings in the order of their last acts, each once."""
    history.load_risks({act.case_id for suspect in suspects for act in suspect.acts})
    findings: dict[tuple[object, ...], Finding] = {}
    for suspect in suspects:
        found = _judge_same(history, suspect) if suspect.person is None else _judge(history, suspect)
        if found is not None:
            findings.setdefault((found.rule, found.persons, found.members, found.performance_ids), found)
    return _without_parts(sorted(findings.values(), key=lambda item: max(item.performance_ids)))


def _judge(history: History, suspect: Suspect) -> Finding | None:
    """At the moment of each act, and again today (a link, a merge or a new set may have brought acts together)."""
    version = suspect.version
    for n, act in enumerate(suspect.acts):
        if history.in_force(version.set_id, act.moment) is not version:
            continue
        if not version.concerns(history.risk_at(act.case_id, act.at)):
            continue
        for person in history.actors(act, act.moment):
            held = _held_then(history, version, suspect.acts[: n + 1], act, person)
            if len(held) > version.maximum:
                return _conflict(history, suspect, held, "then")
    if history.in_force(version.set_id, None) is version:
        for held in _held_now(history, suspect):
            if len(held) > version.maximum:
                return _conflict(history, suspect, held, "now")
    return None


def _held_then(
    history: History, version: SetVersion, acts: Sequence[Act], last: Act, person: int
) -> dict[str, list[Act]]:
    """Members that a person held in the last act's scope when it was done. What was voided excludes all the same."""
    held: dict[str, list[Act]] = defaultdict(list)
    for act in acts:
        if person not in history.actors(act, last.moment):
            continue
        if _scope(history, version, act, last) != _scope(history, version, last, last):
            continue
        if not version.concerns(history.risk_at(act.case_id, last.at)):
            continue
        for member in version.members_of(act):
            held[member].append(act)
    return held


def _scope(history: History, version: SetVersion, act: Act, last: Act) -> int:
    if version.scope == "chain":
        return history.chain_at(act, last.moment)
    return _wide_scope(version, act)


def _held_now(history: History, suspect: Suspect) -> list[dict[str, list[Act]]]:
    """Members by present scope; an act that a ruling had done again no longer counts."""
    version = suspect.version
    held: dict[int, dict[str, list[Act]]] = defaultdict(lambda: defaultdict(list))
    for act in suspect.acts:
        if history.voids.get(act.id, ("",))[0] == "violation":
            continue
        if not version.concerns(history.risk_at(act.case_id, None)):
            continue
        scope = act.chain_id if version.scope == "chain" else _wide_scope(version, act)
        for member in version.members_of(act):
            held[scope][member].append(act)
    return list(held.values())


def _conflict(history: History, suspect: Suspect, held: dict[str, list[Act]], when: str) -> Finding:
    acts = sorted({act for of_member in held.values() for act in of_member})
    version, last = suspect.version, acts[-1]
    scope_id = {"task": last.task_id or 0, "case": last.case_id}.get(version.scope, last.chain_id)
    return Finding(
        kind="conflict",
        rule=version.key,
        rule_version=version.version,
        scope=version.scope,
        scope_id=scope_id,
        persons=(suspect.person or 0,),
        members=tuple(sorted(held)),
        performance_ids=tuple(act.id for act in acts),
        case_ids=tuple(sorted({act.case_id for act in acts})),
        at=last.at,
        detail={"when": when, "maximum": version.maximum},
    )


def _judge_same(history: History, suspect: Suspect) -> Finding | None:
    """Binding of duty: nobody may perform a member whom the acts before do not have in common."""
    version = suspect.version
    for n, act in enumerate(suspect.acts):
        if history.in_force(version.set_id, act.moment) is not version:
            continue
        if not version.concerns(history.risk_at(act.case_id, act.at)):
            continue
        common, earlier = history.actors(act, act.moment), [act]
        for other in suspect.acts[:n]:
            void = history.voids.get(other.id)
            same_scope = _scope(history, version, other, act) == _scope(history, version, act, act)
            if not same_scope or (void is not None and void[1] <= act.at):
                continue
            common &= history.actors(other, act.moment)
            earlier.append(other)
        if not common:
            return _broken_tie(history, version, sorted(earlier))
    return None


def _broken_tie(history: History, version: SetVersion, acts: Sequence[Act]) -> Finding:
    last = acts[-1]
    return Finding(
        kind="binding_of_duty",
        rule=version.key,
        rule_version=version.version,
        scope=version.scope,
        scope_id={"task": last.task_id or 0, "case": last.case_id}.get(version.scope, last.chain_id),
        persons=tuple(sorted({person for act in acts for person in history.actors(act)})),
        members=tuple(sorted({member for act in acts for member in version.members_of(act)})),
        performance_ids=tuple(act.id for act in acts),
        case_ids=tuple(sorted({act.case_id for act in acts})),
        at=last.at,
    )


def _without_parts(findings: Sequence[Finding]) -> list[Finding]:
    """One finding per collision: another version that says the same of the same acts adds nothing."""
    kept: list[Finding] = []
    for found in findings:
        if not any(_says_more(other, found) for other in kept):
            kept.append(found)
    return kept


def _says_more(other: Finding, found: Finding) -> bool:
    return (
        (other.kind, other.rule, other.persons) == (found.kind, found.rule, found.persons)
        and set(found.members) <= set(other.members)
        and bool(set(other.performance_ids) & set(found.performance_ids))
    )
