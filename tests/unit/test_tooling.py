"""Promises of the files around the code: locks, package files, scripts."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from config import ROOT

LOCKS = ("requirements.lock", "requirements-dev.lock")
ADDRESS = re.compile(r"https?://|file://|--(?:extra-)?index-url|--find-links")


def pins(lock: str) -> dict[str, str]:
    text = (ROOT / lock).read_text(encoding="utf-8")
    return dict(re.findall(r"^([a-z0-9][a-z0-9._-]*)(?:\[[^]]*\])?==([^\s;]+)", text, re.MULTILINE))


@pytest.mark.parametrize("lock", LOCKS)
def test_lock_names_no_address(lock: str) -> None:
    assert not ADDRESS.search((ROOT / lock).read_text(encoding="utf-8"))


@pytest.mark.parametrize("lock", LOCKS)
def test_every_locked_package_has_a_hash(lock: str) -> None:
    blocks = re.split(r"\n(?=\S)", (ROOT / lock).read_text(encoding="utf-8").strip())
    assert len(blocks) == len(pins(lock)) > 40
    assert [block for block in blocks if "--hash=sha256:" not in block] == []


def test_both_locks_agree_on_versions() -> None:
    runtime, dev = pins("requirements.lock"), pins("requirements-dev.lock")
    assert {name: dev.get(name) for name in runtime} == runtime


@pytest.mark.parametrize("lock", LOCKS)
def test_everything_asked_for_is_locked(lock: str) -> None:
    asked = (ROOT / lock.replace(".lock", ".in")).read_text(encoding="utf-8").splitlines()
    names = [re.split(r"[\[<>=]", line)[0].strip() for line in asked if line and line[0] not in "#-"]
    assert [name for name in names if name not in pins(lock)] == []


def test_npm_lock_carries_no_registry_address() -> None:
    packages = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    assert len(packages) > 10
    assert [name for name, entry in packages.items() if "resolved" in entry] == []
    assert [name for name, entry in packages.items() if name and "integrity" not in entry] == []


def test_npm_packages_are_pinned_exactly() -> None:
    package = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))
    wanted = {**package["dependencies"], **package["devDependencies"]}
    assert [name for name, version in wanted.items() if not re.fullmatch(r"\d+\.\d+\.\d+", version)] == []


def test_npm_runs_no_scripts_of_packages() -> None:
    options = (ROOT / ".npmrc").read_text(encoding="utf-8").splitlines()
    assert {"ignore-scripts=true", "omit-lockfile-registry-resolved=true"} <= set(options)


@pytest.mark.parametrize("script", ["bin/setup", "bin/serve", "bin/test", "bin/lock", ".ci/run"])
def test_script_is_executable_and_well_formed(script: str) -> None:
    path = ROOT / script
    assert os.access(path, os.X_OK)
    assert path.read_text(encoding="utf-8").startswith("#!/bin/sh\n")
    subprocess.run(["sh", "-n", str(path)], check=True)


def test_setup_names_the_way_out_when_no_python_is_found(tmp_path: Path) -> None:
    done = run_setup(PATH=path_with_only(tmp_path, "dirname"))
    assert done.returncode == 1
    assert "找不到 Python 3.11" in done.stderr
    assert "No Python 3.11 or newer found" in done.stderr


def test_setup_refuses_a_chosen_python_that_does_not_work(tmp_path: Path) -> None:
    done = run_setup(PATH=path_with_only(tmp_path, "dirname"), PYTHON="/nonexistent/python3")
    assert done.returncode == 1
    assert "PYTHON=/nonexistent/python3" in done.stderr


def run_setup(**environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/sh", str(ROOT / "bin/setup")], env=environment, capture_output=True, text=True, check=False
    )


def path_with_only(directory: Path, *programs: str) -> str:
    for program in programs:
        (directory / program).symlink_to(f"/usr/bin/{program}")
    return str(directory)
