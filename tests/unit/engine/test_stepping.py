"""Instances: every fact measured about the library that concerns running, saving and restoring one."""

import threading
import zlib
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import orjson
import pytest
from SpiffWorkflow.bpmn.script_engine.python_engine import PythonScriptEngine

from app.kernel.engine.engine_data import Data, EngineDataInvalid
from app.kernel.engine.specs import Spec
from app.kernel.engine.states import MOST_BYTES, unpack
from app.kernel.engine.stepping import (
    EndlessLoop,
    Instance,
    MessageNotExpected,
    StepFailed,
    TaskNotReady,
)
from app.kernel.engine.workflow import ExpressionEngine, ServiceCall
from app.kernel.refusals import Refusal
from tests.process.drive import BEGINNING, Drive, spec_of
from tests.unit.engine.diagrams import (
    REVIEW_LOOP,
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


def nothing(_type: str, _call: ServiceCall, _data: Data) -> Mapping[str, object]:
    return {}


def middle(*parts: str, **options: object) -> Spec:
    """start → x → end with x among `parts`."""
    data = diagram(start(), *parts, end(), sequence("start", "x", "end"), **options)  # type: ignore[arg-type]
    return spec_of({"p": data}, "p")


def test_risk_marks_on_flows_decide_by_the_risk_variable() -> None:
    spec = spec_of({"review": REVIEW_LOOP}, "review")
    assert Drive(spec, {"risk": "normal"}).complete("initial").open == ["final"]
    assert Drive(spec, {"risk": "routed"}).complete("initial").open == ["recheck"]


def test_risk_assigned_to_a_running_instance_decides_later_flows() -> None:
    drive = Drive(spec_of({"review": REVIEW_LOOP}, "review"), {"risk": "normal"})
    drive.instance.assign({"risk": "high"})
    assert drive.complete("initial").open == ["recheck"]


def test_completing_a_task_twice_is_refused() -> None:
    drive = Drive(middle(user("x"), user("y"), flow("y", "end")))
    task = drive.task("x")
    drive.complete("x")
    with pytest.raises(TaskNotReady):
        drive.instance.complete(task.engine_task_id, {}, nothing, BEGINNING)


@pytest.mark.parametrize("engine_task_id", ["", "nonsense", "98d74e20-9172-4a05-9ea6-812865db49af"])
def test_completing_an_unknown_task_is_refused(engine_task_id: str) -> None:
    drive = Drive(middle(user("x")))
    with pytest.raises(TaskNotReady):
        drive.instance.complete(engine_task_id, {}, nothing, BEGINNING)


def test_service_handler_sees_mapped_inputs_and_sets_mapped_outputs() -> None:
    mapping = (
        '<zeebe:ioMapping><zeebe:input source="=grade + 1" target="next"/>'
        '<zeebe:output source="=answer" target="kept"/></zeebe:ioMapping><sanshen:rules set="=set_name"/>'
    )
    seen: list[tuple[object, ...]] = []

    def answer(asked: ServiceCall, data: Data) -> Mapping[str, object]:
        seen.append((asked.step.step_key, asked.rules, dict(data)))
        return {"answer": "yes", "noise": 1}

    drive = Drive(middle(service("x", "ask", mapping)), {"grade": 4, "set_name": "basic"}, {"ask": answer})
    assert seen == [("x", "basic", {"grade": 4, "set_name": "basic", "next": 5})]
    assert drive.instance.data == {"grade": 4, "set_name": "basic", "kept": "yes"}


def test_a_failing_handler_names_the_step() -> None:
    def fails(_call: ServiceCall, _data: Data) -> Mapping[str, object]:
        raise OSError("no route")

    with pytest.raises(StepFailed, match="x") as failed:
        Drive(middle(service("x", "ask")), answers={"ask": fails})
    assert failed.value.element == "x"
    assert isinstance(failed.value.cause, OSError)


def test_a_refusal_of_a_handler_stays_a_refusal() -> None:
    def refuses(_call: ServiceCall, _data: Data) -> Mapping[str, object]:
        raise Refusal

    with pytest.raises(Refusal):
        Drive(middle(service("x", "ask")), answers={"ask": refuses})


def test_a_step_without_task_type_fails_by_name() -> None:
    with pytest.raises(StepFailed, match="no handler"):
        Drive(middle(node("serviceTask", "x")))


def test_script_assignments_set_variables() -> None:
    script = '<bpmn:script>twice = grade * 2\nword = if twice &gt; 5 then "high" else "low"</bpmn:script>'
    drive = Drive(middle(node("scriptTask", "x", script)), {"grade": 3})
    assert drive.instance.data["twice"] == 6
    assert drive.instance.data["word"] == "high"


def test_script_of_the_modeler_sets_its_result_variable() -> None:
    short = '<zeebe:script expression="=grade + 1" resultVariable="next"/>'
    assert Drive(middle(node("scriptTask", "x", extensions=short)), {"grade": 3}).instance.data["next"] == 4


def test_moments_and_durations_become_variables_as_iso_text_by_the_clock_of_the_case() -> None:
    lines = (
        "on = today()\nat = now()\nrest = date(&quot;2026-03-31&quot;) - today()\n"
        "later = date and time(at) &lt; now() + duration(rest)\n"
    )
    drive = Drive(middle(node("scriptTask", "x", f"<bpmn:script>{lines}</bpmn:script>")))
    assert drive.instance.data == {
        "on": "2026-03-02",
        "at": "2026-03-02T09:00:00+08:00",
        "rest": "P29D",
        "later": True,
    }


def test_scripts_giving_fractions_fail_instead_of_becoming_floats() -> None:
    with pytest.raises(StepFailed, match="Decimal"):
        Drive(middle(node("scriptTask", "x", "<bpmn:script>third = 1 / 3</bpmn:script>")))


@pytest.mark.parametrize(
    "bad",
    [
        {"when": datetime(2026, 1, 1, tzinfo=UTC)},
        {"day": date(2026, 1, 1)},
        {"id": uuid4()},
        {"amount": Decimal("1.5")},
        {"typename": "Task"},
        {"data_objects": "x"},
        {"list": [1, 2]},
        {"nested": {"a": 1}},
        {"blob": b"x"},
        {"far": 2**64},
        {"nan": float("nan")},
        {"a-b": 1},
        {"long": "x" * 1001},
        {f"v{number}": number for number in range(65)},
    ],
)
def test_engine_data_is_flat_and_native_to_json(bad: Mapping[str, object]) -> None:
    spec = middle(user("x"))
    with pytest.raises(EngineDataInvalid):
        Instance.start(spec, bad)
    drive = Drive(spec)
    with pytest.raises(EngineDataInvalid):
        drive.complete("x", None, **dict(bad))


def test_the_script_engine_survives_saving_and_can_not_be_replaced() -> None:
    files = {
        "review": REVIEW_LOOP,
        "p": diagram(start(), call("x", "review"), end(), sequence("start", "x", "end")),
    }
    drive = Drive(spec_of(files, "p"), {"risk": "high"})
    workflows = [drive.instance.workflow, *drive.instance.workflow.subprocesses.values()]
    assert len(workflows) == 2
    assert all(isinstance(workflow.script_engine, ExpressionEngine) for workflow in workflows)
    with pytest.raises(PermissionError):
        drive.instance.workflow.script_engine = PythonScriptEngine()
    with pytest.raises(PermissionError):
        drive.instance.workflow.script_engine.execute(None, "import os")


def test_state_of_another_specification_is_refused() -> None:
    drive = Drive(middle(user("x")))
    with pytest.raises(ValueError, match="not written for this"):
        Instance.restore(spec_of({"review": REVIEW_LOOP}, "review"), drive.instance.dump())


def test_foreign_state_is_refused() -> None:
    drive = Drive(middle(user("x")))
    foreign = {"serializer_version": "1.1", **orjson.loads(unpack(drive.instance.dump()))["workflow"]}
    with pytest.raises(ValueError, match="not written for this"):
        Instance.restore(drive.spec, orjson.dumps(foreign))


def test_state_holds_no_specification() -> None:
    drive = Drive(spec_of({"review": REVIEW_LOOP}, "review"), {"risk": "high"})
    assert b"task_specs" not in unpack(drive.instance.dump())


def test_state_is_packed_and_whatever_else_comes_is_refused() -> None:
    drive = Drive(spec_of({"review": REVIEW_LOOP}, "review"), {"risk": "high"})
    state = drive.instance.dump()
    assert len(state) < len(unpack(state)) / 3
    assert Instance.restore(drive.spec, unpack(state)).dump() == state
    for wrong in (b"\x00", zlib.compress(b"{" + b" " * MOST_BYTES)):
        with pytest.raises(ValueError, match="state"):
            Instance.restore(drive.spec, wrong)


def test_called_process_sees_inputs_and_gives_back_outputs_only() -> None:
    inner = diagram(start(), user("ask", group="=who"), end(), sequence("start", "ask", "end"), key="inner")
    outer = diagram(
        start(),
        call(
            "x",
            "inner",
            [("who", '="rec_checker"')],
            [("result", '=if outcome = "agree" then "good" else "bad"')],
        ),
        user("after"),
        end(),
        sequence("start", "x", "after", "end"),
    )
    drive = Drive(spec_of({"i": inner, "o": outer}, "p"), {"risk": "high", "outcome": "before"})
    task = drive.task("ask")
    assert (task.path, task.candidate_group) == (("x",), "rec_checker")
    assert [(place.step_key, place.state) for place in drive.instance.position()] == [
        ("x", "inside"),
        ("ask", "open"),
    ]
    drive.complete("ask", "agree", noise=1)
    assert drive.task("after").data == {"risk": "high", "outcome": "before", "result": "good"}


def test_output_mapping_of_an_end_event_leaves_the_called_process() -> None:
    mapping = '<zeebe:ioMapping><zeebe:output source="=1 + 1" target="result"/></zeebe:ioMapping>'
    inner = diagram(
        start(),
        user("ask"),
        node("endEvent", "done", extensions=mapping),
        sequence("start", "ask", "done"),
        key="inner",
    )
    outer = diagram(
        start(), call("x", "inner", (), [("result", "=result")]), user("after"), end(),
        sequence("start", "x", "after", "end"),
    )  # fmt: skip
    drive = Drive(spec_of({"i": inner, "o": outer}, "p")).complete("ask")
    assert drive.task("after").data["result"] == 2


def test_events_tell_what_was_entered_completed_and_cancelled_in_order() -> None:
    data = diagram(
        start(), user("x"), node("boundaryEvent", "late", timer("timeDuration", "P1D"), attachedToRef="x"), user("y"),
        end(), sequence("start", "x", "end"), sequence("late", "y", "end"),
    )  # fmt: skip
    drive = Drive(spec_of({"p": data}, "p"))
    drive.pass_time(timedelta(days=1))
    changes = [(event.change, event.step_key) for event in drive.events]
    assert changes == [
        ("completed", "start"),
        ("entered", "x"),
        ("entered", "late"),
        ("completed", "late"),
        ("entered", "y"),
        ("cancelled", "x"),
    ]
    drive.complete("y", "done")
    assert [(event.step_key, event.outcome) for event in drive.events[6:]] == [("y", "done"), ("end", None)]


def test_a_thrown_message_comes_out_once_with_the_variables() -> None:
    spec = middle(node("intermediateThrowEvent", "x", message("told")), messages=["told"])
    drive = Drive(spec, {"risk": "high"})
    assert [(sent.name, sent.data) for sent in drive.sent] == [("told", {"risk": "high"})]
    assert drive.instance.take_messages() == []


def test_a_message_is_delivered_to_who_waits_and_refused_otherwise() -> None:
    drive = Drive(middle(node("intermediateCatchEvent", "x", message("news")), messages=["news"]))
    assert [(waiting.name, waiting.step_key) for waiting in drive.instance.waiting_messages()] == [
        ("news", "x")
    ]
    with pytest.raises(MessageNotExpected):
        drive.deliver("other")
    drive.deliver("news", grade=5)
    assert drive.instance.is_completed()
    assert drive.instance.data["grade"] == 5


def test_the_clock_is_given_with_a_zone() -> None:
    with pytest.raises(ValueError, match="zone"):
        Instance.start(middle(user("x")), {}).advance(nothing, datetime(2026, 1, 1))  # noqa: DTZ001


def test_threads_share_a_specification() -> None:
    spec = spec_of({"review": REVIEW_LOOP}, "review")
    failures: list[BaseException] = []

    def work() -> None:
        try:
            for _ in range(10):
                drive = Drive(spec, {"risk": "high"})
                drive.complete("initial").complete("recheck", "agree").complete("final", "approve")
                assert drive.instance.is_completed()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


LOOPING = diagram(
    start(),
    user("x"),
    node("exclusiveGateway", "again", default="f_again_work"),
    service("work"),
    end(),
    sequence("start", "x", "again"),
    flow("again", "end", "stop = true"),
    flow("again", "work"),
    sequence("work", "again"),
)


def test_an_automatic_loop_that_never_waits_is_stopped() -> None:
    drive = Drive(spec_of({"p": LOOPING}, "p"))
    with pytest.raises(EndlessLoop):
        drive.complete("x")


def test_an_automatic_loop_that_ends_may_go_round() -> None:
    rounds = iter([False] * 20 + [True])
    drive = Drive(spec_of({"p": LOOPING}, "p"), answers={"work": lambda _call, _data: {"stop": next(rounds)}})
    assert drive.complete("x").instance.is_completed()


def test_a_gateway_without_a_true_flow_fails_by_name() -> None:
    data = diagram(
        start(), user("x"), node("exclusiveGateway", "g"), user("y"), end(),
        sequence("start", "x", "g"), flow("g", "y", 'a = "1"'), flow("g", "end", 'a = "2"'), flow("y", "end"),
    )  # fmt: skip
    with pytest.raises(StepFailed) as failed:
        Drive(spec_of({"p": data}, "p")).complete("x", a="3")
    assert failed.value.element == "g"


def test_parallel_branches_join_with_the_variables_of_both() -> None:
    data = diagram(
        start(), node("parallelGateway", "fork"), user("l"), user("r"), node("parallelGateway", "join"), user("after"),
        end(), sequence("start", "fork", "l", "join", "after", "end"), sequence("fork", "r", "join"),
    )  # fmt: skip
    drive = Drive(spec_of({"p": data}, "p"))
    assert sorted(drive.open) == ["l", "r"]
    drive.complete("r", right=1).complete("l", left=2)
    assert drive.task("after").data == {"left": 2, "right": 1}
