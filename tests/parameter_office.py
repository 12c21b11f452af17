"""An office with people who change rules, the shipped parameters and made-up ones."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from app.demo.staff import TEST_VALUES
from app.kernel.decisions.parameters.definitions import read_folder
from app.kernel.decisions.parameters.installing import install_values
from app.kernel.transaction import Unit, run, system_actor
from app.storage.embedded import EmbeddedServer
from app.wiring import WORKFLOWS
from tests.changing import add_changers
from tests.moving_clock import MovingClock
from tests.office import Office, open_office

REGION = "640000"


@contextmanager
def open_parameter_office(server: EmbeddedServer, clock: MovingClock, data: Path) -> Iterator[Office]:
    """The founding isn't closed in it, so that values may be installed."""
    with open_office(server, clock, data) as opened:
        add_changers(opened)
        run(opened.kernel, _install, system_actor())
        yield opened


def _install(unit: Unit) -> None:
    shipped = read_folder(WORKFLOWS / "parameters")
    made_up = read_folder(TEST_VALUES, shipped.definitions)
    install_values(unit, shipped.editions, {"kind": "bootstrap"})
    install_values(unit, made_up.editions, {"kind": "demonstration"})


def row(value: str, since: str, until: str = "", slot: str = "", tag: str = "K") -> dict[str, str]:
    """A row as the form posts it."""
    return {
        "slot": slot,
        "value": value,
        "valid_from": since,
        "valid_to": until,
        "source": "宁人社发〔2026〕9号",
        "tag": tag,
    }


def values(key: str, *rows: dict[str, str], region: str = REGION) -> dict[str, Any]:
    """What a change of a parameter wants."""
    return {"key": key, "region": region, "rows": list(rows)}
