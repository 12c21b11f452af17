"""`sanshen duties watch`: recompute segregation of duties from what was done, and say what the fence let through."""

from __future__ import annotations

from collections.abc import Mapping

import click
import orjson

from app.faces.cli.processes import opened_kernel
from app.kernel.violations.watch.run import WatchResult, run_watch
from config import Settings

SHOWN = 50


@click.group()
def duties() -> None:
    """职责分离 / segregation of duties."""


@duties.command("watch")
@click.option("--full", is_flag=True, help="从头重算 / everything, not only what is new since the last run")
@click.option("--json", "as_json", is_flag=True, help="只输出 JSON / print JSON only")
@click.pass_context
def watch_command(context: click.Context, full: bool, as_json: bool) -> None:
    """从办理记录重算职责分离。 Recompute from the history of acts alone. Exit 1: violations were found."""
    with opened_kernel(Settings.from_environment()) as kernel:
        result = run_watch(kernel, full=full)
    click.echo(orjson.dumps(result.as_json()) if as_json else as_text(result))
    context.exit(0 if result.clean else 1)


def as_text(result: WatchResult) -> str:
    """For people, in both languages; long lists are cut."""
    scope = "全部 / full" if result.full else "增量 / since the last run"
    counted = (
        f"{scope}：{result.acts} 次办理，{result.chains} 条链，{result.decisions} 项决定"
        f" / {result.acts} acts, {result.chains} chains, {result.decisions} decisions ({result.seconds:.1f} s)"
    )
    if result.clean:
        lines = [f"没有未记录的职责冲突。 / No violation beyond those on record. {counted}"]
    else:
        number = len(result.findings)
        lines = [f"发现 {number} 项未记录的职责冲突！ / {number} violations not on record! {counted}"]
    lines += [_line(item.as_json()) for item in result.findings[:SHOWN]]
    if result.revealed:
        lines.append("合并档案后才看出的 / revealed by a later merge:")
        lines += [_line(item.as_json()) for item in result.revealed[:SHOWN]]
    if max(len(result.findings), len(result.revealed)) > SHOWN:
        lines.append("  …  --json")
    return "\n".join(lines)


def _line(found: Mapping[str, object]) -> str:
    parts = [
        f"{found['kind']} {found['rule']}",
        f"persons {found['persons']}",
        f"cases {found['cases']}",
        f"acts {found['performances']}",
    ]
    return "  " + "; ".join(parts)
