"""Small business models, one for each element and each way elements meet."""

from functools import cache

from app.kernel.engine.specs import Spec
from tests.process.drive import Drive, spec_of
from tests.unit.engine.diagrams import (
    call,
    diagram,
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

ROOT = (
    '<bpmn:signal id="bell" name="bell"/><bpmn:error id="bad" name="bad" errorCode="B"/>'
    '<bpmn:error id="other" name="other" errorCode="O"/><bpmn:escalation id="up" name="up" escalationCode="U"/>'
)


def model(*parts: str, key: str = "p", messages: tuple[str, ...] = ("news", "stop")) -> bytes:
    return diagram(*parts, key=key, messages=messages, root=ROOT)


def catch(key: str, inner: str) -> str:
    return node("intermediateCatchEvent", key, inner)


def throw(key: str, inner: str = "") -> str:
    return node("intermediateThrowEvent", key, inner)


def border(key: str, host: str, inner: str, *, interrupting: bool = True) -> str:
    return node("boundaryEvent", key, inner, attachedToRef=host, cancelActivity=str(interrupting).lower())


def signal(ref: str = "bell") -> str:
    return f'<bpmn:signalEventDefinition signalRef="{ref}"/>'


def error(ref: str = "bad") -> str:
    return f'<bpmn:errorEventDefinition errorRef="{ref}"/>' if ref else "<bpmn:errorEventDefinition/>"


def escalation() -> str:
    return '<bpmn:escalationEventDefinition escalationRef="up"/>'


def condition(text: str) -> str:
    inner = f"<bpmn:condition>={text}</bpmn:condition>"
    return f"<bpmn:conditionalEventDefinition>{inner}</bpmn:conditionalEventDefinition>"


def link(name: str) -> str:
    return f'<bpmn:linkEventDefinition name="{name}"/>'


def script(key: str, line: str) -> str:
    return node("scriptTask", key, f"<bpmn:script>{line}</bpmn:script>")


def instances(
    *,
    sequential: bool = False,
    cardinality: str = "",
    collection: str = "",
    output: str = "",
    until: str = "",
) -> str:
    ours = f"inputCollection='{collection}' inputElement='item' " if collection else ""
    ours += f"outputElement='{output}' outputCollection='all' " if output else ""
    inner = (
        f"<bpmn:extensionElements><zeebe:loopCharacteristics {ours}/></bpmn:extensionElements>"
        if ours
        else ""
    )
    inner += f"<bpmn:loopCardinality>{cardinality}</bpmn:loopCardinality>" if cardinality else ""
    inner += f"<bpmn:completionCondition>={until}</bpmn:completionCondition>" if until else ""
    mark = ' isSequential="true"' if sequential else ""
    return f"<bpmn:multiInstanceLoopCharacteristics{mark}>{inner}</bpmn:multiInstanceLoopCharacteristics>"


def loop(condition_text: str = "", maximum: int = 0, *, before: bool = False) -> str:
    most = f' loopMaximum="{maximum}"' if maximum else ""
    test = ' testBefore="true"' if before else ""
    inner = f"<bpmn:loopCondition>={condition_text}</bpmn:loopCondition>" if condition_text else ""
    return f"<bpmn:standardLoopCharacteristics{most}{test}>{inner}</bpmn:standardLoopCharacteristics>"


def repeated(part: str, mark: str) -> str:
    """A node with a loop marker, before its closing tag."""
    body, closing, _ = part.rpartition("</bpmn:")
    return body + mark + closing + part.rpartition("</bpmn:")[2]


def scope(key: str, *parts: str, mark: str = "", **attributes: str) -> str:
    return node("subProcess", key, "".join(parts) + mark, **attributes)


def handler(key: str, inner: str, *parts: str, interrupting: bool = True) -> str:
    """An event sub-process start → … → end whose start is `<key>_on`."""
    begin = node("startEvent", f"{key}_on", inner, isInterrupting=str(interrupting).lower())
    return scope(key, begin, *parts, triggeredByEvent="true")


def body(key: str, task: str) -> tuple[str, ...]:
    """Start, a user task and an end with ids of their own."""
    return (
        node("startEvent", f"{key}_s"),
        user(task),
        node("endEvent", f"{key}_e"),
        sequence(f"{key}_s", task, f"{key}_e"),
    )


FORK, JOIN = node("parallelGateway", "fork"), node("parallelGateway", "join")

INNER = model(
    start(),
    user("inner"),
    end(),
    node("endEvent", "inner_bad", error()),
    node("exclusiveGateway", "well", default="f_well_end"),
    sequence("start", "inner", "well", "end"),
    flow("well", "inner_bad", 'outcome = "fail"'),
    key="inner_process",
)

MODELS: dict[str, bytes] = {
    "signal": model(
        start(),
        FORK,
        user("a"),
        throw("ring", signal()),
        catch("hear", signal()),
        user("b"),
        JOIN,
        end(),
        sequence("start", "fork", "a", "ring", "join", "end"),
        sequence("fork", "hear", "b", "join"),
    ),
    "signal end": model(
        start(),
        FORK,
        user("a"),
        node("endEvent", "ring", signal()),
        user("c"),
        border("hear", "c", signal()),
        user("b"),
        end(),
        sequence("start", "fork", "a", "ring"),
        sequence("fork", "c", "end"),
        sequence("hear", "b", "end"),
    ),
    "link": model(
        start(),
        user("a"),
        throw("out", link("L")),
        catch("in", link("L")),
        user("b"),
        end(),
        sequence("start", "a", "out"),
        sequence("in", "b", "end"),
    ),
    "condition": model(
        start(),
        FORK,
        user("a"),
        script("set", 'ready = outcome = "go"'),
        catch("wait", condition("ready")),
        user("b"),
        JOIN,
        end(),
        sequence("start", "fork", "a", "set", "join", "end"),
        sequence("fork", "wait", "b", "join"),
    ),
    "conditional border": model(
        start(),
        FORK,
        user("a"),
        user("c"),
        border("off", "c", condition('outcome = "stop"')),
        user("b"),
        JOIN,
        end(),
        node("exclusiveGateway", "either"),
        sequence("start", "fork", "a", "join", "end"),
        sequence("fork", "c", "either", "join"),
        sequence("off", "b", "either"),
    ),
    "choice of events": model(
        start(),
        node("eventBasedGateway", "which"),
        catch("told", message("news")),
        catch("late", timer("timeDuration", "P2D")),
        catch("later", timer("timeDuration", "P3D")),
        catch("rung", signal()),
        catch("true", condition("1 = 2")),
        node("receiveTask", "stopped", messageRef="stop"),
        user("a"),
        end(),
        flow("start", "which"),
        flow("which", "told"),
        flow("which", "late"),
        flow("which", "later"),
        flow("which", "rung"),
        flow("which", "true"),
        flow("which", "stopped"),
        sequence("told", "a", "end"),
        flow("late", "a"),
        flow("later", "end"),
        flow("rung", "a"),
        flow("true", "end"),
        flow("stopped", "end"),
    ),
    "error": model(
        start(),
        scope(
            "sub",
            node("startEvent", "s"),
            FORK,
            user("a"),
            node("exclusiveGateway", "well", default="f_well_sub_end"),
            user("b"),
            service("never", "never"),
            node("endEvent", "sub_end"),
            node("endEvent", "failed", error()),
            node("endEvent", "sub_end_2"),
            sequence("s", "fork", "a", "well", "sub_end"),
            sequence("fork", "b", "never", "sub_end_2"),
            flow("well", "failed", 'outcome = "fail"'),
        ),
        border("all", "sub", error("")),
        border("caught", "sub", error()),
        user("c"),
        user("d"),
        end(),
        node("endEvent", "end_2"),
        sequence("start", "sub", "end"),
        sequence("caught", "c", "end"),
        sequence("all", "d", "end_2"),
    ),
    "error of a callee": model(
        start(),
        call("called", "inner_process"),
        border("caught", "called", error()),
        user("c"),
        end(),
        sequence("start", "called", "end"),
        sequence("caught", "c", "end"),
    ),
    "escalation": model(
        start(),
        scope(
            "sub",
            node("startEvent", "s"),
            user("a"),
            throw("raise", escalation()),
            user("b"),
            node("endEvent", "sub_end", escalation()),
            sequence("s", "a", "raise", "b", "sub_end"),
        ),
        border("heard", "sub", escalation(), interrupting=False),
        user("c"),
        node("endEvent", "end_2"),
        end(),
        sequence("start", "sub", "end"),
        sequence("heard", "c", "end_2"),
    ),
    "terminate": model(
        start(),
        FORK,
        user("a"),
        user("b"),
        service("never", "never"),
        node("endEvent", "off", "<bpmn:terminateEventDefinition/>"),
        end(),
        sequence("start", "fork", "a", "off"),
        sequence("fork", "b", "never", "end"),
    ),
    "interrupting handler": model(
        start(),
        user("a"),
        user("b"),
        end(),
        sequence("start", "a", "b", "end"),
        handler(
            "h", message("stop"), *body("h", "c")[1:2], node("endEvent", "h_e"), sequence("h_on", "c", "h_e")
        ),
    ),
    "running handlers": model(
        start(),
        user("a"),
        user("b"),
        end(),
        sequence("start", "a", "b", "end"),
        handler(
            "h",
            message("news"),
            user("c"),
            node("endEvent", "h_e"),
            sequence("h_on", "c", "h_e"),
            interrupting=False,
        ),
        handler(
            "t",
            timer("timeDuration", "P1D"),
            user("e"),
            node("endEvent", "t_e"),
            sequence("t_on", "e", "t_e"),
            interrupting=False,
        ),
    ),
    "handler in a sub-process": model(
        start(),
        scope(
            "sub",
            *body("sub", "a"),
            handler(
                "h",
                condition('outcome = "stop"'),
                user("c"),
                node("endEvent", "h_e"),
                sequence("h_on", "c", "h_e"),
            ),
        ),
        user("b"),
        end(),
        node("exclusiveGateway", "again", default="f_again_end"),
        flow("start", "sub"),
        sequence("sub", "b", "again", "end"),
        flow("again", "sub", 'outcome = "return"'),
    ),
    "handler of an error": model(
        start(),
        user("a"),
        node("exclusiveGateway", "well", default="f_well_end"),
        node("endEvent", "failed", error()),
        end(),
        sequence("start", "a", "well", "end"),
        flow("well", "failed", 'outcome = "fail"'),
        handler("h", error(), user("c"), node("endEvent", "h_e"), sequence("h_on", "c", "h_e")),
    ),
    "parallel instances": model(
        start(),
        repeated(user("a"), instances(cardinality="3", output="=outcome")),
        user("b"),
        end(),
        sequence("start", "a", "b", "end"),
    ),
    "sequential instances": model(
        start(),
        repeated(user("a"), instances(sequential=True, collection='=["x","y"]', output="=item")),
        user("b"),
        end(),
        sequence("start", "a", "b", "end"),
    ),
    "instances until": model(
        start(),
        repeated(user("a"), instances(cardinality="=number", until="numberOfCompletedInstances = 2")),
        border("off", "a", message("stop")),
        user("b"),
        end(),
        sequence("start", "a", "b", "end"),
        sequence("off", "end"),
    ),
    "instances of a sub-process": model(
        start(),
        scope("sub", *body("sub", "a"), mark=instances(cardinality="2")),
        border("off", "sub", message("stop")),
        user("b"),
        end(),
        sequence("start", "sub", "b", "end"),
        sequence("off", "end"),
    ),
    "instances of a call": model(
        start(),
        repeated(call("called", "inner_process"), instances(sequential=True, cardinality="2")),
        border("caught", "called", error()),
        user("b"),
        end(),
        sequence("start", "called", "b", "end"),
        sequence("caught", "end"),
    ),
    "loop": model(
        start(),
        repeated(user("a"), loop('outcome = "return"', 5)),
        user("b"),
        end(),
        sequence("start", "a", "b", "end"),
    ),
    "loop of a sub-process": model(
        start(),
        scope("sub", *body("sub", "a"), mark=loop('outcome != "done"', before=True)),
        user("b"),
        end(),
        sequence("start", "sub", "b", "end"),
    ),
    "inclusive": model(
        start(),
        user("a"),
        node("inclusiveGateway", "fork", default="f_fork_d"),
        user("b"),
        scope("sub", *body("sub", "c")),
        user("d"),
        node("inclusiveGateway", "join"),
        user("last"),
        node("exclusiveGateway", "again", default="f_again_end"),
        end(),
        sequence("start", "a", "fork"),
        flow("fork", "b", 'contains(which, "b")'),
        flow("fork", "sub", 'contains(which, "c")'),
        flow("fork", "d"),
        sequence("b", "join", "last", "again", "end"),
        flow("sub", "join"),
        flow("d", "join"),
        flow("again", "a", 'outcome = "return"'),
    ),
    "values that meet": model(
        start(),
        script("first", 'kept = "old"'),
        FORK,
        user("a"),
        script("change", 'kept = "new"'),
        user("b"),
        JOIN,
        user("c"),
        end(),
        sequence("start", "first", "fork", "a", "change", "join", "c", "end"),
        sequence("fork", "b", "join"),
    ),
}


@cache
def spec_of_model(name: str) -> Spec:
    """The model with the process that some of them call."""
    return spec_of({"p.bpmn": MODELS[name], "inner.bpmn": INNER}, "p")


def drive(name: str, **data: object) -> Drive:
    return Drive(spec_of_model(name), data)
