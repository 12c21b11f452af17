"""What of a process is still ahead from each of its user tasks on: read from the definition once, asked often. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

POLICIES = ("warn", "refuse", "off")
"""What a claim that leaves a case impossible to finish meets: a warning, a refusal, nothing."""


@dataclass(frozen=True)
class RouteStep:
    """A user task that a case will come to. `usual`: most cases pass it, though a way round it exists."""

    key: str
    duty: str
    post: str
    persons: int = 1
    usual: bool = False


@dataclass(frozen=True)
class Route:
    """The work of one deployed process. Signing duties stand in `posts` only: the gate says which are needed.

    `start`: risk class → user tasks of a new case. `after`: (risk class, step key) → those still ahead of that
    step, itself left out. `deciding`: (risk class, step key) from which the guarded effect is still ahead.
    """

    policy: str
    risk: str
    effect: str
    intake_post: str
    posts: Mapping[str, str]
    start: Mapping[str, tuple[RouteStep, ...]]
    after: Mapping[tuple[str, str], tuple[RouteStep, ...]]
    deciding: frozenset[tuple[str, str]]
