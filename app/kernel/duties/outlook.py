"""The answer of the look-ahead for one person and one task: fine, leaves the case stuck, stuck anyway. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from app.kernel.duties.lookahead import Problem, Undecided, explain, finishable_choices, solve
from app.kernel.duties.views import Decision, Verdict

STUCK = "leaves_case_unfinishable"
TO_ABSENT = "leaves_case_to_absent"
ANYWAY = "case_unfinishable_anyway"


@dataclass(frozen=True)
class Outlook:
    """`reason` empty: the rest can be finished. `tight`: duties nobody is left for; `people`: who there is for them.

    `others`: who may take the task and leave the case finishable. `short`: people who would have to come
    (None: nobody could help). `slack`: how many people may then still drop out, None when nobody asked; below 2
    `tight` and `people` say where.
    """

    reason: str = ""
    tight: tuple[str, ...] = ()
    people: frozenset[int] = frozenset()
    others: frozenset[int] = frozenset()
    short: int | None = 0
    slack: int | None = None


FINE = Outlook()


def judge(
    problem: Problem,
    key: str,
    person: int,
    duties: Mapping[str, str],
    away: Collection[int],
) -> Outlook:
    """What becomes of the case when this person takes this step.

    `duties`: duty by step key; `away`: people who are absent now, but come back. An answer not found in time
    is no reason to stop anybody.
    """
    try:
        return _judged(problem, key, person, duties, frozenset(away) - {person})
    except Undecided:
        return FINE


def _judged(
    problem: Problem, key: str, person: int, duties: Mapping[str, str], away: frozenset[int]
) -> Outlook:
    taken = problem.assigned(key, person)
    if solve(taken) is None:
        others = finishable_choices(problem, key)
        return _explained(STUCK if others else ANYWAY, taken if others else problem, key, duties, others)
    if not away or solve(taken.without(away)) is not None:
        return FINE
    others = finishable_choices(problem.without(away), key)
    if not others:  # whoever takes it, the case waits for somebody to come back
        return FINE
    return _explained(TO_ABSENT, taken.without(away), key, duties, others)


def slack_of(problem: Problem, duties: Mapping[str, str]) -> Outlook:
    """How tight a rest that can be finished is. An answer not found in time is left out."""
    try:
        found = explain(problem)
    except Undecided:
        return FINE
    tight = tuple(dict.fromkeys(duties[step] for step in found.steps))
    return Outlook(tight=tight, people=found.people, slack=found.slack)


def _explained(
    reason: str, problem: Problem, key: str, duties: Mapping[str, str], others: frozenset[int]
) -> Outlook:
    found = explain(problem)
    steps = [step for step in found.steps if step != key] or list(found.steps)
    tight = tuple(dict.fromkeys(duties[step] for step in steps))
    return Outlook(reason, tight, found.people, others, found.short_by)


def with_outlook(decision: Decision, outlook: Outlook, names: Mapping[int, str], *, refuse: bool) -> Decision:
    """The decision with what the look-ahead adds: a warning, or a denial where the process refuses.

    Only a claim that somebody else could make without harm is refused.
    """
    if not outlook.reason or not decision.allowed:
        return decision
    verdict = Verdict.DENY if refuse and outlook.reason == STUCK else Verdict.WARN
    params: dict[str, Any] = {
        **decision.params,
        "tight": list(outlook.tight),
        "others": _named(outlook.others, names),
        "people": _named(outlook.people, names),
        "short": outlook.short if outlook.short is not None else 0,
    }
    return replace(decision, verdict=verdict, reason=outlook.reason, params=params)


def _named(ids: Collection[int], names: Mapping[int, str]) -> list[str]:
    return [names[one] for one in sorted(ids) if one in names]
