"""Refusals of versions of processes."""

from __future__ import annotations

from app.kernel.refusals import Refusal


class VersionNotFound(Refusal):
    """The process has no such version; params: key, version."""

    code = "version_not_found"
