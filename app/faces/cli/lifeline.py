"""A child of `sanshen serve` ends when its supervisor does, however that came about."""

import os
import signal
import sys
import threading


def hold_on() -> None:
    """End this process as if by SIGTERM when standard input, the supervisor's pipe, closes."""
    threading.Thread(target=_wait_for_the_end, name="lifeline", daemon=True).start()


def _wait_for_the_end() -> None:
    # os.read, not sys.stdin: a buffered reader's lock would be in the way when the interpreter shuts down.
    while os.read(sys.__stdin__.fileno() if sys.__stdin__ else 0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
