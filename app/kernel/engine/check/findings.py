"""What is wrong with a process file, for a designer to read: rule, place and reason in both languages."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One remark of the check; `rule` is a stable id, `line` counts from 1 (None when unknown).

    `path` leads from the start to what is wrong: ids of nodes and flows in the order a case meets them.
    """

    rule: str
    severity: Severity
    file: str
    line: int | None
    element: str | None
    message_zh: str
    message_en: str
    path: tuple[str, ...] | None = None


class DefinitionInvalid(Exception):
    """The files can't be run as they are; `findings` holds every remark, the errors among them."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        self.findings = tuple(findings)
        errors = [finding for finding in findings if finding.severity == "error"]
        super().__init__("; ".join(f"{f.file}:{f.line or '?'} {f.rule}: {f.message_en}" for f in errors))
