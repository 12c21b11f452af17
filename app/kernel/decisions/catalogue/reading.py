"""From a rule's three files to a rule that can judge, with everything wrong told by file and line."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Final

from app.kernel.decisions.catalogue.cases import run_cases
from app.kernel.decisions.catalogue.manifest import Manifest, RuleParameter, read_manifest
from app.kernel.decisions.catalogue.problems import Problem, RuleInvalid, problem
from app.kernel.decisions.catalogue.rule import HIT, SEVERITY, Rule
from app.kernel.decisions.dmn import Graph, ModelInvalid, check_models, read_models
from app.kernel.decisions.dmn import model as dmn

MANIFEST, MODEL, CASES = "rule.toml", "rule.dmn", "cases.toml"
FILES: Final = (MANIFEST, MODEL, CASES)
LARGEST_FILE: Final = 200_000
_DMN_TYPES: Final = {
    "text": "string",
    "number": "number",
    "boolean": "boolean",
    "date": "date",
    "datetime": "date and time",
    "list": None,
    "context": None,
}


def digest_of(files: Mapping[str, bytes]) -> str:
    """SHA-256 over name, NUL, length, NUL, content, in the order of names (as the database reckons it)."""
    digest = hashlib.sha256()
    for name in sorted(files):
        digest.update(f"{name}\0{len(files[name])}\0".encode() + files[name])
    return digest.hexdigest()


def read_rule(folder: str, files: Mapping[str, bytes]) -> Rule:
    """The rule of a folder (its name is the rule's id), compiled once per content. Raise RuleInvalid.

    Warnings of its decision table don't keep it from being read; a case that fails does (`check_rule`).
    """
    return _read(folder, tuple(sorted(files.items())))


@lru_cache(maxsize=1024)
def _read(folder: str, content: tuple[tuple[str, bytes], ...]) -> Rule:
    files = dict(content)
    problems = list(_file_problems(folder, files))
    if problems:
        raise RuleInvalid(problems)
    manifest = read_manifest(f"{folder}/{MANIFEST}", files[MANIFEST])
    graph = _read_model(folder, files[MODEL])
    problems = [*_identity(folder, manifest), *_model_problems(folder, manifest, graph)]
    if problems:
        raise RuleInvalid(problems)
    return Rule(manifest, graph, files, digest_of(files))


def check_rule(folder: str, files: Mapping[str, bytes]) -> list[Problem]:
    """Everything wrong or doubtful with a rule before it comes into force, its own cases included. Never raises."""
    try:
        rule = read_rule(folder, files)
        return [*_doubts(folder, files), *_case_problems(folder, rule)]
    except RuleInvalid as invalid:
        return invalid.problems


def read_folder(path: Path) -> dict[str, bytes]:
    """The files of one rule by name. Raise FileNotFoundError."""
    return {one.name: one.read_bytes() for one in sorted(path.iterdir()) if one.is_file()}


def read_catalogue(root: Path) -> dict[str, Rule]:
    """All rules of a folder of folders, by id. Raise RuleInvalid with the problems of all."""
    rules: dict[str, Rule] = {}
    problems: list[Problem] = []
    for path in sorted(one for one in root.iterdir() if one.is_dir()):
        try:
            rules[path.name] = read_rule(path.name, read_folder(path))
        except RuleInvalid as invalid:
            problems += invalid.problems
    if problems:
        raise RuleInvalid(problems)
    return rules


def _file_problems(folder: str, files: Mapping[str, bytes]) -> Iterator[Problem]:
    for name in FILES:
        if name not in files:
            yield problem(f"{folder}/{name}", None, "file-missing", "缺少文件", "the file is missing")
    for name, data in files.items():
        if name not in FILES:
            zh, en = "规则文件夹中不允许此文件", "not a file of a rule"
            yield problem(f"{folder}/{name}", None, "file-unknown", zh, en)
        elif len(data) > LARGEST_FILE:
            yield problem(f"{folder}/{name}", None, "too-large", "文件过大", "the file is too large")


def _read_model(folder: str, data: bytes) -> Graph:
    name = f"{folder}/{MODEL}"
    try:
        graph = read_models(name, {name: data})
    except ModelInvalid as invalid:
        raise RuleInvalid(invalid.problems) from None
    errors = [one for one in graph.problems if one.severity == "error"]
    if errors:
        raise RuleInvalid(errors)
    return graph


def _identity(folder: str, manifest: Manifest) -> Iterator[Problem]:
    if manifest.id != folder:
        zh, en = f"id 与文件夹名 {folder} 不一致", f"id must equal the folder's name, {folder}"
        yield problem(f"{folder}/{MANIFEST}", 1, "rule-manifest", zh, en)


def _model_problems(folder: str, manifest: Manifest, graph: Graph) -> Iterator[Problem]:
    """The decisions a rule needs, and inputs that its manifest declares with the same types."""
    file = f"{folder}/{MODEL}"
    needed = [HIT] + ([SEVERITY] if manifest.severity_rises_to else [])
    for name in needed:
        if not isinstance(graph.main.elements.get(name), dmn.Decision):
            zh, en = f"没有 id 为 {name} 的决策", f"there is no decision with the id {name}"
            yield problem(file, None, "decision-missing", zh, en)
    if graph.main.imports:
        yield problem(file, None, "import-refused", "规则不导入其他模型", "a rule imports no other model")
    for element in graph.main.elements.values():
        if isinstance(element, dmn.InputData):
            yield from _input_problems(file, manifest, element)


def _input_problems(file: str, manifest: Manifest, element: dmn.InputData) -> Iterator[Problem]:
    fact, parameter = manifest.facts.get(element.name), manifest.parameters.get(element.name)
    if fact is None and parameter is None:
        zh = f"输入 {element.name} 不在 rule.toml 的事实或参数中"
        en = f"input {element.name} is no fact or parameter of rule.toml"
        yield problem(file, None, "input-undeclared", zh, en)
        return
    wanted = _DMN_TYPES[fact.type] if fact is not None else _type_of(parameter)
    if element.type_ref is not None and element.type_ref not in (wanted, "Any"):
        zh = f"输入 {element.name} 的类型是 {element.type_ref}，rule.toml 说是 {wanted or '列表或组合'}"
        en = f"input {element.name} is {element.type_ref}, rule.toml says {wanted or 'a list or group'}"
        yield problem(file, None, "input-type", zh, en)


def _type_of(parameter: RuleParameter | None) -> str | None:
    value = parameter.value if parameter is not None else None
    return "string" if isinstance(value, str) else None if isinstance(value, list) else "number"


def _doubts(folder: str, files: Mapping[str, bytes]) -> list[Problem]:
    """What the decision model's own check says: unknown names, types that never fit, tables that overlap."""
    return check_models({f"{folder}/{MODEL}": files[MODEL]})


def _case_problems(folder: str, rule: Rule) -> Iterator[Problem]:
    file = f"{folder}/{CASES}"
    results = run_cases(rule)
    for result in results:
        if not result.passed:
            expected = result.case.expect + (f" ({result.case.severity})" if result.case.severity else "")
            got = f"{result.judgement.outcome} ({result.judgement.severity})"
            zh = f"用例“{result.case.name}”应为 {expected}，得 {got}"
            en = f"case {result.case.name!r}: expected {expected}, got {got}"
            yield problem(file, result.case.line, "case-failed", zh, en)
        for key in result.case.facts.keys() - rule.manifest.facts.keys():
            zh, en = f"用例的 {key} 不是规则的事实", f"the case's {key} is no fact of the rule"
            yield problem(file, result.case.line, "case-fact", zh, en)
    wanted = {"hit", "no_hit"} | ({"missing"} if rule.manifest.required else set())
    for expect in sorted(wanted - {result.case.expect for result in results}):
        yield problem(file, None, "case-missing", f"没有 {expect} 的用例", f"there is no case with {expect}")
