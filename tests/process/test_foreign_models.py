"""Files made elsewhere: written out as the standard means them, played to an end, or refused with reasons."""

import random

import pytest

from app.kernel.engine.check.findings import DefinitionInvalid
from app.kernel.engine.parsing import parse_foreign, playable_processes, read_roots
from tests.process.drive import Drive
from tests.process.foreign import Player, foreign_spec
from tests.unit.engine.diagrams import diagram, end, flow, node, sequence, start, timer

MI = "<bpmn:multiInstanceLoopCharacteristics/>"
LOOP = '<bpmn:standardLoopCharacteristics loopMaximum="3"/>'


def define(kind: str, name: str = "", inner: str = "") -> str:
    named = f' name="{name}"' if name else ""
    return f"<bpmn:{kind}EventDefinition{named}>{inner}</bpmn:{kind}EventDefinition>"


TWO = define("message") + define("signal")
THREE = define("message") + define("timer") + define("signal")


def jumble(*parts: str, **options: object) -> bytes:
    return diagram(*parts, **options)  # type: ignore[arg-type]


def conditional(source: str, target: str, text: str) -> str:
    return flow(source, target).replace(
        "></bpmn:sequenceFlow>",
        f"><bpmn:conditionExpression>{text}</bpmn:conditionExpression></bpmn:sequenceFlow>",
    )


def catch(key: str, inner: str = "") -> str:
    return node("intermediateCatchEvent", key, inner)


def throw(key: str, inner: str = "") -> str:
    return node("intermediateThrowEvent", key, inner)


def border(key: str, inner: str = "", **attributes: str) -> str:
    return node("boundaryEvent", key, inner, **attributes)


def task(key: str, inner: str = "", **attributes: str) -> str:
    return node("task", key, inner, **attributes)


def inside(*parts: str, **attributes: str) -> str:
    return node("subProcess", attributes.pop("key", "sub"), "".join(parts), **attributes)


