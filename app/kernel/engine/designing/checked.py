"""The check remembered by content: pages ask it at every turn, and the same files have the same findings."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Mapping
from threading import Lock

from app.kernel.engine.check.report import CheckReport, check_files

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


def _digest(files: Mapping[str, bytes]) -> bytes:
    """Lengths stand before names and contents, so that no two sets of files read the same."""
    digest = hashlib.sha256()
    for path, content in sorted(files.items()):
        name = path.encode("utf-8", "surrogatepass")
        digest.update(b"%d %d " % (len(name), len(content)) + name)
        digest.update(content)
    return digest.digest()
