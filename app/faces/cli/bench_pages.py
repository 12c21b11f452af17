"""`sanshen bench pages`: how long the server takes for every main page of a generated region, and how many statements.

The pages are asked for through the application itself, without a network and without a browser: what is measured is
the server's time. The machine's other work is in the elapsed time, not in this process's own processor time.
"""

import re
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import click
import orjson
from sqlalchemy import Engine, event

from app.faces.cli.memory import spare_collections
from app.storage.embedded import EmbeddedServer
from config import Settings

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient

    from app.kernel.kernel import Kernel

LIMIT_MS = 100
WARM_UP = 3


@dataclass(frozen=True)
class Asked:
    """A page as one person sees it; with `link`, the first address on that page that the pattern matches."""

    name: str
    login: str
    path: str
    link: str = ""


CASE, CHANGE, PERSON = r"/cases/\d+/", r"/changes/\d+", r"/people/\d+"
CITY, REGION, AUDITOR = "guozhiqiang", "houchunsheng", "yanshouzheng"
PAGES = (
    Asked("queue, mine", "yanghuimin", "/"),
    Asked("queue, can take", "yanghuimin", "/?tab=can_take"),
    Asked("queue, all", "yanghuimin", "/?tab=all"),
    Asked("queue, done", "yanghuimin", "/?tab=done"),
    Asked("queue, all of the region", REGION, "/?tab=all"),
    Asked("queue, searched", AUDITOR, "/?" + urlencode({"tab": "all", "q": "6401"})),
    Asked("case, my own step", "yanghuimin", "/", CASE),
    Asked("case, to be reviewed", "wanghaitao", "/", CASE),
    Asked("case, not opened", "zhouliqun", "/?tab=can_take", CASE),
    Asked("case, read by an auditor", AUDITOR, "/?tab=all", CASE),
    Asked("board of a city", CITY, "/board"),
    Asked("board of the region", REGION, "/board"),
    Asked("staffing of a large office", CITY, "/staffing?" + urlencode({"office": "640100"})),
    Asked("staffing of the region", REGION, "/staffing"),
    Asked("batch approval", "wanghaitao", "/batch/"),
    Asked("absences", "yanghuimin", "/absences"),
    Asked("calendar of absences", CITY, "/absences/calendar"),
    Asked("notices", REGION, "/notices"),
    Asked("register an application", "chensiyuan", "/applications/new"),
    Asked("controlled changes", "fanlixin", "/changes"),
    Asked("a controlled change", "fanlixin", "/changes", CHANGE),
    Asked("a new controlled change", "yaojia", "/changes/new"),
    Asked("people", REGION, "/people"),
    Asked("a person", REGION, "/people", PERSON),
    Asked("requests for posts", REGION, "/people/requests"),
    Asked("posts", REGION, "/posts"),
    Asked("watch", AUDITOR, "/watch"),
    Asked("suggested links", AUDITOR, "/chains/suggestions"),
    Asked("my interests", "yanghuimin", "/me/interests"),
)


@click.command(
    "pages", help="各页面的服务器用时 / the server's time for every main page of a generated region."
)
@click.option("--cases", default=400, show_default=True, type=click.IntRange(20, 5000))
@click.option(
    "--copies",
    default=0,
    type=click.IntRange(0, 5_000_000),
    help="把案件复制到这么多件，再量 / copy the cases until there are this many, then measure",
)
@click.option("--rounds", default=15, show_default=True, type=click.IntRange(3, 1000))
@click.option("--json", "as_json", is_flag=True, help="只输出 JSON / print JSON only")
def pages(cases: int, copies: int, rounds: int, as_json: bool) -> None:
    from app.faces.cli.bench import own_server

    with own_server() as (server, folder):
        settings = Settings(data_dir=folder, database_url=server.app_url(), log_level="ERROR")
        result = measure_region(server, settings, cases, rounds, copies)
    if as_json:
        click.echo(orjson.dumps(result))
        return
    for name, row in result["pages"].items():
        click.echo(
            f"{name:<30} {row['median_ms']:>7.1f} ms   p95 {row['p95_ms']:>7.1f}   "
            f"CPU {row['cpu_ms']:>6.1f}   {row['statements']:>3} SQL"
        )
    for name in result["left_out"]:
        click.echo(f"{name:<30} 没有可看的 / nothing to show")
    click.echo(f"{result['cases']} 件 / cases; < {LIMIT_MS} ms: {result['within_limit']}")


