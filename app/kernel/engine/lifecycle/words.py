"""A change of processes in short, for lists and the table every kind has: which versions, which files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from app.kernel.changes.kinds import Difference, Payload


def describe_change(
    standing: Mapping[str, Any] | None,
    payload: Payload,
    before: Mapping[str, bytes],
    after: Mapping[str, bytes],
) -> Sequence[Difference]:
    """`standing`: version and digest in force, None where none is. Without any change no line is marked."""
    lines = [_in_force(standing, payload)]
    if payload["action"] == "deploy" and not payload["deployments"]:
        return lines  # nothing would come into force: notes alone are no change
    if payload["action"] != "retire":
        lines += _files(before, after)
    others = [row["key"] for row in payload["deployments"] if row["key"] != payload["key"]]
    if others:
        names = "\n".join(others)
        lines.append(Difference("一并部署", "Deployed with it", "", "", names, names))
    if payload["notes"]:
        lines.append(Difference("版本说明", "Notes", "", "", payload["notes"], payload["notes"]))
    return lines


def _in_force(standing: Mapping[str, Any] | None, payload: Payload) -> Difference:
    old = (f"第 {standing['version']} 版", f"version {standing['version']}") if standing else ("", "")
    match payload["action"]:
        case "retire":
            new = ("停用：不再受理新案", "retired: no new cases")
        case "roll_back":
            new = (f"第 {payload['version']} 版", f"version {payload['version']}")
        case _:
            new = ("新版本", "a new version") if payload["deployments"] else old
    return Difference("现行版本", "Version in force", old[0], old[1], new[0], new[1])


def _files(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> list[Difference]:
    """One line per file that differs."""
    lines = []
    for path in sorted(before.keys() | after.keys()):
        old, new = before.get(path), after.get(path)
        if old == new:
            continue
        was = ("", "") if old is None else (f"{len(old)} 字节", f"{len(old)} bytes")
        will = ("", "") if new is None else (f"{len(new)} 字节，内容不同", f"{len(new)} bytes, other content")
        lines.append(Difference(path, path, *was, *will))
    return lines
