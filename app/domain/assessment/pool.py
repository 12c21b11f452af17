"""Who may be drawn for a case: the experts of the register, less those the law or the case keeps away.

Left out, with the reason that is counted and recorded: no longer or not yet appointed (not even read), without an
account or without the post of an expert in the case's region (`no_post`), a party of the case or recused (`barred`),
of a hospital that treated the worker (`treating_hospital`), of the employer's own institution (`employer`), on an
earlier panel (`earlier_panel`), at work on this case in another duty (`acted`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from app.domain.assessment.chain import same_person
from app.domain.assessment.draw import Candidate
from app.domain.assessment.models import ExpertSeat
from app.domain.assessment.queries import is_bound
from app.domain.assessment.specialities import keys_of, spellings
from app.domain.registry.models import ExpertTerm
from app.domain.registry.queries import ExpertLine, experts
from app.kernel.cases.models import Case, CaseFacts
from app.kernel.duties.candidates import grant_in_force
from app.kernel.duties.models import Performance, PostGrant
from app.kernel.identity.models import Person, Region
from app.kernel.identity.regions import get_lineage
from app.kernel.recusal.queries import list_barred_persons

PROCESS = "capacity_assessment"


@dataclass(frozen=True)
class Pool:
    """Candidates with the person behind each key, and how many were left out by reason."""

    candidates: tuple[Candidate, ...]
    persons: Mapping[str, int]
    left_out: Mapping[str, int]


def load_pool(
    session: Session,
    case: Case,
    facts: Mapping[str, Any],
    specialities: Collection[str],
    *,
    post: str,
    on: date,
) -> Pool:
    """The pool of a case on a day. Experts of the case's city; of the whole region where `facts` say so, or where
    the region's own committee sits."""
    regions = _regions(session, case.region_code, whole=bool(facts.get("cross_region")))
    away = Away(
        holders=_holders(session, post, case.region_code, on),
        barred=list_barred_persons(session, case.id),
        earlier=_earlier(session, case, facts),
        acted=_acted(session, case),
        hospitals=_named(facts, "hospital", "treating_hospitals"),
        employers=_named(facts, "employer_name"),
    )
    return choose(experts(session, on, regions=regions, specialities=spellings(specialities)), away)


def updated_on(session: Session, region_code: str, on: date) -> date | None:
    """CA09: the latest day on which a term of an expert in this pool began, by `on`; None without any expert."""
    terms = select(func.max(ExpertTerm.from_on)).where(
        ExpertTerm.region_code == region_code, ExpertTerm.from_on <= on, ~ExpertTerm.void
    )
    return session.scalar(terms)


@dataclass(frozen=True)
class Away:
    """Who may not be drawn: canonical persons (`holders`: only those may), and names of organisations."""

    holders: Collection[int]
    barred: Collection[int]
    earlier: Collection[int]
    acted: Collection[int]
    hospitals: Collection[str]
    employers: Collection[str]

    def reason(self, expert: ExpertLine) -> str | None:
        """Why the expert isn't drawn; the first that holds."""
        held = expert.person_id is not None and expert.person_id in self.holders
        found = {
            "no_post": not held,
            "barred": expert.person_id in self.barred,
            "treating_hospital": expert.hospital.strip() in self.hospitals,
            "employer": expert.hospital.strip() in self.employers,
            "earlier_panel": expert.person_id in self.earlier,
            "acted": expert.person_id in self.acted,
        }
        return next((reason for reason, holds in found.items() if holds), None)


def choose(found: Sequence[ExpertLine], away: Away) -> Pool:
    """Split the experts into candidates and those left out. Pure."""
    reasons = {expert.id: away.reason(expert) for expert in found}
    kept = [expert for expert in found if reasons[expert.id] is None]
    return Pool(
        candidates=tuple(Candidate(str(one.id), one.region_code, keys_of(one.specialities)) for one in kept),
        persons={str(one.id): one.person_id for one in kept if one.person_id is not None},
        left_out=dict(Counter(reason for reason in reasons.values() if reason is not None)),
    )


def _regions(session: Session, code: str, *, whole: bool) -> list[str] | None:
    """The city with what lies below it; None, every city, for a draw across the region."""
    lineage = get_lineage(session, code)
    if whole or len(lineage) == 1:
        return None
    city = lineage[1]
    path = session.scalars(select(Region.path).where(Region.code == city)).one()
    below = or_(Region.path == path, Region.path.startswith(path + "/"))
    return list(session.scalars(select(Region.code).where(below)))


def _holders(session: Session, post: str, region: str, on: date) -> frozenset[int]:
    """Canonical persons who hold the expert's post in the region: others could neither open nor sign."""
    query = select(Person.canonical_id).join(PostGrant, PostGrant.person_id == Person.id)
    return frozenset(
        session.scalars(
            query.where(PostGrant.post == post, PostGrant.region_code == region, grant_in_force(on))
        )
    )


def _earlier(session: Session, case: Case, facts: Mapping[str, Any]) -> frozenset[int]:
    """Who sat in this case, or in an earlier assessment of the same person for the same injury.

    A case that ended before they gave an opinion has released them.
    """
    query = (
        select(Person.canonical_id)
        .join(ExpertSeat, ExpertSeat.person_id == Person.id)
        .join(Case, Case.id == ExpertSeat.case_id)
        .join(CaseFacts, CaseFacts.case_id == Case.id)
        .where(Case.chain_id == case.chain_id)
    )
    if case.process_key != PROCESS:
        return frozenset(session.scalars(query.where(Case.id == case.id)))
    again = and_(Case.process_key == PROCESS, same_person(facts), is_bound())
    return frozenset(session.scalars(query.where(or_(Case.id == case.id, again))))


def _acted(session: Session, case: Case) -> frozenset[int]:
    query = select(Person.canonical_id).join(Performance, Performance.person_id == Person.id)
    others = query.where(Performance.case_id == case.id, Performance.duty != "panel_opinion")
    return frozenset(session.scalars(others))


def _named(facts: Mapping[str, Any], *keys: str) -> frozenset[str]:
    """Names in these facts; a text may hold several, one a line."""
    texts = [value for key in keys if isinstance(value := facts.get(key), str)]
    return frozenset(line.strip() for text in texts for line in text.splitlines() if line.strip())
