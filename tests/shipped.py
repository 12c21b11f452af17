"""The shipped processes as they are when deployed, without a database."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from app.kernel.engine.catalogue import read_folder
from app.kernel.engine.definitions import load_definition
from app.kernel.engine.deployed import Deployed, parse_deployed
from app.kernel.engine.models import ProcessDefinition
from app.kernel.engine.specs import dump_spec
from app.wiring import WORKFLOWS


@cache
def shipped_files(key: str) -> Mapping[str, bytes]:
    """The folder of a process with those it calls."""
    return read_folder(WORKFLOWS, key)


@cache
def shipped_deployed(key: str) -> Deployed:
    definition = load_definition(key, shipped_files(key))
    row = ProcessDefinition(
        id=1,
        key=key,
        version=1,
        digest=definition.digest,
        title_zh="",
        title_en="",
        spec=dump_spec(definition.parsed),
    )
    return parse_deployed(row, definition)
