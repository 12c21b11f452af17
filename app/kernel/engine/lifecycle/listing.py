"""What is deployed: every process and block with how it stands, and the versions of one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import case as when
from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from app.kernel.cases.models import Case
from app.kernel.changes.models import ControlledChange
from app.kernel.duties.models import CaseDecision, Signature
from app.kernel.engine.catalogue import get_deployed
from app.kernel.engine.drafting.models import DraftRecord
from app.kernel.engine.models import ProcessDefinition, ProcessRelease
from app.kernel.identity.models import Person

VersionState = Literal["in_force", "earlier", "retired"]
"""retired: the process takes no new cases, and this was its last version."""


@dataclass(frozen=True)
class DefinitionRow:
    """A deployed process. `startable` is False for what only other processes call; `version` is the one in force,
    of a retired process its last. Counts are of the cases the session may see."""

    key: str
    title_zh: str
    title_en: str
    version: int
    definition_id: int
    retired: bool
    startable: bool
    callers: tuple[str, ...]
    versions: int
    running: int
    finished: int
    since: datetime
    drafts: int


@dataclass(frozen=True)
class Release:
    """One line of a process's history: what came into force when, by which change and three people."""

    action: str
    at: datetime
    version: int | None
    case_id: int | None
    case_no: str
    signers: Mapping[str, str]
    """Names by duty (rule_edit, rule_recheck, rule_approve); empty for the founding."""


@dataclass(frozen=True)
class VersionRow:
    """A deployed version, newest first; `releases` are the times it came into force."""

    id: int
    key: str
    version: int
    digest: str
    state: VersionState
    title_zh: str
    title_en: str
    notes: str
    deployed_at: datetime
    deployed_by: str
    approval: Mapping[str, Any]
    case_id: int | None
    case_no: str
    signers: Mapping[str, str]
    running: int
    finished: int
    releases: tuple[Release, ...]


def list_definitions(session: Session) -> list[DefinitionRow]:
    """Everything ever deployed, by key."""
    latest = _latest_releases(session)
    known = {row.key: row for row in session.execute(_summary())}
    counts, drafts = _counts(session), _draft_counts(session)
    rows = []
    for key, standing in sorted(latest.items()):
        summary = known[key]
        current = get_deployed(session, standing.definition_id or summary.last)
        rows.append(
            DefinitionRow(
                key=key,
                title_zh=current.title_zh,
                title_en=current.title_en,
                version=current.version,
                definition_id=current.id,
                retired=standing.definition_id is None,
                startable=current.startable,
                callers=(),
                versions=summary.versions,
                running=sum(counts.get(number, (0, 0))[0] for number in summary.ids),
                finished=sum(counts.get(number, (0, 0))[1] for number in summary.ids),
                since=standing.at,
                drafts=drafts.get(key, 0),
            )
        )
    return _with_callers(session, rows)


def list_versions(session: Session, key: str) -> list[VersionRow]:
    """Versions of one process, newest first; empty for one never deployed."""
    rows = session.scalars(
        select(ProcessDefinition)
        .where(ProcessDefinition.key == key)
        .order_by(ProcessDefinition.version.desc())
    ).all()
    releases = list_releases(session, key)
    counts = _counts(session, [row.id for row in rows])
    last = next((item.version for item in releases if item.version is not None), None)
    retired = bool(releases) and releases[0].version is None
    return [_version(row, releases, counts.get(row.id, (0, 0)), last, retired=retired) for row in rows]


def list_releases(session: Session, key: str) -> list[Release]:
    """How one process came to stand as it does, newest first."""
    rows = session.execute(
        select(ProcessRelease, ProcessDefinition.version, Case.case_no)
        .outerjoin(ProcessDefinition, ProcessDefinition.id == ProcessRelease.definition_id)
        .outerjoin(Case, Case.id == ProcessRelease.change_id)
        .where(ProcessRelease.key == key)
        .order_by(ProcessRelease.id.desc())
    ).all()
    signers = list_signers(session, [row.ProcessRelease.change_id for row in rows])
    return [
        Release(
            action=row.ProcessRelease.action,
            at=row.ProcessRelease.at,
            version=row.version,
            case_id=row.ProcessRelease.change_id,
            case_no=row.case_no or "",
            signers=signers.get(row.ProcessRelease.change_id, {}),
        )
        for row in rows
    ]