ENDING = {
    "abstract tasks": jumble(start(), task("a"), end(), sequence("start", "a", "end")),
    "no start, no end": jumble(task("a"), task("b"), flow("a", "b")),
    "nothing but a start": jumble(start()),
    "two starts": jumble(
        start(), node("startEvent", "other", define("message")), task("a"), task("b"), end(),
        sequence("start", "a", "end"), sequence("other", "b", "end"),
    ),
    "two beginnings without a start": jumble(task("a"), task("b"), task("c"), flow("a", "c"), flow("b", "c")),
    "a round without a start": jumble(
        task("a"), node("exclusiveGateway", "x"), end(), sequence("a", "x", "end"), flow("x", "a"),
    ),
    "implicit split and join": jumble(
        start(), task("a"), task("b"), task("c"), sequence("start", "a", "b"), flow("a", "c"),
    ),
    "conditional flows of a task": jumble(
        start(), task("a", default="f_a_g"), task("b"), task("c"), task("g"), flow("start", "a"),
        conditional("a", "b", "${amount &gt; 5}"), conditional("a", "c", "amount &lt; 5"), flow("a", "g"),
    ),
    "functions and mappings of another product": jumble(
        start(), node("exclusiveGateway", "x"), task("a"),
        node("userTask", "b", extensions="<zeebe:ioMapping><zeebe:input source='=get or else(amount, 0)' target='sum'/>"
             "<zeebe:output source='=last day of month(day)' target='month'/></zeebe:ioMapping>"), end(),
        conditional("x", "a", "=is defined(amount)"), conditional("x", "b", "=not(is defined(amount))"),
        flow("start", "x"), sequence("a", "end"), sequence("b", "end"),
    ),
    "gateway without conditions": jumble(
        start(), node("exclusiveGateway", "x"), task("a"), task("b"), end(), sequence("start", "x", "a", "end"),
        sequence("x", "b", "end"),
    ),
    "inclusive split and join": jumble(
        start(), node("inclusiveGateway", "x"), task("a"), task("b"), task("c"), node("inclusiveGateway", "y"), end(),
        sequence("start", "x", "a", "y", "end"), sequence("x", "b", "y"), sequence("x", "c", "y"),
    ),
    "complex split": jumble(
        start(), node("complexGateway", "x"), task("a"), task("b"), end(), sequence("start", "x", "a", "end"),
        sequence("x", "b", "end"),
    ),
    "join with a way nobody takes": jumble(
        start(), task("a"), task("lost"), node("parallelGateway", "x"), end(), sequence("start", "a", "x", "end"),
        flow("lost", "x"),
    ),
    "links": jumble(
        start(), throw("out", define("link", "L")),
        catch("in", define("link", "L")), task("a"), sequence("start", "out"), sequence("in", "a"),
    ),
    "a link that goes nowhere": jumble(start(), throw("out", define("link", "L")), flow("start", "out")),
    "unnamed messages": jumble(
        start(), catch("m", define("message")), node("receiveTask", "r"), node("sendTask", "s"),
        node("endEvent", "end", define("message")), sequence("start", "m", "r", "s", "end"),
    ),
    "timers of other systems": jumble(
        node("startEvent", "start", timer("timeCycle", "0 0 9 * * ?")), task("a"),
        border("t", timer("timeCycle", "R/PT1H"), attachedToRef="a", cancelActivity="false"), task("b"),
        catch("w", timer("timeDate", "${when}")), end(), sequence("start", "a", "w", "end"),
        sequence("t", "b"),
    ),
    "empty definitions": jumble(
        start(), catch("t", define("timer")), catch("c", define("conditional")),
        throw("s", define("signal")), catch("n"),
        sequence("start", "t", "c", "s", "n"),
    ),
    "events on a task": jumble(
        start(), task("a"), border("e", define("error"), attachedToRef="a"),
        border("s", define("escalation"), attachedToRef="a", cancelActivity="false"),
        border("c", define("conditional"), attachedToRef="a", cancelActivity="false"), task("b"), task("g"),
        flow("start", "a"), flow("e", "b"), flow("s", "g"), flow("c", "g"),
    ),
    "several definitions": jumble(
        start(), throw("t", TWO), catch("c", THREE), task("a"), border("b", TWO, attachedToRef="a"), end("off"),
        node("endEvent", "end", define("terminate") + define("message")), sequence("start", "t", "c", "a", "end"),
        flow("b", "off"),
    ),
    "several definitions at once": jumble(
        start(), node("intermediateCatchEvent", "c", TWO, parallelMultiple="true"), end(),
        sequence("start", "c", "end"),
    ),
    "several definitions in a choice": jumble(
        start(), node("eventBasedGateway", "g"), catch("c", TWO), catch("t", define("timer")),
        sequence("start", "g", "c"), flow("g", "t"),
    ),
    "messages of web services": jumble(
        start(), node("receiveTask", "r", messageRef="asked"), end(), sequence("start", "r", "end"),
        root='<bpmn:message id="asked" itemRef="x"/><bpmn:message name="nameless"/><bpmn:signal/>'
        '<bpmn:correlationProperty id="c" name="c"/>',
    ),
    "a definition referred to": jumble(
        start(), catch("c", "<bpmn:eventDefinitionRef>shared</bpmn:eventDefinitionRef>"), sequence("start", "c"),
        root='<bpmn:signalEventDefinition id="shared"/>',
    ),
    "a boundary event without definition": jumble(
        start(), task("a"), border("x", attachedToRef="a"), sequence("start", "a"), flow("x", "a"),
    ),
    "choice of events": jumble(
        start(), node("eventBasedGateway", "g"), catch("m", define("message")),
        catch("t", timer("timeDuration", "PT1H")), node("receiveTask", "r"),
        catch("c", define("conditional")), flow("start", "g"), flow("g", "m"), flow("g", "t"),
        flow("g", "r"), flow("g", "c"),
    ),
    "instances and loops": jumble(
        start(), task("a", MI), node("serviceTask", "l", LOOP), inside(task("i"), MI, key="many"), end(),
        sequence("start", "a", "l", "many", "end"),
    ),
    "a collapsed sub-process": jumble(start(), inside(), end(), sequence("start", "sub", "end")),
    "an ad-hoc sub-process": jumble(
        start(), node("adHocSubProcess", "sub", task("a") + task("b") + "<bpmn:completionCondition/>"), end(),
        sequence("start", "sub", "end"),
    ),
    "a transaction nobody cancels": jumble(
        start(), node("transaction", "sub", task("a")), end(), sequence("start", "sub", "end"),
    ),
    "thrown compensation": jumble(
        start(), task("a"), border("c", define("compensate"), attachedToRef="a"),
        task("undo", isForCompensation="true"),
        node("intermediateThrowEvent", "back", define("compensate")), node("endEvent", "x", define("compensate")),
        sequence("start", "a", "back", "x"),
    ),
    "a joining complex gateway": jumble(
        start(), task("a"), task("b"), node("complexGateway", "x", "<bpmn:activationCondition/>"), task("c"),
        flow("start", "a"), flow("start", "b"), sequence("a", "x", "c"), sequence("b", "x"),
    ),
    "a cancelled transaction": jumble(
        start(), node("transaction", "sub", node("startEvent", "s") + task("a") + node("exclusiveGateway", "g")
                      + node("endEvent", "no", define("cancel")) + node("endEvent", "yes")
                      + sequence("s", "a", "g", "no") + flow("g", "yes")),
        border("off", define("cancel"), attachedToRef="sub"), task("after"), task("again"), end(),
        sequence("start", "sub", "after", "end"), sequence("off", "again", "end"),
    ),
    "a transaction cancelled without anybody around": jumble(
        start(), node("transaction", "sub", task("a") + node("endEvent", "no", define("cancel")) + flow("a", "no")),
        flow("start", "sub"),
    ),
    "an event sub-process": jumble(
        start(), task("a"), end(), sequence("start", "a", "end"),
        inside(node("startEvent", "go", define("message"), isInterrupting="false"), task("h"), flow("go", "h"),
               triggeredByEvent="true"),
    ),
    "an event sub-process of what has no start": jumble(
        task("a"), task("b"),
        inside(node("startEvent", "go", define("message")), task("h"), flow("go", "h"), triggeredByEvent="true"),
    ),
    "an event sub-process nothing starts": jumble(
        start(), end(), flow("start", "end"), inside(start().replace("start", "s2"), task("h"), triggeredByEvent="true")
    ),
    "an error caught outside": jumble(
        start(), inside(task("a"), node("endEvent", "bad", define("error")), flow("a", "bad")),
        border("e", define("error"), attachedToRef="sub"), task("b"), end(),
        sequence("start", "sub", "end"), sequence("e", "b"),
    ),
    "an error nobody catches": jumble(
        start(), task("a"), node("endEvent", "bad", define("error")), sequence("start", "a", "bad"),
    ),
    "compensation never thrown": jumble(
        start(), task("a"), border("c", define("compensate"), attachedToRef="a"),
        task("undo", isForCompensation="true"), end(), sequence("start", "a", "end"),
    ),
    "automatic steps": jumble(
        start(), node("serviceTask", "a"), node("scriptTask", "b", "<bpmn:script>import os</bpmn:script>"),
        node("businessRuleTask", "c"), end(), sequence("start", "a", "b", "c", "end"),
    ),
    "a call of something that isn't here": jumble(
        start(), node("callActivity", "a", calledElement="x:gone"), flow("start", "a"),
    ),
    "a process that calls itself": jumble(start(), node("callActivity", "a", calledElement="p"), flow("start", "a")),
    "a boundary event on nothing": jumble(
        start(), task("a"), flow("start", "a"), border("x", define("message"), attachedToRef="gone"),
    ),
    "flows that can't be": jumble(start(), task("a"), end(), sequence("start", "a", "end", "start")),
}  # fmt: skip

