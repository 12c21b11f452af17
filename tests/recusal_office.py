"""An office with a head, an agency business and registers of interests, for tests of recusal and overrides."""

from __future__ import annotations

from functools import partial
from typing import Any

from sqlalchemy import select

from app.kernel.cases.models import CaseParty
from app.kernel.duties.models import PerformanceVoid
from app.kernel.recusal.interests import Declaration, declare_interest
from app.kernel.recusal.models import Recusal
from app.kernel.recusal.operations import declare_recusal, request_recusal, rule_on_recusal
from app.kernel.transaction import run
from tests.office import Office

REGION = "640000"
WHY = "与申请单位负责人是姻亲"


def with_head(office: Office, name: str = "head", number: int = 700, region: str = "640100") -> Office:
    """Hire a head of the department."""
    office.hire(name, number)
    office.grant(name, "dept_head", region=region)
    return office


def declare(office: Office, case_id: int, who: str, cause: str = "interest", detail: str = WHY) -> int:
    """`who` stands back; answers the recusal."""
    operation = partial(declare_recusal, cause=cause, detail=detail)
    return int(run(office.kernel, operation, office.actors[who], case_id=case_id))


def ask(office: Office, case_id: int, whom: str, by: str = "handler", cause: str = "interest") -> int:
    """`by` records that the worker asks for `whom` to stand back; answers the recusal."""
    operation = partial(
        request_recusal,
        person_id=office.person(whom),
        cause=cause,
        detail="他和单位老板是亲戚",
        requested_by="职工苏国栋",
    )
    return int(run(office.kernel, operation, office.actors[by], case_id=case_id))


def rule(office: Office, case_id: int, recusal_id: int, verdict: str, by: str = "head") -> None:
    """`by` rules on the recusal."""
    operation = partial(rule_on_recusal, recusal_id=recusal_id, verdict=verdict, reason="已核实关系")
    run(office.kernel, operation, office.actors[by], case_id=case_id)


def enter(office: Office, who: str, by: str = "", **declaration: Any) -> None:
    """Enter an interest of `who`, by himself or by the auditor `by`."""
    person = office.person(who) if by else None
    operation = partial(declare_interest, declaration=Declaration(**declaration), person_id=person)
    run(office.kernel, operation, office.actors[by or who])


def rows(office: Office, statement: Any) -> list[Any]:
    """Scalars of a statement over all regions."""
    with office.kernel.database.session() as session:
        office.kernel.database.scope(session, ("*",))
        return list(session.scalars(statement))


def recusals_of(office: Office, case_id: int) -> list[tuple[int, str, str]]:
    """(person, cause, origin) of the case's recusals."""
    found = rows(office, select(Recusal).where(Recusal.case_id == case_id).order_by(Recusal.id))
    return [(item.person_id, item.cause, item.origin) for item in found]


def roles_of(office: Office, case_id: int) -> set[str]:
    """Roles of the case's parties and subjects."""
    return set(rows(office, select(CaseParty.role).where(CaseParty.case_id == case_id)))


def voids_of(office: Office) -> list[str]:
    """Causes of all voided performances."""
    return rows(office, select(PerformanceVoid.cause))
