"""Several instances, loops and joins: each instance by itself, each value once, each token where it belongs."""

import pytest

from app.kernel.engine.stepping import StepFailed
from tests.process.drive import BEGINNING, Drive, spec_of
from tests.process.models import drive, instances, loop, model, repeated
from tests.unit.engine.diagrams import end, flow, node, sequence, start, user


def test_parallel_instances_are_tasks_of_their_own() -> None:
    one = drive("parallel instances")
    assert [(task.instance, task.data["loopCounter"]) for task in one.instance.ready_tasks()] == [
        (1, 1),
        (2, 2),
        (3, 3),
    ]
    for outcome in ("x", "y", "z"):
        one.complete("a", outcome)
    assert one.open == ["b"]
    assert one.task("b").data["all"] == "x;y;z"
    assert "loopCounter" not in one.task("b").data
    events = [event for event in one.events if event.step_key == "a" and event.change == "completed"]
    assert [event.instance for event in events] == [1, 2, 3, None]
    assert [event.step.duty for event in events] == ["intake"] * 3 + [None]


def test_outputs_stand_in_the_order_of_the_instances() -> None:
    one = drive("parallel instances")
    for number in (3, 1, 2):
        task = next(task for task in one.instance.ready_tasks() if task.instance == number)
        one.instance.complete(task.engine_task_id, {"outcome": f"o{number}"}, one._handle, BEGINNING)
    assert one.task("b").data["all"] == "o1;o2;o3"


def test_sequential_instances_come_one_after_another_with_their_items() -> None:
    one = drive("sequential instances")
    assert [(task.data["item"], task.instance) for task in one.instance.ready_tasks()] == [("x", 1)]
    assert [(task.data["item"], task.instance) for task in one.complete("a").instance.ready_tasks()] == [
        ("y", 2)
    ]
    assert one.complete("a").task("b").data["all"] == "x;y"
    assert "item" not in one.task("b").data


def many(mark: str, **data: object) -> Drive:
    files = {
        "p": model(start(), repeated(user("a"), mark), user("b"), end(), sequence("start", "a", "b", "end"))
    }
    return Drive(spec_of(files, "p"), data)


@pytest.mark.parametrize("sequential", [True, False])
def test_no_instance_goes_on_at_once(sequential: bool) -> None:
    assert many(instances(cardinality="0", sequential=sequential)).open == ["b"]
    one = many(instances(collection="=people", output="=item", sequential=sequential), people="")
    assert one.open == ["b"]
    assert one.task("b").data["all"] == ""


def test_a_text_with_semicolons_is_a_collection() -> None:
    one = many(instances(collection="=people", output="=item"), people="Li; Wang;Li")
    assert [task.data["item"] for task in one.instance.ready_tasks()] == ["Li", "Wang", "Li"]


def test_an_item_hides_a_variable_of_its_name_only_inside() -> None:
    one = many(instances(cardinality="2", sequential=True), loopCounter="mine")
    assert one.task("a").data["loopCounter"] == 1
    assert one.complete("a").complete("a").task("b").data["loopCounter"] == "mine"


@pytest.mark.parametrize("cardinality", ["31", "=-1", '="many"', "=nobody", "=1.5"])
def test_a_number_of_instances_without_sense_fails_the_step(cardinality: str) -> None:
    with pytest.raises(StepFailed, match="instances"):
        many(instances(cardinality=cardinality))


def test_a_completion_condition_ends_the_rest() -> None:
    one = drive("instances until", number=4).complete("a").complete("a")
    assert one.open == ["b"]
    assert len([event for event in one.events if event.change == "cancelled" and event.step_key == "a"]) == 2


def test_an_instance_brings_back_only_what_it_changed() -> None:
    one = many(instances(cardinality="2"), kept="old")
    one.complete("a", kept="new").complete("a", other=1)
    assert one.task("b").data["kept"] == "new"
    assert one.task("b").data["other"] == 1


def test_an_interrupted_activity_leaves_none_of_its_instances() -> None:
    for name in ("instances until", "instances of a sub-process"):
        one = drive(name, number=3).deliver("stop")
        assert one.instance.is_completed()
        assert one.open == []
        assert one.instance.workflow.subprocesses == {}


def test_a_loop_goes_on_while_its_condition_holds() -> None:
    one = drive("loop").complete("a", "return").complete("a", "return")
    assert one.task("a").data["loopCounter"] == 3
    assert one.complete("a", "go").open == ["b"]
    five = drive("loop")
    for _ in range(5):
        five.complete("a", "return")
    assert five.open == ["b"]


def test_a_loop_tested_before_may_not_begin() -> None:
    assert drive("loop of a sub-process", outcome="done").open == ["b"]
    assert drive("loop of a sub-process", outcome="").complete("a", "x").open == ["a"]


def test_a_hundred_rounds_of_a_loop_stay_small() -> None:
    one = many(loop("true", 100))
    for _ in range(99):
        one.complete("a")
    assert max(one.sizes) < 1.2 * one.sizes[2]
    assert one.complete("a").open == ["b"]


def test_an_inclusive_join_waits_for_a_task_inside_a_sub_process() -> None:
    one = drive("inclusive").complete("a", which="bc").complete("b")
    assert one.open == ["c"]
    assert one.complete("c").open == ["last"]
    assert one.completed_steps.count("last") == 0
    only = drive("inclusive").complete("a", which="").complete("d")
    assert only.open == ["last"]


def test_an_inclusive_join_waits_for_a_token_on_the_other_of_two_ways_to_it() -> None:
    data = model(
        start(), node("inclusiveGateway", "fork"), user("a"), user("b"), user("c"), node("exclusiveGateway", "merge"),
        node("inclusiveGateway", "join"), user("last"), end(), flow("start", "fork"), flow("fork", "a", "true"),
        flow("fork", "b", "false"), flow("fork", "c", "true"), flow("a", "join"), flow("b", "merge"),
        sequence("c", "merge", "join", "last", "end"),
    )  # fmt: skip
    one = Drive(spec_of({"p": data}, "p")).complete("a")
    assert one.open == ["c"]
    assert one.complete("c").open == ["last"]


def test_a_branch_that_ends_late_does_not_bring_back_an_old_value() -> None:
    one = drive("values that meet").complete("a").complete("b")
    assert one.task("c").data["kept"] == "new"


def test_a_second_token_at_a_parallel_join_waits_for_its_partner() -> None:
    data = model(
        start(), node("parallelGateway", "fork"), user("a"), node("parallelGateway", "twice"), user("x"), user("y"),
        node("exclusiveGateway", "merge"), node("parallelGateway", "join"), user("last"), end(),
        sequence("start", "fork", "a", "join", "last", "end"), sequence("fork", "twice", "x", "merge", "join"),
        sequence("twice", "y", "merge"),
    )  # fmt: skip
    one = Drive(spec_of({"p": data}, "p")).complete("x").complete("y").complete("a")
    assert one.open == ["last"]
    one.complete("last")
    assert not one.instance.is_completed()
