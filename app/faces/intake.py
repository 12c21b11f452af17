"""Applications, and cases begun elsewhere, from JSON-lines files: each line is taken whole or refused with its reasons.

What makes importing twice harmless: the key of a case is its line's content (or its `external_id`), kept as the
idempotency key of one machine account in the same transaction that opens the case.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any, Protocol

import orjson
from sqlalchemy import select

from app.kernel.engine.catalogue import Deployed, get_latest
from app.kernel.engine.materials import Upload, import_material
from app.kernel.engine.operations import CaseStart, start_case
from app.kernel.identity.models import Account
from app.kernel.identity.operations import create_machine_account
from app.kernel.identity.refusals import UploadRefused
from app.kernel.identity.uploads import accept
from app.kernel.kernel import Kernel
from app.kernel.refusals import IdempotencyConflict, InvalidInput, Refusal
from app.kernel.transaction import Actor, Idempotency, Unit, run, system_actor
from app.kernel.transaction.idempotency import insert_key, keep_result
from app.kernel.transaction.unit import EVERY_REGION

LONGEST_LINE = 256 * 1024
IMPORTER = "application-import"
SOURCE = "import"
OWN_KEYS = ("external_id", "materials")


@dataclass(frozen=True)
class Fault:
    """Why a line is refused: the fact or key it is about ("" for the line as a whole) and a code with its params."""

    field: str
    code: str
    params: Mapping[str, object] = dataclasses.field(default_factory=dict)


@dataclass(frozen=True)
class Line:
    """What became of one line; `number` counts from 1."""

    number: int
    status: str
    """imported, already_imported, valid (dry run) or refused."""
    case_no: str | None = None
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True)
class Target:
    """Into what the lines go, and from where their files are read."""

    process_key: str
    region_code: str
    folder: Path
    upload_limit: int


class LineRefused(Exception):
    """Carries the faults of one line."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__(faults)
        self.faults = faults


class _ImportedBefore(Exception):
    """Ends a transaction in which there is nothing left to do."""

    def __init__(self, case_no: str) -> None:
        super().__init__(case_no)
        self.case_no = case_no


class Work(Protocol):
    """What one line asks for."""

    @property
    def body(self) -> Mapping[str, Any]:
        """All of it, for telling the same line from another."""

    def check(self, unit: Unit) -> None:
        """Everything that would refuse the line, nothing written."""

    def open(self, unit: Unit) -> dict[str, Any]:
        """Open the case with its files; answers {"case_id", "case_no"}."""


ReadWork = Callable[[Mapping[str, Any], Target], Work]


def import_lines(
    kernel: Kernel, lines: Iterable[bytes], target: Target, *, dry_run: bool, read: ReadWork | None = None
) -> Iterator[Line]:
    """Take or refuse every line, one transaction each; blank lines are passed over.

    `read` makes work of a line's object and raises LineRefused; applications by default.
    """
    importer = None if dry_run else find_importer(kernel)
    for number, raw in enumerate(lines, start=1):
        content = raw.removeprefix(b"\xef\xbb\xbf") if number == 1 else raw
        if not content.strip():
            continue
        try:
            yield _take(kernel, _Line(number, content, target, read or read_application), importer)
        except LineRefused as refused:
            yield Line(number, "refused", faults=refused.faults)


def read_lines(file: Path) -> Iterator[bytes]:
    """Lines of a file; one that is too long comes cut (one byte over the limit), its rest is passed over."""
    with file.open("rb") as stream:
        while line := stream.readline(LONGEST_LINE + 1):
            rest = line
            while len(rest) > LONGEST_LINE and not rest.endswith(b"\n"):
                rest = stream.readline(LONGEST_LINE + 1)
            yield line


def find_importer(kernel: Kernel) -> int:
    """The machine account that imports, made at its first use; it has no password and holds no duty."""

    def find(unit: Unit) -> int:
        known = unit.session.scalar(select(Account.id).where(Account.login == IMPORTER))
        return known if known is not None else create_machine_account(unit, IMPORTER)

    return run(kernel, find, system_actor("import"))


@dataclass(frozen=True)
class _Line:
    number: int
    content: bytes
    target: Target
    read: ReadWork


def _take(kernel: Kernel, line: _Line, importer: int | None) -> Line:
    stated = _parse(line.content)
    work = line.read(stated, line.target)
    key = Idempotency.of(_key(stated, work.body, line.target), work.body)
    try:
        if importer is None:
            run(kernel, work.check, system_actor("import"))
            return Line(line.number, "valid")
        opening = partial(_open, work=work, key=key, importer=importer)
        return Line(line.number, "imported", run(kernel, opening, system_actor("import")))
    except _ImportedBefore as before:
        return Line(line.number, "already_imported", before.case_no)
    except InvalidInput as invalid:
        faults = (Fault(key, code, params) for key, (code, params) in invalid.errors.items())
        raise LineRefused(*faults) from None
    except IdempotencyConflict:
        raise LineRefused(Fault("external_id", "external_id_reused")) from None
    except Refusal as refusal:
        raise LineRefused(Fault(refusal.field or "", refusal.code, refusal.params)) from None


