"""Made-up event logs of other systems: small ones written out, big ones generated.

`python -m tests.foreign_logs OUT.xes[.gz] EVENTS` writes a big one, for measuring.
"""

import gzip
import random
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.sax.saxutils import quoteattr

HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<log xes.version="1.0" xmlns="http://www.xes-standard.org/">
<extension name="Concept" prefix="concept" uri="http://www.xes-standard.org/concept.xesext"/>
<global scope="event"><string key="org:resource" value="UNKNOWN"/><string key="concept:name" value="UNKNOWN"/></global>
"""
ACTIVITIES = ["受理", "调查", "初审", "复核", "审核", "送达", "归档"]
START = datetime(2025, 1, 6, 1, 0, tzinfo=UTC)

Act = tuple[str, str | None]


def event(
    activity: str | None, person: str | None, time: str | None = None, transition: str | None = "complete"
) -> str:
    """One event; None leaves the attribute out."""
    keys = (("concept:name", activity), ("org:resource", person), ("lifecycle:transition", transition))
    parts = [
        f"<string key={quoteattr(key)} value={quoteattr(value)}/>" for key, value in keys if value is not None
    ]
    if time is not None:
        parts.append(f'<date key="time:timestamp" value={quoteattr(time)}/>')
    return f"<event>{''.join(parts)}</event>\n"


def trace(name: str | None, *events: str) -> str:
    named = f'<string key="concept:name" value={quoteattr(name)}/>' if name is not None else ""
    return f"<trace>{named}\n{''.join(events)}</trace>\n"


def acted(name: str, *acts: Act) -> str:
    """A case of these acts, one each hour."""
    return trace(
        name,
        *(
            event(activity, person, (START + timedelta(hours=hour)).isoformat())
            for hour, (activity, person) in enumerate(acts)
        ),
    )


def log(*traces: str) -> str:
    return f"{HEAD}{''.join(traces)}</log>\n"


def generated(events: int, rng: random.Random, people: int = 200) -> Iterator[str]:
    """Traces of a log with so many events: every fifth case is one officer's own work, offices of eight people."""
    written = case = 0
    while written < events:
        size = min(rng.randint(4, 12), events - written)
        office = rng.randrange(people // 8) * 8
        alone = rng.random() < 0.2
        own = office + rng.randrange(8)
        at = START + timedelta(minutes=7 * case)
        lines = []
        for number in range(size):
            person = own if alone else office + rng.randrange(8)
            at += timedelta(minutes=rng.randint(1, 2000))
            name = None if rng.random() < 0.01 else f"officer{person:04d}"
            lines.append(event(ACTIVITIES[number % len(ACTIVITIES)], name, at.isoformat()))
        yield trace(f"640100-2025-{case:06d}", *lines)
        written += size
        case += 1


def write(path: Path, traces: Iterable[str]) -> None:
    """A whole file, packed when its name says so."""
    with path.open("wb") as raw:
        packed = gzip.GzipFile(fileobj=raw, mode="wb", mtime=0) if path.suffix == ".gz" else raw
        packed.write(HEAD.encode())
        packed.writelines(part.encode() for part in traces)
        packed.write(b"</log>\n")
        packed.close()


if __name__ == "__main__":
    write(Path(sys.argv[1]), generated(int(sys.argv[2]), random.Random(7)))