REFUSED = {
    "a cancel event outside a transaction": (
        jumble(start(), node("endEvent", "x", define("cancel")), flow("start", "x")), "x"),
    "a complex gateway that neither splits nor joins": (
        jumble(start(), node("complexGateway", "x"), task("a"), sequence("start", "x", "a")), "x"),
    "a boundary event that waits for two things together": (
        jumble(start(), task("a"), border("x", TWO, attachedToRef="a", parallelMultiple="true"),
               sequence("start", "a")), "x"),
}  # fmt: skip


@pytest.mark.parametrize("name", list(ENDING))
def test_what_the_standard_implies_is_played_to_an_end(name: str) -> None:
    spec = foreign_spec(ENDING[name])
    ended = 0
    for seed in range(6):
        player = Player(spec, random.Random(seed))
        ended += player.play().is_completed()
    assert ended == 6


@pytest.mark.parametrize("name", list(REFUSED))
def test_what_has_no_reading_is_refused_with_its_element(name: str) -> None:
    data, element = REFUSED[name]
    with pytest.raises(DefinitionInvalid) as refused:
        foreign_spec(data)
    assert element in {finding.element for finding in refused.value.findings if finding.severity == "error"}


def test_a_split_without_a_gateway_is_parallel() -> None:
    drive = Drive(foreign_spec(ENDING["implicit split and join"]))
    assert drive.complete("a").open == ["b", "c"]


def test_conditions_of_another_system_are_the_players_choice() -> None:
    drive = Drive(foreign_spec(ENDING["conditional flows of a task"]))
    step = drive.complete("a").task("a~choice").step
    assert step.choice
    assert [flow.name for flow in drive.spec.flows if flow.source == "a~fork"] == [
        "${amount > 5}",
        "amount < 5",
        None,
    ]
    assert drive.complete("a~choice", **{step.choice: " 1 2 "}).open == ["b", "c"]
    other = Drive(drive.spec).complete("a")
    assert other.complete("a~choice", **{step.choice: "nonsense"}).open == ["g"]


