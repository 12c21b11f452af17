"""Kinds of controlled change on running cases: `migration` to another version, `modification` of one case."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kernel.cases.models import Case, CaseState
from app.kernel.changes.fields import FieldSpec, Option
from app.kernel.changes.kinds import Change, Difference, Moment, Payload, Touched, differences_by_field
from app.kernel.engine.catalogue import get_deployed
from app.kernel.engine.dialect import StepSpec
from app.kernel.engine.models import ProcessDefinition
from app.kernel.engine.running.moves import MoveRefused, plan_move
from app.kernel.engine.running.operations import order
from app.kernel.engine.running.weighing import list_open_cases, weigh
from app.kernel.refusals import InvalidInput
from app.kernel.transaction.unit import Unit
from app.kernel.worklist.models import Task

MOST_CASES = 20_000
ACTION_OPTIONS = (
    Option("move", "移到环节", "Go to a step"),
    Option("skip", "跳过所在的环节", "Pass over the step it stands at"),
    Option("repeat", "重做办过的环节", "Do a step again"),
)


class MigrationKind:
    """`migration`: the target is the process and the version its cases leave, e.g. `injury_recognition:1`."""

    key = "migration"
    title_zh = "在办案件换版本"
    title_en = "Migrate running cases"

    def form(self, session: Session, at: Moment) -> Sequence[FieldSpec]:
        return (
            FieldSpec("process", "choice", "业务", "Process", options=_processes(session)),
            FieldSpec("from_version", "integer", "离开版本", "From version", minimum=1),
            FieldSpec("to_version", "integer", "换到版本", "To version", minimum=1),
            FieldSpec(
                "cases",
                "paragraph",
                "案号",
                "Case numbers",
                required=False,
                maximum=4000,
                hint_zh="一行一个；空着就是这个版本的全部在办案件。换不了的案件留在原版本，并写明原因",
                hint_en="one a line; left empty: every open case of that version. Those that can't stay, and say why",
            ),
        )

    def read(self, session: Session, payload: Payload, at: Moment) -> dict[str, Any]:
        errors: dict[str, tuple[str, dict[str, object]]] = {}
        ids = {}
        for name in ("from_version", "to_version"):
            found = _definition(session, payload["process"], payload[name])
            if found is None:
                errors[name] = ("version_unknown", {})
            ids[name] = found
        if not errors and ids["from_version"] == ids["to_version"]:
            errors["to_version"] = ("same_version", {})
        if errors:
            raise InvalidInput(errors)
        from_id = int(ids["from_version"] or 0)
        given = {"from_id": from_id, "to_id": ids["to_version"]}
        known = payload.get("case_ids")  # settled when it was edited: signed with the rest
        return {**payload, **given, "case_ids": known or _select(session, from_id, payload.get("cases"))}

    def target(self, payload: Payload) -> str:
        return f"{payload['process']}:{payload['from_version']}"

    def subject(self, session: Session, payload: Payload) -> tuple[str, str]:
        title = session.execute(
            select(ProcessDefinition.title_zh, ProcessDefinition.title_en)
            .where(ProcessDefinition.key == payload["process"])
            .order_by(ProcessDefinition.version.desc())
            .limit(1)
        ).first()
        zh, en = title if title else (payload["process"], payload["process"])
        old, new, count = payload["from_version"], payload["to_version"], len(payload.get("case_ids", ()))
        return (
            f"{zh}：{count} 件由第 {old} 版换到第 {new} 版",
            f"{en}: {count} cases from version {old} to {new}",
        )

    def current(self, session: Session, target: str, at: Moment) -> dict[str, Any] | None:
        """The version; nothing that moves with the work: what a case has become is weighed when it is done."""
        process, _, version = target.rpartition(":")
        return {"process": process, "from_version": int(version)} if version.isdecimal() else None

    def prefill(self, session: Session, target: str, at: Moment) -> dict[str, Any]:
        return self.current(session, target, at) or {}

    def differences(
        self, session: Session, current: Payload | None, payload: Payload, at: Moment
    ) -> Sequence[Difference]:
        return differences_by_field(self.form(session, at), current, payload)

    def what_if(self, session: Session, payload: Payload, at: Moment) -> Iterable[Touched]:
        """Which of the cases can, and which can't and why: those stay on their version."""
        old, new = (get_deployed(session, payload[name]) for name in ("from_id", "to_id"))
        for item in weigh(session, payload["case_ids"], old, new):
            if item.fit:
                zh, en = (
                    f"换到第 {new.version} 版，位置、草稿、期限不变",
                    f"goes to version {new.version} as it is",
                )
            else:
                why_zh = "；".join(one.zh for one in item.obstacles)
                why_en = "; ".join(one.en for one in item.obstacles)
                zh, en = f"留在第 {old.version} 版：{why_zh}", f"stays on version {old.version}: {why_en}"
            yield Touched(item.case.id, item.case.case_no, "info" if item.fit else "blocked", zh, en)

    def apply(self, unit: Unit, change: Change) -> None:
        order(unit, change.case_id, self.key, change.payload["case_ids"])


