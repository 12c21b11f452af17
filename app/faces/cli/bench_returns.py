"""`sanshen bench returns`: what a return costs the engine, the hundredth beside the first."""

import click
import orjson


@click.command(
    "returns", help="退回的代价 / what a return costs the engine, the last round beside the first."
)
@click.option("--rounds", default=100, show_default=True, type=click.IntRange(2, 10_000))
@click.option("--cases", default=20, show_default=True, type=click.IntRange(1, 10_000))
@click.option("--json", "as_json", is_flag=True, help="只输出 JSON / print JSON only")
def returns(rounds: int, cases: int, as_json: bool) -> None:
    from app.demo.returns_benchmark import bench_returns
    from app.faces.cli.memory import spare_collections

    spare_collections()  # as web and worker do
    result = bench_returns(rounds, cases, lambda text: click.echo(f"… {text}", err=True))
    if as_json:
        click.echo(orjson.dumps(result))
        return
    click.echo(
        f"第 1 轮 round 1: {result['first_ms']:.2f} ms   第 {rounds} 轮 round {rounds}: {result['last_ms']:.2f} ms"
    )
    click.echo(
        f"比值 ratio: {result['ratio']}   状态 state: {result['largest_bytes']} B   {result['within_limits']}"
    )
