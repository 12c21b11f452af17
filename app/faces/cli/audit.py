"""`sanshen audit verify`: recompute the audit log and say whether it is whole; `audit log` is in `audit_log.py`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import orjson

from app.faces.cli.audit_log import log_command
from app.kernel.audit.verify import Break, Head, Verification, verify
from app.storage.crypto import KeyFileRefused, KeyRing, key_file
from app.storage.database import Database
from app.storage.embedded import EmbeddedServer
from config import Settings

SHOWN = 50


@click.group()
def audit() -> None:
    """审计日志 / the audit log."""


audit.add_command(log_command)


@audit.command("verify")
@click.option("--json", "as_json", is_flag=True, help="只输出 JSON / print JSON only")
@click.option(
    "--against",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="此前留存的链头 / heads kept by an earlier --keep: finds chains that were cut off",
)
@click.option(
    "--keep",
    type=click.Path(dir_okay=False, path_type=Path),
    help="留存链头的文件 / write the heads here when all is well",
)
@click.pass_context
def verify_command(context: click.Context, as_json: bool, against: Path | None, keep: Path | None) -> None:
    """重新计算每条记录的散列、校验码与顺序号。 Recompute hashes, MACs and sequence; Exit 1: broken; 2: can't tell."""
    settings = Settings.from_environment()
    try:
        known = _heads_in(against) if against else {}
        keyring = KeyRing.load(key_file(settings.data_dir))
    except (KeyFileRefused, ValueError) as error:
        click.echo(str(error), err=True)
        context.exit(2)
    with _reading(settings) as database, database.session() as session:
        result = verify(session, keyring, known)
    click.echo(orjson.dumps(as_json_object(result)) if as_json else as_text(result))
    if result.intact and keep:
        keep.write_bytes(_heads_out(result.heads))
    context.exit(0 if result.intact else 1)


def as_json_object(result: Verification) -> dict[str, Any]:
    """Counts, speed and every break."""
    return {
        "intact": result.intact,
        "events": result.events,
        "chains": len(result.heads),
        "seconds": round(result.seconds, 3),
        "breaks": [{"chain": item.chain, "seq": item.seq, "kind": item.kind} for item in result.breaks],
    }


def as_text(result: Verification) -> str:
    """The same for people, in both languages; long lists are cut."""
    counted = f"{result.events} 条记录，{len(result.heads)} 条链 / {result.events} events, {len(result.heads)} chains"
    if result.intact:
        return f"审计日志完整：{counted} / the audit log is whole ({result.seconds:.1f} s)"
    lines = [f"审计日志已被改动：{counted}，{len(result.breaks)} 处断裂 / {len(result.breaks)} breaks"]
    lines += [_line(item) for item in result.breaks[:SHOWN]]
    if len(result.breaks) > SHOWN:
        lines.append("  …  --json")
    return "\n".join(lines)


def _line(item: Break) -> str:
    return f"  {item.chain} #{item.seq}: {item.kind}"


@contextmanager
def _reading(settings: Settings) -> Iterator[Database]:
    """The database under the role that only reads; an embedded server is started for it if need be."""
    if settings.database_url:
        yield from _opened(settings.database_url)
        return
    with EmbeddedServer(settings.data_dir).running() as server:
        yield from _opened(server.auditor_url())


def _opened(url: str) -> Iterator[Database]:
    database = Database(url, application_name="sanshen-audit", pool_size=1)
    try:
        yield database
    finally:
        database.dispose()


def _heads_out(heads: Mapping[str, Head]) -> bytes:
    return orjson.dumps({chain: [head.seq, head.hash.hex()] for chain, head in heads.items()})


def _heads_in(path: Path) -> dict[str, Head]:
    try:
        return {
            chain: Head(int(seq), bytes.fromhex(digest))
            for chain, (seq, digest) in orjson.loads(path.read_bytes()).items()
        }
    except (AttributeError, TypeError, ValueError) as error:
        raise ValueError(f"{path}: 不是留存的链头 / no heads kept by --keep") from error
