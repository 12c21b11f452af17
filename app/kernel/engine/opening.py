"""Opening a case of another process in the chain of one there is: the next authority's work on the same injury."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from app.kernel.cases.models import Case
from app.kernel.engine.catalogue import Deployed, list_latest
from app.kernel.engine.chain_facts import take_over
from app.kernel.engine.operations import CaseStart, start_case
from app.kernel.transaction import Unit


def open_in_chain(unit: Unit, process_key: str, region_code: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Start a case of `process_key` in the locked case's chain; answers {"case_id", "case_no"} of the new one.

    Who registers it performs its intake, as for any application; what `[from_chain]` names is taken over, what
    `facts` state goes before. Raise InvalidInput, DutyDenied, ProcessHeld, DefinitionNotFound, DefinitionRetired.
    """
    beside = _locked(unit)
    start = CaseStart(process_key, region_code, facts, chain_id=beside.chain_id)
    started = start_case(unit, start)
    told = {"process": process_key, "new": started["case_no"]}
    unit.record("case.opened_in_chain", told, case_id=beside.id)
    return started


def list_openable(session: Session, case: Case) -> list[Deployed]:
    """Processes that can be opened in a case's chain: those that take facts from there, its own only where one injury
    may have several (`several_in_chain`)."""
    return [
        deployed
        for deployed in list_latest(session)
        if (deployed.key != case.process_key or deployed.process.get("several_in_chain"))
        and deployed.from_chain
        and "own_page" not in deployed.process
    ]


def preview_facts(unit: Unit, deployed: Deployed, case: Case) -> dict[str, Any]:
    """What a new case of `deployed` would take over in the chain of `case`, by fact."""
    return {one.fact: one.value for one in take_over(unit, deployed, case.chain_id)}


def _locked(unit: Unit) -> Case:
    if unit.case is None:
        raise LookupError("the operation needs a locked case")
    return unit.case
