"""What institutions bill, for the rule on outliers (RSK-20): of the reimbursements decided in a period."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.domain.benefits.medical import DEVICE, MEDICAL, list_bills
from app.kernel.cases.models import Case, CaseFacts
from app.kernel.decisions.catalogue.statistics import ProviderFigure, Sample, provider_outlier
from app.kernel.local_time import start_of_day

REIMBURSEMENT: Final = "medical_reimbursement"
MEASURES: Final = {MEDICAL: "mean_bill", DEVICE: "device_price"}
"""Measure by kind of bill."""
DRUG_SHARE: Final = "drug_share"
"""Of the bills for treatment that state their drugs."""


def sample_providers(session: Session, since: date, until: date) -> Iterable[Sample]:
    """Each institution's figures beside those of the others."""
    return provider_outlier(list_figures(session, since, until))


def list_figures(session: Session, since: date, until: date) -> list[ProviderFigure]:
    """The mean bill, the share of drugs and the mean price of a device of every institution named in bills."""
    query = (
        select(Case.region_code, CaseFacts.facts)
        .join(CaseFacts, CaseFacts.case_id == Case.id)
        .where(
            Case.process_key == REIMBURSEMENT,
            Case.decided_at >= start_of_day(since),
            Case.decided_at < start_of_day(until + timedelta(days=1)),
        )
        .order_by(Case.id)
    )
    return figures_of((row[0], row[1]) for row in session.execute(query))


def figures_of(claims: Iterable[tuple[str, Mapping[str, Any]]]) -> list[ProviderFigure]:
    """Of the facts of claims, each with its region. Pure."""
    claimed: dict[tuple[str, str], list[Decimal]] = defaultdict(list)
    drugs: dict[str, list[tuple[Decimal, Decimal]]] = defaultdict(list)
    regions: dict[str, str] = {}
    for region, facts in claims:
        for bill in list_bills(facts):
            if bill.institution and bill.kind in MEASURES:
                claimed[bill.institution, MEASURES[bill.kind]].append(bill.claimed)
                regions[bill.institution] = region
                if bill.kind == MEDICAL and bill.drugs is not None and bill.claimed:
                    drugs[bill.institution].append((bill.drugs, bill.claimed))
    means = [
        ProviderFigure(institution, regions[institution], measure, _total(bills) / len(bills))
        for (institution, measure), bills in sorted(claimed.items())
    ]
    shares = [
        ProviderFigure(institution, regions[institution], DRUG_SHARE, _share(known))
        for institution, known in sorted(drugs.items())
    ]
    return means + shares


def _total(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, Decimal(0))


def _share(known: list[tuple[Decimal, Decimal]]) -> Decimal:
    return _total(drugs for drugs, _claimed in known) / _total(claimed for _drugs, claimed in known)
