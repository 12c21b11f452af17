"""A draft asked about past cases, beside the version in force: "would have hit 37 cases, these".

Ordered by an editor, carried out by the worker in batches, each its own transaction, so that it can be watched and
cancelled. Nothing is done to a case, and no hit is kept: what the draft would have said stands with the trial.

Both versions see the same: the facts as they are now, what the domain derives from them now, and `today` as of the
case's decision (of an open case: today). A case that no process tells enough to be judged counts as `missing`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from app.kernel.cases.models import Case
from app.kernel.decisions.catalogue.problems import RuleInvalid
from app.kernel.decisions.catalogue.reading import MANIFEST, MODEL, read_rule
from app.kernel.decisions.catalogue.rule import Rule
from app.kernel.decisions.catalogue.versions import list_standing
from app.kernel.decisions.catalogue.vocabulary import CASE_ACTIONS
from app.kernel.engine.catalogue import list_in_force
from app.kernel.engine.drafting.permission import require_editor
from app.kernel.engine.drafting.queries import get_standing, load_digests, load_draft_files
from app.kernel.engine.workbench.asking import Asked, ask, find_suppliers, load_pair, population, supplies_of
from app.kernel.engine.workbench.models import RuleTrial, RuleTrialCase
from app.kernel.engine.workbench.refusals import TrialNotFound, TrialOver, TrialRunning
from app.kernel.refusals import InvalidInput
from app.kernel.transaction.unit import EVERY_REGION, Unit

TRIAL_JOB: Final = "try_rule"
BATCH: Final = 200
MOST_KEPT: Final = 5000
"""Cases kept with a trial; the counts are of all."""
LONGEST_PERIOD: Final = timedelta(days=3660)
UNDER_WAY: Final = ("waiting", "running")
KEPT: Final = ("new", "gone", "same")


@dataclass(frozen=True)
class TrialOrder:
    """Over which cases: opened in the period (both days included) in the regions and all below them."""

    period_from: date
    period_to: date
    regions: tuple[str, ...]


def start_trial(unit: Unit, draft_id: int, order: TrialOrder) -> int:
    """Order a trial of the draft as it stands; answers its number.

    Raise InvalidInput (`period_from`, `period_to`, `regions`; `files` for a draft that can't be read or judges no
    cases), TrialRunning, DraftNotFound, DutyDenied.
    """
    requested_by = require_editor(unit)
    draft = get_standing(unit.session, draft_id, "rule")
    _check_order(unit, order)
    rule = _readable(draft.key, load_draft_files(unit.session, draft_id))
    check_fit(unit.session, rule)
    running = find_running(unit.session, draft_id)
    if running is not None:
        raise TrialRunning(percent=progress_of(running))
    base = next((one for one in list_standing(unit.session, unit.today) if one.rule.id == rule.id), None)
    digests = load_digests(unit.session, draft_id)
    trial = RuleTrial(
        draft_id=draft_id,
        revision=draft.revision,
        manifest=digests[f"{draft.key}/{MANIFEST}"],
        model=digests[f"{draft.key}/{MODEL}"],
        base_version_id=base.id if base is not None else None,
        regions=list(order.regions),
        period_from=order.period_from,
        period_to=order.period_to,
        requested_by=requested_by,
        requested_at=unit.now,
    )
    unit.session.add(trial)
    unit.session.flush()
    unit.defer(TRIAL_JOB, {"trial_id": trial.id})
    unit.record("rule.trial_ordered", {"trial": trial.id, "draft": draft_id, "revision": draft.revision})
    return trial.id


def cancel_trial(unit: Unit, trial_id: int) -> None:
    """Stop it where it is; what it counted so far stays. Raise TrialNotFound, TrialOver, DutyDenied."""
    require_editor(unit)
    trial = _lock(unit.session, trial_id)
    if trial.state not in UNDER_WAY:
        raise TrialOver
    trial.state, trial.finished_at = "cancelled", unit.now
    unit.record("rule.trial_cancelled", {"trial": trial_id})


def fail_trial(unit: Unit, trial_id: int) -> None:
    """It couldn't go on; the log says why."""
    trial = _lock(unit.session, trial_id)
    if trial.state in UNDER_WAY:
        trial.state, trial.finished_at = "failed", unit.now
        unit.record("rule.trial_failed", {"trial": trial_id}, chain="system")


