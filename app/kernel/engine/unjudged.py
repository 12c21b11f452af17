"""Rules that say nothing of a case yet, because facts are unknown that they need. Reads only."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy.orm import Session

from app.kernel.cases.models import Case
from app.kernel.decisions.catalogue.evaluation import Lacking, list_lacking
from app.kernel.decisions.catalogue.versions import list_standing
from app.kernel.decisions.parameters.lookup import finder
from app.kernel.engine.catalogue import Deployed
from app.kernel.local_time import local_day
from app.kernel.ports import Ports


def list_unjudged(
    session: Session, ports: Ports, case: Case, deployed: Deployed, facts: Mapping[str, Any], now: datetime
) -> list[Lacking]:
    """The rules bound to the case's process that can't be asked on its facts (opened), by id."""
    if deployed.supply is None:
        return []
    derive = ports.derived_facts.get(deployed.key)

    @cache
    def derived() -> Mapping[str, Any]:
        return derive(session, case, facts) if derive is not None else {}

    standing, find = list_standing(session, local_day(now)), finder(session, case.region_code)
    return list_lacking(standing, deployed.supply, facts, derived, now, find)
