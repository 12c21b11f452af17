"""Rules for tests: shipped ones, changed ones, and putting them into force while nothing is founded."""

from __future__ import annotations

from datetime import date

from app.kernel.decisions.catalogue import Rule, read_rule
from app.kernel.decisions.catalogue.deploying import Ground, release_rule, store_version
from app.kernel.decisions.catalogue.reading import read_folder
from app.kernel.kernel import Kernel
from app.kernel.transaction import Unit, run, system_actor
from app.wiring import WORKFLOWS

RULES = WORKFLOWS / "rules"


def rule_files(rule_id: str, **replaced: tuple[str, str]) -> dict[str, bytes]:
    """A shipped rule's files; `rule__toml=(old, new)` replaces in one of them, once."""
    files = read_folder(RULES / rule_id)
    for name, (old, new) in replaced.items():
        text = files[name.replace("__", ".")].decode()
        assert text.count(old) >= 1, (rule_id, old)
        files[name.replace("__", ".")] = text.replace(old, new, 1).encode()
    return files


def put_in_force(kernel: Kernel, rule: Rule, since: date = date(2026, 1, 1)) -> int:
    """As the founding does; answers the version's id."""

    def put(unit: Unit) -> int:
        version = store_version(unit, rule, Ground("tests", {"kind": "bootstrap"}))
        release_rule(unit, rule.id, version, since, None)
        return version

    return run(kernel, put, system_actor())


def changed_rule(rule_id: str, **replaced: tuple[str, str]) -> Rule:
    """A second version of a shipped rule."""
    files = rule_files(rule_id, **replaced)
    files["rule.toml"] = files["rule.toml"].replace(b"version = 1\n", b"version = 2\n", 1)
    return read_rule(rule_id, files)