class ModificationKind:
    """`modification`: the target is the case's id."""

    key = "modification"
    title_zh = "案件修正（移动、跳过、重做环节）"
    title_en = "Modify a case (go to, pass over, repeat a step)"

    def form(self, session: Session, at: Moment) -> Sequence[FieldSpec]:
        return (
            FieldSpec("case_no", "text", "案号", "Case number", maximum=40),
            FieldSpec("action", "choice", "怎样修正", "What to do", options=ACTION_OPTIONS),
            FieldSpec(
                "step",
                "text",
                "环节编号",
                "Step",
                maximum=64,
                hint_zh="流程图里的编号：移到、重做填目标环节，跳过填所在的环节；多实例的一个写作 编号#序号。"
                "不产生任何职责或签名，不能越过决定",
                hint_en="its id in the diagram: where to, or what is passed over; one of several instances: id#number. "
                "Earns no duty, passes no decision",
            ),
            FieldSpec(
                "at",
                "text",
                "从哪个环节移走",
                "From which step",
                required=False,
                maximum=64,
                hint_zh="只在有几个并行的环节时填写：要移走的那一支所在的环节；其他分支不动",
                hint_en="only where several branches are open: the step of the branch that is meant; the others stay",
            ),
        )

    def read(self, session: Session, payload: Payload, at: Moment) -> dict[str, Any]:
        case = session.scalars(select(Case).where(Case.case_no == payload["case_no"])).one_or_none()
        if case is None:
            raise InvalidInput({"case_no": ("case_not_found", {})})
        try:
            move = plan_move(session, case, payload["action"], payload["step"], payload.get("at"))
        except MoveRefused as refused:
            words = {"why_zh": refused.obstacle.zh, "why_en": refused.obstacle.en}
            raise InvalidInput({"step": ("move_refused", words)}) from None
        return {
            **payload,
            "case_id": case.id,
            "from_step": move.source.step_key,
            "to_step": move.target.step_key,
            "unsigned_before": move.gap,
            "instance": move.number,
        }

    def target(self, payload: Payload) -> str:
        return str(payload["case_id"])

    def cases(self, session: Session, payload: Payload) -> Collection[int]:
        return [int(payload["case_id"])]

    def subject(self, session: Session, payload: Payload) -> tuple[str, str]:
        option = next(one for one in ACTION_OPTIONS if one.value == payload["action"])
        number, step = payload["case_no"], payload["step"]
        return f"案件 {number}：{option.zh} {step}", f"case {number}: {option.en.lower()} {step}"

    def current(self, session: Session, target: str, at: Moment) -> dict[str, Any] | None:
        """Where the case stands: when it went on, the change is made anew."""
        case = session.get(Case, int(target), populate_existing=True)
        if case is None:
            return None
        tasks = session.scalars(
            select(Task.id).where(Task.case_id == case.id, Task.state == "open").order_by(Task.id)
        )
        waiting = session.scalar(select(CaseState.waiting).where(CaseState.case_id == case.id))
        return {
            "case_no": case.case_no,
            "definition": case.definition_id,
            "tasks": list(tasks),
            "waiting": waiting or [],
            "decided": case.decided_at is not None,
        }

    def prefill(self, session: Session, target: str, at: Moment) -> dict[str, Any]:
        case = session.get(Case, int(target)) if target.isdecimal() else None
        return {"case_no": case.case_no} if case is not None else {}

    def differences(
        self, session: Session, current: Payload | None, payload: Payload, at: Moment
    ) -> Sequence[Difference]:
        return differences_by_field(self.form(session, at), current, payload)

    def what_if(self, session: Session, payload: Payload, at: Moment) -> Iterable[Touched]:
        case = session.get_one(Case, payload["case_id"])
        steps = get_deployed(session, case.definition_id).steps
        names = [steps[payload[name]] for name in ("from_step", "to_step")]
        reset_zh = "；此前的签名须重新签" if case.decided_at is None else ""
        reset_en = "; what was signed must be signed again" if case.decided_at is None else ""
        if payload.get("unsigned_before"):
            yield Touched(
                case.id,
                case.case_no,
                "info",
                f"从那里可以不经所需签名走到“{payload['unsigned_before']}”：到时闸门会要求补齐，不会放行",
                f"a way leads from there to “{payload['unsigned_before']}” without its signatures: the gate will ask",
            )
        zh, en = _way(payload, *names)
        yield Touched(
            case.id, case.case_no, "info", f"{zh}，不产生职责{reset_zh}", f"{en}, earning no duty{reset_en}"
        )

    def apply(self, unit: Unit, change: Change) -> None:
        order(unit, change.case_id, self.key, [change.payload["case_id"]])


