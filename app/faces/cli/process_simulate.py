"""`sanshen process simulate`: play a process, try all its paths, or judge a whole collection of models."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
import orjson

from app.faces.cli.commands import refuse
from app.faces.cli.process_files import read_callees, read_process_files
from app.faces.cli.process_simulate_text import coverage_lines, play_lines, totals_lines, verdict_lines

if TYPE_CHECKING:
    from app.kernel.decisions.catalogue.versions import Standing
    from app.kernel.engine.simulation.model import Model
    from app.kernel.engine.simulation.verdict import Verdict

MOST_STEPS = 200
MOST_MODELS = 5_000
KINDS = (".bpmn", ".bpmn2", ".xml")


@click.command(
    help="模拟流程：一个流程走一遍或走遍所有路径；一个目录则逐个流程判定 / "
    "simulate a process: one play, or all its paths; of a directory, a verdict on each model. "
    "退出码 / exit: 1 有中途出错的或不能模拟 something failed in the middle, or can't be played."
)
@click.argument("paths", nargs=-1, required=True, metavar="FILE|DIR…", type=click.Path(path_type=Path))
@click.option("--all-paths", is_flag=True, help="走遍所有路径，报告覆盖率 / try all paths, report coverage")
@click.option("--process", "process_id", help="流程标识，缺省为第一个 / process id, else the first")
@click.option("--risk", type=click.Choice(["normal", "high", "routed"]), help="风险等级 / risk class")
@click.option(
    "--seconds", type=click.FloatRange(0.1, 600), default=20.0, show_default=True, help="时限 / time limit"
)
@click.option("--json", "as_json", is_flag=True, help="只输出 JSON / print JSON only")
@click.pass_context
def simulate(
    context: click.Context,
    paths: tuple[Path, ...],
    *,
    all_paths: bool,
    process_id: str | None,
    risk: str | None,
    seconds: float,
    as_json: bool,
) -> None:
    """Exit 1 when a path fails in the middle, or when nothing can be played."""
    if len(paths) == 1 and paths[0].is_dir() and not (paths[0] / "process.toml").is_file():
        context.exit(_judge_all(paths[0], seconds, as_json=as_json))
    files = {**read_callees(paths), **read_process_files(paths)}
    model = _model(files, process_id or _named(paths[0], files))
    if all_paths:
        context.exit(_explore(model, seconds, as_json=as_json))
    context.exit(_play(model, risk, as_json=as_json))


def _named(path: Path, files: dict[str, bytes]) -> str | None:
    """The process of the folder that was named; None lets the first be taken."""
    folder = path.resolve().name
    return folder if f"{folder}/{folder}.bpmn" in files else None


def _model(files: dict[str, bytes], process_id: str | None) -> Model:
    from app.kernel.engine.check.findings import DefinitionInvalid
    from app.kernel.engine.simulation.model import list_processes, read_model

    try:
        known = list_processes(files)
        if not known or (process_id is not None and process_id not in known):
            refuse(f"没有流程 / no process {process_id or ''}; {', '.join(known)}")
        return read_model(files, process_id or known[0], _shipped())
    except DefinitionInvalid as invalid:
        errors = [finding for finding in invalid.findings if finding.severity == "error"]
        lines = [f"{e.file}:{e.line or '?'} {e.rule} {e.message_zh} / {e.message_en}" for e in errors]
        refuse("不能模拟 / can't be simulated:\n" + "\n".join(lines))


def _shipped() -> list[Standing]:
    """The rules as shipped: no database is asked."""
    from app.kernel.decisions.catalogue import read_catalogue
    from app.kernel.decisions.catalogue.versions import Standing
    from app.wiring import WORKFLOWS

    return [Standing(None, rule) for rule in read_catalogue(WORKFLOWS / "rules").values()]


def _play(model: Model, risk: str | None, *, as_json: bool) -> int:
    """Play once, each time what was tried least."""
    from app.domain.registry.reference import shipped_rules
    from app.kernel.engine.simulation.office import MadeUpOffice
    from app.kernel.engine.simulation.options import label_of, list_choices, suggest_variables
    from app.kernel.engine.simulation.player import Simulation, first_choice

    now = datetime.now(UTC).replace(microsecond=0)
    simulation = Simulation(model, MadeUpOffice(shipped_rules()))
    simulation.play(first_choice(now, risk, suggest_variables(model)))
    tried: dict[object, int] = {}
    while len(simulation.choices) < MOST_STEPS:
        choices = [one for one in list_choices(simulation) if one["do"] not in ("change", "void")]
        if not choices:
            break
        choice = min(choices, key=lambda one: tried.get(label_of(one), 0))
        tried[label_of(choice)] = tried.get(label_of(choice), 0) + 1
        simulation.play(choice)
    if as_json:
        click.echo(orjson.dumps(simulation.to_json()))
    else:
        click.echo("\n".join(play_lines(simulation)))
    return int(simulation.failure is not None)


def _explore(model: Model, seconds: float, *, as_json: bool) -> int:
    from app.kernel.engine.simulation.explore import Limits, explore_model

    coverage = explore_model(model, Limits(seconds=seconds))
    if as_json:
        click.echo(orjson.dumps(coverage.to_json()))
    else:
        click.echo("\n".join(coverage_lines(model, coverage)))
    return int(bool(coverage.failures))


def _judge_all(directory: Path, seconds: float, *, as_json: bool) -> int:
    """Every model below a directory; process folders beside one another are one set."""
    from app.kernel.engine.simulation.verdict import totals

    verdicts: list[Verdict] = []
    for verdict in _verdicts(directory, seconds):
        verdicts.append(verdict)
        if not as_json:
            click.echo("\n".join(verdict_lines(verdict)))
    if not verdicts:
        refuse(f"{directory}: 没有模型文件 / no models")
    found = totals(verdicts)
    if as_json:
        click.echo(orjson.dumps({"models": [one.to_json() for one in verdicts], "totals": found}))
    else:
        click.echo("\n".join(totals_lines(found)))
    return int(found["failed"] > 0)


def _verdicts(directory: Path, seconds: float) -> Iterator[Verdict]:
    """One after the other, for a collection takes a while."""
    from app.kernel.engine.simulation.verdict import FILE_LIMITS, judge

    limits = replace(FILE_LIMITS, seconds=min(seconds, FILE_LIMITS.seconds))
    if any((child / "process.toml").is_file() for child in directory.iterdir() if child.is_dir()):
        yield from judge(directory.name, read_process_files((directory,)), limits)
        return
    models = [path for path in sorted(directory.rglob("*")) if path.suffix in KINDS and path.is_file()]
    if len(models) > MOST_MODELS:
        refuse(f"模型超过 {MOST_MODELS} 个 / more than {MOST_MODELS} models")
    for path in models:
        yield from judge(str(path.relative_to(directory)), read_process_files((path,)), limits)
