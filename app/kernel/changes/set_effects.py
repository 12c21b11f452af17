"""What a new version of a conflict set would do: acts that would collide, people who could no longer (or again) act."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.kernel.changes.eligibility import eligible_for, open_work, wordings
from app.kernel.changes.kinds import Moment, Payload, Touched
from app.kernel.duties.queries import list_rules
from app.kernel.duties.views import ConflictRule, Member

_SCOPES = {
    "task": "act.task_id::text",
    "case": "act.case_id::text",
    "chain": "act.chain_id::text",
    "region_period": "act.region_code || date_trunc(:period, act.at AT TIME ZONE 'Asia/Shanghai')::text",
}
# One row per person and case in which the person would hold more members of one scope than allowed.
_COLLISIONS = """
WITH counted AS (
    SELECT {scope} AS scope, who, act.case_id, member.member, act.duty,
           CASE WHEN who = act.principal_id THEN act.principal_name ELSE act.name END AS name
    FROM duty_act act
    JOIN "case" c ON c.id = act.case_id AND c.risk = ANY (:risks)
    JOIN jsonb_to_recordset(CAST(:members AS jsonb))
         AS member (member text, duty text, process_key text, case_role text)
      ON member.duty = act.duty AND member.process_key IN ('', act.process_key)
     AND member.case_role IN ('', act.case_role)
    CROSS JOIN LATERAL (SELECT act.person_id UNION SELECT act.principal_id) AS whose (who)
    WHERE who IS NOT NULL AND {scope} IS NOT NULL
),
broken AS (
    SELECT scope, who, max(name) AS name, array_agg(DISTINCT duty ORDER BY duty) AS duties,
           array_agg(DISTINCT case_id) AS cases
    FROM counted GROUP BY scope, who HAVING count(DISTINCT member) > :maximum
)
SELECT broken.scope, broken.who, broken.name, broken.duties, c.id AS case_id, c.case_no, c.status
FROM broken JOIN "case" c ON c.id = ANY (broken.cases) ORDER BY c.id, broken.who
"""


@dataclass(frozen=True)
class _Collision:
    scope: str
    person_id: int
    name: str
    duties: tuple[str, ...]
    case_id: int
    case_no: str
    status: str


def effects_of_set(
    session: Session, values: Payload, current: Payload | None, at: Moment
) -> Iterator[Touched]:
    """Collisions of facts first, then what changes for the open tasks."""
    yield from _new_collisions(session, values, current)
    rules = list_rules(session, at.now)
    old = next((rule for rule in rules if rule.key == values["key"]), None)
    others = tuple(rule for rule in rules if rule.key != values["key"])
    new = rule_of(values, old)
    duties = {member.duty for rule in (old, new) if rule is not None for member in rule.members}
    work = open_work(session, duties, at)
    before, after = eligible_for(work, rules), eligible_for(work, (*others, new))
    yield from wordings(work, before, after)


def rule_of(values: Payload, old: ConflictRule | None) -> ConflictRule:
    """The set as `decide` would know it."""
    members = tuple(
        Member(row["member"], row["duty"], row["process_key"], row["case_role"]) for row in values["members"]
    )
    return ConflictRule(
        set_id=old.set_id if old else 0,
        version=old.version + 1 if old else 1,
        key=values["key"],
        scope=values["scope"],
        maximum=values["maximum"],
        severity=values["severity"],
        risk_classes=frozenset(values["risk_classes"]),
        ground=values["ground"],
        members=members,
        kind=values["kind"],
        period=values["period"],
        party_role=values["party_role"],
        window_days=values["window_days"],
    )


def _new_collisions(session: Session, values: Payload, current: Payload | None) -> Iterator[Touched]:
    known = {(item.scope, item.person_id, item.duties) for item in _collisions(session, current)}
    for item in _collisions(session, values):
        if (item.scope, item.person_id, item.duties) in known:
            continue
        listed = "".join(f"[{duty}]" for duty in item.duties)
        closed_zh, closed_en = ("", "") if item.status == "open" else ("（已办结）", " (closed)")
        yield Touched(
            item.case_id,
            item.case_no,
            "violation",
            f"{item.name}已办{listed}，生效后记为违规，案件冻结，等候裁定{closed_zh}",
            f"{item.name} already did {listed}: recorded as a violation, the case is frozen until a ruling{closed_en}",
        )


def _collisions(session: Session, values: Payload | None) -> list[_Collision]:
    """Only exclusive sets that deny collide; a party window is looked at when somebody acts."""
    if values is None or values["kind"] != "exclusive" or values["severity"] != "deny":
        return []
    if values["scope"] not in _SCOPES:
        return []
    parameters: dict[str, Any] = {
        "members": orjson.dumps(values["members"]).decode(),
        "risks": list(values["risk_classes"]),
        "maximum": values["maximum"],
    }
    if values["scope"] == "region_period":
        parameters["period"] = values["period"]
    rows = session.execute(text(_COLLISIONS.format(scope=_SCOPES[values["scope"]])), parameters)
    return [
        _Collision(row.scope, row.who, row.name, tuple(row.duties), row.case_id, row.case_no, row.status)
        for row in rows
    ]
