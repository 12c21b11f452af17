"""Keeps the processes of `sanshen serve` alive and takes them down together."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

PATIENCE_AT_STOP = 25.0
LONGEST_WAIT = 30.0
# A process that lived this long had started well: its next death begins the count anew.
STEADY_AFTER = 60.0
DEATHS_BEFORE_GIVING_UP = 6


class GaveUp(RuntimeError):
    """A process died so often in a row that starting it again is no help."""


@dataclass
class Child:
    """One process: `command` is a command of `sanshen`."""

    command: str
    environment: Mapping[str, str]
    say: Callable[[str], None]
    process: subprocess.Popen[bytes] | None = None
    deaths: int = 0
    started_at: float = 0.0
    start_again_at: float = field(default=0.0)

    def start(self) -> None:
        """Start it in a session of its own (Ctrl-C reaches the supervisor only) with a pipe as its lifeline.

        The pipe closes when the supervisor dies in whatever way, and the child then ends too.
        """
        self.process = subprocess.Popen(
            [sys.executable, "-I", "-m", "app.faces.cli", self.command, "--lifeline"],
            env=dict(self.environment),
            stdin=subprocess.PIPE,
            start_new_session=True,
        )
        self.started_at = time.monotonic()

    def look_after(self) -> None:
        """Start it again when it has died, a little later each time. Raises GaveUp."""
        if self.process is None:
            if time.monotonic() >= self.start_again_at:
                self.start()
        elif (status := self.process.poll()) is not None:
            self._died(status)

    def _died(self, status: int) -> None:
        now = time.monotonic()
        self.deaths = 1 if now - self.started_at > STEADY_AFTER else self.deaths + 1
        if self.deaths >= DEATHS_BEFORE_GIVING_UP:
            raise GaveUp(
                f"{self.command} 连续退出 {self.deaths} 次（状态 {status}），不再重启。"
                f" / {self.command} died {self.deaths} times in a row (status {status}); giving up."
            )
        wait = min(2.0 ** (self.deaths - 1), LONGEST_WAIT)
        self.say(
            f"{self.command} 已退出（状态 {status}），{wait:.0f} 秒后重启"
            f" / {self.command} ended (status {status}), starting again in {wait:.0f} s"
        )
        self._close_lifeline()
        self.process = None
        self.start_again_at = now + wait

    def ask_to_stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()

    def await_end(self, deadline: float) -> None:
        """Wait until it has ended; kill it when `deadline` (monotonic seconds) passes."""
        if self.process is None:
            return
        try:
            self.process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._close_lifeline()

    def _close_lifeline(self) -> None:
        if self.process is not None and self.process.stdin is not None:
            self.process.stdin.close()


def stop_all(children: list[Child]) -> None:
    """Ask all to stop at once, then wait for each."""
    for child in children:
        child.ask_to_stop()
    deadline = time.monotonic() + PATIENCE_AT_STOP
    for child in children:
        child.await_end(deadline)


def child_environment(app_url: str, data_dir: str) -> dict[str, str]:
    """What web and worker get to see: never the owner's URL, nor anything that would change how libpq connects."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name != "DATABASE_OWNER_URL" and not name.startswith(("PG", "PYTHON"))
    }
    return kept | {"DATABASE_URL": app_url, "SANSHEN_DATA": data_dir}
