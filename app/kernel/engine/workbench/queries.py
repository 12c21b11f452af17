"""Reads of the workbench: drafts of rules with their check and cases, trials with the cases a reader may see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.kernel.cases.models import Case
from app.kernel.decisions.catalogue.cases import CaseResult, run_cases
from app.kernel.decisions.catalogue.models import RuleVersion
from app.kernel.decisions.catalogue.problems import RuleInvalid
from app.kernel.decisions.catalogue.reading import MANIFEST, MODEL, check_rule, read_rule
from app.kernel.decisions.catalogue.rule import Rule
from app.kernel.decisions.workbench.places import Finding, locate
from app.kernel.decisions.workbench.properties import read_properties
from app.kernel.engine.drafting.queries import (
    DraftStanding,
    find_standing_of,
    get_standing,
    list_editors,
    list_standings,
    load_draft_files,
    load_one_file,
)
from app.kernel.engine.workbench.models import RuleTrial, RuleTrialCase
from app.kernel.engine.workbench.refusals import TrialNotFound
from app.kernel.recusal.queries import barring

__all__ = [
    "RuleCheck",
    "RuleDraft",
    "RuleDraftRow",
    "TrialCase",
    "check_rule_draft",
    "find_rule_draft_of",
    "get_rule_draft",
    "get_trial",
    "list_editors",
    "list_rule_drafts",
    "list_trial_cases",
    "list_trials",
]


@dataclass(frozen=True, kw_only=True)
class RuleDraftRow(DraftStanding):
    """A rule's draft without its files; the names as its manifest says, the rule's id where it says none."""

    name_zh: str
    name_en: str
    base_version: int | None


@dataclass(frozen=True, kw_only=True)
class RuleDraft(RuleDraftRow):
    """With its files by name: rule.toml, rule.dmn, cases.toml."""

    files: Mapping[str, bytes]


@dataclass(frozen=True)
class RuleCheck:
    """What is wrong or doubtful, by place, and how the cases come out; `rule` None when it can't be read."""

    findings: Sequence[Finding]
    results: Sequence[CaseResult]
    rule: Rule | None

    @property
    def errors(self) -> int:
        return sum(1 for one in self.findings if one.problem.severity == "error")

    @property
    def failed(self) -> int:
        return sum(1 for one in self.results if not one.passed)


def get_rule_draft(session: Session, draft_id: int) -> RuleDraft:
    """Raise DraftNotFound."""
    standing = get_standing(session, draft_id, "rule")
    (row,) = _rows(session, [standing])
    files = {path.partition("/")[2]: content for path, content in load_draft_files(session, draft_id).items()}
    return RuleDraft(**vars(row), files=files)


def list_rule_drafts(session: Session, rule_id: str = "") -> list[RuleDraftRow]:
    """All drafts but the discarded, of one rule or of all, the last edited first."""
    return _rows(session, list_standings(session, "rule", rule_id))


def find_rule_draft_of(session: Session, case_id: int) -> RuleDraftRow | None:
    """The draft that a change proposes."""
    standing = find_standing_of(session, case_id, "rule")
    return None if standing is None else _rows(session, [standing])[0]


def check_rule_draft(draft: RuleDraft) -> RuleCheck:
    """The check of the draft as it stands, its own cases run. Never raises."""
    findings = locate(check_rule(draft.key, draft.files), draft.files.get(MODEL, b""))
    try:
        rule = read_rule(draft.key, draft.files)
        return RuleCheck(findings, run_cases(rule), rule)
    except RuleInvalid:
        return RuleCheck(findings, (), None)


def get_trial(session: Session, trial_id: int) -> RuleTrial:
    """Raise TrialNotFound."""
    trial = session.get(RuleTrial, trial_id)
    if trial is None:
        raise TrialNotFound(trial=trial_id)
    return trial


def list_trials(session: Session, draft_id: int) -> list[RuleTrial]:
    """A draft's trials, the newest first."""
    found = select(RuleTrial).where(RuleTrial.draft_id == draft_id).order_by(RuleTrial.id.desc())
    return list(session.scalars(found))


@dataclass(frozen=True)
class TrialCase:
    """A case that a trial names, as far as the reader may see it."""

    case_id: int
    case_no: str
    subject: str
    status: str
    verdict: str
    inputs: Mapping[str, Any]
    message_zh: str
    message_en: str


def list_trial_cases(
    session: Session, trial_id: int, reader: int, verdict: str, *, limit: int, offset: int = 0
) -> tuple[list[TrialCase], int]:
    """Cases of one verdict that the reader (a natural person) may see, newest first, and how many there are."""
    seen = (
        select(RuleTrialCase, Case)
        .join(Case, Case.id == RuleTrialCase.case_id)
        .where(
            RuleTrialCase.trial_id == trial_id,
            RuleTrialCase.verdict == verdict,
            ~barring(Case.id, reader),
        )
    )
    total = session.scalar(select(func.count()).select_from(seen.with_only_columns(Case.id).subquery())) or 0
    rows = session.execute(seen.order_by(Case.id.desc()).limit(limit).offset(offset))
    return [
        TrialCase(
            case.id,
            case.case_no,
            case.subject_name,
            case.status,
            row.verdict,
            row.inputs,
            row.message_zh,
            row.message_en,
        )
        for row, case in rows
    ], total


def _rows(session: Session, standings: Sequence[DraftStanding]) -> list[RuleDraftRow]:
    """With names from the manifests and the numbers of the versions they began from."""
    manifests = load_one_file(session, {one.id: f"{one.key}/{MANIFEST}" for one in standings})
    bases = {one.base_id for one in standings if one.base_id is not None}
    numbers = {
        row.id: row.version
        for row in session.execute(
            select(RuleVersion.id, RuleVersion.version).where(RuleVersion.id.in_(bases))
        )
    }
    rows = []
    for one in standings:
        table = read_properties(manifests.get(one.id, b"")) or {}
        names = [str(table.get(key) or one.key) for key in ("name_zh", "name_en")]
        base = numbers.get(one.base_id) if one.base_id is not None else None
        rows.append(RuleDraftRow(**vars(one), name_zh=names[0], name_en=names[1], base_version=base))
    return rows
