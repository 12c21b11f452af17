"""The house stands on its floors: faces -> domain -> kernel -> storage, and never upwards."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FLOORS = {"storage": 0, "kernel": 1, "domain": 2, "demo": 3, "wiring": 3, "readiness": 3, "faces": 4}
DOMAIN_ORDER = ["registry", "recognition", "assessment", "benefits", "fund"]


@cache
def imports_of(path: Path) -> tuple[tuple[str, int], ...]:
    """Every imported module, those inside functions and under TYPE_CHECKING too."""
    return tuple(_imports_of(path))


def _imports_of(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: relative import"
            yield node.module or "", node.lineno


def sources() -> list[Path]:
    return sorted((ROOT / "app").rglob("*.py"))


def floor_of(module: str) -> int | None:
    parts = module.split(".")
    return FLOORS.get(parts[1]) if parts[0] == "app" and len(parts) > 1 else None


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def test_no_floor_imports_a_higher_one() -> None:
    broken = [
        f"{path.relative_to(ROOT)}:{line} imports {name}"
        for path in sources()
        if (own := floor_of(module_of(path))) is not None
        for name, line in imports_of(path)
        if (other := floor_of(name)) is not None and other > own
    ]
    assert broken == []


def test_only_the_engine_imports_spiffworkflow() -> None:
    broken = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in sources()
        if not path.is_relative_to(ROOT / "app/kernel/engine")
        for name, line in imports_of(path)
        if name.split(".")[0] == "SpiffWorkflow"
    ]
    assert broken == []


def test_no_kernel_sibling_imports_the_engine() -> None:
    broken = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in sources()
        if path.is_relative_to(ROOT / "app/kernel") and not path.is_relative_to(ROOT / "app/kernel/engine")
        for name, line in imports_of(path)
        if name.startswith("app.kernel.engine") and name != "app.kernel.engine.models"
    ]
    assert broken == []


def test_domain_packages_import_only_earlier_ones() -> None:
    broken = []
    for path in sources():
        parts = module_of(path).split(".")
        if parts[1:2] != ["domain"] or parts[2] not in DOMAIN_ORDER:
            continue
        for name, line in imports_of(path):
            target = name.split(".")
            if target[:2] != ["app", "domain"] or target[2:3] == [] or target[2] not in DOMAIN_ORDER:
                continue
            if DOMAIN_ORDER.index(target[2]) > DOMAIN_ORDER.index(parts[2]):
                broken.append(f"{path.relative_to(ROOT)}:{line}")
    assert broken == []


def test_the_web_face_touches_no_tables() -> None:
    """Handlers call operations and queries; they never write SQL of their own."""
    broken = [
        f"{path.relative_to(ROOT)}:{line} imports {name}"
        for path in sources()
        if path.is_relative_to(ROOT / "app/faces/web")
        for name, line in imports_of(path)
        if name.split(".")[0] == "sqlalchemy" and name != "sqlalchemy.orm"
    ]
    assert broken == []


def test_only_the_transaction_package_commits() -> None:
    """Migrations are no intentions of the application, and the benchmark measures a bare transaction beside ours."""
    allowed = {"app/kernel/transaction/run.py", "app/storage/migrate.py", "app/demo/bare.py"}
    broken = [
        str(path.relative_to(ROOT))
        for path in sources()
        if ".commit()" in path.read_text("utf-8") and str(path.relative_to(ROOT)) not in allowed
    ]
    assert broken == []


@pytest.mark.parametrize("name", ["utils", "helpers", "manager", "service"])
def test_no_module_has_a_name_that_says_nothing(name: str) -> None:
    assert [path for path in sources() if path.stem == name] == []
