"""`sanshen formula`: what can be calculated, and calculating it with its derivation."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click
import orjson

from app.faces.cli.commands import refuse
from app.faces.cli.parameter import JSON, REGION, reading

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from app.kernel.decisions.formulas import Calculation, Catalogue
    from app.kernel.decisions.formulas.derivation import Language


@click.group(help="待遇公式 / benefit formulas.")
def formula() -> None:
    """List and calculate."""


@formula.command("list", help="可以计算的项目和要填的内容 / items and what each asks for.")
@JSON
def list_command(as_json: bool) -> None:
    catalogue = _catalogue()
    found = [
        {
            "key": item.key,
            "title_zh": item.title_zh,
            "title_en": item.title_en,
            "ground": item.ground,
            "inputs": [one.key for one in catalogue.inputs_of(item)],
            "parameters": sorted({one.key for one in catalogue.parameters_of(item)}),
        }
        for item in catalogue.items.values()
    ]
    if as_json:
        click.echo(orjson.dumps(found))
        return
    for one in found:
        click.echo(f"{one['key']:<26} {one['title_zh']} / {one['title_en']}  {one['ground']}")
        click.echo(f"{'':<26} ← {', '.join(one['inputs'])}")


@formula.command(
    help="计算一个项目，输出全部推导过程 / calculate an item with its whole derivation. "
    "退出码 / exit: 0 算出 calculated, 1 没有 not."
)
@click.argument("item")
@click.option(
    "--input", "given", default="{}", metavar="JSON", help="按字段代码 / by the inputs' keys; - 从标准输入"
)
@REGION
@click.option("--english", is_flag=True, help="英文 / in English")
@JSON
@click.pass_context
def calculate(
    context: click.Context, item: str, given: str, region: str | None, english: bool, as_json: bool
) -> None:
    from app.faces.refusal_texts import text_of_field
    from app.kernel.decisions.formulas import calculate as calculated
    from app.kernel.decisions.formulas.derivation import as_text, describe
    from app.kernel.decisions.formulas.sources import StoredParameters
    from app.kernel.refusals import InvalidInput

    facts = _facts(given)
    with reading() as session:
        catalogue = _standing(session)
        if item not in catalogue.items:
            refuse(f"没有这个项目 / no such item: {item}")
        try:
            found = calculated(catalogue, item, facts, StoredParameters(session, region))
        except InvalidInput as invalid:
            refuse("\n".join(f"{field}: {text_of_field(*error)}" for field, error in invalid.errors.items()))
    if as_json:
        click.echo(orjson.dumps(_as_json(catalogue, found)))
    else:
        language: Language = "en" if english else "zh"
        click.echo(as_text(describe(catalogue, found, language), language))
    context.exit(0 if found.status == "done" else 1)


def _standing(session: Session) -> Catalogue:
    """The formulas in force today."""
    from app.faces.refusal_texts import text_of
    from app.kernel.decisions.formulas.versions import FormulasMissing, standing_catalogue
    from app.kernel.kernel import wall_clock
    from app.kernel.local_time import local_day

    try:
        return standing_catalogue(session, local_day(wall_clock()))
    except FormulasMissing as refusal:
        refuse(text_of(refusal))


def _catalogue() -> Catalogue:
    """Those that are shipped: a list needs no database."""
    from app.kernel.decisions.formulas.catalogue import load_catalogue
    from app.wiring import FORMULAS

    catalogue: Catalogue = load_catalogue(FORMULAS)
    return catalogue


def _facts(given: str) -> dict[str, Any]:
    text = sys.stdin.read() if given == "-" else given
    try:
        facts = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        refuse(f"--input: {error}")
    if not isinstance(facts, dict):
        refuse("--input: 应为 JSON 对象 / an object is expected")
    return facts


def _as_json(catalogue: Catalogue, found: Calculation) -> dict[str, Any]:
    from dataclasses import asdict

    from app.kernel.decisions.formulas.derivation import describe

    return {
        "item": found.item.key,
        "status": found.status,
        "results": {name: str(value) for name, value in found.results},
        "provisional": sorted({one.ref.key for one in found.provisional}),
        "unverified": sorted({one.ref.key for one in found.unverified}),
        "missing": sorted({one.ref.key for one in found.missing}),
        "derivation": {
            "zh": asdict(describe(catalogue, found, "zh")),
            "en": asdict(describe(catalogue, found, "en")),
        },
    }
