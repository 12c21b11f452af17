"""The service block (送达块): each party by itself, another way after a failure, a public notice that runs out."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from app.kernel.engine.stepping import StepFailed
from tests.process.drive import BEGINNING, Drive, shipped_spec

NOTICE_OVER = (BEGINNING + timedelta(days=30)).isoformat()


def drive(parties: str = "worker;employer") -> Drive:
    data = {"service_parties": parties, "service_document": "decision", "service_group": "rec_clerk"}
    return Drive(shipped_spec("service_block"), data, {"complete_service": {"service_result": "served"}})


def test_each_party_has_a_task_of_its_own_and_none_waits_for_another() -> None:
    one = drive()
    assert [task.data["service_party"] for task in one.instance.ready_tasks()] == ["worker", "employer"]
    assert {task.candidate_group for task in one.instance.ready_tasks()} == {"rec_clerk"}
    one.complete("sv1_serve", "failed")
    assert sorted(task.data["service_party"] for task in one.instance.ready_tasks()) == ["employer", "worker"]
    one.complete("sv1_serve", "served").complete("sv1_serve", "served")
    assert one.instance.is_completed()
    assert one.instance.data["service_result"] == "served"


def test_a_public_notice_ends_by_itself_and_deems_that_party_served() -> None:
    one = drive("worker").complete("sv1_serve", "notice", notice_until=NOTICE_OVER)
    assert one.open == ["sv2_notice"]
    one.pass_time(timedelta(days=29))
    assert one.open == ["sv2_notice"]
    one.pass_time(timedelta(days=1))
    assert one.called == ["deem_served", "complete_service"]
    assert one.instance.is_completed()


def test_a_party_served_otherwise_ends_its_notice() -> None:
    one = drive("worker").complete("sv1_serve", "notice", notice_until=NOTICE_OVER)
    one.complete("sv2_notice", "served").pass_time(timedelta(days=40))
    assert one.called == ["complete_service"]
    assert one.instance.next_due() is None


def test_a_faulty_notice_is_done_again_with_its_own_end() -> None:
    one = drive("worker").complete("sv1_serve", "notice", notice_until=NOTICE_OVER)
    one.complete("sv2_notice", "again")
    assert one.open == ["sv1_serve"]
    later = (BEGINNING + timedelta(days=50)).isoformat()
    one.complete("sv1_serve", "notice", notice_until=later).pass_time(timedelta(days=49))
    assert one.open == ["sv2_notice"]
    assert one.pass_time(timedelta(days=1)).instance.is_completed()


def test_notices_to_two_parties_run_side_by_side() -> None:
    one = drive()
    for days in (30, 40):
        until = (BEGINNING + timedelta(days=days)).isoformat()
        one.complete("sv1_serve", "notice", notice_until=until)
    one.pass_time(timedelta(days=30))
    assert one.open == ["sv2_notice"]
    assert one.pass_time(timedelta(days=10)).instance.is_completed()
    assert one.called == ["deem_served", "deem_served", "complete_service"]


def test_a_notice_without_an_end_is_a_fault_and_never_a_service() -> None:
    with pytest.raises(StepFailed, match="notice_until"):
        drive("worker").complete("sv1_serve", "notice")


def ways_through() -> Iterator[Drive]:
    """Lives of one party which between them pass every element."""
    yield drive("worker").complete("sv1_serve", "failed").complete("sv1_serve", "served")
    noticed = drive("worker").complete("sv1_serve", "notice", notice_until=NOTICE_OVER)
    yield (
        noticed.complete("sv2_notice", "again")
        .complete("sv1_serve", "notice", notice_until=NOTICE_OVER)
        .complete("sv2_notice", "served")
    )
    yield (
        drive("worker")
        .complete("sv1_serve", "notice", notice_until=NOTICE_OVER)
        .pass_time(timedelta(days=30))
    )


def test_every_element_and_flow_of_the_block_is_passed() -> None:
    passed, spec = set[str](), shipped_spec("service_block")
    for life in ways_through():
        assert life.instance.is_completed()
        passed |= set(life.completed_steps)
    drawn = {key for steps in spec.steps.values() for key, step in steps.items() if step.drawn}
    print(f"elements: {len(drawn & passed)} of {len(drawn)}")
    assert drawn <= passed
