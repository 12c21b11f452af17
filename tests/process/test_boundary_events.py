"""Every boundary event on every kind of activity, interrupting or not: it works, or is refused with its element."""

from collections.abc import Iterable
from datetime import timedelta

import pytest

from app.kernel.engine.check.report import check_files
from app.kernel.engine.specs import Spec
from tests.process.drive import Drive, spec_of
from tests.process.models import (
    border,
    condition,
    error,
    escalation,
    instances,
    loop,
    model,
    repeated,
    scope,
    script,
    signal,
    throw,
)
from tests.unit.engine.diagrams import (
    call,
    end,
    flow,
    message,
    node,
    sequence,
    service,
    start,
    timer,
    user,
)


def inside(prefix: str) -> tuple[str, ...]:
    """A person's step, then an error, an escalation or the end, as its outcome says."""
    begin, well, up = (f"{prefix}{name}" for name in ("s", "well", "up"))
    return (
        node("startEvent", begin), user("work"), node("exclusiveGateway", well, default=f"f_{well}_{prefix}e"),
        node("endEvent", f"{prefix}bad", error()), throw(up, escalation()), node("endEvent", f"{prefix}e"),
        sequence(begin, "work", well, f"{prefix}e"), sequence(up, f"{prefix}e"),
        flow(well, f"{prefix}bad", 'outcome = "fail"'), flow(well, up, 'outcome = "up"'),
    )  # fmt: skip


CALLEE = model(*inside("q_"), key="q")
TWO, IN_TURN = instances(cardinality="2"), instances(sequential=True, cardinality="2")
PERSONS = {
    "user task": user("work"),
    "manual task": node("manualTask", "work"),
    "several user tasks": repeated(user("work"), TWO),
    "user tasks in turn": repeated(user("work"), IN_TURN),
    "user task in a loop": repeated(user("work"), loop(maximum=2)),
}
WAITING = {"receive task": node("receiveTask", "work", messageRef="news")}
SCOPES = {
    "sub-process": scope("sub", *inside("i_")),
    "several sub-processes": scope("sub", *inside("i_"), mark=TWO),
    "sub-processes in turn": scope("sub", *inside("i_"), mark=IN_TURN),
    "call": call("sub", "q"),
    "several calls": repeated(call("sub", "q"), TWO),
}
AUTOMATIC = {
    "service task": service("work"),
    "several service tasks": repeated(service("work"), TWO),
    "rule task": node("businessRuleTask", "work", extensions='<zeebe:taskDefinition type="rule"/>'),
    "send task": node("sendTask", "work", extensions='<zeebe:taskDefinition type="send"/>'),
    "script task": script("work", "seen = true"),
}
HOSTS = {**PERSONS, **WAITING, **SCOPES, **AUTOMATIC}
EVENTS = {
    "timer": timer("timeDuration", "P1D"),
    "message": message("stop"),
    "signal": signal(),
    "condition": condition('alarm = "on"'),
    "error": error(),
    "escalation": escalation(),
}


def files_of(host: str, events: Iterable[str], *, interrupting: bool) -> dict[str, bytes]:
    """start → host → after; from each event on the host's border to its own step; beside both a person's step."""
    key = "sub" if host in SCOPES else "work"
    data = model(
        start(), node("parallelGateway", "fork"), user("beside"), HOSTS[host], user("after"), end(), end("end2"),
        *(border(event, key, EVENTS[event], interrupting=interrupting) for event in events),
        *(user(f"on_{event}") + end(f"end_{event}") for event in events),
        *(sequence(event, f"on_{event}", f"end_{event}") for event in events),
        sequence("start", "fork", key, "after", "end"), sequence("fork", "beside", "end2"),
    )  # fmt: skip
    return {"p.bpmn": data, "q.bpmn": CALLEE} if "call" in host else {"p.bpmn": data}


def refused(host: str, event: str, *, interrupting: bool) -> set[str]:
    thrown, found = event in ("error", "escalation"), set()
    if event == "error" and not interrupting:
        found.add("unsupported-element")
    if host in AUTOMATIC or (thrown and host not in SCOPES):
        found.add("never-raised")
    return found


def happen(one: Drive, event: str) -> None:
    match event:
        case "timer":
            one.pass_time(timedelta(days=1))
        case "message":
            one.deliver("stop")
        case "signal":
            one.instance.deliver_signal("bell", {}, one._handle, one.now)
            one._wait()
        case "condition":
            for value in ("off", "on"):
                one.instance.assign({"alarm": value})
                one.pass_time(timedelta())
        case "error":
            one.complete("work", "fail")
        case "escalation":
            one.complete("work", "up")


def finish(one: Drive) -> Drive:
    for _ in range(20):
        if one.open:
            one.complete(one.open[0], "go")
        elif one.instance.waiting_messages():
            one.deliver("news")
    return one


@pytest.mark.parametrize("interrupting", [True, False], ids=["interrupting", "beside it"])
@pytest.mark.parametrize("host", list(HOSTS))
def test_a_boundary_event_works_or_is_refused(host: str, interrupting: bool) -> None:
    report = check_files(files_of(host, EVENTS, interrupting=interrupting))
    found = {(one.element, one.rule) for one in report.findings if one.severity == "error"}
    expected = {event: refused(host, event, interrupting=interrupting) for event in EVENTS}
    assert found == {(event, rule) for event, rules in expected.items() for rule in rules}, report.findings
    working = [event for event in EVENTS if not expected[event]]
    if working:
        spec = spec_of(files_of(host, working, interrupting=interrupting), "p")
        undisturbed = finish(Drive(spec))
        assert undisturbed.instance.is_completed()
        assert not [step for step in undisturbed.completed_steps if step.startswith("on_")]
        for event in working:
            plays(spec, event, interrupting=interrupting)


def plays(spec: Spec, event: str, *, interrupting: bool) -> None:
    begun = Drive(spec)
    happen(begun, event)
    assert begun.open.count(f"on_{event}") == 1
    if interrupting:
        assert sorted(begun.open) == ["beside", f"on_{event}"]
        assert begun.instance.waiting_messages() == []
    elif event in ("message", "signal", "condition"):
        happen(begun, event)
        assert begun.open.count(f"on_{event}") == 2, "it happens again"
    assert finish(begun).instance.is_completed()
    assert ("after" in begun.completed_steps) is not interrupting


def test_a_condition_must_be_false_before_it_is_met_again() -> None:
    spec = spec_of(files_of("user task", ["condition"], interrupting=False), "p")
    one = Drive(spec, {"alarm": "on"})
    assert one.open.count("on_condition") == 1, "it holds from the beginning"

    counts = []
    for value in ("on", "off", "off", "on", "on", "off", "on"):
        one.instance.assign({"alarm": value})
        one.pass_time(timedelta())
        counts.append(one.open.count("on_condition"))
    assert counts == [1, 1, 1, 2, 2, 2, 3]
    assert not one.instance.has_work(one.now), "it is true, and has happened"
