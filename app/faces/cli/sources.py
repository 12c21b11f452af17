"""`sanshen sources`: every number decided by, with the text it comes from; what nobody has checked is flagged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

import click
import orjson

from app.faces.cli.commands import refuse
from app.faces.cli.parameter import JSON, ON, REGION, reading

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

WEAKEST_LAST = ("V", "E", "D", "K", "TEST")
FLAGS = {"TEST": "✗ 测试值 made up", "K": "? 未核实 unverified", "D": "? 自定 own decision"}
UNITS = {
    "days": "日 calendar days",
    "working_days": "个工作日 working days",
    "months": "个月 months",
    "years": "年 years",
    "open": "不定 open",
}


@dataclass(frozen=True)
class SourceLine:
    """A number and its source. `tag`: V text checked, E excerpt, K from knowledge, D own decision, TEST made up, empty:
    no valid value. `kind`: clock, parameter, rule."""

    kind: str
    key: str
    title: str
    value: str
    source: str
    tag: str

    @property
    def unverified(self) -> bool:
        return self.tag not in ("V", "E")


@click.command(
    help="全部数值（时限、参数、规则阈值）及其来源；未核实的标出 / every number decided by, with its source. "
    "退出码 / exit: 0 全部核实 all verified, 1 有未核实或者缺值 not."
)
@REGION
@ON
@click.option("--unverified", is_flag=True, help="只列未核实、缺值的 / only what is unverified or missing")
@JSON
@click.pass_context
def sources(
    context: click.Context, region: str | None, on: datetime | None, unverified: bool, as_json: bool
) -> None:
    """One line per number, by kind; the count by tag at the end."""
    lines = _read(region, on)
    shown = [line for line in lines if line.unverified or not unverified]
    if as_json:
        click.echo(orjson.dumps([asdict(line) for line in shown]))
    else:
        for line in shown:
            flag = FLAGS.get(line.tag, "✓") if line.tag else "✗ 没有有效值 no valid value"
            click.echo(
                f"{flag} {line.kind} {line.key}  {line.title}: {line.value}  {line.source} [{line.tag}]"
            )
        click.echo(_counted(lines))
    context.exit(1 if any(line.unverified for line in lines) else 0)


def _counted(lines: Sequence[SourceLine]) -> str:
    counts = Counter(line.tag or "–" for line in lines)
    return f"{len(lines)} = " + ", ".join(f"{tag} {count}" for tag, count in sorted(counts.items()))


def _read(region: str | None, on: datetime | None) -> list[SourceLine]:
    from sqlalchemy.exc import NoResultFound

    from app.kernel.kernel import wall_clock
    from app.kernel.local_time import local_day

    day = on.date() if on is not None else local_day(wall_clock())
    with reading() as session:
        try:
            return [*_clocks(session), *_parameters(session, region, day), *_thresholds(session, day)]
        except NoResultFound:
            refuse(f"没有这个地区 / no such region: {region}")


def _clocks(session: Session) -> Iterator[SourceLine]:
    """The statutory periods of the processes in force."""
    from app.kernel.engine.catalogue import list_in_force

    for deployed in list_in_force(session):
        for kind, clock in deployed.clocks.items():
            length = f"{clock.length} " if clock.unit != "open" else ""
            more = f"，可延长 extendable by {clock.extendable}" if clock.extendable else ""
            yield SourceLine(
                "clock",
                f"{deployed.key}.{kind}",
                f"{clock.title_zh} / {clock.title_en}",
                length + UNITS[clock.unit] + more,
                clock.source,
                weakest_tag(clock.source),
            )


def _parameters(session: Session, region: str | None, on: date) -> Iterator[SourceLine]:
    """The parameters in force at a place on a day; one without a value is a line of its own."""
    from app.kernel.decisions.parameters.queries import list_overview

    for one in list_overview(session, region, on):
        title = f"{one.definition.title_zh} / {one.definition.title_en}"
        if one.missing:
            yield SourceLine("parameter", one.definition.key, title, "", one.definition.note_zh, "")
        for value in one.values:
            slot = f".{value.slot}" if value.slot else ""
            yield SourceLine(
                "parameter", one.definition.key + slot, title, value.words_zh, value.source, value.tag
            )


def _thresholds(session: Session, on: date) -> Iterator[SourceLine]:
    """The thresholds inside the rules in force."""
    from app.kernel.decisions.catalogue.versions import list_standing

    for standing in list_standing(session, on):
        for one in standing.rule.manifest.parameters.values():
            yield SourceLine(
                "rule",
                f"{standing.rule.id}.{one.key}",
                f"{one.zh} / {one.en}",
                f"{one.value} {one.unit}",
                one.source,
                weakest_tag(one.source),
            )


def weakest_tag(source: str) -> str:
    """The tag of a source like "V:条例 20; E:34号 6": of several the least certain, since the number rests on all."""
    tags = [part.strip().split(":")[0] for part in source.split(";")]
    known = [tag for tag in tags if tag in WEAKEST_LAST]
    return max(known, key=WEAKEST_LAST.index, default="D")
