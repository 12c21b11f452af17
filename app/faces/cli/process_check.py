"""`sanshen process check`: everything a designer must know before deployment."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click
import orjson

from app.faces.cli.audit_log_text import visible
from app.faces.cli.process_files import read_callees, read_process_files

if TYPE_CHECKING:
    from app.kernel.engine.check.report import CheckReport

SEVERITIES = {"error": "错误 error", "warning": "提醒 warning"}


@click.command(
    help="检查流程文件（.bpmn、.form 或整个文件夹；多个即一组） / "
    "check process files (.bpmn, .form or whole folders; several are one deployment set). "
    "退出码 / exit: 0 可部署 deployable, 1 不可 not."
)
@click.argument("files", nargs=-1, required=True, metavar="FILE…", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="只输出 JSON / print JSON only")
@click.pass_context
def check(context: click.Context, files: tuple[Path, ...], as_json: bool) -> None:
    """Print the report; exit 0 when the set may be deployed."""
    from app.kernel.engine.check.report import check_files

    read = read_process_files(files)
    report = check_files(read, deployed=read_callees(files))
    click.echo(orjson.dumps(report.to_json()).decode() if as_json else as_text(report, names_in(read)))
    context.exit(0 if report.deployable else 1)


def as_text(report: CheckReport, names: Mapping[str, str]) -> str:
    """One line for each finding, in both languages, with the way to it step by step; then a summary."""
    lines = []
    for finding in report.findings:
        place = ":".join(str(part) for part in (finding.file, finding.line) if part is not None)
        lines.append(
            f"{place} {SEVERITIES[finding.severity]} {finding.rule} [{finding.element or '-'}] "
            f"{finding.message_zh} / {finding.message_en}"
        )
        lines += [
            f"    {number}. {names.get(step, '')} ({step})" if step in names else f"    {number}. {step}"
            for number, step in enumerate(finding.path or (), 1)
        ]
    lines += [
        f"已证明 proved: {one.process} {one.effect} [{one.risk}] {' → '.join(one.requires)}"
        for one in report.proved
    ]
    errors = sum(finding.severity == "error" for finding in report.findings)
    lines.append(
        f"{'可部署 deployable' if report.deployable else '不可部署 not deployable'}; "
        f"{'可模拟 simulatable' if report.simulatable else '不可模拟 not simulatable'}; "
        f"{errors} 错误 errors, {len(report.findings) - errors} 提醒 warnings, {report.seconds:.3f} s"
    )
    return "\n".join(visible(line) for line in lines)


def names_in(files: Mapping[str, bytes]) -> dict[str, str]:
    """Names of the elements of readable diagrams by id."""
    from app.kernel.engine.check.findings import DefinitionInvalid
    from app.kernel.engine.check.xml_safety import parsed_xml

    names: dict[str, str] = {}
    for path, data in files.items():
        try:
            root = parsed_xml(path, data)
        except DefinitionInvalid:
            continue
        for node in root.iter():
            key, name = node.get("id"), node.get("name")
            if key and name:
                names.setdefault(key, name)
    return names