def list_signers(session: Session, changes: list[int | None]) -> dict[int | None, dict[str, str]]:
    """Whose signatures each decided change rests on: names by duty."""
    wanted = {change for change in changes if change is not None}
    rows = session.execute(
        select(CaseDecision.case_id, Signature.duty, Person.name)
        .join(Signature, Signature.id == func.any(CaseDecision.signature_ids))
        .join(Person, Person.id == Signature.person_id)
        .where(CaseDecision.case_id.in_(wanted), CaseDecision.kind == "deployed")
    )
    names: dict[int | None, dict[str, str]] = {}
    for case_id, duty, name in rows:
        names.setdefault(case_id, {})[duty] = name
    return names


def _version(
    row: ProcessDefinition,
    releases: list[Release],
    counts: tuple[int, int],
    last: int | None,
    *,
    retired: bool,
) -> VersionRow:
    own = tuple(item for item in releases if item.version == row.version)
    first = own[-1] if own else None
    state: VersionState = "earlier"
    if row.version == last:
        state = "retired" if retired else "in_force"
    return VersionRow(
        id=row.id,
        key=row.key,
        version=row.version,
        digest=row.digest,
        state=state,
        title_zh=row.title_zh,
        title_en=row.title_en,
        notes=row.notes,
        deployed_at=row.deployed_at,
        deployed_by=row.deployed_by,
        approval=row.approval,
        case_id=row.change_id,
        case_no=first.case_no if first else "",
        signers=first.signers if first else {},
        running=counts[0],
        finished=counts[1],
        releases=own,
    )


def _latest_releases(session: Session) -> dict[str, ProcessRelease]:
    newest = select(func.max(ProcessRelease.id)).group_by(ProcessRelease.key)
    return {
        row.key: row for row in session.scalars(select(ProcessRelease).where(ProcessRelease.id.in_(newest)))
    }


def _summary() -> Any:
    """Per key: how many versions, their ids, and the one released last."""
    release = aliased(ProcessRelease)
    last = (
        select(release.definition_id)
        .where(release.key == ProcessDefinition.key, release.definition_id.is_not(None))
        .order_by(release.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    return select(
        ProcessDefinition.key,
        func.count().label("versions"),
        func.array_agg(ProcessDefinition.id).label("ids"),
        last.label("last"),
    ).group_by(ProcessDefinition.key)


def _counts(session: Session, definitions: list[int] | None = None) -> dict[int, tuple[int, int]]:
    """Running and finished cases by version."""
    query = select(
        Case.definition_id,
        func.sum(when((Case.status == "open", 1), else_=0)),
        func.sum(when((Case.status == "open", 0), else_=1)),
    ).group_by(Case.definition_id)
    if definitions is not None:
        query = query.where(Case.definition_id.in_(definitions))
    return {number: (int(running), int(done)) for number, running, done in session.execute(query)}


def _draft_counts(session: Session) -> dict[str, int]:
    """Drafts still worked on, by process."""
    rows = session.execute(
        select(DraftRecord.key, func.count())
        .outerjoin(ControlledChange, ControlledChange.case_id == DraftRecord.change_id)
        .where(
            DraftRecord.kind == "process",
            DraftRecord.discarded_at.is_(None),
            ControlledChange.applied_at.is_(None),
        )
        .group_by(DraftRecord.key)
    )
    return {row[0]: row[1] for row in rows}


def _with_callers(session: Session, rows: list[DefinitionRow]) -> list[DefinitionRow]:
    """Who calls what, by the versions in force."""
    files = {row.key: get_deployed(session, row.definition_id).files for row in rows if not row.retired}
    return [
        DefinitionRow(
            **{
                **vars(row),
                "callers": tuple(
                    key for key, held in files.items() if key != row.key and f"{row.key}/process.toml" in held
                ),
            }
        )
        for row in rows
    ]
