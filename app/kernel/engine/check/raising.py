"""Errors and escalations that lead nowhere: events nothing raises, errors nothing catches, errors misdeclared."""

from collections.abc import Iterator, Mapping

from lxml import etree

from app.kernel.engine.check.findings import Finding, Severity
from app.kernel.engine.check.proof.diagram import Event, Node, Process, Scope
from app.kernel.engine.check.proof.frames import (
    THROWING,
    THROWN,
    errors_of,
    is_raised_at,
    is_thrown_in,
    matches,
    trigger_of,
)
from app.kernel.engine.check.structure import found
from app.kernel.engine.dialect import extension, extensions, local_name
from app.kernel.engine.vocabulary import AUTOMATIC, RAISING, SANSHEN, ZEEBE


def list_unheard(process: Process, processes: Mapping[str, Process]) -> Iterator[Finding]:
    """Events of `process` that can never come, and errors that would stop a case because nothing catches them.

    In files made elsewhere what a task ends with is the player's choice, and an error nothing catches ends the process.
    """
    business = any(one.policy.has_dialect for one in processes.values())
    severity: Severity = "error" if business else "warning"
    for scope in _scopes(process.scope):
        for node in scope.nodes.values():
            event = _caught_by(node)
            ours = business or not _on_task(scope, node)
            if event is not None and ours and not _comes(scope, node, event, processes):
                zh = f"没有任何环节会引发“{node.name}”所等的事件"
                en = f"nothing can raise what {node.name!r} waits for"
                yield Finding("never-raised", severity, process.file, node.line, node.id, zh, en)
            elif event is None and _waits_in_vain(scope, node):
                zh = f"“{node.name}”所附的自动环节一经到达就办完，不会等这个事件"
                en = f"the automatic step {node.name!r} stands on is done at once and waits for no event"
                yield Finding("never-raised", severity, process.file, node.line, node.id, zh, en)
    if business:
        yield from _uncaught(process, process.scope, ())


def _waits_in_vain(scope: Scope, node: Node) -> bool:
    """A timer, message, signal or condition on a step that never waits."""
    host = scope.nodes.get(node.attached or "") if node.tag == "boundaryEvent" else None
    return host is not None and host.tag in AUTOMATIC


def _scopes(scope: Scope) -> Iterator[Scope]:
    yield scope
    for node in scope.everything():
        if node.inner is not None:
            yield node.inner


def _caught_by(node: Node) -> Event | None:
    """The error or escalation that a boundary event or an event sub-process waits for."""
    if node.tag == "boundaryEvent":
        event = node.event
    elif node.inner is not None and node.inner.triggered:
        start = trigger_of(node)
        event = start.event if start else None
    else:
        return None
    return event if event is not None and event.kind in THROWN else None


def _on_task(scope: Scope, node: Node) -> bool:
    host = scope.nodes.get(node.attached or "")
    return host is not None and host.inner is None and host.tag != "callActivity"


def _comes(scope: Scope, node: Node, event: Event, processes: Mapping[str, Process]) -> bool:
    """Whether something within reach raises `event`; of a callee that isn't known anything is believed."""
    if node.tag != "boundaryEvent":
        return is_thrown_in(scope, event, processes) or _calls_unknown(scope, processes)
    host = scope.nodes.get(node.attached or "")
    if host is None or is_raised_at(host, event):
        return True
    callee = processes.get(host.called)
    inner = host.inner or (callee.scope if callee else None)
    if inner is None:
        return host.tag == "callActivity"
    return is_thrown_in(inner, event, processes) or _calls_unknown(inner, processes)


def _calls_unknown(scope: Scope, processes: Mapping[str, Process]) -> bool:
    return any(node.tag == "callActivity" and node.called not in processes for node in scope.everything())


def _uncaught(process: Process, scope: Scope, catching: tuple[Event, ...]) -> Iterator[Finding]:
    """Errors raised in `scope` that neither it nor what is around it (`catching`) catches; a caller may still."""
    handlers = [(node, one.event) for node in scope.event_scopes() if (one := trigger_of(node)) and one.event]
    for node in scope.nodes.values():
        border = [one.event for one in scope.boundaries(node.id) if one.event]
        around = (*catching, *border, *(event for handler, event in handlers if handler is not node))
        thrown = [node.event] if node.tag in THROWING and node.event and node.event.kind == "error" else []
        for event in [*thrown, *errors_of(node)]:
            if not any(matches(one, event) for one in around):
                yield _stops(process, node, event)
        if node.inner is not None:
            yield from _uncaught(process, node.inner, around)


def _stops(process: Process, node: Node, event: Event) -> Finding:
    code = event.code or ""
    zh = f"本流程没有接住“{node.name}”的错误 {code}：若调用方也不接，案件会停在这里"
    en = f"nothing here catches error {code!r} of {node.name!r}: unless a caller does, a case stops there"
    return Finding("never-caught", "warning", process.file, node.line, node.id, zh, en)


def declared_errors(file: str, root: etree._Element) -> Iterator[Finding]:
    """An error is declared with its code on a step whose handler may end with it."""
    for process in root.iter():
        for node in extensions(process, SANSHEN, "error"):
            if not _may_raise(process):
                zh, en = (
                    "sanshen:error 只能写在有处理程序的自动环节上",
                    "sanshen:error belongs on a step that has a handler",
                )
                yield found("unsupported-element", file, node, zh, en)
            elif not node.get("code"):
                yield found(
                    "unsupported-element", file, node, "sanshen:error 缺少 code", "sanshen:error has no code"
                )


def _may_raise(node: etree._Element) -> bool:
    handled = local_name(node) != "sendTask" or extension(node, ZEEBE, "taskDefinition") is not None
    return local_name(node) in RAISING and handled
