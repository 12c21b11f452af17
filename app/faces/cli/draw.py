"""`sanshen draw`: verify a published draw of experts, make a secret with its commitment. No database is needed."""

from __future__ import annotations

import secrets
import sys
from pathlib import Path

import click
import orjson

from app.domain.assessment.draw import ROLES, DrawInvalid, Published, commit, verify
from app.faces.cli.parameter import JSON

WRONG = {
    "candidates_changed": (
        "备选名单或席位与事先固定的摘要不符",
        "candidates or seats aren't those fixed beforehand",
    ),
    "commitment_operator": ("操作人的密语与承诺值不符", "the operator's secret isn't the one committed to"),
    "commitment_witness": ("见证人的密语与承诺值不符", "the witness's secret isn't the one committed to"),
    "same_secret": ("两人密语相同", "both secrets are the same"),
    "repeated_candidate": ("备选名单有重复", "a candidate is named twice"),
    "repeated_seat": ("席位有重复", "a seat is named twice"),
    "result_changed": ("抽取结果与重算不符", "the result isn't what the draw gives"),
    "unreadable": ("不是抽取文件", "not the file of a draw"),
    "algorithm": ("不认识的算法", "an unknown algorithm"),
}
"""What `verify` finds, in words: (Chinese, English)."""


@click.group(help="专家抽取 / draws of experts.")
def draw() -> None:
    """Verify, commit."""


@draw.command(
    "verify",
    help="重算公开的抽取文件，不需要数据库 / recompute a published draw, without a database. "
    "退出码 / exit: 0 相符 right, 1 不符 wrong.",
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@JSON
def verify_command(file: Path, as_json: bool) -> None:
    wrong, published = _verified(file.read_bytes())
    if as_json:
        click.echo(orjson.dumps({"valid": not wrong, "wrong": wrong}))
    elif wrong or published is None:
        for code in wrong:
            click.echo(f"✗ {code}: {WRONG[code][0]} / {WRONG[code][1]}")
    else:
        click.echo(f"✓ 抽取 {published.draw} 重算相符 / recomputed: the same")
        for seat, key in sorted(published.result.items()):
            click.echo(f"  {seat}  {key}")
    sys.exit(1 if wrong else 0)


def _verified(content: bytes) -> tuple[list[str], Published | None]:
    try:
        published = Published.from_json(content)
    except DrawInvalid as invalid:
        return [invalid.code], None
    return verify(published), published


@draw.command(
    "commit",
    help="生成密语和承诺值；密语自己保管 / make a secret and its commitment; keep the secret.",
)
@click.argument("draw_uid", metavar="DRAW")
@click.argument("role", type=click.Choice(ROLES))
@click.option("--secret", help="自己的密语，不给则随机 / your own secret, else a random one")
def commit_command(draw_uid: str, role: str, secret: str | None) -> None:
    chosen = secret or secrets.token_urlsafe(24)
    click.echo(f"密语 / secret      {chosen}")
    click.echo(f"承诺值 / commitment {commit(draw_uid, role, chosen)}")
