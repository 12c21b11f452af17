"""One check of process files for everybody who asks: the command, the designer's page, deployment.

`check_files` takes whatever a designer has: whole folders (`key/name`, with a `process.toml`), loose diagrams
and forms, several of them as one deployment set. It answers with a report and never raises.
"""

import logging
import time
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any, Final, cast

from lxml import etree

from app.kernel.engine.check.chain_messages import chain_messages
from app.kernel.engine.check.deployment_set import uses_dialect
from app.kernel.engine.check.findings import DefinitionInvalid, Finding
from app.kernel.engine.check.guarding import check_guarding
from app.kernel.engine.check.proof.verdicts import Proved
from app.kernel.engine.check.structure import identifiers
from app.kernel.engine.check.unknown_names import unknown_names
from app.kernel.engine.check.xml_safety import parsed_xml
from app.kernel.engine.definitions import check_entries, load_definition, read_form
from app.kernel.engine.dialect import called_in, read_steps
from app.kernel.engine.normal.foreign import playable_processes
from app.kernel.engine.parsing import ParsedProcess, parse, parse_foreign
from app.kernel.engine.vocabulary import BPMN

SECONDS: Final = 8.0
MOST_FINDINGS: Final = 500
MOST_PROCESSES: Final = 60

# Findings after which ids and references can't be trusted, so that nothing can be proved.
_UNREADABLE: Final = frozenset({"xml-unsafe", "xml-invalid", "too-large"})

_log = logging.getLogger(__name__)


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
    """Check `files` (path to bytes) as one deployment set; callees are looked for in it, then in `deployed`.

    Never raises: what the check itself can't cope with is a finding `check-failed`. Bounded in time.
    """
    begun = time.perf_counter()
    # Of this thread's processor time: a loaded machine must not refuse what a quiet one lets in.
    check = _Check(files, deployed or {}, time.thread_time() + SECONDS)
    try:
        check.run()
    except Exception:  # a designer's file must never bring the page or the command down
        _log.exception("the check of process files failed")
        check.unrunnable = True
        zh, en = "检查程序未能处理这些文件，请报告", "the check can't cope with these files: please report it"
        check.found.append(Finding("check-failed", "error", next(iter(check.files), ""), None, None, zh, en))
    findings = tuple(dict.fromkeys(check.placed(finding) for finding in check.found))
    failed = any(finding.severity == "error" for finding in findings)
    return CheckReport(
        deployable=not failed and check.is_business,
        simulatable=not check.unrunnable,
        findings=_fewer(findings),
        proved=check.proved,
        seconds=round(time.perf_counter() - begun, 4),
    )