def _way(payload: Payload, source: StepSpec, target: StepSpec) -> tuple[str, str]:
    """What is done, in words of the diagram (zh, en)."""
    number = payload.get("instance")
    if number is None:
        return (
            f"由“{source.name}”到“{target.name}”",
            f"from “{source.name_en or source.name}” to “{target.name_en or target.name}”",
        )
    zh, en = ("跳过", "passed over") if payload["action"] == "skip" else ("重做", "done again")
    return (
        f"“{source.name}”的第 {number} 个{zh}，其余不动",
        f"number {number} of “{source.name_en or source.name}” {en}, the others stay",
    )


def running_kinds() -> tuple[MigrationKind, ModificationKind]:
    """What the wiring registers."""
    return MigrationKind(), ModificationKind()


def _processes(session: Session) -> tuple[Option, ...]:
    rows = session.execute(
        select(ProcessDefinition.key, ProcessDefinition.title_zh, ProcessDefinition.title_en).order_by(
            ProcessDefinition.key, ProcessDefinition.version
        )
    )
    return tuple({key: Option(key, zh, en) for key, zh, en in rows}.values())


def _definition(session: Session, key: str, version: int) -> int | None:
    query = select(ProcessDefinition.id).where(
        ProcessDefinition.key == key, ProcessDefinition.version == version
    )
    return session.scalar(query)


def _select(session: Session, definition_id: int, wanted: str | None) -> list[int]:
    """Ids of the cases named, or of all open ones. Raise InvalidInput for numbers that aren't on the version."""
    numbers = list(dict.fromkeys((wanted or "").split()))
    if numbers:
        query = select(Case.case_no, Case.id).where(
            Case.case_no.in_(numbers), Case.definition_id == definition_id
        )
        found = {row[0]: row[1] for row in session.execute(query)}
        strange = [number for number in numbers if number not in found]
        if strange:
            raise InvalidInput({"cases": ("cases_not_on_version", {"names": "、".join(strange[:5])})})
        return sorted(found.values())
    ids = list(list_open_cases(session, definition_id))
    if not ids:
        raise InvalidInput({"from_version": ("no_cases", {})})
    if len(ids) > MOST_CASES:
        raise InvalidInput({"cases": ("too_many_cases", {"max": MOST_CASES})})
    return ids
