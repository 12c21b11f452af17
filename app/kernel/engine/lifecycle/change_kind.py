"""The kind `process` of controlled change: deploy, roll back, retire.

Values: `action`; `key` (the target); `files`, one `sha256  path` per line, and `folders`, which of them come from the
draft; `version` to roll back to; `deployments`, every version that would come into force with the digests of its
files and of what is parsed from them. The fence lets in exactly those (SD033).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.kernel.changes.content import PROCESS
from app.kernel.changes.fields import FieldSpec, Option
from app.kernel.changes.kinds import Change, Difference, Moment, Payload, Touched
from app.kernel.changes.refusals import ChangeOutdated
from app.kernel.engine.catalogue import deploy, find_release, get_deployed, list_in_force, release
from app.kernel.engine.check.findings import DefinitionInvalid, Finding
from app.kernel.engine.designing.checked import check_once
from app.kernel.engine.dialect import StepSpec
from app.kernel.engine.drafting.contents import load_contents, read_sums
from app.kernel.engine.handlers import list_unhandled
from app.kernel.engine.lifecycle.effects import list_touched
from app.kernel.engine.lifecycle.plan import Planned, plan_deployment, read_titles
from app.kernel.engine.lifecycle.versions import find_titles, get_version, load_files, load_files_of
from app.kernel.engine.lifecycle.words import describe_change
from app.kernel.engine.models import ProcessRelease
from app.kernel.ports import Ports
from app.kernel.refusals import InvalidInput
from app.kernel.transaction.unit import Unit

ACTIONS = (
    Option("deploy", "部署新版本", "Deploy a version"),
    Option("roll_back", "恢复旧版本", "Roll back to an earlier version"),
    Option("retire", "停用", "Retire"),
)
LONGEST_SUMS, LONGEST_NOTES = 40_000, 2_000


class ProcessKind:
    """`process`: the target is the key of the process."""

    key = "process"
    title_zh = "业务流程"
    title_en = "Process definition"

    def __init__(self, ports: Ports) -> None:
        """`ports`: the handlers there are; a process that names another must not come into force."""
        self._ports = ports

    def form(self, session: Session, at: Moment) -> Sequence[FieldSpec]:
        return (
            FieldSpec("action", "choice", "动作", "Action", options=ACTIONS),
            FieldSpec("key", "text", "流程", "Process", maximum=64),
            FieldSpec(
                "version", "integer", "恢复到版本", "Version to roll back to", required=False, minimum=1
            ),
            FieldSpec("notes", "paragraph", "版本说明", "Notes", required=False, maximum=LONGEST_NOTES),
            FieldSpec("draft", "integer", "草稿", "Draft", required=False, hidden=True, minimum=1),
            FieldSpec("folders", "text", "文件夹", "Folders", required=False, hidden=True, maximum=2_000),
            FieldSpec(
                "files", "paragraph", "文件", "Files", required=False, hidden=True, maximum=LONGEST_SUMS
            ),
            FieldSpec(
                "deployments",
                "rows",
                "生效的版本",
                "Versions",
                required=False,
                hidden=True,
                columns=tuple(FieldSpec(name, "text", name, name) for name in ("key", "digest", "spec")),
            ),
        )

    def read(self, session: Session, payload: Payload, at: Moment) -> dict[str, Any]:
        """With the versions that would come into force. Those named already must still be the same."""
        found, steps = _READERS[payload["action"]](session, payload)
        self._require_handled(steps)
        if payload["deployments"] and payload["deployments"] != found:
            raise InvalidInput({"deployments": ("deployments_changed", {})})
        return {**payload, "deployments": found}

    def _require_handled(self, steps: Iterable[StepSpec]) -> None:
        unhandled = list_unhandled(steps, self._ports)
        if unhandled:
            names = "、".join(sorted({step.task_type or step.step_key for step in unhandled}))
            raise InvalidInput({"files": ("process_handler_unknown", {"names": names})})

    def target(self, payload: Payload) -> str:
        return str(payload["key"])

    def subject(self, session: Session, payload: Payload) -> tuple[str, str]:
        known = find_titles(session, payload["key"])
        zh, en = known or read_titles(payload["key"], load_proposed(session, payload))
        action = next(option for option in ACTIONS if option.value == payload["action"])
        return f"{action.zh}：{zh}", f"{action.en}: {en}"

    def current(self, session: Session, target: str, at: Moment) -> dict[str, Any] | None:
        standing = find_release(session, target)
        if standing is None:
            return None
        version = None
        if standing.definition_id is not None:
            row = get_version(session, target, definition_id=standing.definition_id)
            version = {"version": row.version, "digest": row.digest}
        return {"release": standing.id, "in_force": version}

    def prefill(self, session: Session, target: str, at: Moment) -> dict[str, Any]:
        return {"key": target}

    def differences(
        self, session: Session, current: Payload | None, payload: Payload, at: Moment
    ) -> Sequence[Difference]:
        """Versions and files in short; the pages draw the rest."""
        standing = current["in_force"] if current else None
        before = load_files(session, payload["key"], standing["version"]) if standing else {}
        return describe_change(standing, payload, before, load_proposed(session, payload))

    def what_if(self, session: Session, payload: Payload, at: Moment) -> Iterable[Touched]:
        keys = {row["key"] for row in payload["deployments"]} or {payload["key"]}
        return list_touched(session, keys, payload["action"])

    def apply(self, unit: Unit, change: Change) -> None:
        """Raise ChangeOutdated when other versions would come into force than were signed."""
        hold_deployments(unit.session)
        values = change.payload
        try:
            self.read(unit.session, values, Moment(unit.now, unit.today))
        except InvalidInput:
            raise ChangeOutdated(target=change.target) from None
        _APPLIERS[values["action"]](unit, change)


def hold_deployments(session: Session) -> None:
    """One change of processes at a time comes into force: two may touch a common callee."""
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended("deployments", 0))))


Read = tuple[list[dict[str, str]], Sequence[StepSpec]]
"""Versions that would come into force, and all their steps."""


def _read_deploy(session: Session, payload: Payload) -> Read:
    planned = _planned(session, payload)
    if planned:
        _require_deployable(check_once(_all_files(planned)).findings)
    return [item.signed for item in planned], [step for item in planned for step in item.steps]


def preview_files(session: Session, payload: Payload) -> dict[str, bytes]:
    """All files of the versions that a change would put into force, else what it proposes; none for a retirement."""
    if payload["action"] != "deploy":
        return load_proposed(session, payload)
    try:
        return _all_files(_planned(session, payload))
    except InvalidInput:
        return load_proposed(session, payload)


def _all_files(planned: Sequence[Planned]) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    for item in planned:
        files |= item.files
    return files


def _planned(session: Session, payload: Payload) -> list[Planned]:
    """What the proposed files put into force. Raise InvalidInput by field `files`."""
    files = load_proposed(session, payload)
    if not files:
        raise InvalidInput({"files": ("required", {})})
    try:
        return plan_deployment(session, payload["key"], files, (payload["folders"] or "").split())
    except DefinitionInvalid as invalid:
        _require_deployable(invalid.findings)
        raise


def _require_deployable(findings: Sequence[Finding]) -> None:
    errors = [finding for finding in findings if finding.severity == "error"]
    if errors:
        first = {"first_zh": errors[0].message_zh, "first_en": errors[0].message_en}
        raise InvalidInput({"files": ("not_deployable", {"count": len(errors), **first})})


def _read_roll_back(session: Session, payload: Payload) -> Read:
    if payload["version"] is None:
        raise InvalidInput({"version": ("required", {})})
    row = get_version(session, payload["key"], version=payload["version"])
    standing = find_release(session, payload["key"])
    if standing is not None and standing.definition_id == row.id:
        raise InvalidInput({"version": ("version_in_force", {"version": row.version})})
    _require_deployable(check_once(load_files_of(session, row.id)).findings)
    steps = tuple(get_deployed(session, row.id).steps.values())
    return [{"key": row.key, "digest": row.digest, "spec": row.spec_digest}], steps


def _read_retire(session: Session, payload: Payload) -> Read:
    key = payload["key"]
    standing = find_release(session, key)
    if standing is None or standing.definition_id is None:
        raise InvalidInput({"key": ("process_not_in_force", {"key": key})})
    if key == PROCESS:
        raise InvalidInput({"key": ("process_indispensable", {})})
    callers = [
        deployed.title_zh
        for deployed in list_in_force(session)
        if deployed.key != key and f"{key}/process.toml" in deployed.files
    ]
    if callers:
        raise InvalidInput({"key": ("process_called", {"names": "、".join(callers)})})
    return [], ()


def load_proposed(session: Session, payload: Payload) -> dict[str, bytes]:
    """The proposed files. Raise InvalidInput when they aren't a list of stored contents."""
    if payload["action"] == "roll_back" and payload["version"] is not None:
        return load_files(session, payload["key"], payload["version"])
    try:
        return load_contents(session, read_sums(payload["files"] or ""))
    except (ValueError, KeyError):
        raise InvalidInput({"files": ("process_files_unknown", {})}) from None


def _apply_deploy(unit: Unit, change: Change) -> None:
    for planned in _planned(unit.session, change.payload):
        deploy(
            unit,
            planned.key,
            planned.files,
            by="change",
            approval=_approval(change),
            change_id=change.case_id,
            notes=change.payload["notes"] or "",
        )


def _apply_roll_back(unit: Unit, change: Change) -> None:
    row = get_version(unit.session, change.target, version=change.payload["version"]).row
    release(unit, row, action="roll_back", change_id=change.case_id)


def _apply_retire(unit: Unit, change: Change) -> None:
    unit.session.add(
        ProcessRelease(
            key=change.target, action="retire", definition_id=None, change_id=change.case_id, at=unit.now
        )
    )
    unit.session.flush()
    unit.record("definition.retired", {"key": change.target, "change": change.case_id}, chain="system")


def _approval(change: Change) -> dict[str, Any]:
    return {
        "kind": "change",
        "case_id": change.case_id,
        "prepared_by": change.prepared_by,
        "approved_by": change.approved_by,
    }


_READERS = {"deploy": _read_deploy, "roll_back": _read_roll_back, "retire": _read_retire}
_APPLIERS = {"deploy": _apply_deploy, "roll_back": _apply_roll_back, "retire": _apply_retire}