def advance_trial(unit: Unit, trial_id: int, size: int = BATCH) -> bool:
    """Ask the next cases; answers whether there are more."""
    trial = _lock(unit.session, trial_id)
    if trial.state not in UNDER_WAY:
        return False
    ports, pair = unit.kernel.ports, load_pair(unit.session, trial)
    among = population(unit.session, trial, supplies_of(unit.session, ports, pair))
    if trial.total is None:
        trial.total = unit.session.scalar(select(func.count()).select_from(among.subquery()))
    cases = unit.session.scalars(among.where(Case.id > trial.reached).order_by(Case.id).limit(size)).all()
    asked = list(ask(unit.session, ports, pair, cases, unit.now))
    _keep(unit.session, trial, asked)
    trial.asked, trial.state = trial.asked + len(cases), "running"
    trial.counts = dict(Counter(trial.counts) + Counter(one.verdict for one in asked))
    if cases:
        trial.reached = cases[-1].id
    if len(cases) < size:
        trial.state, trial.finished_at = "done", unit.now
    unit.session.flush()
    unit.record("rule.trial_advanced", {"trial": trial_id, "asked": trial.asked}, chain="system")
    return trial.state == "running"


def _keep(session: Session, trial: RuleTrial, asked: Sequence[Asked]) -> None:
    """The cases that either version hits, as long as the trial keeps some."""
    known = sum(trial.counts.get(verdict, 0) for verdict in KEPT)
    rows = [
        {
            "trial_id": trial.id,
            "case_id": one.case_id,
            "verdict": one.verdict,
            "inputs": dict(one.said.inputs),
            "message_zh": one.said.message_zh,
            "message_en": one.said.message_en,
        }
        for one in asked
        if one.verdict in KEPT and one.said is not None
    ][: max(0, MOST_KEPT - known)]
    if rows:
        session.execute(insert(RuleTrialCase), rows)


def find_running(session: Session, draft_id: int) -> RuleTrial | None:
    """The draft's trial under way."""
    return session.scalar(
        select(RuleTrial).where(RuleTrial.draft_id == draft_id, RuleTrial.state.in_(UNDER_WAY)).limit(1)
    )


def progress_of(trial: RuleTrial) -> int:
    """Per cent of its cases."""
    return 100 * trial.asked // trial.total if trial.total else 0


def _readable(rule_id: str, files: Mapping[str, bytes]) -> Rule:
    names = {path.partition("/")[2]: content for path, content in files.items()}
    try:
        return read_rule(rule_id, names)
    except RuleInvalid:
        raise InvalidInput({"files": ("rule_unreadable", {})}) from None


def check_fit(session: Session, rule: Rule) -> None:
    """Raise InvalidInput (`files`) for a rule that judges no cases, or that no process tells what it needs."""
    if rule.manifest.action not in CASE_ACTIONS:
        raise InvalidInput({"files": ("rule_judges_no_case", {})})
    supplies = [one.supply for one in list_in_force(session) if one.supply is not None]
    supplied, lacking = find_suppliers(rule, supplies)
    if not supplied:
        raise InvalidInput({"files": ("rule_unsupplied", {"facts": "、".join(lacking) or "—"})})


def _check_order(unit: Unit, order: TrialOrder) -> None:
    errors: dict[str, tuple[str, dict[str, object]]] = {}
    if order.period_to < order.period_from:
        errors["period_to"] = ("period_reversed", {})
    elif order.period_from > unit.today:
        errors["period_from"] = ("in_the_future", {})
    elif order.period_to - order.period_from > LONGEST_PERIOD:
        errors["period_from"] = ("too_long_ago", {})
    seen, wanted = set(unit.actor.regions), set(order.regions)
    if not wanted:
        errors["regions"] = ("required", {})
    elif not wanted <= seen and seen != set(EVERY_REGION):
        errors["regions"] = ("not_an_option", {})
    if errors:
        raise InvalidInput(errors)


def _lock(session: Session, trial_id: int) -> RuleTrial:
    trial = session.scalar(
        select(RuleTrial)
        .where(RuleTrial.id == trial_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if trial is None:
        raise TrialNotFound(trial=trial_id)
    return trial
