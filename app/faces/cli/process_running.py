"""`sanshen process heat`, `holds`, `hold`, `end-hold`: where the cases of a process are, and technical holds."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

import click
import orjson

from app.faces.cli.commands import refuse
from app.faces.cli.process_life import reading

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from app.kernel.engine.running.heat import StepHeat
    from app.kernel.holds.queries import HoldRow

_AS = click.option(
    "--as", "login", required=True, metavar="LOGIN", help="主管的账号 / account of a supervisor"
)
_REASON = click.option("--reason", required=True, help="理由 / why")
_JSON = click.option("--json", "as_json", is_flag=True, help="只输出 JSON / print JSON only")


@click.command(
    help="案件在哪些环节、等了多久、多少超期 / where the cases are, how long they wait, what is late."
)
@click.argument("key")
@click.option("--version", type=int, help="只看一个版本 / one version only")
@_JSON
def heat(key: str, version: int | None, as_json: bool) -> None:
    """The table of the heat map, over all regions."""
    from app.kernel.engine.lifecycle.queries import list_versions
    from app.kernel.engine.running.heat import PERIOD_DAYS, list_heat
    from app.kernel.local_time import local_day

    with reading() as session:
        ids = {row.version: row.id for row in list_versions(session, key)}
        if not ids or (version is not None and version not in ids):
            refuse(f"没有这个流程或版本 / no such process or version: {key} {version or ''}")
        now = datetime.now(UTC)
        since = now - timedelta(days=PERIOD_DAYS)
        definition = ids[version] if version is not None else None
        found = list_heat(session, key, now, local_day(now), since, definition)
    rows = sorted(found.values(), key=lambda row: (-row.here, row.step_key))
    if as_json:
        click.echo(orjson.dumps([asdict(row) for row in rows]))
        return
    for row in rows:
        click.echo(_heat_line(row))


def _heat_line(row: StepHeat) -> str:
    return (
        f"{row.step_key:<32} 在此 here {row.here}  超期 late {row.late}  待人手 short {row.short}  "
        f"中位 median {_days(row.median)}  p90 {_days(row.p90)}  出错 incidents {row.incidents}  "
        f"办结 done {row.done}（超期 late {row.done_late}，中位 median {_days(row.done_median)}）"
    )


def _days(seconds: float | None) -> str:
    return "–" if seconds is None else f"{seconds / 86_400:.1f}d"


@click.command(help="正在暂停的案件和流程 / what is on hold.")
@_JSON
def holds(as_json: bool) -> None:
    """Open holds, the oldest first."""
    from app.kernel.holds.queries import list_open_holds

    with reading() as session:
        rows = [(row, _what(session, row)) for row in list_open_holds(session)]
    if as_json:
        click.echo(orjson.dumps([{**asdict(row), "what": what} for row, what in rows]))
        return
    for row, what in rows:
        click.echo(f"#{row.hold_id}\t{what}\t{row.by}\t{row.since:%Y-%m-%d}\t{row.reason}")


def _what(session: Session, row: HoldRow) -> str:
    from app.kernel.cases.models import Case

    if row.case_id is not None:
        return session.get_one(Case, row.case_id).case_no
    version = f" v{row.version}" if row.version is not None else ""
    return f"{row.process_key}{version} @{row.region_code}"


@click.command(help="暂停一件案件或一个流程（法定时限照常计算）/ hold a case or a process; clocks go on.")
@click.argument("what", metavar="CASE_NO|KEY")
@click.option("--region", help="流程：在哪个地区及以下 / of a process: the region, with those below")
@click.option("--version", type=int, help="流程：只这一个版本 / of a process: this version only")
@_AS
@_REASON
def hold(what: str, region: str | None, version: int | None, login: str, reason: str) -> None:
    """With --region WHAT is a process, else the number of a case."""
    from app.faces.cli.process_propose import carry_out
    from app.kernel.holds.operations import hold_case, hold_process

    if region is None:
        number = carry_out(login, partial(hold_case, reason=reason), case=partial(_find_case, number=what))
    else:
        of_process = partial(
            hold_process, process_key=what, region_code=region, reason=reason, version=version
        )
        number = carry_out(login, of_process)
    click.echo(f"已暂停 / on hold: #{number}")


@click.command("end-hold", help="恢复办理 / end a hold.")
@click.argument("number", type=int)
@_AS
@_REASON
def end_hold(number: int, login: str, reason: str) -> None:
    """NUMBER is what `holds` lists."""
    from app.faces.cli.process_propose import carry_out
    from app.kernel.holds.operations import end_case_hold, end_process_hold
    from app.kernel.holds.queries import list_open_holds

    with reading() as session:
        row = next((one for one in list_open_holds(session) if one.hold_id == number), None)
    case_id = row.case_id if row is not None else None
    if case_id is None:
        carry_out(login, partial(end_process_hold, hold_id=number, reason=reason))
    else:
        carry_out(login, partial(end_case_hold, hold_id=number, reason=reason), case=lambda _: case_id)
    click.echo("已恢复 / ended")


def _find_case(session: Session, number: str) -> int:
    """The case of that number, where the person's regions show it. Raise CaseNotFound."""
    from sqlalchemy import select

    from app.kernel.cases.models import Case
    from app.kernel.refusals import CaseNotFound

    found = session.scalar(select(Case.id).where(Case.case_no == number))
    if found is None:
        raise CaseNotFound(case_id=number)
    return found
