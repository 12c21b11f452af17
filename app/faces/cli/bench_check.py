"""`sanshen bench check`: how long the check and the proof of a process take."""

import statistics
import time

import click
import orjson


@click.command("check", help="流程检查与证明 / check and proof of processes of several sizes.")
@click.option("--repeat", default=5, show_default=True, type=click.IntRange(1, 1_000))
@click.option("--json", "as_json", is_flag=True, help="只输出 JSON / print JSON only")
def check(repeat: int, as_json: bool) -> None:
    results = [measure(nodes, repeat) for nodes in (20, 60, 140, 280)]
    if as_json:
        click.echo(orjson.dumps(results))
        return
    for one in results:
        click.echo(
            f"{one['nodes']:>4} 节点/nodes   {one['median_ms']:>8.1f} ms   CPU {one['cpu_ms']:>8.1f} ms"
            f"   {one['proved']} 已证明/proved"
        )


def measure(nodes: int, repeat: int) -> dict[str, float]:
    """Medians over `repeat` whole checks, from bytes to report."""
    from app.demo.check_benchmark import process_of
    from app.kernel.engine.check.report import check_files

    data = process_of(nodes)
    wall, cpu = [], []
    report = check_files({"bench_check.bpmn": data})  # imports, once
    for _ in range(repeat):
        begun, begun_cpu = time.perf_counter(), time.process_time()
        report = check_files({"bench_check.bpmn": data})
        wall.append((time.perf_counter() - begun) * 1000)
        cpu.append((time.process_time() - begun_cpu) * 1000)
    return {
        "nodes": data.count(b" id=") - data.count(b"<bpmn:sequenceFlow") - 2,
        "median_ms": statistics.median(wall),
        "cpu_ms": statistics.median(cpu),
        "proved": len(report.proved),
        "deployable": report.deployable,
    }
