"""Each element does what the standard says; saving, restoring and forgetting finished rounds change nothing."""

import random
from datetime import timedelta

import pytest

from app.kernel.engine.stepping import MessageNotExpected, StepFailed
from tests.process.drive import BEGINNING, Drive, spec_of
from tests.process.models import MODELS, border, drive, error, model, scope, script, spec_of_model
from tests.unit.engine.diagrams import end, node, sequence, service, start, timer, user

OUTCOMES = ("go", "stop", "fail", "return", "done")


def visible(drive: Drive) -> tuple[object, ...]:
    instance = drive.instance
    return (
        sorted(
            (task.step_key, task.path, task.instance or 0, repr(sorted(task.data.items(), key=str)))
            for task in instance.ready_tasks()
        ),
        sorted((place.step_key, place.path, place.state) for place in instance.position()),
        sorted(
            (one.name, one.step_key) for one in [*instance.waiting_messages(), *instance.waiting_signals()]
        ),
        instance.next_due(),
        instance.is_completed(),
        [
            (event.step_key, event.path, event.outcome, event.instance)
            for event in drive.events
            if event.change == "completed"
        ],
        dict(instance.data) if instance.is_completed() else None,
    )


def act(drives: list[Drive], rng: random.Random) -> None:
    """The same move in every drive: complete a task, send something, or let a day pass."""
    first = drives[0].instance
    kinds = ["task"] * 4 * bool(first.ready_tasks()) + ["message"] * bool(first.waiting_messages())
    kinds += ["signal"] * bool(first.waiting_signals()) + ["time"] * (first.next_due() is not None)
    kind, outcome, number = rng.choice(kinds), rng.choice(OUTCOMES), rng.random()
    which, turn = rng.choice(("b", "c", "bc", "")), rng.randint(0, 9)
    for one in drives:
        if kind == "task":
            tasks = sorted(
                one.instance.ready_tasks(), key=lambda task: (task.step_key, task.path, task.instance or 0)
            )
            task = tasks[int(number * len(tasks))]
            given = {"outcome": outcome, "which": which, "turn": turn}
            one.instance.complete(task.engine_task_id, given, one._handle, one.now)
            one._wait()
        elif kind == "message":
            names = sorted({waiting.name for waiting in one.instance.waiting_messages()})
            one.deliver(names[int(number * len(names))])
        elif kind == "signal":
            one.instance.deliver_signal("bell", {}, one._handle, one.now)
            one._wait()
        else:
            one.pass_time(timedelta(days=1))


@pytest.mark.parametrize("name", list(MODELS))
def test_saved_or_not_compacted_or_not_it_is_the_same_to_the_eye(name: str) -> None:
    for seed in range(4):
        rng = random.Random(seed)
        given = {"number": 3, "outcome": "go", "which": ""}
        drives = [
            Drive(spec_of_model(name), given, saving=saving, compacting=compacting)
            for saving in (True, False)
            for compacting in (True, False)
        ]
        for _ in range(25):
            assert len({repr(visible(one)) for one in drives}) == 1
            instance = drives[0].instance
            if instance.is_completed() or not (instance.ready_tasks() or instance.waiting_messages()):
                break
            act(drives, rng)
        assert len({repr(visible(one)) for one in drives}) == 1


def test_a_signal_reaches_who_waits_in_the_case() -> None:
    one = drive("signal")
    assert [waiting.name for waiting in one.instance.waiting_signals()] == ["bell"]
    assert one.complete("a").open == ["b"]
    assert one.complete("b").instance.is_completed()
    ended = drive("signal end").complete("a")
    assert ended.open == ["b"]


def test_a_signal_from_outside_reaches_who_waits_and_nobody_else() -> None:
    one = drive("signal")
    one.instance.deliver_signal("bell", {"heard": True}, one._handle, BEGINNING)
    assert sorted(one.open) == ["a", "b"]
    with pytest.raises(MessageNotExpected):
        one.instance.deliver_signal("bell", {}, one._handle, BEGINNING)


def test_a_link_goes_on_where_it_is_caught() -> None:
    assert drive("link").complete("a").open == ["b"]


def test_a_condition_is_met_by_what_another_branch_changes() -> None:
    assert drive("condition").complete("a", "go").open == ["b"]
    assert drive("condition").complete("a", "no").open == []
    assert drive("conditional border").complete("a", "stop").open == ["b"]
    assert drive("conditional border").complete("a", "go").open == ["c"]


def test_a_condition_is_met_by_what_is_assigned_from_outside() -> None:
    one = drive("condition").complete("a", "no")
    assert not one.instance.has_work(one.now)
    one.instance.assign({"ready": True})
    assert one.instance.has_work(one.now)
    assert one.pass_time(timedelta()).open == ["b"]


def test_the_first_of_several_events_is_the_only_one() -> None:
    one = drive("choice of events").pass_time(timedelta(days=5))
    assert one.open == ["a"]
    assert one.completed_steps.count("late") == 1
    assert "later" not in one.completed_steps
    assert not one.instance.waiting_messages()
    assert drive("choice of events").deliver("news").open == ["a"]
    assert drive("choice of events").deliver("stop").instance.is_completed()


