"""A posted form, split into what the pages need of it and what was typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import request

OURS = frozenset({"csrf_token", "idempotency_key", "task_version", "restore", "open_next"})


@dataclass(frozen=True)
class Posted:
    """`values` are the typed texts by key, a list where a key came several times."""

    values: Mapping[str, str | list[str]]
    key: str
    version: int | None
    restoring: bool
    open_next: bool
    path: str

    @property
    def body(self) -> Mapping[str, Any]:
        """What the idempotency key stands for: where it went and what was typed."""
        return {"path": self.path, "version": self.version, "values": dict(self.values)}


def posted_form() -> Posted:
    """The current request's form."""
    form = request.form
    version = form.get("task_version", "")
    return Posted(
        values={
            key: values[0] if len(values) == 1 else values for key, values in form.lists() if key not in OURS
        },
        key=form.get("idempotency_key", "")[:64],
        version=int(version) if version.isascii() and version.isdigit() and len(version) < 10 else None,
        restoring="restore" in form,
        open_next="open_next" in form,
        path=request.path,
    )
