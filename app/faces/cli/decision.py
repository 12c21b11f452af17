"""`sanshen decision`: decision models (DMN) and their language (FEEL)."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
import orjson

from app.faces.cli.commands import refuse

if TYPE_CHECKING:
    from app.kernel.decisions.conformance.running import Conformance, FolderResult

SEVERITIES = {"error": "错误 error", "warning": "提醒 warning"}


@click.group()
def decision() -> None:
    """决策模型 / decision models."""


@decision.command(
    "tck",
    help="运行公开的 DMN 一致性测试（dmn-tck 的文件夹） / run the public DMN conformance kit: "
    "its root, one level or one folder.",
)
@click.argument("directory", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="只输出 JSON / print JSON only")
def tck(directory: Path, as_json: bool) -> None:
    """Print passed and total per folder and level."""
    from app.kernel.decisions.conformance.running import run_kit

    result = run_kit(directory, datetime.now(UTC), None if as_json else _tell)
    if as_json:
        click.echo(orjson.dumps(result.to_json()))
        return
    for line in as_lines(result):
        click.echo(line)


@decision.command(
    "check",
    help="检查决策模型（.dmn；互相导入的一起给） / check decision models (.dmn; give files that import each other "
    "together). 退出码 / exit: 0 可部署 deployable, 1 不可 not.",
)
@click.argument(
    "files",
    nargs=-1,
    required=True,
    metavar="FILE…",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
)
@click.option("--json", "as_json", is_flag=True, help="只输出 JSON / print JSON only")
@click.pass_context
def check(context: click.Context, files: tuple[Path, ...], as_json: bool) -> None:
    """Print what is wrong or doubtful; exit 0 when nothing is an error."""
    from app.kernel.decisions.dmn import check_models

    problems = check_models({str(path): path.read_bytes() for path in files})
    if as_json:
        click.echo(orjson.dumps([asdict(one) for one in problems]))
    else:
        for one in problems:
            click.echo(
                f"{one.file}:{one.line or 1} {SEVERITIES[one.severity]} {one.rule} [{one.element or '-'}] "
                f"{one.message_zh} / {one.message_en}"
            )
    context.exit(any(one.severity == "error" for one in problems))


@decision.command(
    "evaluate",
    help="求一个决策的值 / evaluate a decision. 导入的模型在同一文件夹里找 / imports are looked for in its folder. "
    "退出码 / exit: 0 有值 a value, 1 null.",
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--decision", "name", help="决策的名称，默认最后一个 / name of the decision, else the last")
@click.option("--input", "given", default="{}", metavar="JSON", help="输入数据，按名称 / input data by name")
@click.option("--trace", "traced", is_flag=True, help="列出每一步 / every step")
@click.pass_context
def evaluate(context: click.Context, file: Path, name: str | None, given: str, traced: bool) -> None:
    """Print the value as JSON, diagnostics on standard error."""
    from app.kernel.decisions.dmn import ModelInvalid, read_models
    from app.kernel.decisions.dmn.model import Decision
    from app.kernel.decisions.feel.hosting import to_host

    try:
        graph = read_models(
            file.name, {path.name: path.read_bytes() for path in sorted(file.parent.glob("*.dmn"))}
        )
        wanted = name or [one.name for one in graph.main.elements.values() if isinstance(one, Decision)][-1]
        decided = graph.trace(wanted, orjson.loads(given), datetime.now(UTC))
    except ModelInvalid as invalid:
        refuse(
            "\n".join(
                f"{one.file}:{one.line or 1} {one.message_zh} / {one.message_en}" for one in invalid.problems
            )
        )
    except (KeyError, IndexError):
        refuse(f"没有这个决策 / no such decision: {name or ''}")
    except orjson.JSONDecodeError as error:
        refuse(f"--input: {error}")
    for step in decided.steps if traced else ():
        click.echo(f"{step.name} = {orjson.dumps(to_host(step.value), default=str).decode()}", err=True)
        for hit in step.hits:
            click.echo(f"  {hit.number}: {'; '.join(text for _column, text in hit.annotations)}", err=True)
    for one in decided.diagnostics:
        click.echo(f"{one.code}: {one.message_zh} / {one.message_en}", err=True)
    click.echo(orjson.dumps(to_host(decided.value), default=str))
    context.exit(decided.value is None)


def _tell(folder: FolderResult) -> None:
    click.echo(f"{folder.level:<8} {folder.name:<48} {folder.passed:>5} / {folder.total}")


def as_lines(result: Conformance) -> list[str]:
    """What failed, then the totals."""
    lines = [
        f"✗ {one.folder} {one.case} {one.name}: 应为 expected {one.expected}, 得 got {one.actual or '-'}"
        f"{f' ({one.reason})' if one.reason else ''}"
        for one in result.failures
    ]
    lines += [
        f"{level}: {total['passed']} / {total['total']} 通过 passed"
        for level, total in result.totals().items()
    ]
    return lines or ["没有测试 / no test cases"]
