"""Importing applications: each line whole or refused, nothing twice."""

import json
from collections.abc import Iterator
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from app.demo.generator import Generator
from app.demo.paper import pdf_page
from app.domain.registry import reference
from app.faces.cli.imports import as_object
from app.faces.intake import LONGEST_LINE, Line, Target, import_lines, read_lines
from app.kernel.cases.models import Case, Material
from app.kernel.engine.catalogue import deploy, read_folder
from app.kernel.kernel import Kernel
from app.kernel.transaction import run, system_actor
from app.wiring import WORKFLOWS
from tests.databases import CopiedDatabase

REGION = "640100"
RECEIVED = datetime(2026, 2, 20, 9, 0)  # noqa: DTZ001 - local time, as the generator takes it


@pytest.fixture
def office(kernel: Kernel, fresh_database: CopiedDatabase) -> Iterator[Kernel]:
    reference.install_at(fresh_database.owner_url)
    files = read_folder(WORKFLOWS, "injury_recognition")
    run(
        kernel, partial(deploy, key="injury_recognition", files=files, by="test", approval={}), system_actor()
    )
    yield kernel


def application(seed: str, **changes: Any) -> dict[str, Any]:
    generator = Generator(seed)
    facts = generator.application(
        REGION,
        generator.employer(REGION),
        RECEIVED,
        simple=False,
    )
    return {**facts, **changes}


def do_import(kernel: Kernel, folder: Path, content: bytes, *, dry_run: bool = False) -> list[Line]:
    file = folder / "applications.jsonl"
    file.write_bytes(content)
    target = Target("injury_recognition", REGION, folder, 1_000_000)
    return list(import_lines(kernel, read_lines(file), target, dry_run=dry_run))


def as_lines(*items: Any) -> bytes:
    return b"".join(json.dumps(item, ensure_ascii=False).encode() + b"\n" for item in items)


def count(kernel: Kernel, model: Any = Case) -> int:
    with kernel.database.session() as session:
        kernel.database.scope(session, ("*",))
        return session.scalar(select(func.count()).select_from(model)) or 0


def test_bad_line_is_refused_by_field_and_stops_nothing(office: Kernel, tmp_path: Path) -> None:
    bad = application("b", worker_id_no="640104199001011234", accident_at="2031-01-01T09:00", colour="red")
    del bad["worker_name"]
    lines = do_import(
        office,
        tmp_path,
        b"\xef\xbb\xbf" + as_lines(application("a"), bad, application("c")) + b"{broken\n\xff\n[]\n",
    )
    assert [line.status for line in lines] == ["imported", "refused", "imported", *["refused"] * 3]
    codes = {fault.field: fault.code for fault in lines[1].faults}
    assert codes == {
        "worker_id_no": "id_number_check_digit",
        "accident_at": "in_the_future",
        "colour": "unknown_field",
    }
    assert [line.faults[0].code for line in lines[3:]] == ["not_json", "not_utf8", "not_an_object"]
    assert count(office) == 2


def test_missing_required_field_is_named_in_both_languages(office: Kernel, tmp_path: Path) -> None:
    (line,) = do_import(office, tmp_path, as_lines(application("a", worker_name="")))
    (fault,) = as_object(line)["faults"]
    assert (fault["field"], fault["code"], fault["zh"]) == ("worker_name", "required", "必填")
    assert fault["en"]


def test_importing_twice_changes_nothing(office: Kernel, tmp_path: Path) -> None:
    content = as_lines(application("a"), application("b", external_id="X-1"))
    first = do_import(office, tmp_path, content)
    again = do_import(office, tmp_path, content)
    assert [line.status for line in first] == ["imported", "imported"]
    assert [(line.status, line.case_no) for line in again] == [
        ("already_imported", line.case_no) for line in first
    ]
    assert count(office) == 2


def test_same_external_id_with_other_content_is_refused(office: Kernel, tmp_path: Path) -> None:
    do_import(office, tmp_path, as_lines(application("a", external_id="X-1")))
    (line,) = do_import(office, tmp_path, as_lines(application("b", external_id="X-1")))
    assert line.faults[0].code == "external_id_reused"
    assert count(office) == 1


def test_dry_run_writes_nothing(office: Kernel, tmp_path: Path) -> None:
    lines = do_import(
        office, tmp_path, as_lines(application("a"), application("b", channel="pigeon")), dry_run=True
    )
    assert [line.status for line in lines] == ["valid", "refused"]
    assert count(office) == 0


def test_files_come_with_the_case_and_a_bad_one_refuses_the_whole_line(
    office: Kernel, tmp_path: Path
) -> None:
    (tmp_path / "form.pdf").write_bytes(pdf_page(["申请表"]))
    (tmp_path / "fake.pdf").write_bytes(b"not a pdf")
    good = [{"kind": "application_form", "path": "form.pdf"}]
    bad = [
        [{"kind": "application_form", "path": "fake.pdf"}],
        [{"kind": "application_form", "path": "../outside.pdf"}],
        [{"kind": "application_form", "path": "missing.pdf"}],
        [{"kind": "poem", "path": "form.pdf"}],
    ]
    lines = do_import(
        office,
        tmp_path,
        as_lines(
            application("a", materials=good), *(application(str(i), materials=m) for i, m in enumerate(bad))
        ),
    )
    assert [line.status for line in lines] == ["imported", *["refused"] * 4]
    assert [line.faults[0].code for line in lines[1:]] == [
        "upload_type_unknown",
        "material_outside",
        "material_missing",
        "materials_wrong",
    ]
    assert (count(office), count(office, Material)) == (1, 1)


def test_overlong_line_is_refused_and_the_next_one_taken(office: Kernel, tmp_path: Path) -> None:
    long = application("a", accident_course="长" * LONGEST_LINE)
    lines = do_import(office, tmp_path, as_lines(long, application("b")))
    assert [(line.number, line.status) for line in lines] == [(1, "refused"), (2, "imported")]
    assert lines[0].faults[0].code == "line_too_long"
