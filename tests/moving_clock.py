"""A clock that stands still until a test moves it."""

from datetime import UTC, datetime, timedelta


class MovingClock:
    """Call it for the present instant (UTC); `move` and `set` change it."""

    def __init__(self, start: datetime) -> None:
        self.set(start)

    def __call__(self) -> datetime:
        return self._now

    def set(self, instant: datetime) -> None:
        if instant.tzinfo is None:
            raise ValueError("an instant needs a time zone")
        self._now = instant.astimezone(UTC)

    def move(self, **amount: float) -> datetime:
        """`move(days=3, hours=2)`; returns the new present."""
        self._now += timedelta(**amount)
        return self._now