def test_the_default_of_an_inclusive_gateway_may_be_taken_along_with_others() -> None:
    drawn = jumble(
        start(), node("inclusiveGateway", "x", default="f_x_b"), task("a"), task("b"), node("parallelGateway", "j"),
        sequence("start", "x", "a", "j"), sequence("x", "b", "j"), end(), flow("j", "end"),
    )  # fmt: skip
    drive = Drive(foreign_spec(drawn))
    step = drive.task("x~choice").step
    assert drive.complete("x~choice", **{step.choice or "": " 1 2 "}).open == ["a", "b"]


def test_a_cancelled_transaction_goes_on_at_its_border() -> None:
    drive = Drive(foreign_spec(ENDING["a cancelled transaction"])).complete("a")
    step = drive.task("g~choice").step
    flows = [flow.target for flow in drive.spec.flows if flow.source == "g~fork"]
    assert step.choice
    assert drive.complete("g~choice", **{step.choice: f" {flows.index('no') + 1} "}).open == ["again"]
    assert "after" not in drive.open


def terminated(*catching: str) -> bytes:
    """A task, a handler beside it that doesn't interrupt, and an end that terminates; `catching`: more handlers."""
    begin = node("startEvent", "on", define("message"), isInterrupting="false")
    handler = inside(
        begin, task("h"), end("off"), sequence("on", "h", "off"), key="beside", triggeredByEvent="true"
    )
    return jumble(
        start(), task("a"), node("endEvent", "over", define("terminate")), sequence("start", "a", "over"), handler,
        *catching,
    )  # fmt: skip


def test_a_terminate_event_ends_what_runs_beside_it_too() -> None:
    for done in ("a", "h"):
        one = Drive(foreign_spec(terminated()), {})
        one.deliver(one.instance.waiting_messages()[0].name)
        assert sorted(one.open) == ["a", "h"]
        one.complete(done)
        assert one.instance.is_completed() is (done == "a")
        assert all(
            "~" not in key for place in one.instance.position() for key in (place.step_key, *place.path)
        )
    begin = node("startEvent", "bad", define("error"))
    every = inside(
        begin, task("c"), end("c_e"), sequence("bad", "c", "c_e"), key="all", triggeredByEvent="true"
    )
    with pytest.raises(DefinitionInvalid, match="a terminate event beside"):
        foreign_spec(terminated(every))


def test_each_pool_is_played_by_itself() -> None:
    one, two = jumble(task("a"), key="one"), jumble(task("b"), node("complexGateway", "c"), key="two")
    empty = b'<bpmn:process id="black_box"/>'
    inner = two[two.index(b"<bpmn:process") : two.index(b"</bpmn:definitions>")]
    data = one.replace(b"</bpmn:definitions>", empty + inner + b"</bpmn:definitions>")
    assert playable_processes(read_roots({"f.bpmn": data})) == ("one", "two")
    assert Drive(foreign_spec(data)).open == ["a"]
    assert Drive(foreign_spec(data, "one")).open == ["a"]


def test_a_file_without_anything_to_play_is_refused() -> None:
    with pytest.raises(DefinitionInvalid):
        parse_foreign({"f.bpmn": jumble()})
    with pytest.raises(DefinitionInvalid):
        parse_foreign({"f.bpmn": jumble(task("a"))}, "other")


def test_each_reading_is_a_warning_with_its_element() -> None:
    parsed = parse_foreign({"f.bpmn": ENDING["gateway without conditions"]})
    assert [(finding.rule, finding.element) for finding in parsed.findings] == [("foreign-reading", "x")]
    assert parsed.findings[0].line is not None


def test_files_in_a_single_byte_encoding_are_read() -> None:
    data = ENDING["no start, no end"].replace(b'name="a"', 'name="Prüfen"'.encode("iso-8859-1"))
    spec = foreign_spec(data.replace(b"UTF-8", b"ISO-8859-1"))
    assert spec.step("a").name == "Prüfen"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf8", "iso-8859-15", "windows-1250"])
def test_files_in_the_encodings_of_other_tools_are_read(encoding: str) -> None:
    text = ENDING["no start, no end"].decode().replace('name="a"', 'name="Prüfen"')
    declared = text.replace("UTF-8", encoding.removesuffix("-le"))
    data = declared.encode(encoding)
    mark = b"\xff\xfe" if encoding == "utf-16-le" else b""
    assert foreign_spec(mark + data).step("a").name == "Prüfen"


def test_reading_changes_no_file_given() -> None:
    roots = read_roots({"f.bpmn": ENDING["links"]})
    before = len(list(roots["f.bpmn"].iter()))
    parse_foreign({"f.bpmn": ENDING["links"]})
    assert len(list(roots["f.bpmn"].iter())) == before
