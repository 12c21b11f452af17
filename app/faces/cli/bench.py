"""`sanshen bench`: figures measured on this machine."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import orjson

from app.faces.cli.bench_check import check
from app.faces.cli.bench_feel import feel
from app.faces.cli.bench_lookahead import lookahead
from app.faces.cli.bench_pages import pages
from app.faces.cli.bench_returns import returns
from app.faces.cli.memory import spare_collections
from app.storage.embedded import DATABASE, EmbeddedServer
from config import Settings


@click.group()
def bench() -> None:
    """性能测试 / measure."""


bench.add_command(lookahead)
bench.add_command(feel)
bench.add_command(returns)
bench.add_command(check)
bench.add_command(pages)


@bench.command("cases", help="N 件三任务案件 / N cases of three tasks, against the bare transaction.")
@click.option("--count", default=200, show_default=True, type=click.IntRange(1, 100_000))
@click.option("--json", "as_json", is_flag=True, help="只输出 JSON / print JSON only")
def cases(count: int, as_json: bool) -> None:
    result = measure(count)
    if as_json:
        click.echo(orjson.dumps(result))
        return
    for name, figures in result["acts"].items():
        click.echo(
            f"{name:<14} {figures['median_ms']:>8.2f} ms   p99 {figures['p99_ms']:>8.2f} ms"
            f"   {figures['rows']:>6.2f} 行/rows   {figures['wal_bytes']:>7} B WAL"
        )
    click.echo(f"complete / bare: {result['ratio']}   {result['within_limits']}")


def measure(count: int) -> dict[str, Any]:
    """Run the benchmark on a server of its own, thrown away afterwards: nobody's data is touched."""
    from app.demo.benchmark import Place, bench_cases
    from app.wiring import build_kernel

    with own_server() as (server, folder):
        settings = Settings(data_dir=folder, database_url=server.app_url())
        kernel = build_kernel(settings)
        spare_collections()  # as web and worker do
        try:
            where = Place(server, DATABASE)
            return bench_cases(kernel, where, count, lambda text: click.echo(f"… {text}", err=True))
        finally:
            kernel.database.dispose()


@contextmanager
def own_server() -> Iterator[tuple[EmbeddedServer, Path]]:
    """A migrated embedded server (durable, as in production) in a folder of its own."""
    from app.faces.cli.migration import bring_up_to_date

    with tempfile.TemporaryDirectory(prefix="sanshen-bench-") as name:
        server = EmbeddedServer(Path(name))
        server.start()
        try:
            bring_up_to_date(server.owner_url())
            yield server, Path(name)
        finally:
            server.stop()
