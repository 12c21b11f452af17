"""`sanshen process migration`: which running cases can change their version, the proposal, how far it has come."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import click
import orjson

from app.faces.cli.commands import refuse
from app.faces.cli.process_life import reading

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.orm import Session

    from app.kernel.engine.running.queries import Progress
    from app.kernel.engine.running.weighing import Weighed
    from app.kernel.transaction import Unit

_JSON = click.option("--json", "as_json", is_flag=True, help="只输出 JSON / print JSON only")
NOBODY = 0
"""No person reads at the console: nobody's recusals hide a case there."""


@click.group()
def migration() -> None:
    """在办案件换版本 / running cases to another version."""


@migration.command(help="逐件预览 / case by case. 退出码 exit: 0 都能换 all can, 1 有的不能 some can't.")
@click.argument("key")
@click.argument("old", type=int)
@click.argument("new", type=int)
@_JSON
@click.pass_context
def preview(context: click.Context, key: str, old: int, new: int, as_json: bool) -> None:
    """Changes nothing: each open case of the old version, with what stands in its way."""
    with reading() as session:
        found = [_weighed(item) for item in _weigh(session, key, old, new)]
    stays = [item for item in found if item["obstacles"]]
    if as_json:
        click.echo(orjson.dumps(found))
    else:
        for item in found:
            why = "；".join(f"{one['zh']} / {one['en']}" for one in item["obstacles"]) or "可以 can"
            click.echo(f"{item['case_no']}\t{why}")
        reasons = Counter(one["code"] for item in stays for one in item["obstacles"])
        told = "".join(f", {code} {count}" for code, count in reasons.most_common())
        click.echo(f"可以 can {len(found) - len(stays)}，不能 can't {len(stays)}{told}")
    context.exit(1 if stays else 0)


def _weigh(session: Session, key: str, old: int, new: int) -> list[Weighed]:
    from app.kernel.engine.catalogue import get_deployed
    from app.kernel.engine.lifecycle.queries import list_versions
    from app.kernel.engine.running.weighing import list_open_cases, weigh

    ids = {row.version: row.id for row in list_versions(session, key)}
    for version in (old, new):
        if version not in ids:
            refuse(f"没有这个版本 / no such version: {key} {version}")
    if old == new:
        refuse("两个版本相同 / both are the same version")
    cases = list_open_cases(session, ids[old])
    return list(weigh(session, cases, get_deployed(session, ids[old]), get_deployed(session, ids[new])))


def _weighed(item: Weighed) -> dict[str, Any]:
    return {
        "case_no": item.case.case_no,
        "obstacles": [{"code": one.code, "zh": one.zh, "en": one.en} for one in item.obstacles],
    }


@migration.command(
    help="以某人的名义提请；另外两人复核、批准后换 / propose as a named editor; two others decide."
)
@click.argument("key")
@click.argument("old", type=int)
@click.argument("new", type=int)
@click.option(
    "--case", "cases", multiple=True, metavar="NUMBER", help="案号，可多次；不写为全部 / else all open cases"
)
@click.option(
    "--as", "login", required=True, metavar="LOGIN", help="规则编制岗的账号 / account of a rule editor"
)
@click.option("--reason", required=True, help="变更理由 / why")
@click.option("--ground", required=True, help="变更依据 / on what legal ground")
def propose(
    key: str, old: int, new: int, cases: tuple[str, ...], login: str, reason: str, ground: str
) -> None:
    """The same controlled change as on the page; prints its case."""
    from app.faces.cli.process_propose import carry_out, proposed

    def operation(unit: Unit) -> Mapping[str, Any]:
        from app.kernel.engine.changes import Proposal, propose_weighed

        values = {"process": key, "from_version": old, "to_version": new, "cases": "\n".join(cases)}
        return propose_weighed(unit, Proposal("migration", values, reason, ground))

    proposed(carry_out(login, operation))


@migration.command(help="批准后的进展 / how far decided migrations have come.")
@click.argument("key")
@_JSON
def status(key: str, as_json: bool) -> None:
    """The latest five; cases that stayed are named with the reason."""
    from app.kernel.engine.running.queries import list_progress

    with reading() as session:
        found = [_progress(item) for item in list_progress(session, key, NOBODY)]
    if as_json:
        click.echo(orjson.dumps(found))
        return
    for item in found:
        click.echo(
            f"{item['change']}  v{item['from']} → v{item['to']}  已换 done {item['done']}  "
            f"待换 waiting {item['waiting']}  未换 stayed {item['stayed_count']}"
        )
        for one in item["stayed"]:
            click.echo(f"  {one['case_no']}\t{one['zh']} / {one['en']}")


def _progress(item: Progress) -> dict[str, Any]:
    from app.kernel.engine.running.obstacles import words_of

    stayed = [(one.case_no, words_of(one.reason, one.params)) for one in item.stayed]
    return {
        "change": item.case_no,
        "from": item.from_version,
        "to": item.to_version,
        "done": item.done,
        "waiting": item.waiting,
        "stayed_count": item.refused,
        "stayed": [{"case_no": number, "zh": zh, "en": en} for number, (zh, en) in stayed],
    }
