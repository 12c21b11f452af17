"""`sanshen bench lookahead`: can the rest be finished? Figures of the solver on generated families."""

import click
import orjson


@click.command("lookahead", help="前瞻求解 / the look-ahead solver on generated families, beside two others.")
@click.option("--count", default=100, show_default=True, type=click.IntRange(10, 100_000))
@click.option("--seed", default=2026, show_default=True, type=int)
@click.option("--json", "as_json", is_flag=True, help="只输出 JSON / print JSON only")
def lookahead(count: int, seed: int, as_json: bool) -> None:
    from app.demo.lookahead_benchmark import as_lines, bench_lookahead
    from app.faces.cli.memory import spare_collections

    spare_collections()  # as web and worker do
    result = bench_lookahead(count, seed, lambda text: click.echo(f"… {text}", err=True))
    if as_json:
        click.echo(orjson.dumps(result))
        return
    for line in as_lines(result):
        click.echo(line)