def test_an_error_ends_its_scope_at_once_and_goes_to_the_event_that_names_it() -> None:
    one = drive("error").complete("a", "fail")
    assert one.open == ["c"]
    assert "never" not in one.called
    assert one.complete("c").instance.is_completed()
    assert {"b", "sub"} <= {event.step_key for event in one.events if event.change == "cancelled"}


def test_an_error_of_a_callee_is_caught_by_its_caller() -> None:
    one = drive("error of a callee").complete("inner", "fail")
    assert one.open == ["c"]
    assert drive("error of a callee").complete("inner", "go").instance.is_completed()


def test_an_error_reaches_no_scope_beside_its_own() -> None:
    def failing(key: str) -> str:
        return scope(key, node("startEvent", f"{key}_s"), user(f"{key}_a"), node("endEvent", f"{key}_bad", error()),
                     sequence(f"{key}_s", f"{key}_a", f"{key}_bad"))  # fmt: skip

    data = model(
        start(), node("parallelGateway", "fork"), failing("one"), failing("two"),
        border("e1", "one", error()), border("e2", "two", error()), user("after_one"), user("after_two"), end(),
        sequence("start", "fork", "one", "end"), sequence("fork", "two", "end"),
        sequence("e1", "after_one", "end"), sequence("e2", "after_two", "end"),
    )  # fmt: skip
    one = Drive(spec_of({"p": data}, "p")).complete("one_a")
    assert sorted(one.open) == ["after_one", "two_a"]


def test_an_error_nobody_catches_fails_the_step() -> None:
    data = model(start(), user("a"), node("endEvent", "bad_end", error()), sequence("start", "a", "bad_end"))
    one = Drive(spec_of({"p": data}, "p"))
    with pytest.raises(StepFailed, match="nothing catches") as failed:
        one.complete("a")
    assert failed.value.element == "bad_end"


def test_an_escalation_may_go_unheard_and_interrupts_nothing() -> None:
    one = drive("escalation").complete("a")
    assert sorted(one.open) == ["b", "c"]
    one.complete("b").complete("c").complete("c")
    assert one.instance.is_completed()


def test_terminate_leaves_nothing_running() -> None:
    one = drive("terminate").complete("a")
    assert one.instance.is_completed()
    assert one.called == []


def test_nothing_that_was_cancelled_in_the_same_breath_is_run() -> None:
    data = model(
        start(), user("a"), node("parallelGateway", "fork"), service("never", "never"), end(),
        node("endEvent", "off", "<bpmn:terminateEventDefinition/>"), sequence("start", "a", "fork", "off"),
        sequence("fork", "never", "end"),
    )  # fmt: skip
    one = Drive(spec_of({"p": data}, "p")).complete("a")
    assert one.instance.is_completed()
    assert one.called == []


def test_an_interrupting_handler_ends_the_process_it_stands_in() -> None:
    one = drive("interrupting handler")
    assert [
        (waiting.name, waiting.step_key, waiting.path) for waiting in one.instance.waiting_messages()
    ] == [("stop", "h", ())]
    one.complete("a").deliver("stop")
    assert one.open == ["c"]
    assert one.task("c").path == ("h",)
    assert one.complete("c").instance.is_completed()
    undisturbed = drive("interrupting handler").complete("a").complete("b")
    assert undisturbed.instance.is_completed()


def test_handlers_that_do_not_interrupt_run_beside() -> None:
    one = drive("running handlers").deliver("news").pass_time(timedelta(days=1))
    assert sorted(one.open) == ["a", "c", "e"]
    one.complete("a").complete("b")
    assert not one.instance.is_completed()
    assert one.complete("c").complete("e").instance.is_completed()


def test_a_handler_belongs_to_its_scope() -> None:
    one = drive("handler in a sub-process")
    assert one.task("a").path == ("sub",)
    one.instance.assign({"outcome": "stop"})
    assert one.pass_time(timedelta()).open == ["c"]
    assert one.complete("c", "go").open == ["b"]
    later = drive("handler in a sub-process").complete("a", "go").complete("b", "stop")
    assert later.instance.is_completed()


def test_a_handler_catches_the_error_of_its_scope() -> None:
    one = drive("handler of an error").complete("a", "fail")
    assert one.open == ["c"]
    assert one.complete("c").instance.is_completed()


def test_what_the_normal_form_adds_is_seen_nowhere() -> None:
    for name in ("interrupting handler", "running handlers", "handler in a sub-process"):
        one = drive(name)
        seen = [place.step_key for place in one.instance.position()] + [
            event.step_key for event in one.events
        ]
        seen += [part for place in one.instance.position() for part in place.path]
        assert not [key for key in seen if "~" in key]


def test_the_variables_of_a_sub_process_go_on_with_its_boundary_event() -> None:
    inner = scope("sub", node("startEvent", "s"), script("set", 'kept = "inside"'), user("a"), node("endEvent", "e"),
                  sequence("s", "set", "a", "e"))  # fmt: skip
    data = model(
        start(), inner, border("late", "sub", timer("timeDuration", "P1D")), user("b"), end(),
        sequence("start", "sub", "end"), sequence("late", "b", "end"),
    )  # fmt: skip
    one = Drive(spec_of({"p": data}, "p"), {"kept": "outside"}).pass_time(timedelta(days=1))
    assert one.task("b").data["kept"] == "inside"
