"""`sanshen bootstrap`: found the installation with three administrators before two witnesses."""

import secrets
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import orjson

from app.faces.cli.commands import refuse

if TYPE_CHECKING:
    from app.domain.registry.founding import Founder, Founding

TITLES = {
    "system_admin": "系统管理员 / system administrator",
    "security_admin": "安全管理员 / security administrator",
    "audit_admin": "审计管理员 / audit administrator",
}
OFFICERS = {
    "supervisor": "业务主管 / supervisor",
    "internal_auditor": "稽核内控岗 / internal auditor",
    "dept_head": "部门负责人 / head of department",
}
WITNESS = "见证人 / witness"
REASONS = {
    "posts_incomplete": "须写明三员：system_admin、security_admin、audit_admin。 / Name all three administrators.",
    "officers_incomplete": "首批岗位须写全：supervisor、internal_auditor、dept_head。 / Name all three first officers.",
    "witnesses_missing": "须有两名见证人。 / Two witnesses are needed.",
    "name_missing": "姓名不能为空。 / A name is missing.",
    "same_person": "每人须是不同的自然人（证件号有重复）。 / Different people, please: an ID number repeats.",
    "founded_by_others": "本系统已由他人设立三员，不得再次设立（{post}）。 / Founded before, by other people ({post}).",
    "people_before_founding": "库中已有人员而没有三员，不是新库。 / People but no administrators: not a new database.",
}


@dataclass(frozen=True)
class Stated:
    """The founding as stated, and the passwords that were made up for it, by login."""

    founding: "Founding"
    generated: Mapping[str, str]


@click.command(
    help="设立三员（三名管理员、两名见证人）并部署流程 / Set up the three administrators and deploy."
)
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
def bootstrap(file: Path | None) -> None:
    from app.domain.registry.founding import FoundingRefused, found
    from app.faces.cli.processes import opened_kernel
    from app.kernel.identity.identifiers import IdentifierInvalid
    from app.kernel.refusals import Refusal
    from app.kernel.transaction import run, system_actor
    from app.wiring import WORKFLOWS
    from config import Settings

    stated = completed(read_people(file) if file else ask_people())
    try:
        with opened_kernel(Settings.from_environment()) as kernel:
            done = run(
                kernel,
                partial(found, founding=stated.founding, workflows=WORKFLOWS),
                system_actor("bootstrap"),
            )
    except FoundingRefused as refused:
        refuse(REASONS[refused.code].format_map({"post": "", **refused.params}))
    except IdentifierInvalid as invalid:
        refuse(f"证件号不正确 / an ID number is wrong: {invalid.code}")
    except Refusal as refusal:
        refuse(f"{refusal.code}: {dict(refusal.params)}")
    if not done.new:
        click.echo("三员早已设立，流程已核对。 / Founded before by the same people; processes checked.")
    else:
        click.echo("三员已设立，已写入审计日志。 / The administrators are set up; the audit log says so.")
    if done.waiting:
        click.echo(
            f"这些流程的文件与现行版本不同，须提请受控变更： / These differ from the versions in force and must be "
            f"proposed as controlled changes: {', '.join(done.waiting)}\n   sanshen process import …"
        )
    if not done.closed:
        click.echo(
            "首批岗位（业务主管、稽核内控岗、部门负责人）尚未任命，授岗还不受四人审批约束：请在文件中写明后再运行一次。\n"
            "The first officers (supervisor, internal_auditor, dept_head) are missing, so grants aren't held to the "
            "permission chain yet: state them in the file and run this again."
        )
    if not done.new and not stated.founding.officers:
        return
    for login, password in stated.generated.items():
        click.echo(f"   {login:<20} {password}   （只显示这一次 / shown this once）")


def read_people(file: Path) -> dict[str, Any]:
    """The people as a TOML or JSON file states them: a table per administrator and per first officer, a list
    `witness`."""
    content = file.read_bytes()
    try:
        stated: Any = (
            orjson.loads(content) if file.suffix == ".json" else tomllib.loads(content.decode("utf-8-sig"))
        )
    except (tomllib.TOMLDecodeError, orjson.JSONDecodeError, UnicodeDecodeError) as error:
        refuse(f"{file}: 不是 TOML 或 JSON / neither TOML nor JSON: {error}")
    if not isinstance(stated, dict):
        refuse(f"{file}: {REASONS['posts_incomplete']}")
    return stated


def ask_people() -> dict[str, Any]:
    """The same, asked at the terminal; an empty password has one made up."""
    people: dict[str, Any] = {}
    for post, title in (TITLES | OFFICERS).items():
        click.echo(f"== {title}")
        login = click.prompt("账号 / login")
        password = click.prompt(
            "密码（回车则自动生成） / password (Enter makes one up)",
            default="",
            hide_input=True,
            show_default=False,
            confirmation_prompt="再输一次 / again",
        )
        people[post] = {**_ask_person(), "login": login, "password": password}
    people["witness"] = []
    for number in (1, 2):
        click.echo(f"== {WITNESS} {number}")
        people["witness"].append(_ask_person())
    return people


def _ask_person() -> dict[str, str]:
    return {
        "name": click.prompt("姓名 / name"),
        "id_number": click.prompt("身份证号 / ID number", hide_input=True),
    }


def completed(people: Mapping[str, Any]) -> Stated:
    """The founding with a password made up where none is stated."""
    from app.domain.registry.founding import Founding

    unknown = set(people) - {*TITLES, *OFFICERS, "witness"}
    if unknown:
        refuse(f"不认识 / unknown: {', '.join(sorted(unknown))}")
    if not set(TITLES) <= set(people):
        refuse(REASONS["posts_incomplete"])
    stated, generated = {}, {}
    for post in (post for post in (*TITLES, *OFFICERS) if post in people):
        founder = _founder(post, people[post], ("name", "id_number", "login"))
        if not founder.password:
            founder = replace(founder, password=secrets.token_urlsafe(12))
            generated[founder.login] = founder.password
        stated[post] = founder
    administrators = {post: stated[post] for post in TITLES}
    officers = {post: founder for post, founder in stated.items() if post in OFFICERS}
    witnesses = [_founder("witness", item, ("name", "id_number")) for item in people.get("witness", [])]
    return Stated(Founding(administrators, witnesses, officers), generated)


def _founder(post: str, stated: Any, required: tuple[str, ...]) -> "Founder":
    from app.domain.registry.founding import Founder

    known = {"name", "id_number", "login", "password"}
    if (
        not isinstance(stated, dict)
        or set(stated) - known
        or not all(isinstance(value, str) for value in stated.values())
    ):
        refuse(f"{post}: 只写 / only these texts: name, id_number, login, password")
    missing = [key for key in required if not stated.get(key)]
    if missing:
        refuse(f"{post}: 缺 / missing {', '.join(missing)}")
    return Founder(**stated)
