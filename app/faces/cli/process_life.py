"""`sanshen process list`, `show`, `diff`, `export`: what is deployed, and how versions differ."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click
import orjson

from app.faces.cli.commands import refuse
from app.faces.cli.process_files import read_process_files

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.orm import Session

    from app.kernel.engine.lifecycle.diff import DefinitionDiff

SIGNS = {"added": "+", "removed": "-", "changed": "~", "moved": ">"}
STATES = {"in_force": "现行 in force", "earlier": "旧版 earlier", "retired": "已停用 retired"}


@click.command("list", help="列出已部署的流程 / list deployed processes.")
@click.option("--json", "as_json", is_flag=True, help="只输出 JSON / print JSON only")
def list_command(as_json: bool) -> None:
    """One line per process: version in force, cases, callers."""
    from app.kernel.engine.lifecycle.queries import list_definitions

    with reading() as session:
        rows = list_definitions(session)
    if as_json:
        click.echo(orjson.dumps([asdict(row) for row in rows]))
        return
    for row in rows:
        state = "已停用 retired" if row.retired else f"第 {row.version} 版 version"
        callers = f"  ← {', '.join(row.callers)}" if row.callers else ""
        counts = f"在办 running {row.running}, 办结 finished {row.finished}"
        click.echo(f"{row.key:<28} {state}  {row.title_zh} / {row.title_en}  {counts}{callers}")


@click.command(help="一个流程的各个版本 / the versions of one process.")
@click.argument("key")
@click.option("--json", "as_json", is_flag=True, help="只输出 JSON / print JSON only")
def show(key: str, as_json: bool) -> None:
    """Version, state, digest, three people, cases, notes; then the drafts."""
    from app.kernel.engine.lifecycle.queries import list_drafts, list_versions

    with reading() as session:
        versions, drafts = list_versions(session, key), list_drafts(session, key)
    if not versions and not drafts:
        refuse(f"没有这个流程 / no such process: {key}")
    if as_json:
        found = {"versions": [asdict(row) for row in versions], "drafts": [asdict(row) for row in drafts]}
        click.echo(orjson.dumps(found))
        return
    for version in versions:
        people = "、".join(version.signers.values()) or "初始化 founding"
        click.echo(
            f"v{version.version}  {STATES[version.state]}  {version.digest[:16]}  {version.deployed_at:%Y-%m-%d}  "
            f"{people}  {version.case_no}  在办 {version.running} 办结 {version.finished}  {version.notes}".rstrip()
        )
    for draft in drafts:
        click.echo(
            f"草稿 draft {draft.id}  {draft.state}  {draft.owner}  r{draft.revision}  {draft.case_no}".rstrip()
        )


@click.command(
    help="比较两个版本；一边也可以是文件夹 / compare two versions; a side may be a folder. "
    "退出码 / exit: 0 相同 the same, 1 不同 different."
)
@click.argument("key")
@click.argument("old")
@click.argument("new")
@click.option("--json", "as_json", is_flag=True, help="只输出 JSON / print JSON only")
@click.pass_context
def diff(context: click.Context, key: str, old: str, new: str, as_json: bool) -> None:
    """OLD and NEW: a version's number, a draft as d12, or a folder (all folders it holds)."""
    from app.kernel.engine.lifecycle.diff import compare_files

    found = compare_files(_side(key, old), _side(key, new))
    if as_json:
        click.echo(orjson.dumps(asdict(found)))
    else:
        for line in as_lines(found):
            click.echo(line)
    context.exit(1 if found else 0)


@click.command(help="导出一个版本的全部文件（ZIP） / export all files of a version as ZIP.")
@click.argument("key")
@click.option("--side", default="", help="版本号或 d草稿号，默认现行 / version, or d and a draft's number")
@click.option("--output", "-o", type=click.Path(dir_okay=False, path_type=Path), help="文件 / file to write")
def export(key: str, side: str, output: Path | None) -> None:
    """The same version always makes the same bytes."""
    from app.kernel.engine.lifecycle.archive import write_archive
    from app.kernel.engine.lifecycle.queries import list_versions

    if not side:
        with reading() as session:
            last = next((row.version for row in list_versions(session, key) if row.state != "earlier"), None)
        if last is None:
            refuse(f"没有这个流程 / no such process: {key}")
        side = str(last)
    target = output or Path(f"{key}-{side}.zip")
    target.write_bytes(write_archive(_side(key, side)))
    click.echo(str(target))


def as_lines(found: DefinitionDiff) -> Iterator[str]:
    """Elements with their properties, then the other files' lines."""
    for diagram in found.diagrams:
        yield f"{SIGNS[diagram.kind]} {diagram.file}"
        for change in diagram.elements:
            yield f"  {SIGNS[change.kind]} {change.type} {change.element} {change.name}".rstrip()
            yield from (f"      {item.name}: {item.old!r} → {item.new!r}" for item in change.properties)
    for file in found.files:
        yield f"{SIGNS[file.kind]} {file.file}"
        yield from (f"  {line}" for line in file.lines)


def _side(key: str, name: str) -> Mapping[str, bytes]:
    """Files of a version, a draft or a folder. Ends the command when there is no such thing."""
    from app.kernel.engine.lifecycle.queries import get_draft
    from app.kernel.engine.lifecycle.versions import load_files
    from app.kernel.refusals import Refusal

    if not name.removeprefix("d").isdigit():
        return read_process_files((Path(name),))
    try:
        with reading() as session:
            if name.startswith("d"):
                return get_draft(session, int(name[1:])).files
            return load_files(session, key, int(name))
    except Refusal:
        refuse(f"没有 / there is no {key} {name}")


@contextmanager
def reading() -> Iterator[Session]:
    """A session that sees every region, under the application's role."""
    from app.faces.cli.processes import opened_kernel
    from app.kernel.transaction.unit import EVERY_REGION
    from config import Settings

    with opened_kernel(Settings.from_environment()) as kernel, kernel.database.session() as session:
        kernel.database.scope(session, EVERY_REGION)
        yield session
