"""How long the next log-in must wait, from the failures so far. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final


@dataclass(frozen=True, slots=True)
class Policy:
    """`free` failures cost nothing, then the wait doubles; from `lock_at` on it is `lock`."""

    window: timedelta
    free: int
    first_wait: timedelta
    lock_at: int
    lock: timedelta


@dataclass(frozen=True, slots=True)
class Failures:
    """Failures in the policy's window (for a login: since its last success)."""

    count: int
    last: datetime | None


BY_LOGIN: Final = Policy(
    window=timedelta(hours=24),
    free=3,
    first_wait=timedelta(seconds=2),
    lock_at=10,
    lock=timedelta(minutes=15),
)
# A whole office comes from one address: it may mistype together before it has to wait.
BY_ADDRESS: Final = Policy(
    window=timedelta(minutes=15),
    free=40,
    first_wait=timedelta(seconds=5),
    lock_at=60,
    lock=timedelta(minutes=5),
)


def wait_after(policy: Policy, failures: Failures) -> timedelta:
    """Wait after the last of so many failures."""
    if failures.count >= policy.lock_at:
        return policy.lock
    if failures.count <= policy.free:
        return timedelta(0)
    doubled: timedelta = policy.first_wait * (2 ** (failures.count - policy.free - 1))
    return min(doubled, policy.lock)


def seconds_left(policy: Policy, failures: Failures, now: datetime) -> int:
    """Whole seconds until the next attempt is looked at; 0 when it is now."""
    if failures.last is None:
        return 0
    left = failures.last + wait_after(policy, failures) - now
    return max(0, math.ceil(left.total_seconds()))
