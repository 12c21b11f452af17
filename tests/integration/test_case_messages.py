"""Messages between the cases of a chain: sent with the step, delivered once to each receiver, kept for who waits later.

The file is also the program of a worker that dies in the middle: `python test_case_messages.py URL DIRECTORY ID`.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import select

from app.faces.worker.messages import deliver_case_message, sweep_messages
from app.kernel.audit.models import AuditEvent
from app.kernel.cases.facts import load_facts
from app.kernel.cases.models import Case
from app.kernel.duties.records import permit_system
from app.kernel.duties.views import Action
from app.kernel.engine.messages.delivering import deliver
from app.kernel.engine.messages.models import CaseFactOrigin, CaseMessage
from app.kernel.engine.messages.sending import send_message
from app.kernel.engine.opening import open_in_chain
from app.kernel.engine.operations import CaseStart, start_case
from app.kernel.holds.operations import end_case_hold, hold_case
from app.kernel.transaction import Unit, run, system_actor
from app.storage.embedded import EmbeddedServer
from app.wiring import build_kernel
from config import Settings
from tests.message_office import (
    chain_cases,
    deliveries,
    deploy_probes,
    hand_over,
    spread,
    start,
)
from tests.moving_clock import MovingClock
from tests.office import CITY, Office, id_number, open_office
from tests.pages import sit_down

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def moving() -> MovingClock:
    from tests.conftest import START

    return MovingClock(START)


@pytest.fixture(scope="module")
def talking(
    server: EmbeddedServer, moving: MovingClock, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Office]:
    """One office for the module; each test has chains of its own."""
    with open_office(server, moving, tmp_path_factory.mktemp("talking") / "data") as office:
        deploy_probes(office)
        yield office


def told(office: Office, **facts: object) -> int:
    """A sender that has sent `probe.effective`, delivered; its id."""
    case_id = start(office, **facts)
    office.work(case_id, "window", outcome="done")
    spread(office)
    hand_over(office)
    return case_id


def facts_of(office: Office, case_id: int) -> dict[str, object]:
    with office.kernel.database.session() as session:
        office.kernel.database.scope(session, ("*",))
        return load_facts(session, office.kernel.keyring, office.case(case_id))


def events(office: Office, case_id: int) -> list[str]:
    with office.kernel.database.session() as session:
        query = select(AuditEvent.event).where(AuditEvent.case_id == case_id).order_by(AuditEvent.seq)
        return list(session.scalars(query))


def test_a_message_opens_one_case_in_the_chain_however_often_it_is_delivered(talking: Office) -> None:
    sender = told(talking, grade=7)
    spread(talking)
    assert hand_over(talking) == 0
    (opened,) = chain_cases(talking, sender)
    for one in deliveries(talking):
        assert not deliver_case_message(talking.kernel, 0, {"delivery_id": one.id})
    assert chain_cases(talking, sender) == [opened]
    assert talking.open_task_of(opened).step_key == "work"
    assert facts_of(talking, opened)["told_grade"] == 7
    assert "case.message_sent" in events(talking, sender)
    assert "case.message_delivered" in events(talking, sender)
    assert "case.started" in events(talking, opened)


def test_what_the_regions_own_office_sends_opens_the_case_where_the_injury_is(talking: Office) -> None:
    first = start(talking)
    above = CaseStart(
        "probe_sender",
        "640000",
        {"worker_name": "苏国栋", "worker_id_no": id_number(555)},
        chain_id=talking.case(first).chain_id,
    )
    second = run(talking.kernel, partial(start_case, start=above), system_actor())["case_id"]

    def send(unit: Unit) -> None:
        assert unit.case is not None
        permit_system(unit, Action.DELIVER, unit.case.id)
        send_message(unit, unit.case, "probe.effective", {"grade": 5})

    run(talking.kernel, send, system_actor(), case_id=second)
    spread(talking)
    hand_over(talking)
    (opened,) = chain_cases(talking, first)
    assert (talking.case(second).region_code, talking.case(opened).region_code) == ("640000", CITY)


def test_a_fact_that_came_with_a_message_says_from_where(talking: Office) -> None:
    sender = told(talking, grade=5)
    (opened,) = chain_cases(talking, sender)
    with talking.kernel.database.session() as session:
        origin = session.scalars(select(CaseFactOrigin).where(CaseFactOrigin.case_id == opened)).all()
    assert [(one.fact, one.from_fact, one.from_case_id) for one in origin] == [
        ("told_grade", "grade", sender)
    ]


def test_the_case_page_tells_readers_what_was_sent_heard_and_taken_over(
    talking: Office,
) -> None:
    sender = told(talking, grade=6)
    (opened,) = chain_cases(talking, sender)
    talking.work(opened, "clerk", outcome="done")
    talking.work(sender, "clerk", outcome="done")  # sends `probe.revoked`, which the other case waits for
    numbers = {case_id: talking.case(case_id).case_no for case_id in (sender, opened)}
    window, clerk, stranger = (sit_down(talking.kernel, name) for name in ("window", "clerk", "handler"))
    sent = between(window.get(f"/cases/{sender}/").text)
    assert "发出“probe.effective”" in sent and "已送达" in sent and "保留在链中" in sent
    assert numbers[opened] in sent and f'href="/cases/{opened}/"' not in sent, "he may not read that case"
    heard = clerk.get(f"/cases/{opened}/").text
    assert "收到“probe.effective”" in between(heard) and "等候“probe.revoked”" in between(heard)
    facts = heard[: heard.index('id="m"')]
    assert f'来自 <a class="case-no" href="/cases/{sender}/">{numbers[sender]}</a>' in facts
    assert "随“probe.effective”而来" in facts
    assert 'id="messages"' not in stranger.get(f"/cases/{sender}/").text


def between(page: str) -> str:
    """The part of a case page that lists its messages."""
    begun = page.index('id="messages"')
    return page[begun : page.index("</table>", begun)]


def test_what_nobody_waits_for_yet_is_kept_and_reaches_who_comes_to_wait(talking: Office) -> None:
    sender = told(talking)
    (opened,) = chain_cases(talking, sender)
    talking.work(sender, "clerk", outcome="done")
    spread(talking)
    assert hand_over(talking) == 0
    assert talking.case(opened).status == "open"
    talking.work(opened, "clerk", outcome="done")
    assert hand_over(talking) == 1
    assert talking.case(opened).status == "closed"
    assert events(talking, opened).count("case.message_received") == 1


def test_a_message_reaches_every_case_that_waits_and_none_of_another_chain(talking: Office) -> None:
    sender, stranger = told(talking), told(talking)
    chain = talking.case(sender).chain_id
    start(talking, "probe_receiver", chain_id=chain)
    receivers, outside = chain_cases(talking, sender), chain_cases(talking, stranger)
    for case_id in (*receivers, *outside):
        talking.work(case_id, "clerk", outcome="done")
    talking.work(sender, "clerk", outcome="done")
    spread(talking)
    assert hand_over(talking) == 2
    assert {talking.case(case_id).status for case_id in receivers} == {"closed"}
    assert {talking.case(case_id).status for case_id in outside} == {"open"}


def test_a_held_case_gets_its_message_after_the_hold(talking: Office, moving: MovingClock) -> None:
    sender = told(talking)
    (receiver,) = chain_cases(talking, sender)
    talking.work(receiver, "clerk", outcome="done")
    chief = talking.actors["supervisor"]
    held = run(talking.kernel, partial(hold_case, reason="核对"), chief, case_id=receiver)
    talking.work(sender, "clerk", outcome="done")
    spread(talking)
    assert hand_over(talking) == 0
    run(talking.kernel, partial(end_case_hold, hold_id=held, reason="已核对"), chief, case_id=receiver)
    moving.move(minutes=3)
    assert sweep_messages(talking.kernel, 0, {}) == 1
    assert talking.case(receiver).status == "closed"


def test_a_worker_killed_in_the_middle_of_a_delivery_leaves_it_to_the_next(
    talking: Office, server: EmbeddedServer
) -> None:
    sender = start(talking, grade=9)
    talking.work(sender, "window", outcome="done")
    spread(talking)
    (waiting,) = [one for one in deliveries(talking) if one.state == "waiting"]
    url = talking.kernel.database.url
    data = str(talking.kernel.blobs._root.parent)
    program = [sys.executable, str(Path(__file__)), url, data, str(waiting.id)]
    died = subprocess.run(program, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False, timeout=60)
    assert died.returncode == -signal.SIGKILL
    assert chain_cases(talking, sender) == []
    assert hand_over(talking) == 1
    assert len(chain_cases(talking, sender)) == 1


def test_the_holder_of_the_intake_post_opens_a_case_in_the_chain_with_facts_carried(talking: Office) -> None:
    sender = start(talking, grade=3)
    with talking.kernel.database.session() as session:
        talking.kernel.database.scope(session, ("*",))
        session.get_one(Case, sender).decided_at = talking.kernel.clock()
        session.commit()
    opening = partial(open_in_chain, process_key="probe_receiver", region_code=CITY, facts={})
    opened = run(talking.kernel, opening, talking.actors["window"], case_id=sender)["case_id"]
    assert talking.case(opened).chain_id == talking.case(sender).chain_id
    carried = facts_of(talking, opened)
    assert (carried["worker_name"], carried["worker_id_no"]) == ("苏国栋", id_number(555))
    with talking.kernel.database.session() as session:
        origin = session.scalars(select(CaseFactOrigin).where(CaseFactOrigin.case_id == opened)).all()
    assert {(one.fact, one.from_case_id) for one in origin} == {
        ("worker_name", sender),
        ("worker_id_no", sender),
    }
    assert "case.opened_in_chain" in events(talking, sender)


def test_a_sent_message_stands_in_the_ledger_with_the_facts_of_its_moment(talking: Office) -> None:
    sender = told(talking, grade=2)
    with talking.kernel.database.session() as session:
        row = session.scalars(select(CaseMessage).where(CaseMessage.case_id == sender)).one()
    assert (row.name, row.payload) == ("probe.effective", {"grade": 2, "worker_name": "苏国栋"})


def _die() -> None:
    kernel = build_kernel(Settings(data_dir=Path(sys.argv[2]), database_url=sys.argv[1]))

    def operation(unit: Unit) -> None:
        deliver(unit, int(sys.argv[3]))
        unit.session.flush()
        os.kill(os.getpid(), signal.SIGKILL)

    run(kernel, operation, system_actor())


if __name__ == "__main__":
    _die()
