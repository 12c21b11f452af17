"""Processes that race each other, as workers and web servers on several hosts would."""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor


def racing_pool(number: int) -> ProcessPoolExecutor:
    """Forked from a process that has imported the application: importing it in each takes longer than the race."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.claim_racers", "tests.fence_racers"])
    return ProcessPoolExecutor(number, mp_context=context)
