"""The documentation speaks of what there is: commands, settings, processes, codes; its links lead somewhere."""

from __future__ import annotations

import importlib
import pkgutil
import re
import subprocess
import tomllib
from pathlib import Path
from urllib.parse import unquote

import pytest

import app
from app.domain.registry import reference
from app.faces.cli.commands import COMMANDS
from app.faces.refusal_texts import REASONS
from app.faces.worker.registry import JOBS
from app.kernel.audit.verify import BreakKind
from app.kernel.duties.views import REVIEW_DUTIES
from app.kernel.engine.vocabulary import DUTIES
from app.kernel.identity.refusals import UploadRefused
from app.kernel.refusals import Refusal
from config import ROOT, SETTINGS

DOCS = sorted(path for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
_LINK = re.compile(r"(?<!`)\[[^\]\n]*\]\(([^)\s]+)\)")
_FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
# Written apart, so that this file doesn't hold what it looks for.
FORBIDDEN = ["/wo" + "rk/", "registry.npm" + "js.org", "pypi" + ".org", "files.python" + "hosted.org"]
TEXT = {
    ".cfg",
    ".css",
    ".form",
    ".html",
    ".ini",
    ".js",
    ".json",
    ".lock",
    ".md",
    ".mjs",
    ".po",
    ".py",
    ".sql",
}
TEXT |= {".bpmn", ".in", ".mako", ".sh", ".svg", ".toml", ".txt", ".xml", ".yml", ""}


def read(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def everything() -> str:
    return "\n".join(path.read_text("utf-8") for path in DOCS)


def unmentioned(names: set[str], text: str) -> set[str]:
    """Names that don't stand alone in code quotes, nor first inside longer ones."""
    return {name for name in names if not re.search(rf"`{re.escape(name)}[` ]", text)}


def committed_text() -> list[Path]:
    """Text files of the project as git knows them, those not yet added too; all files where there is no git."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    names = [ROOT / name.decode() for name in listed.stdout.split(b"\0") if name]
    folders = ("app", "assets", "bin", "docs", "migrations", "templates", "tests", "workflows")
    paths = names or [path for folder in folders for path in (ROOT / folder).rglob("*")]
    return [path for path in paths if path.suffix in TEXT and path.is_file()]


def every_refusal_code() -> set[str]:
    for module in pkgutil.walk_packages(app.__path__, "app."):
        importlib.import_module(module.name)
    codes, waiting = set(UploadRefused.CODES), [Refusal]
    while waiting:
        found = waiting.pop()
        codes.add(found.code)
        waiting.extend(found.__subclasses__())
    return codes


def headings(path: Path) -> set[str]:
    """Anchors of a page as the usual renderers make them."""
    titles = re.findall(r"^#+ (.+)$", _FENCED.sub("", path.read_text("utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-") for title in titles}


def test_every_command_is_described() -> None:
    page = read("docs/operations.md")
    assert unmentioned({f"sanshen {name}" for name in COMMANDS}, page) == set()
    assert unmentioned(set(COMMANDS), read("README.md")) == set()


def test_no_described_command_is_unknown() -> None:
    called = set(re.findall(r"`(?:SANSHEN_\w+=\S+ )?sanshen ([a-z]+)", everything()))
    assert called - set(COMMANDS) == set()


def test_readme_gives_every_setting_with_its_default() -> None:
    readme = read("README.md")
    missing = [
        s.name for s in SETTINGS if f"| `{s.name}` | {f'`{s.default}`' if s.default else '—'} |" not in readme
    ]
    assert missing == []


def test_no_described_setting_is_unknown() -> None:
    known = {setting.name for setting in SETTINGS} | {"SANSHEN_TEST_SEED", "SANSHEN_TEST_SERVER"}
    assert set(re.findall(r"\bSANSHEN_[A-Z_]+\b", everything())) - known == set()


def test_every_process_has_a_page() -> None:
    keys = {path.parent.name for path in (ROOT / "workflows").glob("*/process.toml")}
    assert keys
    assert unmentioned(keys, read("README.md")) == set()
    assert {key for key in keys if not (ROOT / f"docs/procedures/{key}.md").exists()} == set()


def test_every_refusal_and_reason_is_listed() -> None:
    page = read("docs/refusals.md")
    assert unmentioned(every_refusal_code() | set(REASONS), page) == set()


def test_refusal_page_lists_no_code_that_is_gone() -> None:
    listed = set(re.findall(r"^\| `(\w+)` \|", read("docs/refusals.md"), re.MULTILINE))
    assert listed - every_refusal_code() - set(REASONS) == set()


def test_every_sqlstate_of_the_fence_is_explained() -> None:
    raised = {
        state
        for path in (ROOT / "migrations/sql").glob("*.sql")
        for state in re.findall(r"'(SD\d{3})'", path.read_text("utf-8"))
    }
    page = read("docs/segregation-of-duties.md")
    assert len(raised) > 10, "the pattern no longer finds the states"
    assert {*re.findall(r"^\| `(SD\d{3})` \|", page, re.MULTILINE)} == raised


def test_every_conflict_set_is_listed() -> None:
    shipped = {entry["key"] for entry in reference._read("conflict_sets", "set")}
    page = read("docs/segregation-of-duties.md")
    assert shipped
    assert unmentioned(shipped, page) == set()
    assert unmentioned(set(REVIEW_DUTIES), page) == set()


def test_every_duty_is_named() -> None:
    assert unmentioned(set(DUTIES), read("docs/segregation-of-duties.md")) == set()


# Written with hyphens like a rule, but none: attributes of the dialect and encodings.
NO_RULES = {"requires-normal", "requires-routed", "us-ascii", "utf-8"}


def rules_of_the_check() -> set[str]:
    engine = ROOT / "app/kernel/engine"
    paths = [path for folder in ("check", "normal") for path in (engine / folder).rglob("*.py")]
    paths += [engine / "definitions.py", engine / "parsing.py"]
    found = {
        rule for path in paths for rule in re.findall(r'"([a-z]+(?:-[a-z]+)+)"', path.read_text("utf-8"))
    }
    return found - NO_RULES


def test_every_finding_of_the_check_is_explained() -> None:
    assert len(rules_of_the_check()) > 20, "the pattern no longer finds the rules"
    listed = set(re.findall(r"^\| `([a-z-]+)` \|", read("docs/process-check.md"), re.MULTILINE))
    assert listed == rules_of_the_check()


def test_every_background_job_is_named() -> None:
    assert unmentioned({job.name for job in JOBS}, read("docs/architecture.md")) == set()


def test_every_table_of_a_shipped_process_is_explained() -> None:
    page = read("docs/add-a-procedure.md")
    named = {
        name
        for path in (ROOT / "workflows").glob("*/process.toml")
        for name in tomllib.loads(path.read_text("utf-8")).get("process", {})
    }
    assert {name for name in named if not re.search(rf"^{name} =|`{name}`", page, re.MULTILINE)} == set()


def test_every_break_of_the_audit_log_is_explained() -> None:
    assert unmentioned({kind.value for kind in BreakKind}, read("docs/audit.md")) == set()


@pytest.mark.parametrize("path", DOCS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_relative_link_leads_somewhere(path: Path) -> None:
    broken = []
    for target in _LINK.findall(_FENCED.sub("", path.read_text("utf-8"))):
        if re.match(r"[a-z]+:", target):
            continue
        file, _, anchor = unquote(target).partition("#")
        page = (path.parent / file).resolve() if file else path
        if not page.exists() or (anchor and anchor not in headings(page)):
            broken.append(target)
    assert broken == []


def test_every_picture_is_shown_somewhere() -> None:
    text = everything()
    assert [path.name for path in (ROOT / "docs/images").iterdir() if path.name not in text] == []


def test_no_file_names_a_package_registry_or_a_place_of_one_machine() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {word}"
        for path in committed_text()
        for word in FORBIDDEN
        if word in path.read_text("utf-8", errors="replace")
    ]
    assert found == []
