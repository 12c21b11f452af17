"""Reads of chains: their cases as a reader may see them, how they came together, and leads to late links."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import bindparam, select, text
from sqlalchemy.orm import Session

from app.kernel.cases.models import Case, CaseChain, CaseTransfer, ChainLink
from app.kernel.duties.queries import get_candidate, list_case_views
from app.kernel.duties.rules import decide
from app.kernel.duties.views import Action
from app.kernel.engine.models import ProcessDefinition
from app.kernel.identity.models import Region


@dataclass(frozen=True)
class ChainCase:
    """A case of a chain. `readable`: the reader may open its dossier; outside his regions he sees no more
    than number, procedure and place."""

    case_id: int
    case_no: str
    process_key: str
    title_zh: str
    title_en: str
    case_role: str
    region_code: str
    region_zh: str
    region_en: str
    status: str | None
    outcome: str | None
    received_at: datetime | None
    decided_at: datetime | None
    readable: bool
    draft_no: int | None = None


@dataclass(frozen=True)
class ChainMove:
    """A link, a split or a transfer of a case; `before` and `after` are chain ids or region codes."""

    kind: str
    at: datetime
    case_no: str
    before: str
    after: str
    reason: str
    change_id: int | None


# Cases the reader's regions don't show are known by what was done on them (the view reads as its owner).
_ELSEWHERE = text(
    "SELECT DISTINCT ON (a.case_id) a.case_id, a.case_no, a.process_key, a.case_role, a.region_code,"
    " r.name_zh, r.name_en FROM duty_act a JOIN region r ON r.code = a.region_code"
    " WHERE a.chain_id = :chain AND NOT a.case_id = ANY(:seen) ORDER BY a.case_id"
)
_TITLES = text(
    "SELECT DISTINCT ON (key) key, title_zh, title_en FROM process_definition"
    " WHERE key = ANY(:keys) ORDER BY key, version DESC"
)


def list_chain(session: Session, chain_id: int, person_id: int, today: date) -> list[ChainCase]:
    """The cases of a chain, oldest first, as one person may see them."""
    rows = session.execute(
        select(Case, Region.name_zh, Region.name_en, ProcessDefinition.title_zh, ProcessDefinition.title_en)
        .join(Region, Region.code == Case.region_code)
        .join(ProcessDefinition, ProcessDefinition.id == Case.definition_id)
        .where(Case.chain_id == chain_id)
        .order_by(Case.id)
    ).all()
    readable = _readable(session, [row.Case for row in rows], person_id, today)
    seen = [
        ChainCase(
            case_id=row.Case.id,
            case_no=row.Case.case_no,
            process_key=row.Case.process_key,
            title_zh=row.title_zh,
            title_en=row.title_en,
            case_role=row.Case.case_role,
            region_code=row.Case.region_code,
            region_zh=row.name_zh,
            region_en=row.name_en,
            status=row.Case.status,
            outcome=row.Case.outcome,
            received_at=row.Case.received_at,
            decided_at=row.Case.decided_at,
            readable=row.Case.id in readable,
            draft_no=row.Case.draft_no,
        )
        for row in rows
    ]
    elsewhere = _elsewhere(session, chain_id, [case.case_id for case in seen])
    return sorted([*seen, *elsewhere], key=lambda case: case.case_id)


def _readable(session: Session, cases: Sequence[Case], person_id: int, today: date) -> set[int]:
    if not cases:
        return set()
    candidate, views = get_candidate(session, person_id, today), list_case_views(session, cases)
    return {
        case_id for case_id, view in views.items() if decide(candidate, Action.READ, view, None, ()).allowed
    }


def _elsewhere(session: Session, chain_id: int, seen: Sequence[int]) -> list[ChainCase]:
    rows = session.execute(_ELSEWHERE, {"chain": chain_id, "seen": list(seen)}).all()
    if not rows:
        return []
    keys = sorted({row.process_key for row in rows})
    titles = {row.key: (row.title_zh, row.title_en) for row in session.execute(_TITLES, {"keys": keys})}
    return [
        ChainCase(
            row.case_id,
            row.case_no,
            row.process_key,
            *titles.get(row.process_key, (row.process_key, row.process_key)),
            row.case_role,
            row.region_code,
            row.name_zh,
            row.name_en,
            status=None,
            outcome=None,
            received_at=None,
            decided_at=None,
            readable=False,
        )
        for row in rows
    ]


def list_moves(session: Session, chain_id: int) -> list[ChainMove]:
    """Links, splits and transfers of the chain's visible cases, newest first."""
    here = select(Case.id).where(Case.chain_id == chain_id).scalar_subquery()
    links = session.execute(
        select(ChainLink, Case.case_no).join(Case, Case.id == ChainLink.case_id).where(Case.id.in_(here))
    ).all()
    transfers = session.execute(
        select(CaseTransfer, Case.case_no)
        .join(Case, Case.id == CaseTransfer.case_id)
        .where(Case.id.in_(here))
    ).all()
    moves = [
        ChainMove(
            row.ChainLink.kind,
            row.ChainLink.at,
            row.case_no,
            str(row.ChainLink.from_chain_id),
            str(row.ChainLink.to_chain_id),
            row.ChainLink.reason,
            row.ChainLink.change_id,
        )
        for row in links
    ]
    moves += [
        ChainMove(
            "transfer",
            row.CaseTransfer.at,
            row.case_no,
            row.CaseTransfer.from_region,
            row.CaseTransfer.to_region,
            row.CaseTransfer.reason,
            None,
        )
        for row in transfers
    ]
    return sorted(moves, key=lambda move: move.at, reverse=True)


def list_members(session: Session, chain_ids: Sequence[int]) -> list[Case]:
    """The visible cases of some chains, by id."""
    return list(
        session.scalars(
            select(Case)
            .where(Case.chain_id.in_(bindparam("chains", expanding=True)))
            .order_by(Case.id)
            .execution_options(populate_existing=True),
            {"chains": list(chain_ids)},
        )
    )


def find_case(session: Session, case_no: str) -> Case | None:
    """A visible case by its number."""
    return session.scalar(select(Case).where(Case.case_no == case_no))


def survivor_of(session: Session, one: int, other: int) -> tuple[int, int]:
    """(survivor, retiring): the older chain stays. Raise NoResultFound for an unknown one."""
    ids = session.scalars(
        select(CaseChain.id)
        .where(CaseChain.id.in_([one, other]))
        .order_by(CaseChain.created_at, CaseChain.id)
    ).all()
    survivor, retiring = ids
    return survivor, retiring
