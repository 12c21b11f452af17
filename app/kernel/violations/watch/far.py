"""Sets that reach beyond a chain: exclusive ones by region and period, and windows on a party."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.kernel.local_time import local_day
from app.kernel.violations.watch.conflicts import BATCH
from app.kernel.violations.watch.findings import Finding
from app.kernel.violations.watch.history import Act, History, SetVersion

_COLUMNS = """
    p.id, p.case_id, p.task_id, p.person_id, p.on_behalf_of, p.duty, p.state, p.at,
    c.chain_id, c.process_key, c.case_role, c.region_code
"""
_BY_DUTY = text(
    f'SELECT {_COLUMNS} FROM performance p JOIN "case" c ON c.id = p.case_id'
    " WHERE p.duty = ANY(:duties) ORDER BY p.id"
)
_BY_PARTY = text(
    f'SELECT {_COLUMNS}, cp.id_number_index FROM performance p JOIN "case" c ON c.id = p.case_id'
    " JOIN case_party cp ON cp.case_id = p.case_id AND cp.role = :role"
    " WHERE p.duty = ANY(:duties) ORDER BY p.id"
)


def find_far_conflicts(session: Session, history: History) -> list[Finding]:
    """All of them, at the moment of each act: such sets are few, and no watermark bounds a window.

    A case without a risk class is in every set; what is voided excludes all the same.
    """
    findings: list[Finding] = []
    for versions in history.versions.values():
        scopes = {version.scope for version in versions if version.denies and version.kind == "exclusive"}
        duties = sorted({duty for version in versions for duty in version.members})
        if "region_period" in scopes:
            findings += _by_period(session, history, versions, duties)
        for role in {v.party_role for v in versions if v.scope == "party" and v.denies and v.party_role}:
            findings += _by_party(session, history, versions, duties, role)
    return findings


def _by_period(
    session: Session, history: History, versions: Collection[SetVersion], duties: list[str]
) -> Iterator[Finding]:
    rows = session.execute(_BY_DUTY, {"duties": duties}, execution_options={"yield_per": BATCH})
    held: dict[tuple[int, int, str, str], dict[str, Act]] = defaultdict(dict)
    told: set[tuple[int, int, str, str]] = set()
    by_version = {(version.set_id, version.version): version for version in versions}
    for row in rows:
        act = Act(*row)
        current = _applying(history, act, versions)
        if current is None or current.scope != "region_period":
            continue
        for person in history.actors(act, act.moment):
            # What was done counts under the version of the later act: every version that scopes so keeps count.
            for version in by_version.values():
                if version.scope != "region_period" or version.period is None:
                    continue
                key = (version.version, person, *_period(history, act, version.period))
                for member in version.members_of(act):
                    held[key].setdefault(member, act)
                broken = version is current and len(held[key]) > version.maximum
                if broken and key not in told:
                    told.add(key)
                    yield _finding(history, version, person, held[key])


def _period(history: History, act: Act, period: str) -> tuple[str, str]:
    day = local_day(act.at)
    label = {"year": f"{day.year}", "month": f"{day:%Y-%m}"}.get(
        period, f"{day.year}-Q{(day.month + 2) // 3}"
    )
    return history.region_at(act, act.moment), label


def _by_party(
    session: Session, history: History, versions: Collection[SetVersion], duties: list[str], role: str
) -> Iterator[Finding]:
    rows = session.execute(
        _BY_PARTY, {"duties": duties, "role": role}, execution_options={"yield_per": BATCH}
    )
    earlier: dict[bytes, list[Act]] = defaultdict(list)
    for row in rows:
        act, party = Act(*row[:12]), bytes(row.id_number_index)
        version = _applying(history, act, versions)
        if version is not None and version.scope == "party" and version.party_role == role:
            yield from _within_window(history, version, earlier[party], act)
        earlier[party].append(act)


def _within_window(history: History, version: SetVersion, earlier: list[Act], act: Act) -> Iterator[Finding]:
    window = timedelta(days=version.window_days or 0)
    for member in version.members_of(act):
        for other in earlier:
            common = history.actors(other, act.moment) & history.actors(act, act.moment)
            others = [item for item in version.members_of(other) if item != member]
            if common and others and other.at > act.at - window:
                yield _finding(history, version, min(common), {others[0]: other, member: act})
                return


def _applying(history: History, act: Act, versions: Collection[SetVersion]) -> SetVersion | None:
    """The version of this set that held for an act, when it denies and concerns the case."""
    version = history.in_force(next(iter(versions)).set_id, act.moment)
    if version is None or not version.denies or version.kind != "exclusive" or not version.members_of(act):
        return None
    history.load_risks([act.case_id])
    return version if version.concerns(history.risk_at(act.case_id, act.at)) else None


def _finding(history: History, version: SetVersion, person: int, held: dict[str, Act]) -> Finding:
    acts = sorted(held.values())
    return Finding(
        kind="party_window" if version.scope == "party" else "conflict",
        rule=version.key,
        rule_version=version.version,
        scope=version.scope,
        scope_id=acts[-1].case_id,
        persons=(history.canonical(person),),
        members=tuple(sorted(held)),
        performance_ids=tuple(act.id for act in acts),
        case_ids=tuple(sorted({act.case_id for act in acts})),
        at=acts[-1].at,
        detail={"days": version.window_days} if version.window_days else {"period": version.period},
    )
