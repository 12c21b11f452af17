"""How often one address may ask a page that needs no log-in. Counted in this process, forgotten with it."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta

MOST_ADDRESSES = 10_000


@dataclass
class Throttle:
    """At most `most` requests of an address within `period`; safe between threads."""

    most: int
    period: timedelta
    _seen: OrderedDict[str, list[datetime]] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def wait(self, address: str, now: datetime) -> int:
        """Seconds until this address may ask again; 0 lets it through and counts it."""
        with self._lock:
            recent = [at for at in self._seen.pop(address, []) if now - at < self.period]
            self._seen[address] = recent
            while len(self._seen) > MOST_ADDRESSES:
                self._seen.popitem(last=False)
            if len(recent) < self.most:
                recent.append(now)
                return 0
            return int((self.period - (now - recent[0])).total_seconds()) + 1
