"""`sanshen import`: applications, or cases begun elsewhere, from a JSON-lines file; each line valid or refused."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import orjson

from app.faces.cli.commands import refuse
from app.faces.cli.import_registry import registry

if TYPE_CHECKING:
    from app.faces.intake import Fault, Line, ReadWork, Target
    from app.kernel.kernel import Kernel

Command = Callable[..., Any]

PROGRESS_EVERY = 100
TEXTS = {
    "line_too_long": ("这一行超过 {limit} 字节", "the line is longer than {limit} bytes"),
    "not_utf8": ("不是 UTF-8 编码（第 {byte} 个字节）", "not UTF-8 (byte {byte})"),
    "not_json": ("不是 JSON（第 {column} 列）", "not JSON (column {column})"),
    "not_an_object": ("应为一个 JSON 对象", "a JSON object is expected"),
    "external_id_wrong": ("应为 1 至 100 个字的文本", "a text of 1 to 100 characters is expected"),
    "external_id_reused": (
        "这个编号以前导入过不同的内容",
        "this number was imported before with other content",
    ),
    "materials_wrong": (
        "应为至多 40 项 {{kind, path}} 的列表，kind 须是本程序的材料种类",
        "a list of at most 40 {{kind, path}} is expected, kind one of the process's kinds",
    ),
    "material_outside": (
        "文件须在申请文件所在的文件夹内",
        "the file must lie in the folder of the application file",
    ),
    "material_missing": ("找不到文件 {path}", "no such file: {path}"),
}


@click.group()
def imports() -> None:
    """导入 / import."""


imports.add_command(registry)


def _lines_command(name: str, text: str, default: str | None) -> Callable[[Command], click.Command]:
    """A command that takes a file line by line and reports on each."""

    def decorate(function: Command) -> click.Command:
        for option in (
            click.pass_context,
            click.option("--dry-run", is_flag=True, help="只校验，不写入 / check only, write nothing"),
            click.option("--json", "as_json", is_flag=True, help="只输出 JSON / print JSON only"),
            click.option("--process", default=default, show_default=True, help="程序 / process"),
            click.option("--region", required=True, help="六位区划代码 / region code, e.g. 640100"),
            click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path)),
        ):
            function = option(function)
        return imports.command(name, help=text)(function)

    return decorate


@_lines_command(
    "applications", "导入申请，每行一件 / Import applications, one per line.", "injury_recognition"
)
def applications(context: click.Context, file: Path, **options: Any) -> None:
    from app.faces.intake import read_application

    _import(context, file, read_application, **options)


@_lines_command(
    "cases",
    "接续纸质或者旧系统在办的案件，每行一件 / Take over cases begun on paper or elsewhere, one per line.",
    "injury_recognition",
)
def cases(context: click.Context, file: Path, **options: Any) -> None:
    from app.faces.taking_over import read_case

    _import(context, file, read_case, **options)


def _import(
    context: click.Context,
    file: Path,
    read: "ReadWork",
    *,
    region: str,
    process: str,
    as_json: bool,
    dry_run: bool,
) -> None:
    """Take the file's lines; exit code 1 when any was refused."""
    from app.faces.cli.processes import opened_kernel
    from app.faces.intake import Target, import_lines, read_lines
    from config import Settings

    settings = Settings.from_environment()
    target = Target(process, region, file.parent, settings.upload_limit)
    with opened_kernel(settings) as kernel:
        require_target(kernel, target)
        taken = import_lines(kernel, read_lines(file), target, dry_run=dry_run, read=read)
        results = list(followed(taken))
    counts = Counter(line.status for line in results)
    if as_json:
        click.echo(orjson.dumps({"counts": counts, "lines": [as_object(line) for line in results]}))
    else:
        for line in results:
            for text in as_texts(line):
                click.echo(text)
        click.echo(_summary(counts))
    context.exit(1 if counts["refused"] else 0)


def require_target(kernel: "Kernel", target: "Target") -> None:
    """End with a message when the region or the process isn't there: no line could be taken."""
    from sqlalchemy import exists, select

    from app.kernel.engine.catalogue import DefinitionNotFound, get_latest
    from app.kernel.identity.models import Region

    with kernel.database.session() as session:
        if not session.scalar(select(exists().where(Region.code == target.region_code))):
            refuse(f"没有这个区划 / no such region: {target.region_code}")
        try:
            get_latest(session, target.process_key)
        except DefinitionNotFound:
            refuse(f"没有部署这个程序 / no such process is deployed: {target.process_key}")


def followed(lines: Iterable["Line"]) -> Iterator["Line"]:
    """The same lines, with a sign of life on standard error."""
    for count, line in enumerate(lines, start=1):
        if count % PROGRESS_EVERY == 0:
            click.echo(f"… {count} 行 / lines", err=True)
        yield line


def as_object(line: "Line") -> dict[str, Any]:
    """One line of the JSON report."""
    faults = [
        {"field": fault.field, "code": fault.code, "zh": worded(fault)[0], "en": worded(fault)[1]}
        for fault in line.faults
    ]
    known: dict[str, Any] = {"line": line.number, "status": line.status, "case_no": line.case_no}
    return known | ({"faults": faults} if faults else {})


def as_texts(line: "Line") -> list[str]:
    """For people: refused lines with every reason, imported ones with their case."""
    if line.status != "refused":
        words = {
            "imported": "已立案 / case opened",
            "already_imported": "此前已导入 / imported before",
            "valid": "有效 / valid",
        }
        return [f"{line.number}: {words[line.status]} {line.case_no or ''}".rstrip()]
    return [f"{line.number}: {fault.field or '—'}: {' / '.join(worded(fault))}" for fault in line.faults]


def worded(fault: "Fault") -> tuple[str, str]:
    """Chinese and English."""
    if fault.code in TEXTS:
        zh, en = TEXTS[fault.code]
        return zh.format_map(dict(fault.params)), en.format_map(dict(fault.params))
    from flask_babel import force_locale  # type: ignore[import-untyped]

    from app.faces.refusal_texts import text_of_field

    texts = []
    with _language_context().app_context():
        for locale in ("zh", "en"):
            with force_locale(locale):
                texts.append(text_of_field(fault.code, fault.params))
    return texts[0], texts[1]


@cache
def _language_context() -> Any:
    """A bare application: the catalogues of texts are reached through one."""
    from flask import Flask

    from app.faces.web.language import install

    app = Flask("sanshen-import")
    install(app, "zh")
    return app


def _summary(counts: Counter[str]) -> str:
    done = counts["imported"] + counts["valid"]
    zh = f"共 {counts.total()} 行：{done} 行有效，{counts['already_imported']} 行此前已导入，{counts['refused']} 行被拒"
    return f"{zh} / {done} valid, {counts['already_imported']} imported before, {counts['refused']} refused"
