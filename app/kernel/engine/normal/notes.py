"""What was read into a foreign file, for its designer to know."""

from dataclasses import dataclass, field

from lxml import etree

from app.kernel.engine.check.findings import Finding
from app.kernel.engine.check.structure import found


@dataclass
class Notes:
    """Remarks on one file, and numbers for what is added to it."""

    file: str
    root: etree._Element
    findings: list[Finding] = field(default_factory=list)
    _numbers: int = 0

    def add(self, node: etree._Element, zh: str, en: str) -> None:
        self.findings.append(found("foreign-reading", self.file, node, zh, en, "warning"))

    def number(self) -> int:
        self._numbers += 1
        return self._numbers
