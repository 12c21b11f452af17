"""Would a duty break a conflict set for a person? Pure over the acts that were loaded.

Sets: docs/segregation-of-duties.md (ANSI INCITS 359 dynamic separation of duty; Crampton 2005).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from app.kernel.duties.views import ALLOWED, CaseView, ConflictRule, Decision, PastAct, Verdict


def check_conflicts(
    person_id: int, duty: str, case: CaseView, rules: Iterable[ConflictRule], task_id: int | None = None
) -> Decision:
    """Would performing `duty` break a conflict set for this person? The first denial, else a warning."""
    warning: Decision | None = None
    for rule in rules:
        if case.risk not in rule.risk_classes:
            continue
        found = _conflict(person_id, duty, case, rule, task_id)
        if found is None:
            continue
        if found.verdict is Verdict.DENY:
            return found
        warning = warning or found
    return warning or ALLOWED


def _conflict(
    person_id: int, duty: str, case: CaseView, rule: ConflictRule, task_id: int | None
) -> Decision | None:
    new = rule.members_of(duty, case.process_key, case.case_role)
    if not new or rule.kind == "minimum" or (rule.scope == "task" and task_id is None):
        return None
    if rule.kind == "same":
        return _tied_to_another(person_id, [a for a in case.acts if _in_scope(a, case, rule, task_id)], rule)
    held: dict[str, list[PastAct]] = {}
    for act in case.acts:
        if act.person_id == person_id and _in_scope(act, case, rule, task_id):
            for member in rule.members_of(act.duty, act.process_key, act.case_role):
                held.setdefault(member, []).append(act)
    maximum = 1 if rule.scope == "party" else rule.maximum
    if len(held.keys() | new) <= maximum or (rule.severity == "warn" and new <= held.keys()):
        return None  # repeating a duty is lawful, unless a late link or merge made what was done collide
    evidence = tuple(act for member, acts in held.items() if member not in new for act in acts)
    reason = "recent_party_act" if rule.scope == "party" else "conflicting_duty"
    params = {"held": evidence[0].duty, "wanted": duty, "case_no": evidence[0].case_no}
    if rule.window_days is not None:
        params["days"] = str(rule.window_days)
    return _breach(rule, reason, evidence, params)


def _in_scope(act: PastAct, case: CaseView, rule: ConflictRule, task_id: int | None) -> bool:
    if act.rules:
        return rule.key in act.rules
    match rule.scope:
        case "task":
            return act.task_id == task_id
        case "case" | "party":
            return rule.scope == "case" and act.case_id == case.case_id
        case "region_period":
            return False  # acts of the period come with the sets they share, this case's among them
        case _:
            return True


def _tied_to_another(person_id: int, acts: Iterable[PastAct], rule: ConflictRule) -> Decision | None:
    """Binding of duty: whoever performed the first member of the scope, not done again, must perform them all."""
    counting = (a for a in acts if not a.redone and rule.members_of(a.duty, a.process_key, a.case_role))
    first = next(counting, None)
    if first is None or first.person_id == person_id:
        return None
    return _breach(rule, "same_person_required", (first,), {"held": first.duty, "case_no": first.case_no})


def _breach(
    rule: ConflictRule, reason: str, evidence: tuple[PastAct, ...], params: Mapping[str, object]
) -> Decision:
    denies = rule.severity == "deny"
    return Decision(
        Verdict.DENY if denies else Verdict.WARN,
        reason if denies else "conflicting_duty_advised",
        rule=rule.key,
        rule_version=rule.version,
        ground=rule.ground,
        scope=rule.scope,
        evidence=evidence,
        params=params,
    )
