"""`sanshen parameter`: what is in force where and when, proposing a new edition."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import orjson

from app.faces.cli.commands import refuse

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from app.kernel.decisions.parameters.queries import Overview
    from app.kernel.decisions.parameters.values import ParameterValue

REGION = click.option(
    "--region", metavar="CODE", help="地区代码；不给则只看全国的 / region; else the country's"
)
ON = click.option("--on", type=click.DateTime(["%Y-%m-%d"]), help="哪一天，默认今天 / on which day")
JSON = click.option("--json", "as_json", is_flag=True, help="只输出 JSON / print JSON only")


@click.group(help="参数 / parameters.")
def parameter() -> None:
    """List, show, propose."""


@parameter.command("list", help="某地某日有效的参数 / what is in force at a place on a day.")
@REGION
@ON
@click.option(
    "--flagged", is_flag=True, help="只列缺值、暂用、未核实的 / only missing, provisional, unverified"
)
@JSON
def list_command(region: str | None, on: datetime | None, flagged: bool, as_json: bool) -> None:
    found = [
        one
        for one in _overview(region, on)
        if not flagged or one.missing or one.provisional or one.unverified
    ]
    if as_json:
        click.echo(orjson.dumps([_as_json(one) for one in found], default=str))
        return
    for one in found:
        values = "; ".join(_value_words(value) for value in one.values) or "✗ 没有有效值 no valid value"
        click.echo(
            f"{one.definition.key:<32} {one.definition.title_zh} / {one.definition.title_en}: {values}"
        )


@parameter.command(help="一个参数的全部版次 / all editions of one parameter.")
@click.argument("key")
@JSON
def show(key: str, as_json: bool) -> None:
    from app.kernel.decisions.parameters.lookup import ParameterUnknown, get_definition
    from app.kernel.decisions.parameters.queries import list_editions

    with reading() as session:
        try:
            definition = get_definition(session, key)
        except ParameterUnknown:
            refuse(f"没有这个参数 / no such parameter: {key}")
        editions = list_editions(session, key)
    if as_json:
        click.echo(orjson.dumps([asdict(one) for one in editions]))
        return
    click.echo(f"{definition.title_zh} / {definition.title_en}")
    for edition in editions:
        rests_on = edition.case_no or edition.approved
        click.echo(
            f"{edition.region or '全国 national'} v{edition.edition}  {edition.active_from:%Y-%m-%d}  {rests_on}"
        )
        for row in edition.rows:
            slot = f"{definition.slot_words(row.slot)[0]}  " if row.slot else ""
            until = row.valid_to.isoformat() if row.valid_to else "…"
            words = definition.value_words(row.value)[0]
            click.echo(f"  {slot}{words}  {row.valid_from}–{until}  {row.source} [{row.tag}]")


@parameter.command(
    help="以规则编制岗某人的名义提请新的取值；另外两人复核、批准后生效。FILE：TOML，每个 [[row]] 含 value、from、"
    "to、source、tag，分档的另有 slot / propose all values of a parameter in a region as a named editor."
)
@click.argument("key")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--region", default="national", metavar="CODE", help="地区代码，默认全国 / region, else the country"
)
@click.option(
    "--as", "login", required=True, metavar="LOGIN", help="规则编制岗的账号 / account of a rule editor"
)
@click.option("--reason", required=True, help="变更理由 / why")
@click.option("--ground", required=True, help="变更依据 / on what legal ground")
def propose(key: str, file: Path, region: str, login: str, reason: str, ground: str) -> None:
    from app.faces.cli.acting_person import carry_out_as
    from app.faces.cli.processes import opened_kernel
    from app.kernel.engine.changes import Proposal, propose_weighed
    from config import Settings

    proposal = Proposal("parameter", {"key": key, "region": region, "rows": _rows(file)}, reason, ground)
    with opened_kernel(Settings.from_environment()) as kernel:
        started: Mapping[str, Any] = carry_out_as(kernel, login, lambda unit: propose_weighed(unit, proposal))
    click.echo(
        f"已提请 / proposed: {started['case_no']}  /changes/{started['case_id']}\n"
        "编制人签名后由另外两人复核、批准。 / The editor signs there, then two others recheck and approve."
    )


def _rows(file: Path) -> list[dict[str, str]]:
    try:
        given = tomllib.loads(file.read_text("utf-8"))["row"]
        return [
            {
                "slot": str(row.get("slot", "")),
                "value": str(row["value"]),
                "valid_from": str(row["from"]),
                "valid_to": str(row.get("to", "")),
                "source": str(row["source"]),
                "tag": str(row["tag"]),
            }
            for row in given
        ]
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, KeyError, TypeError, AttributeError) as error:
        refuse(f"{file}: {error!r}")


def _overview(region: str | None, on: datetime | None) -> list[Overview]:
    from sqlalchemy.exc import NoResultFound

    from app.kernel.decisions.parameters.queries import list_overview
    from app.kernel.kernel import wall_clock
    from app.kernel.local_time import local_day

    day = on.date() if on is not None else local_day(wall_clock())
    with reading() as session:
        try:
            return list_overview(session, region, day)
        except NoResultFound:
            refuse(f"没有这个地区 / no such region: {region}")


def _value_words(value: ParameterValue) -> str:
    slot = f"{value.slot}: " if value.slot else ""
    until = value.valid_to.isoformat() if value.valid_to else "…"
    provisional = " 暂用 provisional" if value.provisional else ""
    place = value.region or "全国 national"
    return f"{slot}{value.words_zh} ({place}, {value.valid_from}–{until}, {value.tag}{provisional})"


def _as_json(one: Overview) -> dict[str, Any]:
    return {
        "key": one.definition.key,
        "title_zh": one.definition.title_zh,
        "title_en": one.definition.title_en,
        "missing": one.missing,
        "values": [asdict(value) | {"value": str(value.value)} for value in one.values],
    }


@contextmanager
def reading() -> Iterator[Session]:
    """A session that sees every region."""
    from app.faces.cli.processes import opened_kernel
    from app.kernel.transaction.unit import EVERY_REGION
    from config import Settings

    with opened_kernel(Settings.from_environment()) as kernel, kernel.database.session() as session:
        kernel.database.scope(session, EVERY_REGION)
        yield session
