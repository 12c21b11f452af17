"""One of several instances passed over or done again: the others stay, nothing counts that wasn't done."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest

from app.kernel.engine.check.proof.diagram import read_processes
from app.kernel.engine.check.proof.position import PositionProof
from app.kernel.engine.check.xml_safety import parsed_xml
from app.kernel.engine.running.standing import standing_of
from app.kernel.engine.running.tokens import OneOfSeveral, find_instance, list_references
from app.kernel.engine.running.transfer import do_again, pass_over
from app.kernel.engine.specs import Spec
from app.kernel.engine.stepping import Instance
from tests.process.drive import Drive, spec_of
from tests.process.models import INNER, MODELS, drive, instances, model, repeated, spec_of_model
from tests.process.test_elements import act
from tests.unit.engine.diagrams import end, sequence, start, user

SEVERAL = [name for name in MODELS if "instances" in name or "loop" in name]


def meant(one: Drive, reference: str) -> OneOfSeveral:
    found = find_instance(one.instance, reference)
    assert found is not None, list_references(one.instance)
    return found


def skip(one: Drive, reference: str) -> Drive:
    pass_over(one.instance, meant(one, reference))
    return one.pass_time(timedelta(0))


def again(one: Drive, reference: str) -> Drive:
    do_again(meant(one, reference))
    return one.pass_time(timedelta(0))


def numbers(one: Drive) -> list[int | None]:
    return sorted(task.instance or 0 for task in one.instance.ready_tasks())


def finish(one: Drive, number: int, outcome: str) -> Drive:
    task = next(task for task in one.instance.ready_tasks() if task.instance == number)
    one.instance.complete(task.engine_task_id, {"outcome": outcome}, one._handle, one.now)
    one._wait()
    return one


def test_a_skipped_instance_leaves_no_result_and_the_others_stay() -> None:
    one = skip(drive("parallel instances"), "a#2")
    assert numbers(one) == [1, 3]
    finish(finish(one, 1, "x"), 3, "z")
    assert one.open == ["b"]
    assert one.task("b").data["all"] == "x;z"
    assert [event.instance for event in one.events if event.change == "completed" and event.step_key == "a"] == [
        1, 3, None,
    ]  # fmt: skip


def test_when_the_last_open_instance_is_skipped_the_case_goes_on() -> None:
    one = finish(drive("parallel instances"), 1, "x")
    assert skip(skip(one, "a#2"), "a#3").open == ["b"]
    assert one.task("b").data["all"] == "x"


def test_a_skipped_instance_is_not_counted_as_completed() -> None:
    one = skip(drive("instances until", number=4), "a#1")
    assert finish(one, 2, "x").open == ["a", "a"], "one is completed, one was skipped: two are demanded"
    assert finish(one, 3, "x").open == ["b"]


def test_one_after_another_the_next_begins_when_one_is_skipped() -> None:
    one = skip(drive("sequential instances"), "a#1")
    assert numbers(one) == [2]
    assert one.complete("a").task("b").data["all"] == "y"
    rounds = drive("loop").complete("a", "return")
    assert skip(rounds, "a#2").task("a").data["loopCounter"] == 3, "the condition still holds"


def test_an_instance_that_is_over_is_open_once_more_with_its_item() -> None:
    files = {
        "p": model(
            start(), repeated(user("a"), instances(collection='=["x","y"]', output="=outcome")), user("b"), end(),
            sequence("start", "a", "b", "end"),
        )
    }  # fmt: skip
    one = finish(Drive(spec_of(files, "p"), {}), 1, "first")
    again(one, "a#1")
    assert sorted((task.instance, task.data["item"]) for task in one.instance.ready_tasks()) == [
        (1, "x"),
        (2, "y"),
    ]
    finish(finish(one, 2, "other"), 1, "second")
    assert one.task("b").data["all"] == "second;other"


def test_one_that_was_skipped_can_be_taken_up_again() -> None:
    one = again(skip(drive("instances until", number=3), "a#2"), "a#2")
    assert numbers(one) == [1, 2, 3]
    assert finish(finish(one, 2, "x"), 1, "x").open == ["b"]


def test_a_skipped_sub_process_takes_what_is_in_it_along() -> None:
    one = drive("instances of a sub-process")
    assert list_references(one.instance) == ["sub", "sub#1", "sub#2", "a#1", "a#2"]
    assert numbers(skip(one, "sub#1")) == [2]
    assert len(one.instance.workflow.subprocesses) == 1
    assert one.complete("a").open == ["b"]


@pytest.mark.parametrize("name", ["a", "a#4", "a#0", "a#x", "b#1", "a#1.1"])
def test_what_is_no_instance_is_not_found(name: str) -> None:
    assert find_instance(drive("parallel instances").instance, name) is None


def proof_of(name: str) -> PositionProof:
    files = {"p": MODELS[name], "q": INNER}
    processes = {
        one.id: one for file, data in files.items() for one in read_processes(file, parsed_xml(file, data))
    }
    return PositionProof(processes["p"], processes, "normal")


@pytest.mark.parametrize("name", SEVERAL)
def test_whatever_is_skipped_or_repeated_the_case_has_its_place_and_comes_to_an_end(name: str) -> None:
    proof, of = proof_of(name), spec_of_model(name)
    changed = 0
    for seed in range(3):
        rng = random.Random(seed)
        one = Drive(of, {"number": 3, "outcome": "go", "which": ""})
        for _ in range(14):
            if one.instance.is_completed():
                break
            changed += _change(one, of, rng)
            assert proof.look_ahead(standing_of(one.instance), ()).stuck is None, (
                seed,
                list_references(one.instance),
            )
            if one.instance.ready_tasks():
                act([one], rng)
        while one.instance.ready_tasks():
            one.complete(one.open[0], "done")
        assert one.instance.is_completed(), (seed, one.open)
    assert changed


def _change(one: Drive, of: Spec, rng: random.Random) -> int:
    """Skip or repeat some instance, where there is one."""
    found = [
        place
        for reference in list_references(one.instance)
        for number in range(1, 4)
        if (place := find_instance(one.instance, f"{reference}#{number}")) is not None
    ]
    if not found or rng.random() < 0.4:
        return 0
    place = rng.choice(found)
    loop = of.steps[place.owner.workflow.spec.name][place.owner.task_spec.bpmn_id].loop
    if place.child is not None:
        pass_over(one.instance, place)
    elif loop is not None and loop.kind == "parallel":
        do_again(place)
    else:
        return 0
    one.instance = Instance.restore(of, one.instance.dump())
    one.pass_time(timedelta(0))
    return 1
