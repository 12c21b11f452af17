"""Parties and interested subjects of a case, read from its facts as the process declares them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from app.kernel.cases.models import Case
from app.kernel.engine.catalogue import Deployed
from app.kernel.identity.identifiers import ID_NUMBER_KIND
from app.kernel.recusal.parties import follow_parties
from app.kernel.recusal.rules import NAME_KIND, USCC_KIND, Subject, subject_index
from app.kernel.transaction import Unit
from app.storage.crypto import KeyRing

KINDS: Final = {"id_number": ID_NUMBER_KIND, "uscc": USCC_KIND}
"""Kind of the blind index by the check of the fact; anything else is the name of an organisation."""


def follow_facts(unit: Unit, case: Case, deployed: Deployed, facts: Mapping[str, Any]) -> None:
    """Append the parties (`[party]`) and subjects (`[interest]`) that the facts name now, and recuse by data.

    Raise DutyDenied when the actor is one of them or has an interest in one.
    """
    named = list(_subjects(unit.kernel.keyring, deployed, facts))
    lead = unit.kernel.ports.recusal_leads.get(deployed.key)
    follow_parties(unit, case, named, lambda: lead(unit, case, facts) if lead else ())


def _subjects(keyring: KeyRing, deployed: Deployed, facts: Mapping[str, Any]) -> Iterator[Subject]:
    for role, key in (*deployed.parties.items(), *deployed.interests.items()):
        value = facts.get(key)
        if value:
            kind = KINDS.get(deployed.schema.facts[key].check, NAME_KIND)
            yield Subject(role, subject_index(keyring, kind, value))
