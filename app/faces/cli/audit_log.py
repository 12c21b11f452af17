"""`sanshen audit log`: what the event log of another system says about separation of duties."""

from __future__ import annotations

import hashlib
import os
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

import click
import orjson

from app.faces.cli.audit_log_json import ReadFile, as_json_object
from app.faces.cli.audit_log_text import as_text, visible
from app.kernel.audit.logs import LogUnreadable, PolicyInvalid, analyse, read_log, read_policy

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("log")
@click.argument("file", type=FILE)
@click.option(
    "--policy",
    type=FILE,
    help='须分离的活动对 / pairs to keep apart: {"pairs": [["A", "B"], …], "scope": "case"}',
)
@click.option("--json", "as_json", is_flag=True, help="只输出 JSON / print JSON only")
@click.option(
    "--html",
    "page",
    type=click.Path(dir_okay=False, path_type=Path),
    help="报告网页写入此文件 / write a report page here",
)
@click.option(
    "--every-transition",
    is_flag=True,
    help="安排、开始等也算办理行为 / count schedule, assign, start … as acts too",
)
@click.pass_context
def log_command(
    context: click.Context,
    file: Path,
    policy: Path | None,
    as_json: bool,
    page: Path | None,
    every_transition: bool,
) -> None:
    """审查其他系统的事件日志（XES）。 Audit an event log (XES) of another system. Exit 2: can't be read."""
    try:
        rules = read_policy(policy) if policy else None
    except PolicyInvalid as error:
        _refuse(context, policy, error)
    try:
        described = _described(file, policy)
        report = analyse(read_log(file), rules, every_transition=every_transition)
    except LogUnreadable as error:
        _refuse(context, file, error)
    if page:
        from app.faces.cli.audit_log_page import as_page

        _write(context, page, as_page(report, described).encode("utf-8"))
    if as_json:
        click.echo(orjson.dumps(as_json_object(report, described)))
        return
    click.echo(as_text(report, file.name))
    if page:
        click.echo(f"\n报告已写入 / report written: {page}")


def _refuse(context: click.Context, file: Path | None, error: Exception) -> NoReturn:
    click.echo(visible(f"{file}: {error}"), err=True)
    context.exit(2)


def _described(file: Path, policy: Path | None) -> ReadFile:
    try:
        with file.open("rb") as opened:
            digest = hashlib.file_digest(opened, "sha256").hexdigest()
            size = opened.tell()
    except OSError as error:
        reason = error.strerror or str(error)
        raise LogUnreadable(f"无法读取文件：{reason}", f"the file can't be read: {reason}") from error
    return ReadFile(file, size, digest, policy, datetime.now(UTC).replace(microsecond=0))


def _write(context: click.Context, page: Path, data: bytes) -> None:
    """The whole page or none: an older report stays when the disk is full."""
    draft: str | None = None
    try:
        handle, draft = tempfile.mkstemp(dir=page.parent, prefix=f".{page.name}.")
        with os.fdopen(handle, "wb") as opened:
            opened.write(data)
        Path(draft).chmod(0o644)
        Path(draft).replace(page)
    except OSError as error:
        if draft:
            Path(draft).unlink(missing_ok=True)
        click.echo(f"{page}: 无法写入：{error.strerror} / can't be written: {error.strerror}", err=True)
        context.exit(2)