def measure_region(
    server: EmbeddedServer, settings: Settings, cases: int, rounds: int, copies: int = 0
) -> dict[str, Any]:
    """A generated region in an empty database of this server, its cases copied up to `copies`, then its pages."""
    from app.demo.copies import copy_cases
    from app.demo.loading import load
    from app.wiring import build_kernel

    kernel = build_kernel(settings)
    try:
        load(kernel, cases=cases, told=lambda text: click.echo(f"… {text}", err=True))
        with server.admin("sanshen") as owner:
            if copies:
                cases = copy_cases(owner, copies)
            owner.execute(b"VACUUM ANALYZE")  # as autovacuum has done long since where people work
        spare_collections()  # as web and worker do
        return {"cases": cases, **measure_pages(kernel, settings, rounds)}
    finally:
        kernel.database.dispose()


def measure_pages(kernel: "Kernel", settings: Settings, rounds: int) -> dict[str, Any]:
    """Every page `rounds` times after some warm ones, in turns, so that a slow moment doesn't hit one page alone."""
    from app.faces.web import create_app

    app = create_app(kernel, settings)
    with _counted(kernel.database.engine) as count:
        desks = _Desks(app)
        addresses = {asked: desks.address(asked) for asked in PAGES}
        ways = {asked.name: (desks[asked.login], path) for asked, path in addresses.items() if path}
        found: dict[str, list[_Took]] = {name: [] for name in ways}
        for turn in range(WARM_UP + rounds):
            for name, (client, path) in ways.items():
                took = _ask(client, path, count)
                if turn >= WARM_UP:
                    found[name].append(took)
    rows = {name: _summary(all_of) for name, all_of in found.items()}
    slow = [name for name, row in rows.items() if row["median_ms"] >= LIMIT_MS]
    left_out = [asked.name for asked, path in addresses.items() if not path]
    return {"rounds": rounds, "pages": rows, "left_out": left_out, "slow": slow, "within_limit": not slow}


@dataclass(frozen=True)
class _Took:
    """Seconds by the clock and of this process, statements sent."""

    elapsed: float
    cpu: float
    statements: int


def _ask(client: "FlaskClient", path: str, count: Callable[[], int]) -> _Took:
    before, cpu, began = count(), time.process_time(), time.perf_counter()
    answer = client.get(path)
    took = _Took(time.perf_counter() - began, time.process_time() - cpu, count() - before)
    if answer.status_code != 200:
        raise RuntimeError(f"{path} answered {answer.status_code}")
    return took


def _summary(found: Sequence[_Took]) -> dict[str, Any]:
    ordered = sorted(took.elapsed for took in found)
    return {
        "median_ms": round(statistics.median(ordered) * 1000, 1),
        "p95_ms": round(ordered[min(len(ordered) - 1, round(0.95 * (len(ordered) - 1)))] * 1000, 1),
        "cpu_ms": round(statistics.median(took.cpu for took in found) * 1000, 1),
        "statements": max(took.statements for took in found),
    }


@contextmanager
def _counted(engine: Engine) -> Iterator[Callable[[], int]]:
    """How many statements went through the engine so far."""
    sent = [0]

    def note(*_args: Any) -> None:
        sent[0] += 1

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield lambda: sent[0]
    finally:
        event.remove(engine, "before_cursor_execute", note)


class _Desks(dict[str, "FlaskClient"]):
    """Signed-in clients by log-in name, opened when first asked for."""

    def __init__(self, app: "Flask") -> None:
        super().__init__()
        self._app = app

    def __missing__(self, login: str) -> "FlaskClient":
        from app.demo.roster import PASSWORD

        client = self._app.test_client()
        token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/login").text)
        form: Mapping[str, str] = {
            "account": login,
            "password": PASSWORD,
            "csrf_token": token.group(1) if token else "",
        }
        answer = client.post("/login", data=form, headers={"Origin": "http://localhost"})
        if answer.status_code != 302:
            raise RuntimeError(f"{login} could not log in: {answer.status_code}")
        self[login] = client
        return client

    def address(self, asked: Asked) -> str:
        """The address itself, or the first of its kind on that page; empty where a small region shows none."""
        if not asked.link:
            return asked.path
        found = re.search(rf'href="({asked.link})["?#]', self[asked.login].get(asked.path).text)
        return found.group(1) if found is not None else ""
