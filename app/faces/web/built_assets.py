"""Built front-end files: their names carry a digest, so browsers may keep them for ever."""

from __future__ import annotations

import json
from pathlib import Path

from flask import Flask, url_for

STATIC = Path(__file__).resolve().parents[2] / "static"
NEEDED = (
    "app.js",
    "sanshen.css",
    "conditions.js",
    "diagram.js",
    "diagram.css",
    "designer.js",
    "designer.css",
    "formeditor.js",
    "formeditor.css",
    "ruleeditor.js",
    "ruleeditor.css",
)


class AssetsMissing(RuntimeError):
    """The front end has not been built."""


class Assets:
    """Maps logical names to built files by `app/static/dist/manifest.json`."""

    def __init__(self, root: Path = STATIC) -> None:
        self._manifest = root / "dist" / "manifest.json"
        self._names: dict[str, str] = {}
        self._read_at = 0.0

    def missing(self) -> list[str]:
        """Needed names that were not built; empty when all is well."""
        try:
            names = self._load()
        except AssetsMissing:
            return list(NEEDED)
        return [name for name in NEEDED if name not in names]

    def url(self, name: str) -> str:
        """Address of a built file. Raise AssetsMissing when it was not built."""
        try:
            return url_for("static", filename=f"dist/{self._load()[name]}")
        except KeyError:
            raise AssetsMissing(f"{name} is not in {self._manifest}") from None

    def _load(self) -> dict[str, str]:
        """Read again when the build wrote a new manifest, so a rebuild needs no restart."""
        try:
            changed = self._manifest.stat().st_mtime
        except OSError as error:
            raise AssetsMissing(f"{self._manifest}: build the front end first") from error
        if changed != self._read_at:
            self._names = json.loads(self._manifest.read_text(encoding="utf-8"))
            self._read_at = changed
        return self._names


def install(app: Flask, assets: Assets) -> None:
    """Offer `asset(name)` to templates and let browsers keep the files."""
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = 31536000
    app.extensions["sanshen_assets"] = assets
    app.jinja_env.globals["asset"] = assets.url
