"""`sanshen serve` as a process: starts all, keeps the owner's credential to itself, stops all."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest

from app.storage.credentials import kept_password
from app.storage.embedded import EmbeddedServer

STARTS_WITHIN = 60.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Served:
    """One `sanshen serve` on a data directory of its own."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.port = free_port()
        self.process = self.start(self.port)

    def start(self, port: int) -> subprocess.Popen[str]:
        environment = os.environ | {"SANSHEN_DATA": str(self.data), "PORT": str(port), "SANSHEN_DEMO": "0"}
        return subprocess.Popen(
            [sys.executable, "-m", "app.faces.cli", "serve"],
            env={name: value for name, value in environment.items() if not name.startswith("DATABASE_")},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def await_ready(self) -> None:
        deadline = time.monotonic() + STARTS_WITHIN
        while time.monotonic() < deadline:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/", timeout=5):
                    return
            except OSError:
                assert self.process.poll() is None, self.process.communicate()[0]
                time.sleep(0.2)
        pytest.fail("the web server didn't answer")

    def children(self) -> dict[str, psutil.Process]:
        """By command: `web`, `worker`."""
        found = {}
        for child in psutil.Process(self.process.pid).children():
            with suppress(psutil.NoSuchProcess):  # also one that has ended and waits to be noticed
                if "app.faces.cli" in child.cmdline():
                    found[child.cmdline()[-2]] = child
        return found


@contextmanager
def served_at(data: Path) -> Iterator[Served]:
    served = Served(data)
    try:
        served.await_ready()
        yield served
    finally:
        served.process.terminate()
        served.process.communicate(timeout=60)
        EmbeddedServer(data).stop()


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with served_at(tmp_path / "data") as started:
        yield started


def test_web_and_worker_hold_the_applications_credential_only(served: Served) -> None:
    children = served.children()
    assert set(children) == {"web", "worker"}
    passwords = {role: kept_password(served.data / "secrets", f"sanshen_{role}") for role in ("owner", "app")}
    for child in children.values():
        seen = "\0".join([*child.environ().values(), *child.cmdline()])
        assert passwords["app"] in seen
        assert passwords["owner"] not in seen


def test_second_start_on_the_same_data_is_refused(served: Served) -> None:
    second = served.start(free_port())
    output, _ = second.communicate(timeout=60)
    assert second.returncode == 1
    assert "系统已在运行" in output
    assert f":{served.port}/" in output


def test_dead_web_server_is_started_again(served: Served) -> None:
    first = served.children()["web"]
    first.kill()
    deadline = time.monotonic() + STARTS_WITHIN
    while served.children().get("web", first) == first and time.monotonic() < deadline:
        time.sleep(0.2)
    served.await_ready()
    assert served.children()["web"] != first


def test_sigterm_stops_everything(tmp_path: Path) -> None:
    with served_at(tmp_path / "data") as served:
        children = list(served.children().values())
        served.process.terminate()
        output, _ = served.process.communicate(timeout=60)
    assert served.process.returncode == 0, output
    assert not any(child.is_running() for child in children)
    assert not EmbeddedServer(served.data).is_running()


def test_start_after_a_kill_copes_with_what_was_left(tmp_path: Path) -> None:
    with served_at(tmp_path / "data") as served:
        children = list(served.children().values())
        served.process.send_signal(signal.SIGKILL)
        _, alive = psutil.wait_procs(children, timeout=30)
        assert not alive
        assert EmbeddedServer(served.data).is_running()
        with served_at(served.data) as again:
            assert set(again.children()) == {"web", "worker"}
        assert not EmbeddedServer(served.data).is_running()


def test_taken_port_is_said_before_anything_starts(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = subprocess.run(
            [sys.executable, "-m", "app.faces.cli", "serve"],
            env=os.environ | {"SANSHEN_DATA": str(tmp_path / "data"), "PORT": port},
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert f"127.0.0.1:{port}" in done.stderr
    assert not (tmp_path / "data" / "postgresql").exists()
