"""`sanshen bench feel`: expressions and decision tables a second on this machine."""

import click
import orjson


@click.command("feel", help="FEEL 与决策表求值 / evaluations of FEEL and of a decision table, on one core.")
@click.option("--count", default=50_000, show_default=True, type=click.IntRange(1_000, 10_000_000))
@click.option("--seed", default=2026, show_default=True, type=int)
@click.option("--json", "as_json", is_flag=True, help="只输出 JSON / print JSON only")
def feel(count: int, seed: int, as_json: bool) -> None:
    from app.demo.feel_benchmark import as_lines, bench_feel

    result = bench_feel(count, seed)
    if as_json:
        click.echo(orjson.dumps(result))
        return
    for line in as_lines(result):
        click.echo(line)