def _fewer(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Errors first when there are too many to read."""
    if len(findings) <= MOST_FINDINGS:
        return findings
    return tuple(sorted(findings, key=lambda finding: finding.severity)[:MOST_FINDINGS])


class _Check:
    def __init__(self, files: Mapping[str, bytes], deployed: Mapping[str, bytes], deadline: float) -> None:
        self.files = _in_folders({path: files[path] for path in sorted(files)})
        self.deployed = {path: data for path, data in deployed.items() if path not in self.files}
        self.deadline = deadline
        self.roots: dict[str, etree._Element] = {}
        self.lines: dict[str, dict[str, int | None]] = {}
        self.found: list[Finding] = []
        self.proved: tuple[Proved, ...] = ()
        self.unrunnable = False
        self.is_business = False
        self.parsed: dict[tuple[str, frozenset[str]], ParsedProcess | DefinitionInvalid] = {}

    def run(self) -> None:
        self._read()
        self.is_business = any(uses_dialect(root) for root in self.roots.values())
        processes = self._processes()
        if not processes:
            self.unrunnable = True
            self._tell("xml-invalid", next(iter(self.files), ""), "没有流程", "there is no process")
        runs: list[bool] = []
        for process_id in processes[:MOST_PROCESSES]:
            runs.append(self._runs(process_id))
            if any(finding.rule == "too-large" for finding in self.found):
                break
        # Pools of a diagram made elsewhere are played one by one.
        fails = not all(runs) if self.is_business else not any(runs)
        self.unrunnable = self.unrunnable or fails
        if len(processes) > MOST_PROCESSES:
            zh, en = f"流程超过 {MOST_PROCESSES} 个", f"more than {MOST_PROCESSES} processes"
            self._tell("too-large", next(iter(self.files)), zh, en)
        for folder in self._folders():
            self._catching(
                lambda folder=folder: load_definition(folder, {**self.deployed, **self.files}, self._parse)  # type: ignore[misc]
            )
        self._loose_forms()
        if not any(finding.rule in _UNREADABLE for finding in self.found) and self._has_ids():
            self._guarded()
            self._entered()
            self._named()
            self._talking()
        if self.roots and not self.is_business:
            zh = "没有 sanshen: 元素：可以模拟，不能部署办理业务"
            en = "no sanshen: element: may be simulated, not deployed for business"
            self._tell("foreign-file", next(iter(self.roots)), zh, en, "warning")

    def placed(self, finding: Finding) -> Finding:
        """The finding with the line of its element, where whoever found it didn't know."""
        root = self.roots.get(finding.file)
        if finding.line is not None or root is None:
            return finding
        if file_lines := self.lines.get(finding.file):
            return replace(finding, line=file_lines.get(finding.element or ""))
        lines = {node.get("id", ""): cast("int | None", node.sourceline) for node in root.iter()}
        self.lines[finding.file] = {**lines, "": 1}
        return self.placed(finding)

    def _tell(self, rule: str, file: str, zh: str, en: str, severity: Any = "error") -> None:
        self.found.append(Finding(rule, severity, file, None, None, zh, en))

    def _catching(self, action: Callable[[], object]) -> bool:
        try:
            action()
        except DefinitionInvalid as invalid:
            self.found += [finding for finding in invalid.findings if finding.file not in self.deployed]
            return False
        return True

    def _read(self) -> None:
        for path, data in self.files.items():
            if _is_diagram(path):
                read = self._catching(lambda path=path, data=data: self._root(path, data))  # type: ignore[misc]
                self.unrunnable = self.unrunnable or not read

    def _root(self, path: str, data: bytes) -> None:
        self.roots[path] = parsed_xml(path, data)

    def _processes(self) -> list[str]:
        if not self.is_business:
            return list(playable_processes(self.roots))
        found = (
            process.get("id", "")
            for root in self.roots.values()
            for process in root.iterchildren(f"{{{BPMN}}}process")
        )
        return list(dict.fromkeys(found))

    def _has_ids(self) -> bool:
        """Whether nodes can be told apart: files made elsewhere may leave ids out and yet be played."""
        return not any(next(identifiers(path, root), None) for path, root in self.roots.items())

    def _folders(self) -> list[str]:
        return [path.partition("/")[0] for path in self.files if path.endswith("/process.toml")]

    def _runs(self, process_id: str) -> bool:
        """Whether the engine takes the process; one made elsewhere may run as the simulation reads it."""
        if time.thread_time() > self.deadline:
            self._tell("too-large", next(iter(self.roots)), "检查超时", "the check ran out of time")
            return False
        diagrams = self._diagrams(process_id)

        def parses() -> None:
            self._add(self._parse(diagrams, process_id).findings)

        return self._catching(parses) or (not self.is_business and self._plays(diagrams, process_id))

    def _diagrams(self, process_id: str) -> dict[str, bytes]:
        """The files a process runs with: its own and, whoever calls whom, those of its callees. Of a file made
        elsewhere all: its pools may stand anywhere."""
        everything = {**self._callees(), **{path: self.files[path] for path in self.roots}}
        if not self.is_business:
            return everything
        wanted, waiting = set[str](), {process_id}
        while waiting:
            asked = waiting.pop()
            for path in self._places.get(asked, ()):
                if path not in wanted:
                    wanted.add(path)
                    waiting |= called_in(self._all_roots[path])
        return {path: data for path, data in everything.items() if path in wanted}

    @cached_property
    def _all_roots(self) -> dict[str, etree._Element]:
        return {**{path: parsed_xml(path, data) for path, data in self._callees().items()}, **self.roots}

    @cached_property
    def _places(self) -> dict[str, list[str]]:
        """Files by the processes in them; a process in two files is in both, so that somebody says so."""
        places: dict[str, list[str]] = {}
        for path, root in self._all_roots.items():
            for process in root.iterchildren(f"{{{BPMN}}}process"):
                places.setdefault(process.get("id", ""), []).append(path)
        return places

    def _parse(self, diagrams: Mapping[str, bytes], process_id: str) -> ParsedProcess:
        """`parse`, once for each process over the same diagrams: a folder is read for its parts and as a whole."""
        key = (process_id, frozenset(diagrams))
        found = self.parsed.get(key)
        if found is None:
            try:
                found = parse(diagrams, process_id)
            except DefinitionInvalid as invalid:
                found = invalid
            self.parsed[key] = found
        if isinstance(found, DefinitionInvalid):
            raise found
        return found

    def _plays(self, diagrams: Mapping[str, bytes], process_id: str) -> bool:
        """Whether a file made elsewhere runs once what it leaves open is filled in; says what that is."""
        try:
            readings = parse_foreign(diagrams, process_id).findings
        except DefinitionInvalid:
            return False
        self._add(finding for finding in readings if finding.rule == "foreign-reading")
        return True

    def _add(self, findings: Iterable[Finding]) -> None:
        self.found.extend(finding for finding in findings if finding.file in self.files)

    def _callees(self) -> dict[str, bytes]:
        return {path: data for path, data in self.deployed.items() if path.endswith(".bpmn")}

    def _loose_forms(self) -> None:
        """Forms beside loose diagrams: readable, and all there if there are any."""
        loose = [path for path in self.files if path.endswith(".form") and not self._in_process_folder(path)]
        for path in loose:
            self._catching(lambda path=path: read_form(path, self.files[path]))  # type: ignore[misc]
        known = {
            path.rpartition("/")[2].removesuffix(".form") for path in self.files if path.endswith(".form")
        }
        severity = "error" if loose else "warning"
        for path, root in self.roots.items():
            if self._in_process_folder(path):
                continue
            for step in (step for process in root for step in _steps(process)):
                if step.form_id is not None and step.form_id not in known:
                    zh, en = f"没有表单 {step.form_id}", f"there is no form {step.form_id}"
                    self.found.append(Finding("missing-form", severity, path, None, step.step_key, zh, en))  # type: ignore[arg-type]

    def _in_process_folder(self, path: str) -> bool:
        return f"{path.partition('/')[0]}/process.toml" in self.files

    def _guarded(self) -> None:
        parts = [
            folder for folder in self._folders() if not _is_startable(self.files[f"{folder}/process.toml"])
        ]
        guarding = check_guarding(self._all_roots, self.roots, self.deadline, parts)
        self.found += guarding.findings
        self.proved = () if self.unrunnable else guarding.proved

    def _entered(self) -> None:
        """Where cases taken over come in, once everything else is in order."""
        if any(finding.severity == "error" for finding in self.found):
            return
        files = {**self.deployed, **self.files}
        for folder in self._folders():
            self._catching(lambda folder=folder: check_entries(load_definition(folder, files, self._parse)))  # type: ignore[misc]

    def _named(self) -> None:
        """Names nothing sets, in whole folders: a loose diagram doesn't say which facts route."""
        own = [path for path in self.roots if self._in_process_folder(path)]
        if not own or not self.is_business:
            return
        callees = {path: parsed_xml(path, data) for path, data in self._callees().items()}
        files = {**self.deployed, **self.files}
        manifests = [_document(data) for path, data in files.items() if path.endswith("/process.toml")]
        self.found += unknown_names({**callees, **self.roots}, manifests, own)

    def _talking(self) -> None:
        """Messages between processes, where there are whole folders."""
        folders = self._folders()
        if not folders or not self.is_business:
            return
        callees = {path: parsed_xml(path, data) for path, data in self._callees().items()}
        files = {**self.deployed, **self.files}
        manifests = {
            path.partition("/")[0]: _document(data)
            for path, data in files.items()
            if path.endswith("/process.toml")
        }
        self.found += chain_messages({**callees, **self.roots}, manifests, folders)


def _steps(process: etree._Element) -> Iterator[Any]:
    if process.tag == f"{{{BPMN}}}process":
        yield from read_steps(process)


def _is_diagram(path: str) -> bool:
    """Everything that isn't known to be something else: what a designer uploads has all kinds of names."""
    return not path.endswith((".form", ".dmn", ".toml", ".docx", ".html"))


def _in_folders(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Loose files with a `process.toml` among them are the folder that it names."""
    if "process.toml" not in files:
        return dict(files)
    key = str(_manifest(files["process.toml"]).get("key") or "process")
    return {path if "/" in path else f"{key}/{path}": data for path, data in files.items()}


def _is_startable(manifest: bytes) -> bool:
    process = _manifest(manifest)
    return bool(process.get("startable", "risk" in process))


def _manifest(data: bytes) -> Mapping[str, Any]:
    """The `[process]` table, empty where it can't be read: that is told elsewhere."""
    table = _document(data).get("process", {})
    return table if isinstance(table, dict) else {}


def _document(data: bytes) -> Mapping[str, Any]:
    try:
        return tomllib.loads(data.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError):
        return {}


__all__ = ["CheckReport", "Proved", "check_files"]
