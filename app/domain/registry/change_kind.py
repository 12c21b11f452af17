"""The kind `registry_import` of controlled change: the lines of a file let into the register.

Values: `file`, the id of a file put up; `kind` and `digest`, which follow from it. The fence lets in exactly this file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import any_, select
from sqlalchemy.orm import Session

from app.domain.registry.importing import CHANGE_KIND, let_in
from app.domain.registry.kinds import KINDS
from app.domain.registry.models import RegistryFile, RegistryImport
from app.domain.registry.recording import STATUSES
from app.kernel.cases.models import Case
from app.kernel.changes.fields import FieldSpec, Option
from app.kernel.changes.kinds import Change, Difference, Moment, Payload, Touched
from app.kernel.changes.refusals import ChangeOutdated
from app.kernel.refusals import InvalidInput
from app.kernel.transaction.unit import Unit

STATUS_WORDS: Mapping[str, tuple[str, str]] = {
    "new": ("新增", "new"),
    "corrects": ("更正", "corrects"),
    "voids": ("撤销", "takes back"),
    "unchanged": ("无变化", "unchanged"),
    "refused": ("拒绝", "refused"),
}
OFFERED = 50
CHANGING = ("new", "corrects", "voids")


class RegistryImportKind:
    """`registry_import`: the target is `kind:digest:id` of the file."""

    key = CHANGE_KIND
    title_zh = "登记库批量导入"
    title_en = "Import into the register"

    def form(self, session: Session, at: Moment) -> Sequence[FieldSpec]:
        return (
            FieldSpec("file", "choice", "导入文件", "File", options=tuple(_offered(session))),
            FieldSpec("kind", "text", "种类", "Kind", required=False, hidden=True),
            FieldSpec("digest", "text", "摘要", "Digest", required=False, hidden=True),
        )

    def read(self, session: Session, payload: Payload, at: Moment) -> dict[str, Any]:
        """With kind and digest. Raise InvalidInput (`file`) for a file that would change nothing."""
        row = session.get_one(RegistryFile, int(payload["file"]))
        if not any(row.preview["counts"][status] for status in CHANGING):
            raise InvalidInput({"file": ("registry_nothing_new", {})})
        return {"file": str(row.id), "kind": row.kind, "digest": row.digest}

    def target(self, payload: Payload) -> str:
        return f"{payload['kind']}:{payload['digest']}:{payload['file']}"

    def subject(self, session: Session, payload: Payload) -> tuple[str, str]:
        return _titles(session.get_one(RegistryFile, int(payload["file"])))

    def current(self, session: Session, target: str, at: Moment) -> dict[str, Any] | None:
        """None until the file was let in: an approved change then finds that it can't be applied again."""
        file_id = int(target.rpartition(":")[2])
        done = session.scalar(select(RegistryImport.change_id).where(RegistryImport.file_id == file_id))
        return None if done is None else {"change": done}

    def prefill(self, session: Session, target: str, at: Moment) -> dict[str, Any]:
        return {"file": target.rpartition(":")[2]}

    def differences(
        self, session: Session, current: Payload | None, payload: Payload, at: Moment
    ) -> Sequence[Difference]:
        """Name, kind, and how many lines of each sort; the file's page shows them line by line."""
        row = session.get_one(RegistryFile, int(payload["file"]))
        kind, counts = KINDS[row.kind], row.preview["counts"]
        lines = [
            Difference("种类", "Kind", "", "", kind.zh, kind.en),
            Difference("文件", "File", "", "", row.name, row.name),
            Difference("摘要", "SHA-256", "", "", row.digest, row.digest),
        ]
        for status in STATUSES:
            zh, en = STATUS_WORDS[status]
            lines.append(
                Difference(f"{zh}行数", f"Lines: {en}", "", "", str(counts[status]), str(counts[status]))
            )
        return lines

    def what_if(self, session: Session, payload: Payload, at: Moment) -> Iterable[Touched]:
        """Open cases of people the file speaks of."""
        found = session.execute(
            select(Case.id, Case.case_no)
            .join(RegistryFile, Case.subject_index == any_(RegistryFile.subjects))
            .where(Case.status == "open", RegistryFile.id == int(payload["file"]))
            .order_by(Case.id)
        )
        for case_id, case_no in found:
            zh, en = (
                "本案职工的登记信息会变化，规则将重新判断",
                "what the register says of this worker would change",
            )
            yield Touched(case_id, case_no, "info", zh, en)

    def apply(self, unit: Unit, change: Change) -> None:
        """Raise ChangeOutdated when the file was let in by another change meanwhile."""
        if self.current(unit.session, change.target, Moment(unit.now, unit.today)) is not None:
            raise ChangeOutdated(target=change.target)
        let_in(unit, int(change.payload["file"]), change.case_id)


def _offered(session: Session) -> list[Option]:
    """Files put up and not let in yet, the latest first."""
    rows = session.scalars(
        select(RegistryFile)
        .where(~select(RegistryImport).where(RegistryImport.file_id == RegistryFile.id).exists())
        .order_by(RegistryFile.id.desc())
        .limit(OFFERED)
    )
    return [Option(str(row.id), *_titles(row)) for row in rows]


def _titles(row: RegistryFile) -> tuple[str, str]:
    kind, counts = KINDS[row.kind], row.preview["counts"]
    changed = sum(counts[status] for status in CHANGING)
    return f"{kind.zh}：{row.name}（{changed} 行）", f"{kind.en}: {row.name} ({changed} lines)"
