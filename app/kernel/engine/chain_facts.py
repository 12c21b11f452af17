"""Facts a case takes over from others of its chain, with where each came from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select, insert, select
from sqlalchemy.orm import Session

from app.kernel.cases.facts import load_facts
from app.kernel.cases.models import Case, CaseFacts
from app.kernel.cases.schema import FactInvalid, FactSchema, parse_value
from app.kernel.decisions.expressions import compile_expression, feel
from app.kernel.engine.deployed import Deployed
from app.kernel.engine.messages.models import CaseFactOrigin
from app.kernel.transaction import Unit
from app.kernel.transaction.unit import EVERY_REGION


@dataclass(frozen=True)
class Copied:
    """A fact here, its value, and the case, fact and message (where one carried it) it came from."""

    fact: str
    value: Any
    from_case_id: int
    from_fact: str
    message_id: int | None = None


def readable(schema: FactSchema, named: Mapping[str, Any], today: date) -> dict[str, Any]:
    """The values that fit the facts here; what another process says and we can't read is left out."""
    taken = {}
    for key, value in named.items():
        spec = schema.facts.get(key)
        if spec is None or value is None:
            continue
        try:
            taken[key] = parse_value(spec, value, today)
        except FactInvalid:
            continue
    return taken


def list_carried(session: Session, chain_id: int, deployed: Deployed) -> dict[str, Any]:
    """Open facts a new case would take over, as far as the reader's regions show the other cases: for a form."""
    carried: dict[str, Any] = {}
    for process_key, names in deployed.from_chain.items():
        rows = session.execute(
            _latest(chain_id, process_key)
            .join(CaseFacts, CaseFacts.case_id == Case.id)
            .add_columns(CaseFacts.facts)
        )
        counted = (facts for _case, facts in rows if _counts(deployed, process_key, facts))
        facts: Mapping[str, Any] = next(counted, {})
        carried |= {mine: facts[theirs] for theirs, mine in names.items() if facts.get(theirs) is not None}
    return carried


def _counts(deployed: Deployed, process_key: str, facts: Mapping[str, Any]) -> bool:
    """Whether a case with these facts can be the source (`[from_chain_when]`)."""
    condition = deployed.from_chain_when.get(process_key)
    return condition is None or compile_expression(feel(condition)).holds(facts)


def _latest(chain_id: int, process_key: str) -> Select[Case]:
    """The decided cases of a process in a chain, the latest first."""
    return (
        select(Case)
        .where(Case.chain_id == chain_id, Case.process_key == process_key, Case.decided_at.is_not(None))
        .order_by(Case.decided_at.desc(), Case.id.desc())
    )


def take_over(unit: Unit, deployed: Deployed, chain_id: int) -> list[Copied]:
    """What `[from_chain]` names: of each process the latest decided case of the chain, in whatever region.

    The law lets exactly these facts pass, so the actor's regions don't matter here.
    """
    copied: dict[str, Copied] = {}
    with _everywhere(unit):
        for process_key, names in deployed.from_chain.items():
            found = _source(unit, deployed, chain_id, process_key)
            if found is None:
                continue
            source, theirs = found
            named = {mine: theirs.get(their) for their, mine in names.items()}
            back = {mine: their for their, mine in names.items()}
            for fact, value in readable(deployed.schema, named, unit.today).items():
                copied[fact] = Copied(fact, value, source.id, back[fact])
    return list(copied.values())


def _source(
    unit: Unit, deployed: Deployed, chain_id: int, process_key: str
) -> tuple[Case, dict[str, Any]] | None:
    for case in unit.session.scalars(_latest(chain_id, process_key)):
        theirs = load_facts(unit.session, unit.kernel.keyring, case)
        if _counts(deployed, process_key, theirs):
            return case, theirs
    return None


@contextmanager
def _everywhere(unit: Unit) -> Iterator[None]:
    database, session = unit.kernel.database, unit.session
    database.scope(session, EVERY_REGION)
    try:
        yield
    finally:
        database.scope(session, unit.actor.regions)


def note_origins(unit: Unit, case_id: int, copied: Iterable[Copied]) -> None:
    """Keep where facts came from, and say it in the audit log."""
    rows = [
        {
            "case_id": case_id,
            "fact": one.fact,
            "from_case_id": one.from_case_id,
            "from_fact": one.from_fact,
            "message_id": one.message_id,
            "at": unit.now,
        }
        for one in copied
    ]
    if rows:
        unit.session.execute(insert(CaseFactOrigin), rows)
        told = [{"fact": row["fact"], "case": row["from_case_id"], "as": row["from_fact"]} for row in rows]
        unit.record("case.facts_taken_over", {"facts": told}, case_id=case_id)
