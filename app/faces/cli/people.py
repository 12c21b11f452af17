"""`sanshen people`: who is there, what one person holds, and which records may be one person."""

from __future__ import annotations

import click
import orjson
from sqlalchemy.orm import Session

from app.faces.cli.commands import refuse
from app.faces.cli.processes import opened_kernel
from app.kernel.grants.holdings import GrantRow, list_grants
from app.kernel.grants.people import PeopleFilter, PeopleSort, PersonRow, list_people
from app.kernel.grants.queries import list_requests
from app.kernel.identity.doubts import find_likely_duplicates, list_doubts, raise_likely_doubts
from app.kernel.identity.models import Person
from app.kernel.identity.records import get_person_file
from app.kernel.kernel import Kernel
from app.kernel.local_time import local_day
from config import Settings


@click.group()
def people() -> None:
    """人员与岗位 / people and posts."""


@people.command("list")
@click.option("--search", default="", help="姓名、拼音或账号 / part of a name, pinyin, or a login")
@click.option("--post", default="", help="今天的岗位 / a post held today, e.g. rec_handler")
@click.option("--region", default="", help="地区代码，含下级 / region code with all below it")
@click.option("--json", "as_json", is_flag=True, help="只输出 JSON / print JSON only")
def list_command(search: str, post: str, region: str, as_json: bool) -> None:
    """列出人员与今天的岗位。 List people with the posts they hold today."""
    with opened_kernel(Settings.from_environment()) as kernel, kernel.database.session() as session:
        today, page = local_day(kernel.clock()), 1
        rows: list[PersonRow] = []
        while True:
            wanted = PeopleFilter(search, post=post, region=region, sort=PeopleSort.NAME, page=page)
            found = list_people(session, wanted, today)
            rows += found.rows
            if page >= found.pages:
                break
            page += 1
    if as_json:
        click.echo(orjson.dumps([_person(row) for row in rows]))
        return
    for row in rows:
        held = "、".join(f"{item.title_zh}({item.region_zh})" for item in row.posts) or "–"
        click.echo(f"#{row.id}\t{row.name}\t{held}{'  [身份存疑 / in doubt]' if row.in_doubt else ''}")
    click.echo(f"{len(rows)} 人 / people")


def _person(row: PersonRow) -> dict[str, object]:
    return {
        "id": row.id,
        "name": row.name,
        "accounts": row.accounts,
        "records": row.records,
        "in_doubt": row.in_doubt,
        "posts": [{"post": item.post, "region": item.region_zh} for item in row.posts],
    }


@people.command("show")
@click.argument("person_id", type=int)
def show_command(person_id: int) -> None:
    """一个人的档案、账号和岗位。 One person: records, accounts, posts over time, requests, doubts."""
    with opened_kernel(Settings.from_environment()) as kernel, kernel.database.session() as session:
        _show(kernel, session, person_id)


def _show(kernel: Kernel, session: Session, person_id: int) -> None:
    file = get_person_file(session, kernel.keyring, person_id)
    if file is None:
        refuse(f"没有 #{person_id} 这个人 / no person #{person_id}")
    today = local_day(kernel.clock())
    click.echo(f"#{file.id} {file.name}")
    for record in file.records:
        click.echo(f"  档案 / record #{record.id} {record.masked_number} {record.reason}".rstrip())
    for account in file.accounts:
        click.echo(f"  账号 / account {account.login} {account.state}")
    for grant in list_grants(session, file.id):
        mark = "*" if grant.in_force(today) else " "
        click.echo(f" {mark} {grant.post} {grant.region_code} {_period(grant)}")
    for request in list_requests(session, person_id=file.id, is_open=True):
        click.echo(f"  申请 / request #{request.id} {request.wanted.post} {request.state}")
    for doubt in list_doubts(session, person_ids=file.record_ids):
        click.echo(f"  存疑 / doubt #{doubt.id} {doubt.ground}")


def _period(grant: GrantRow) -> str:
    return f"[{grant.valid_from}, {grant.ends_on or '…'})"


@people.command("duplicates")
@click.option("--raise", "raising", is_flag=True, help="为可信的一对提出存疑 / raise doubts for strong pairs")
def duplicates_command(raising: bool) -> None:
    """可能是同一个人的档案；证件号从不显示。 Records that may be one person; no ID number is shown.

    Exit 1 when there is a strong pair nobody has looked at yet.
    """
    with opened_kernel(Settings.from_environment()) as kernel:
        with kernel.database.session() as session:
            pairs = find_likely_duplicates(session, kernel.keyring)
            for pair in pairs:
                names = [session.get_one(Person, who).name for who in (pair.person_id, pair.other_id)]
                strength = "可信 / strong" if pair.strong else "疑似 / weak"
                grounds = ", ".join(sorted(pair.grounds))
                click.echo(
                    f"#{pair.person_id} {names[0]}  #{pair.other_id} {names[1]}  {strength}: {grounds}"
                )
        if raising:
            click.echo(f"{raise_likely_doubts(kernel)} 条存疑 / doubts raised")
            return
    click.echo(f"{len(pairs)} 对 / pairs")
    if any(pair.strong for pair in pairs):
        click.get_current_context().exit(1)
