"""Messages between processes over whole folders: what is sent is heard, what is heard is sent, and drawn.

Warnings but for facts that another folder of the set would have to have: a process may be deployed before the one
it talks to.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from lxml import etree

from app.kernel.engine.check.findings import Finding, Severity
from app.kernel.engine.dialect import StepSpec, read_steps
from app.kernel.engine.messages.manifest import read_from_chain, read_receives, read_sends
from app.kernel.engine.vocabulary import BPMN

Manifests = Mapping[str, Mapping[str, Any]]
THROWN = ("end", "throw", "send")
CAUGHT = ("catch", "boundary", "receive", "start")


def chain_messages(
    roots: Mapping[str, etree._Element], manifests: Manifests, folders: Iterable[str]
) -> Iterator[Finding]:
    """Findings on `folders`; `manifests` are those of everything known, by folder."""
    steps = {
        process.get("id", ""): read_steps(process)
        for root in roots.values()
        for process in root.iterchildren(f"{{{BPMN}}}process")
    }
    for folder in folders:
        yield from _drawn(folder, manifests[folder], _reached(folder, manifests, steps))
        yield from _answered(folder, manifests)
        yield from _taken_over(folder, manifests)


def _reached(folder: str, manifests: Manifests, steps: Mapping[str, tuple[StepSpec, ...]]) -> list[StepSpec]:
    callees = manifests[folder].get("process", {}).get("callees", ())
    return [step for key in (folder, *callees) for step in steps.get(key, ())]


def _drawn(folder: str, manifest: Mapping[str, Any], steps: list[StepSpec]) -> Iterator[Finding]:
    thrown = {step.message for step in steps if step.kind in THROWN}
    for name in read_sends(manifest).keys() - thrown:
        zh, en = f"图中没有环节抛出消息 {name}", f"no step throws the message {name}"
        yield _finding("message-undrawn", folder, zh, en)
    caught = {step.message for step in steps if step.kind in CAUGHT}
    for one in read_receives(manifest):
        if not one.opens and one.message not in caught:
            zh, en = f"图中没有环节等待消息 {one.message}", f"no step waits for the message {one.message}"
            yield _finding("message-undrawn", folder, zh, en)


def _answered(folder: str, manifests: Manifests) -> Iterator[Finding]:
    sent = {name: one for key in manifests for name, one in read_sends(manifests[key]).items()}
    heard = {one.message for key in manifests for one in read_receives(manifests[key])}
    for name in read_sends(manifests[folder]).keys() - heard:
        zh, en = f"没有程序接收消息 {name}", f"no process receives the message {name}"
        yield _finding("message-unheard", folder, zh, en)
    for one in read_receives(manifests[folder]):
        if one.message not in sent:
            zh, en = f"没有程序发送消息 {one.message}", f"no process sends the message {one.message}"
            yield _finding("message-unsent", folder, zh, en)
            continue
        for fact in one.facts.keys() - sent[one.message].names:
            zh = f"消息 {one.message} 不带 {fact}"
            yield _finding("message-fact", folder, zh, f"{one.message} doesn't carry {fact}", "error")


def _taken_over(folder: str, manifests: Manifests) -> Iterator[Finding]:
    for key, names in read_from_chain(manifests[folder]).items():
        if key not in manifests:
            continue
        for theirs in names.keys() - manifests[key].get("fact", {}).keys():
            zh, en = (
                f"[from_chain.{key}]：该程序没有事实 {theirs}",
                f"[from_chain.{key}]: no fact {theirs} there",
            )
            yield _finding("message-fact", folder, zh, en, "error")


def _finding(rule: str, folder: str, zh: str, en: str, severity: Severity = "warning") -> Finding:
    return Finding(rule, severity, f"{folder}/process.toml", None, None, zh, en)
