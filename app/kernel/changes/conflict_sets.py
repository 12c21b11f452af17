"""Changing a conflict set: a new version, or a new set under the next free number."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import func, insert, select, text, tuple_
from sqlalchemy.orm import Session

from app.kernel.cases.models import RISK_CLASSES
from app.kernel.changes.content import OWN_NUMBERS
from app.kernel.changes.fields import FieldSpec, Option
from app.kernel.changes.kinds import Change, Difference, Moment, Payload, Touched, differences_by_field
from app.kernel.changes.set_effects import effects_of_set
from app.kernel.changes.set_form import set_form
from app.kernel.duties.models import ConflictMember, ConflictSet
from app.kernel.refusals import InvalidInput
from app.kernel.transaction.unit import Unit
from app.kernel.violations.operations import announce_violations, newest_violation
from app.kernel.worklist.claims import reconsider_later

_KEY = re.compile(r"[a-z][a-z0-9_]{2,59}")
_COLUMNS = (
    "key",
    "kind",
    "scope",
    "period",
    "party_role",
    "window_days",
    "maximum",
    "severity",
    "risk_classes",
    "title_zh",
    "title_en",
    "ground",
)
_NUMBERS = "conflict_set numbers"


class ConflictSetKind:
    """`conflict_set`: the target is the set's key, which like its number stays for ever."""

    key = "conflict_set"
    title_zh = "职责冲突集"
    title_en = "Conflict set"

    def form(self, session: Session, at: Moment) -> Sequence[FieldSpec]:
        return set_form(session)

    def read(self, session: Session, payload: Payload, at: Moment) -> dict[str, Any]:
        errors = {**_head_errors(payload), **_member_errors(payload)}
        if errors:
            raise InvalidInput(errors)
        members = [{name: row[name] or "" for name in _MEMBER} for row in payload["members"]]
        members.sort(key=lambda row: tuple(row.values()))
        return {**{name: payload[name] for name in _COLUMNS}, "members": members}

    def target(self, payload: Payload) -> str:
        return str(payload["key"])

    def subject(self, session: Session, payload: Payload) -> tuple[str, str]:
        return f"{payload['title_zh']}（{payload['key']}）", f"{payload['title_en']} ({payload['key']})"

    def current(self, session: Session, target: str, at: Moment) -> dict[str, Any] | None:
        newest = session.scalars(
            select(ConflictSet).where(ConflictSet.key == target).order_by(ConflictSet.version.desc()).limit(1)
        ).one_or_none()
        if newest is None:
            return None
        members = session.scalars(
            select(ConflictMember).where(
                ConflictMember.set_id == newest.set_id, ConflictMember.version == newest.version
            )
        )
        rows = [{name: getattr(member, name) for name in _MEMBER} for member in members]
        rows.sort(key=lambda row: tuple(row.values()))
        columns = {name: getattr(newest, name) for name in _COLUMNS}
        columns["risk_classes"] = [name for name in RISK_CLASSES if name in newest.risk_classes]
        return {**columns, "members": rows, "set_id": newest.set_id, "version": newest.version}

    def prefill(self, session: Session, target: str, at: Moment) -> dict[str, Any]:
        return self.current(session, target, at) or {
            "key": target,
            "kind": "exclusive",
            "scope": "case",
            "maximum": 1,
            "severity": "deny",
            "risk_classes": list(RISK_CLASSES),
            "members": [],
        }

    def targets(self, session: Session, at: Moment) -> Sequence[Option]:
        newest = select(ConflictSet.set_id, func.max(ConflictSet.version)).group_by(ConflictSet.set_id)
        rows = session.scalars(
            select(ConflictSet)
            .where(tuple_(ConflictSet.set_id, ConflictSet.version).in_(newest))
            .order_by(ConflictSet.set_id)
        )
        return [
            Option(row.key, f"{row.set_id}　{row.title_zh}", f"{row.set_id} {row.title_en}") for row in rows
        ]

    def differences(
        self, session: Session, current: Payload | None, payload: Payload, at: Moment
    ) -> Sequence[Difference]:
        return differences_by_field(self.form(session, at), current, payload)

    def what_if(self, session: Session, payload: Payload, at: Moment) -> Iterable[Touched]:
        return effects_of_set(session, payload, self.current(session, self.target(payload), at), at)

    def apply(self, unit: Unit, change: Change) -> None:
        """Insert the version; the fence then binds again all that was done and notes what collides."""
        session, values = unit.session, change.payload
        session.execute(select(func.pg_advisory_xact_lock(func.hashtext(_NUMBERS))))
        number, version = _next(session, change.target)
        columns = {name: values[name] for name in _COLUMNS}
        since = newest_violation(session)
        session.execute(
            insert(ConflictSet).values(
                **columns, set_id=number, version=version, active_from=unit.now, change_id=change.case_id
            )
        )
        rows = [{**row, "set_id": number, "version": version} for row in values["members"]]
        session.execute(insert(ConflictMember), rows)
        # The fence activates at the commit; brought forward, so that what collides is announced with it.
        session.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
        unit.record("conflict_set.activated", {"set": number, "version": version, "key": change.target})
        announce_violations(unit, since)
        reconsider_later(unit, "set_activated", duties={row["duty"] for row in values["members"]})


_MEMBER = ("member", "duty", "process_key", "case_role")


def _head_errors(payload: Payload) -> dict[str, tuple[str, Mapping[str, object]]]:
    errors: dict[str, tuple[str, Mapping[str, object]]] = {}
    if not _KEY.fullmatch(payload["key"]):
        errors["key"] = ("bad_pattern", {})
    by_period, by_party = payload["scope"] == "region_period", payload["scope"] == "party"
    for field, wanted in (("period", by_period), ("party_role", by_party), ("window_days", by_party)):
        if wanted and payload[field] is None:
            errors[field] = ("required", {})
        elif not wanted and payload[field] is not None:
            errors[field] = ("not_of_this_scope", {})
    if payload["kind"] == "minimum" and payload["scope"] != "case":
        errors["scope"] = ("scope_of_minimum", {})
    elif payload["kind"] != "exclusive" and payload["scope"] not in ("case", "chain", "task"):
        errors["scope"] = ("scope_of_kind", {})
    return errors


def _member_errors(payload: Payload) -> dict[str, tuple[str, Mapping[str, object]]]:
    """A set that constrains nothing, or that nobody could ever keep, is a mistake."""
    names: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    for row in payload["members"]:
        names[row["duty"], row["process_key"] or "", row["case_role"] or ""].add(row["member"])
    distinct = {row["member"] for row in payload["members"]}
    if any(len(found) > 1 for found in names.values()):
        return {"members": ("duty_in_two_members", {})}
    if len(payload["members"]) > sum(len(found) for found in names.values()):
        return {"members": ("member_twice", {})}
    if payload["kind"] == "exclusive" and len(distinct) <= payload["maximum"]:
        return {"members": ("set_without_effect", {"max": payload["maximum"]})}
    if payload["kind"] == "same" and len(distinct) < 2:
        return {"members": ("set_without_effect", {"max": 1})}
    return {}


def _next(session: Session, key: str) -> tuple[int, int]:
    """(number, version) of the new row: the key's own number, or the next free one for a new key."""
    found = session.execute(
        select(ConflictSet.set_id, func.max(ConflictSet.version))
        .where(ConflictSet.key == key)
        .group_by(ConflictSet.set_id)
    ).one_or_none()
    if found is not None:
        return found[0], found[1] + 1
    newest = session.execute(select(func.coalesce(func.max(ConflictSet.set_id), 0))).scalar_one()
    return max(newest, OWN_NUMBERS) + 1, 1
