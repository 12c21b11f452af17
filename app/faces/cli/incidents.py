"""`sanshen incidents`: what failed in running cases, try it again, settle it. The console acts as the system."""

from __future__ import annotations

from functools import partial

import click
import orjson

from app.faces.cli.commands import refuse
from app.faces.cli.processes import opened_kernel
from app.faces.refusal_texts import text_of
from app.kernel.engine.incidents.operations import resolve_incident, retry_now
from app.kernel.engine.incidents.queries import IncidentRow, get_incident, list_incidents
from app.kernel.kernel import Kernel
from app.kernel.refusals import InvalidInput, Refusal
from app.kernel.transaction import run, system_actor
from app.kernel.transaction.unit import EVERY_REGION
from config import Settings

MOST = 1000
STATES = ("open", "retrying", "waiting", "resolved")


@click.group()
def incidents() -> None:
    """自动环节出错的事件 / incidents of running cases."""


@incidents.command("list")
@click.option(
    "--state", type=click.Choice(STATES), default="open", help="默认未了结的 / open ones by default"
)
@click.option("--process", default="", help="业务 / key of the process")
@click.option("--json", "as_json", is_flag=True, help="只输出 JSON / print JSON only")
@click.pass_context
def list_command(context: click.Context, state: str, process: str, as_json: bool) -> None:
    """列出事件。 List incidents. Exit 1: some wait for a person."""
    with opened_kernel(Settings.from_environment()) as kernel, kernel.database.session() as session:
        kernel.database.scope(session, EVERY_REGION)
        found = list_incidents(session, state=state, process=process, size=MOST)
        lines = [_as_json(row) if as_json else _line(row) for row in found.rows]
        waiting = any(row.incident.state == "waiting" for row in found.rows)
    if as_json:
        click.echo(orjson.dumps(lines))
    else:
        for line in lines:
            click.echo(line)
        click.echo(f"{found.total} 项 / incidents")
    context.exit(1 if waiting else 0)


@incidents.command("retry")
@click.argument("number", type=int)
@click.pass_context
def retry_command(context: click.Context, number: int) -> None:
    """现在重试。 Run the failed step now. Exit 1: it failed again."""
    with opened_kernel(Settings.from_environment()) as kernel:
        went_on = _carry_out(kernel, number, partial(retry_now, incident_id=number))
    click.echo("已继续 / the case went on" if went_on else "又失败了 / it failed again")
    context.exit(0 if went_on else 1)


@incidents.command("resolve")
@click.argument("number", type=int)
@click.option("--reason", required=True, help="理由 / why it is settled")
def resolve_command(number: int, reason: str) -> None:
    """了结事件。 Call an incident settled whose step needs no run any more."""
    with opened_kernel(Settings.from_environment()) as kernel:
        _carry_out(kernel, number, partial(resolve_incident, incident_id=number, reason=reason))
    click.echo("已了结 / settled")


def _carry_out(kernel: Kernel, number: int, operation: partial[bool] | partial[None]) -> object:
    try:
        with kernel.database.session() as session:
            kernel.database.scope(session, EVERY_REGION)
            case_id = get_incident(session, number).case.id
        return run(kernel, operation, system_actor("console"), case_id=case_id)
    except InvalidInput as invalid:
        refuse(str(invalid))
    except Refusal as refusal:
        refuse(text_of(refusal))


def _as_json(row: IncidentRow) -> dict[str, object]:
    item = row.incident
    return {
        "incident": item.id,
        "case_no": row.case.case_no,
        "process": row.case.process_key,
        "step": item.step_key,
        "kind": item.kind,
        "state": item.state,
        "cause": item.cause,
        "detail": item.detail,
        "attempts": item.attempts,
        "attempts_most": item.attempts_most,
        "opened_at": item.opened_at,
        "next_try_at": item.next_try_at,
        "resolution": item.resolution,
    }


def _line(row: IncidentRow) -> str:
    item = row.incident
    when = item.next_try_at.isoformat(timespec="minutes") if item.next_try_at else "–"
    return (
        f"#{item.id}\t{item.state}\t{row.case.case_no}\t{row.case.process_key}/{item.step_key}\t"
        f"{item.attempts}/{item.attempts_most}\t{when}\t{item.cause}: {item.detail}"
    )
