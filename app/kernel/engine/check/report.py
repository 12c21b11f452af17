"""One check of process files for everybody who asks: the command, the designer's page, deployment.

`check_files` takes whatever a designer has: whole folders (`key/name`, with a `process.toml`), loose diagrams
and forms, several of them as one deployment set. It answers with a report and never raises.
"""

import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from lxml import etree

from app.kernel.engine.check.deployment_set import uses_dialect
from app.kernel.engine.check.findings import DefinitionInvalid, Finding
from app.kernel.engine.check.xml_safety import parsed_xml
from app.kernel.engine.definitions import read_definition
from app.kernel.engine.parsing import parse
from app.kernel.engine.vocabulary import BPMN


@dataclass(frozen=True, slots=True)
class Proved:
    """On every path of `process` to `effect`, in a case of class `risk`, the duties `requires` are complete."""

    process: str
    effect: str
    risk: str
    requires: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CheckReport:
    """`deployable`: may be put in force; `simulatable`: the engine can run it; `seconds` the check took."""

    deployable: bool
    simulatable: bool
    findings: tuple[Finding, ...]
    proved: tuple[Proved, ...]
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """The report as the command prints it: plain values, keys as in the dialect's page."""
        return asdict(self)


def check_files(files: Mapping[str, bytes], *, deployed: Mapping[str, bytes] | None = None) -> CheckReport:
    """Check `files` (path to bytes) as one deployment set; callees are looked for in it, then in `deployed`."""
    begun = time.perf_counter()
    check = _Check(files, deployed or {})
    findings = tuple(dict.fromkeys(check.findings()))
    failed = any(finding.severity == "error" for finding in findings)
    return CheckReport(
        deployable=not failed and check.is_business,
        simulatable=not check.unrunnable,
        findings=findings,
        proved=(),
        seconds=round(time.perf_counter() - begun, 4),
    )


class _Check:
    def __init__(self, files: Mapping[str, bytes], deployed: Mapping[str, bytes]) -> None:
        self.files = {path: files[path] for path in sorted(files)}
        self.deployed = {path: data for path, data in deployed.items() if path not in files}
        self.roots: dict[str, etree._Element] = {}
        self.unrunnable = False
        self.is_business = False

    def findings(self) -> Iterator[Finding]:
        yield from self._unreadable()
        self.is_business = any(uses_dialect(root) for root in self.roots.values())
        if not self._processes():
            self.unrunnable = True
            file = next(iter(self.files), "")
            yield Finding("xml-invalid", "error", file, None, None, "没有流程", "there is no process")
        for process_id in self._processes():
            yield from self._diagrams(process_id)
        for folder in self._folders():
            yield from self._folder(folder)
        if self.roots and not self.is_business:
            zh = "没有 sanshen: 元素：可以模拟，不能部署办理业务"
            en = "no sanshen: element: may be simulated, not deployed for business"
            yield Finding("foreign-file", "warning", next(iter(self.roots)), None, None, zh, en)

    def _unreadable(self) -> Iterator[Finding]:
        for path, data in self.files.items():
            if path.endswith(".bpmn"):
                try:
                    self.roots[path] = parsed_xml(path, data)
                except DefinitionInvalid as invalid:
                    self.unrunnable = True
                    yield from invalid.findings

    def _processes(self) -> list[str]:
        found = (
            process.get("id", "")
            for root in self.roots.values()
            for process in root.iterchildren(f"{{{BPMN}}}process")
        )
        return list(dict.fromkeys(found))

    def _folders(self) -> list[str]:
        return [path.partition("/")[0] for path in self.files if path.endswith("/process.toml")]

    def _diagrams(self, process_id: str) -> Iterator[Finding]:
        callees = {path: data for path, data in self.deployed.items() if path.endswith(".bpmn")}
        try:
            yield from parse(
                {**callees, **{path: self.files[path] for path in self.roots}}, process_id
            ).findings
        except DefinitionInvalid as invalid:
            self.unrunnable = True
            yield from invalid.findings

    def _folder(self, folder: str) -> Iterator[Finding]:
        try:
            yield from read_definition(folder, {**self.deployed, **self.files}).parsed.findings
        except DefinitionInvalid as invalid:
            yield from invalid.findings
