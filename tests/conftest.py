"""Fixtures of all tests: the shared server, migrated copies, a kernel over a copy, a clock that moves, the seed."""

import dataclasses
import os
import random
import secrets
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest

from app.storage.embedded import EmbeddedServer
from config import Settings
from tests import databases
from tests.databases import CopiedDatabase
from tests.moving_clock import MovingClock

if TYPE_CHECKING:
    from app.kernel.kernel import Kernel
    from tests.office import Office

SEED_VARIABLE = "SANSHEN_TEST_SEED"
# A Monday morning in Shanghai, in a year whose holidays are published.
START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)

# A machine shared with other work is slow now and then; that says nothing about the code.
hypothesis.settings.register_profile("sanshen", deadline=None, print_blob=True, derandomize=False)
hypothesis.settings.load_profile("sanshen")


def leads(config: pytest.Config) -> bool:
    """True in the process that leads the run, false in xdist's workers."""
    return not hasattr(config, "workerinput")


def pytest_configure(config: pytest.Config) -> None:
    if leads(config):
        os.environ.setdefault(SEED_VARIABLE, str(secrets.randbelow(2**32)))
        databases.choose_directory()


def pytest_unconfigure(config: pytest.Config) -> None:
    if leads(config):
        databases.remove_directory()


def pytest_report_header() -> str:
    return f"seed: {os.environ[SEED_VARIABLE]} ({SEED_VARIABLE} repeats it)"


@pytest.fixture(scope="session")
def seed() -> int:
    """The seed of this run, printed at its head."""
    return int(os.environ[SEED_VARIABLE])


@pytest.fixture
def rng(seed: int, request: pytest.FixtureRequest) -> random.Random:
    """Randomness of one test: the same for the same seed, whatever else runs."""
    return random.Random(f"{seed}:{request.node.nodeid}")


@pytest.fixture(scope="session")
def server() -> EmbeddedServer:
    """The PostgreSQL of this run, shared by all workers."""
    return databases.shared_server()


@pytest.fixture(scope="module")
def database(server: EmbeddedServer) -> Iterator[CopiedDatabase]:
    """A migrated database for the tests of one module."""
    with databases.copy_of_template(server) as copy:
        yield copy


@pytest.fixture
def fresh_database(server: EmbeddedServer) -> Iterator[CopiedDatabase]:
    """A migrated database for one test alone."""
    with databases.copy_of_template(server) as copy:
        yield copy


@pytest.fixture
def clock() -> MovingClock:
    """Stands at a Monday morning until the test moves it."""
    return MovingClock(START)


@pytest.fixture
def settings(fresh_database: CopiedDatabase, tmp_path: Path) -> Settings:
    """Settings of an installation of its own: fresh database, empty data directory."""
    return Settings(data_dir=tmp_path / "data", database_url=fresh_database.app_url)


@pytest.fixture
def kernel(settings: Settings, clock: MovingClock) -> Iterator["Kernel"]:
    """A whole kernel under the application's role, with the clock that moves."""
    from app.wiring import build_kernel

    built = dataclasses.replace(build_kernel(settings), clock=clock)
    yield built
    built.database.dispose()


@pytest.fixture
def office(server: EmbeddedServer, clock: MovingClock, tmp_path: Path) -> Iterator["Office"]:
    """An office with people in every post and the shipped processes deployed, in a database of its own."""
    from tests.office import open_office

    with open_office(server, clock, tmp_path / "data") as opened:
        yield opened


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of the browser."""
    names = ("chromium", "chromium-browser", "google-chrome")
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    if found is None:
        pytest.fail("no Chromium here: install the package chromium, or set CHROMIUM to its path")
    return found
