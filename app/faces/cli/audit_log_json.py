"""The report on a foreign event log as JSON: totals flat at the top, everything else below keys of its own."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from app.kernel.audit.logs import LogReport
from app.kernel.audit.logs.activities import ActivityUse
from app.kernel.audit.logs.handovers import Handover
from app.kernel.audit.logs.pairs import PairFinding
from app.kernel.audit.logs.staffing import Staffing

MOST_HANDOVERS: Final = 200


@dataclass(frozen=True)
class ReadFile:
    """The file a report speaks of, so that it can be told from another one later."""

    path: Path
    size: int
    sha256: str
    policy: Path | None
    read_at: datetime


def as_json_object(report: LogReport, file: ReadFile) -> dict[str, Any]:
    """Numbers unrounded, times in ISO 8601 (UTC), shares 0..1; None where nothing can be said."""
    return {
        **_flat(report),
        "file": {"name": file.path.name, "bytes": file.size, "sha256": file.sha256},
        "read_at": file.read_at.isoformat(),
        "transitions": {
            word or "(none)": {"events": count, "counts_as_act": word in report.totals.acting}
            for word, count in report.totals.transitions.items()
        },
        "one_person": _alone(report),
        "policy": {"pairs": report.policy.pairs, "scope": report.policy.scope} if report.policy else None,
        "pairs": None if report.violations is None else [_pair(one) for one in report.violations],
        "unknown_activities": [
            {"activity": one.activity, "like": one.like} for one in report.unknown_activities
        ],
        "suggestions": [_pair(one) for one in report.suggestions],
        "handovers": [_handover(one) for one in report.handovers[:MOST_HANDOVERS]],
        "activities_used": [_activity(one) for one in report.activities],
        "staffing": _staffing(report.staffing) if report.staffing else None,
        "suspicious_names": [
            {"name": one.name, "acts": one.acts, "reason": one.reason, "like": one.like}
            for one in report.suspicious
        ],
    }


def _flat(report: LogReport) -> dict[str, Any]:
    totals, alone = report.totals, report.alone
    return {
        "cases": totals.cases,
        "events": totals.events,
        "persons": totals.persons,
        "one_person_cases": alone.cases,
        "one_person_cases_min3": alone.min3,
        "pair_violations": report.pair_violations,
        "violating_cases": report.violating_cases,
        "cases_min3": alone.cases_min3,
        "one_person_cases_min3_shareable": alone.min3_shareable,
        "one_person_cases_with_gaps": alone.with_gaps,
        "officer_pairs": len(report.officer_pairs),
        "handover_cases": report.handover_cases,
        "traces": totals.traces,
        "acts": totals.acts,
        "activities": totals.activities,
        "events_without_resource": totals.events_without_resource,
        "events_without_activity": totals.events_without_activity,
        "events_without_time": totals.events_without_time,
        "events_outside_cases": totals.events_outside_cases,
        "times_unreadable": totals.times_unreadable,
        "times_without_zone": totals.times_without_zone,
        "attributes_repeated": totals.attributes_repeated,
        "traces_unnamed": totals.traces_unnamed,
        "duplicate_case_names": totals.duplicate_case_names,
        "first_event": totals.first_event.isoformat() if totals.first_event else None,
        "last_event": totals.last_event.isoformat() if totals.last_event else None,
        **_flat_staffing(report.staffing),
    }


def _flat_staffing(staffing: Staffing | None) -> dict[str, Any]:
    keys = ("feasible_cases", "infeasible_cases", "people_needed", "resilience", "people_to_add")
    if staffing is None:
        return dict.fromkeys(keys)
    values = (
        staffing.feasible, staffing.infeasible, staffing.people_needed, staffing.resilience, staffing.people_to_add,
    )  # fmt: skip
    return dict(zip(keys, values, strict=True))


def _alone(report: LogReport) -> dict[str, Any]:
    alone = report.alone
    return {
        "people": [
            {
                "person": one.person,
                "cases": one.cases,
                "cases_min3": one.min3,
                "took_part": one.took_part,
                "examples": one.examples,
            }
            for one in alone.people
        ],
        "by_acts": [
            {"acts": acts, "cases": cases, "one_person": by_one}
            for acts, (cases, by_one) in alone.by_size.items()
        ],
        "by_month": [
            {
                "month": one.month,
                "cases": one.cases,
                "cases_min3": one.min3,
                "one_person_min3": one.alone_min3,
            }
            for one in alone.periods
        ],
    }


def _pair(one: PairFinding) -> dict[str, Any]:
    found: dict[str, Any] = {
        "pair": one.pair,
        "cases_with_both": one.together,
        "same_person": one.same_person,
        "share": one.share,
        "undetermined": one.undetermined,
        "people": [{"person": person, "cases": cases} for person, cases in one.people],
        "examples": [{"case": case, "person": person} for case, person in one.examples],
    }
    if one.custom is not None:
        found["separated_where_several_worked"] = one.custom
    return found


def _handover(one: Handover) -> dict[str, Any]:
    return {
        "earlier": one.earlier,
        "closer": one.closer,
        "cases": one.cases,
        "cases_of_earlier": one.of,
        "closings_of_closer": one.closings,
        "share": one.share,
        "usual_share": one.usual,
        "cases_the_other_way": one.back,
        "concentrated": one.concentrated,
        "mutual": one.mutual,
        "always": one.always,
    }


def _activity(one: ActivityUse) -> dict[str, Any]:
    return {
        "activity": one.activity,
        "acts": one.acts,
        "people": one.people,
        "busiest": one.first,
        "busiest_share": one.share,
        "concentrated": one.concentrated,
    }


def _staffing(one: Staffing) -> dict[str, Any]:
    return {
        "basis": one.basis,
        "pairs": one.pairs,
        "cases_concerned": one.cases_concerned,
        "feasible_cases": one.feasible,
        "infeasible_cases": one.infeasible,
        "undecided_cases": one.undecided,
        "people_needed": one.people_needed,
        "people_needed_by_case": [{"people": people, "cases": cases} for people, cases in one.needs.items()],
        "resilience": one.resilience,
        "resilience_exact": one.resilience_exact,
        "bottleneck": one.bottleneck,
        "people_to_add": one.people_to_add,
        "people_to_add_spare": one.people_to_add_spare,
        "activities": [
            {"activity": used.activity, "people": used.people, "slack": used.slack} for used in one.activities
        ],
        "impossible": [
            {
                "activities": kind.activities,
                "cases": kind.cases,
                "people_missing": kind.people_missing,
                "examples": kind.examples,
            }
            for kind in one.impossible
        ],
    }
