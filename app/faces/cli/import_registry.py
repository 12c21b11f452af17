"""`sanshen import registry`: a file for the register, weighed line by line, and proposed in an editor's name."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import orjson

from app.faces.cli.commands import refuse

if TYPE_CHECKING:
    from app.domain.registry.importing import Upload
    from app.kernel.transaction import Unit


@click.command(
    "registry",
    help="登记库导入：试算，或者以某人的名义提请（另外两人复核、批准后写入） / "
    "lines for the register: weighed, or proposed as a named editor; two others recheck and approve.",
)
@click.argument("kind")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--as", "login", metavar="LOGIN", help="规则编制岗的账号 / account of a rule editor")
@click.option("--reason", default="", help="变更理由 / why")
@click.option("--ground", default="", help="变更依据 / on what legal ground")
@click.option("--dry-run", is_flag=True, help="只试算，不写入 / weigh only, write nothing")
@click.option("--json", "as_json", is_flag=True, help="只输出 JSON / print JSON only")
@click.pass_context
def registry(
    context: click.Context,
    kind: str,
    file: Path,
    login: str | None,
    reason: str,
    ground: str,
    dry_run: bool,
    as_json: bool,
) -> None:
    """With --dry-run exit code 1 when any line would be refused."""
    from app.domain.registry.importing import Upload
    from app.domain.registry.reading import LARGEST_FILE

    with file.open("rb") as opened:
        upload = Upload(kind, file.name, opened.read(LARGEST_FILE + 1))
    if dry_run:
        results = _weigh(upload)
        _show(results, as_json=as_json)
        context.exit(1 if results["counts"]["refused"] else 0)
    if not login:
        refuse(
            "提请须有 --as LOGIN；只看结果用 --dry-run / proposing needs --as LOGIN; to look only: --dry-run"
        )
    _propose(upload, login, reason, ground)


def _weigh(upload: "Upload") -> dict[str, Any]:
    from app.domain.registry.importing import told, weigh_file
    from app.faces.cli.processes import opened_kernel
    from app.faces.refusal_texts import text_of_field
    from app.kernel.local_time import local_day
    from app.kernel.refusals import InvalidInput
    from app.kernel.transaction.unit import EVERY_REGION
    from config import Settings

    with (
        opened_kernel(Settings.from_environment()) as kernel,
        kernel.database.reading(EVERY_REGION) as session,
    ):
        try:
            plan = weigh_file(session, kernel.keyring, upload, EVERY_REGION, local_day(kernel.clock()))
        except InvalidInput as invalid:
            refuse("\n".join(f"{field}: {text_of_field(*error)}" for field, error in invalid.errors.items()))
    return told(plan)


def _propose(upload: "Upload", login: str, reason: str, ground: str) -> None:
    from app.faces.cli.process_propose import carry_out, proposed

    def operation(unit: "Unit") -> Mapping[str, Any]:
        from app.domain.registry.importing import propose_import, put_up

        return propose_import(unit, put_up(unit, upload), reason=reason, ground=ground)

    proposed(carry_out(login, operation))


def _show(results: Mapping[str, Any], *, as_json: bool) -> None:
    from app.domain.registry.change_kind import STATUS_WORDS
    from app.faces.refusal_texts import text_of_field

    if as_json:
        click.echo(orjson.dumps(results))
        return
    for line in results["lines"]:
        for fault in line.get("faults", []):
            column = f"{fault['column']}: " if fault["column"] else ""
            click.echo(f"{line['number']}  {column}{text_of_field(fault['code'], fault['params'])}")
    click.echo(
        "  ".join(f"{' / '.join(STATUS_WORDS[key])} {number}" for key, number in results["counts"].items())
    )