def read_application(stated: Mapping[str, Any], target: Target) -> Work:
    """An application: facts by key, beside them `materials`."""
    facts = {key: value for key, value in stated.items() if key not in OWN_KEYS}
    uploads = read_files(stated.get("materials"), target)
    return _Application(CaseStart(target.process_key, target.region_code, facts), uploads)


@dataclass(frozen=True)
class _Application:
    start: CaseStart
    uploads: list[Upload]

    @property
    def body(self) -> Mapping[str, Any]:
        return {"facts": self.start.facts, "materials": digests_of(self.uploads)}

    def check(self, unit: Unit) -> None:
        deployed = get_latest(unit.session, self.start.process_key)
        require_known_kinds(deployed, self.uploads)
        facts = deployed.schema.parse(self.start.facts, today=unit.today)
        missing = deployed.schema.missing(facts, "application")
        if missing:
            raise InvalidInput({key: ("required", {}) for key in missing})

    def open(self, unit: Unit) -> dict[str, Any]:
        require_known_kinds(get_latest(unit.session, self.start.process_key), self.uploads)
        opened = start_case(unit, self.start)
        for upload in self.uploads:
            import_material(unit, upload)
        return opened


def digests_of(uploads: list[Upload]) -> list[str]:
    """SHA-256 of each file, in order."""
    return [hashlib.sha256(item.content).hexdigest() for item in uploads]


def _open(unit: Unit, work: Work, key: Idempotency, importer: int) -> str:
    """Open the case with its files under the importer's key. Raise _ImportedBefore, which rolls back."""
    account = Actor(importer, None, EVERY_REGION, request_id="import")
    ledger = Unit(unit.kernel, unit.session, account, unit.now)
    replay = insert_key(ledger, key)
    if replay is not None:
        raise _ImportedBefore(str((replay.result or {}).get("case_no", "")))
    opened = work.open(unit)
    unit.record("application.imported", {"importer": importer, "key": key.key})
    keep_result(ledger, key, opened)
    return str(opened["case_no"])


def require_known_kinds(deployed: Deployed, uploads: list[Upload], where: str = "materials") -> None:
    """Raise LineRefused for files of a kind the process doesn't know."""
    known = {material.kind for material in deployed.materials}
    faults = [
        Fault(f"{where}[{place}]", "materials_wrong")
        for place, item in enumerate(uploads)
        if item.kind not in known
    ]
    if faults:
        raise LineRefused(*faults)


def _key(stated: Mapping[str, Any], body: Mapping[str, Any], target: Target) -> str:
    """The sender's number where there is one; the content otherwise."""
    number = stated.get("external_id")
    own = (
        f"id:{number}"
        if number
        else "sha:" + hashlib.sha256(orjson.dumps(body, option=orjson.OPT_SORT_KEYS)).hexdigest()
    )
    return f"import:{target.process_key}:{target.region_code}:{own}"


def _parse(content: bytes) -> dict[str, Any]:
    if len(content) > LONGEST_LINE:
        raise LineRefused(Fault("", "line_too_long", {"limit": LONGEST_LINE}))
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise LineRefused(Fault("", "not_utf8", {"byte": error.start + 1})) from None
    try:
        application = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise LineRefused(Fault("", "not_json", {"column": error.colno})) from None
    if not isinstance(application, dict):
        raise LineRefused(Fault("", "not_an_object"))
    stated = application.get("external_id")
    if stated is not None and (not isinstance(stated, str) or not 0 < len(stated) <= 100):
        raise LineRefused(Fault("external_id", "external_id_wrong"))
    return application


def read_files(stated: Any, target: Target, key: str = "materials") -> list[Upload]:
    """The files that a line names under `key`. Raise LineRefused."""
    if stated is None:
        return []
    if not isinstance(stated, list) or len(stated) > 40:
        raise LineRefused(Fault(key, "materials_wrong"))
    return [_read_file(f"{key}[{place}]", item, target) for place, item in enumerate(stated)]


def _read_file(where: str, item: Any, target: Target) -> Upload:
    if (
        not isinstance(item, dict)
        or set(item) != {"kind", "path"}
        or not all(isinstance(value, str) and value for value in item.values())
    ):
        raise LineRefused(Fault(where, "materials_wrong"))
    path = (target.folder / item["path"]).resolve()
    if not path.is_relative_to(target.folder.resolve()):
        raise LineRefused(Fault(where, "material_outside"))
    try:
        with path.open("rb") as stream:
            file = accept(path.name, BytesIO(stream.read(target.upload_limit + 1)), limit=target.upload_limit)
    except OSError:
        raise LineRefused(Fault(where, "material_missing", {"path": item["path"]})) from None
    except UploadRefused as refused:
        raise LineRefused(Fault(where, refused.code, refused.params)) from None
    return Upload(item["kind"], file.name, file.media_type, file.data, SOURCE)
