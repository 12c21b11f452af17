"""The check remembered by content: pages ask it at every turn, and the same files have the same findings.

`check_once` remembers in this process and is what deployment decides on. `check_shared` is what pages show: the report
of another process, or of a time before the last start, is as good to read.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Mapping
from functools import cache, partial
from pathlib import Path
from threading import Lock
from typing import Any

from sqlalchemy.orm import Session

from app.kernel.engine.check.findings import Finding
from app.kernel.engine.check.report import CheckReport, Proved, check_files
from app.kernel.kernel import Kernel
from app.kernel.sharing.reports import find_report, keep_report
from app.kernel.transaction import run, system_actor

REMEMBERED = 64
_reports: OrderedDict[bytes, CheckReport] = OrderedDict()
_lock = Lock()


def check_once(files: Mapping[str, bytes], deployed: Mapping[str, bytes] | None = None) -> CheckReport:
    """`check_files`, computed once while the process lives and remembers; `seconds` are those of the computing."""
    key = _digest(files) + _digest(deployed or {})
    with _lock:
        found = _reports.get(key)
        if found is not None:
            _reports.move_to_end(key)
            return found
    report = check_files(files, deployed=deployed)
    with _lock:
        _reports[key] = report
        while len(_reports) > REMEMBERED:
            _reports.popitem(last=False)
    return report


def check_shared(kernel: Kernel, session: Session, files: Mapping[str, bytes]) -> CheckReport:
    """The report kept for everybody; where there is none yet, `check_once`, kept from now on."""
    key = hashlib.sha256(_checker() + _digest(files)).digest()
    kept = find_report(session, "check", key)
    if kept is not None:
        return _read(kept.body)
    report = check_once(files)
    run(kernel, partial(keep_report, kind="check", key=key, body=report.to_json()), system_actor("reports"))
    return report


def _read(body: Mapping[str, Any]) -> CheckReport:
    findings = (
        Finding(**{**one, "path": None if one["path"] is None else tuple(one["path"])})
        for one in body["findings"]
    )
    proved = (Proved(**{**one, "requires": tuple(one["requires"])}) for one in body["proved"])
    return CheckReport(**{**body, "findings": tuple(findings), "proved": tuple(proved)})


@cache
def _checker() -> bytes:
    """Which program checks: another version of it may find otherwise."""
    kernel = Path(__file__).parents[2]
    return _digest({str(path.relative_to(kernel)): path.read_bytes() for path in kernel.rglob("*.py")})


def _digest(files: Mapping[str, bytes]) -> bytes:
    """Lengths stand before names and contents, so that no two sets of files read the same."""
    digest = hashlib.sha256()
    for path, content in sorted(files.items()):
        name = path.encode("utf-8", "surrogatepass")
        digest.update(b"%d %d " % (len(name), len(content)) + name)
        digest.update(content)
    return digest.digest()
