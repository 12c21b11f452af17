"""`sanshen rule`: the rule catalogue on the command line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
import orjson

from app.faces.cli.commands import refuse
from app.faces.cli.rule_text import as_lines, case_line, problem_line, rule_line

if TYPE_CHECKING:
    from app.kernel.decisions.catalogue import Rule
    from app.kernel.decisions.catalogue.problems import Problem

FOLDER = click.option(
    "--folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="规则文件夹（默认 workflows/rules） / folder of rules (default workflows/rules)",
)
DATABASE = click.option(
    "--database", is_flag=True, help="数据库中今日现行的规则 / the rules in force in the database today"
)
JSON = click.option("--json", "as_json", is_flag=True, help="只输出 JSON / print JSON only")
RULES = click.argument("ids", nargs=-1, metavar="[RULE-ID…]")


@click.group(help="规则目录 / the rule catalogue.")
def rule() -> None:
    """List, show, check and test rules."""


@rule.command("list", help="列出规则 / list rules.")
@FOLDER
@DATABASE
@JSON
def list_command(folder: Path | None, database: bool, as_json: bool) -> None:
    rules = load_rules(folder, database)
    if as_json:
        click.echo(orjson.dumps([summary(one) for one in rules.values()]))
        return
    for one in rules.values():
        click.echo(rule_line(one))


@rule.command("show", help="一条规则的全部内容 / everything of one rule.")
@click.argument("rule_id", metavar="RULE-ID")
@FOLDER
@DATABASE
def show(rule_id: str, folder: Path | None, database: bool) -> None:
    rules = load_rules(folder, database)
    if rule_id not in rules:
        refuse(f"没有规则 {rule_id} / there is no rule {rule_id}")
    for line in as_lines(rules[rule_id]):
        click.echo(line)


@rule.command(
    "check",
    help="检查规则文件夹，指出文件和行 / check folders of rules, by file and line. "
    "退出码 / exit: 0 可用 usable, 1 不可 not.",
)
@RULES
@FOLDER
@JSON
@click.pass_context
def check(context: click.Context, ids: tuple[str, ...], folder: Path | None, as_json: bool) -> None:
    from app.kernel.decisions.catalogue.reading import check_rule, read_folder

    problems: list[Problem] = []
    for path in chosen_folders(root_of(folder), ids):
        problems += check_rule(path.name, read_folder(path))
    if as_json:
        fields = ("rule", "file", "line", "element", "message_zh", "message_en", "severity")
        click.echo(orjson.dumps([{key: getattr(one, key) for key in fields} for one in problems]))
    else:
        for one in problems:
            click.echo(problem_line(one))
    context.exit(any(one.severity == "error" for one in problems))


@rule.command(
    "test", help="运行规则自带的用例 / run the rules' own cases. 退出码 / exit: 0 全部通过 all passed."
)
@RULES
@FOLDER
@DATABASE
@click.pass_context
def test(context: click.Context, ids: tuple[str, ...], folder: Path | None, database: bool) -> None:
    from app.kernel.decisions.catalogue import run_cases

    rules = load_rules(folder, database)
    for key in ids:
        if key not in rules:
            refuse(f"没有规则 {key} / there is no rule {key}")
    chosen = {key: one for key, one in rules.items() if not ids or key in ids}
    results = [(key, result) for key, one in chosen.items() for result in run_cases(one)]
    for key, result in results:
        click.echo(case_line(key, result))
    passed = sum(result.passed for _key, result in results)
    click.echo(f"{passed} / {len(results)} 通过 passed")
    context.exit(passed != len(results))


def root_of(folder: Path | None) -> Path:
    from app.wiring import WORKFLOWS

    return folder or WORKFLOWS / "rules"


def chosen_folders(root: Path, ids: Sequence[str]) -> list[Path]:
    found = {path.name: path for path in sorted(root.iterdir()) if path.is_dir()}
    for key in ids:
        if key not in found:
            refuse(f"没有规则 {key} / there is no rule {key}")
    return [path for key, path in found.items() if not ids or key in ids]


def load_rules(folder: Path | None, database: bool) -> Mapping[str, Rule]:
    """The rules of the folder, or those in force, by id. What can't be read ends the command, by file and line."""
    from app.kernel.decisions.catalogue import RuleInvalid, read_catalogue

    if database:
        return _in_force()
    try:
        return read_catalogue(root_of(folder))
    except RuleInvalid as invalid:
        refuse("\n".join(problem_line(one) for one in invalid.problems))


def _in_force() -> dict[str, Rule]:
    from app.faces.cli.process_life import reading
    from app.kernel.decisions.catalogue.versions import list_standing
    from app.kernel.local_time import local_day

    with reading() as session:
        return {one.rule.id: one.rule for one in list_standing(session, local_day(datetime.now(UTC)))}


def summary(one: Rule) -> dict[str, object]:
    """A rule in short, for other programs."""
    manifest = one.manifest
    return {
        "id": one.id,
        "version": manifest.version,
        "name_zh": manifest.name_zh,
        "name_en": manifest.name_en,
        "kind": manifest.kind,
        "severity": manifest.severity,
        "action": manifest.action,
        "digest": one.digest,
    }
