"""`sanshen process deploy`, `import`, `retire`, `roll-back`: proposals of a named rule editor, decided by two others.

The command line has no way round the three people: what it proposes is rechecked and approved like any other change.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from app.faces.cli.commands import refuse
from app.faces.cli.process_files import read_process_files

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sqlalchemy.orm import Session

    from app.kernel.transaction import Unit

_AS = click.option(
    "--as", "login", required=True, metavar="LOGIN", help="规则编制岗的账号 / account of a rule editor"
)
_REASON = click.option("--reason", required=True, help="变更理由 / why")
_GROUND = click.option("--ground", required=True, help="变更依据 / on what legal ground")
_FILES = click.argument(
    "files", nargs=-1, required=True, metavar="FOLDER|FILE.zip…", type=click.Path(path_type=Path)
)


@click.command(
    help="以某人的名义提请部署（草稿、检查、提请）；另外两人复核、批准后生效 / "
    "propose a deployment as a named editor; two others recheck and approve it."
)
@click.argument("key")
@_FILES
@_AS
@_REASON
@_GROUND
@click.option("--notes", default="", help="版本说明 / notes of the version")
def deploy(key: str, files: tuple[Path, ...], login: str, reason: str, ground: str, notes: str) -> None:
    """Draft, check and propose in one transaction; prints the change's case."""
    read = _read(files)

    def operation(unit: Unit) -> Mapping[str, Any]:
        from app.kernel.engine.lifecycle.drafts import import_draft, submit_draft

        draft_id = import_draft(unit, key, read)
        return submit_draft(unit, draft_id, reason=reason, ground=ground, notes=notes)

    proposed(carry_out(login, operation))


@click.command("import", help="导入为某人的草稿，不提请 / import as a draft of a named editor.")
@click.argument("key")
@_FILES
@_AS
def import_command(key: str, files: tuple[Path, ...], login: str) -> None:
    """Prints the draft's number."""
    from app.kernel.engine.lifecycle.drafts import import_draft

    draft_id = carry_out(login, partial(import_draft, key=key, files=_read(files)))
    click.echo(f"草稿 / draft {draft_id}")


@click.command(help="提请停用：不再受理新案 / propose that a process takes no new cases.")
@click.argument("key")
@_AS
@_REASON
@_GROUND
def retire(key: str, login: str, reason: str, ground: str) -> None:
    """Running cases go on."""
    proposed(carry_out(login, _release("retire", key, "", reason, ground)))


@click.command("roll-back", help="提请恢复旧版本 / propose an earlier version.")
@click.argument("key")
@click.argument("version", type=int)
@_AS
@_REASON
@_GROUND
def roll_back(key: str, version: int, login: str, reason: str, ground: str) -> None:
    """New cases begin on it once it is approved."""
    proposed(carry_out(login, _release("roll_back", key, str(version), reason, ground)))


def _release(
    action: str, key: str, version: str, reason: str, ground: str
) -> Callable[[Unit], Mapping[str, Any]]:
    from app.kernel.engine.lifecycle.submission import propose_release

    return partial(propose_release, action=action, key=key, version=version, reason=reason, ground=ground)


def carry_out(
    login: str, operation: Callable[[Unit], Any], *, case: Callable[[Session], int] | None = None
) -> Any:
    """One operation as that person; `case` finds the case to be locked, within the person's regions."""
    from app.faces.cli.acting_person import carry_out_as
    from app.faces.cli.processes import opened_kernel
    from config import Settings

    with opened_kernel(Settings.from_environment()) as kernel:
        return carry_out_as(kernel, login, operation, case)


def _read(files: tuple[Path, ...]) -> dict[str, bytes]:
    """One archive, or folders."""
    from app.faces.refusal_texts import text_of_field
    from app.kernel.engine.lifecycle.archive import LARGEST_ARCHIVE, read_archive
    from app.kernel.refusals import InvalidInput

    if len(files) > 1 or files[0].suffix != ".zip":
        return read_process_files(files)
    try:
        with files[0].open("rb") as opened:
            return read_archive(opened.read(LARGEST_ARCHIVE + 1))
    except OSError as error:
        refuse(f"{files[0]}: 无法读取 / can't be read: {error.strerror}")
    except InvalidInput as invalid:
        refuse("\n".join(f"{field}: {text_of_field(*error)}" for field, error in invalid.errors.items()))


def proposed(started: Mapping[str, Any]) -> None:
    """Say where the change is that was begun."""
    click.echo(
        f"已提请 / proposed: {started['case_no']}  /changes/{started['case_id']}\n"
        "编制人签名后由另外两人复核、批准。 / The editor signs there, then two others recheck and approve."
    )
