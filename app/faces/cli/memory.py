"""Garbage collection of a process that lives long."""

import gc

YOUNG, MIDDLE, OLD = 50_000, 20, 50


def spare_collections() -> None:
    """Leave what was loaded at start out of collections, and collect less often.

    A request makes tens of thousands of short-lived objects, of which reference counting frees nearly
    all; with the default threshold of 700 the collector runs dozens of times in each, for nothing.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, MIDDLE, OLD)
