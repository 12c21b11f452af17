"""A procedure with several instances of a task and a handler beside it, worked in the real office."""

import shutil
from functools import partial
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import select

from app.kernel.duties.records import permit_system
from app.kernel.duties.views import Action
from app.kernel.engine.catalogue import deploy, read_folder
from app.kernel.engine.operations import CaseStart, complete_task, deliver_message, start_case
from app.kernel.transaction import Unit, run, system_actor
from app.kernel.worklist.models import Task
from app.kernel.worklist.operations import claim_task, open_task
from tests.office import APPLICATION, CITY, Office
from tests.process.models import handler, instances, model, repeated
from tests.unit.engine.diagrams import end, message, node, sequence, start, user

PROBE = Path(__file__).resolve().parents[1] / "duty_probe"
FORM = {
    "type": "default",
    "components": [
        {
            "id": "o", "type": "radio", "key": "outcome", "label": "结果",
            "values": [{"label": "完成", "value": "done"}], "validate": {"required": True},
        }
    ],
}  # fmt: skip
DIAGRAM = model(
    start(),
    repeated(user("look", duty="investigation"), instances(cardinality="2")),
    end(),
    sequence("start", "look", "end"),
    handler(
        "told",
        message("news"),
        user("note", duty="investigation"),
        node("endEvent", "told_e"),
        sequence("told_on", "note", "told_e"),
        interrupting=False,
    ),
    key="several",
)


@pytest.fixture
def case_id(office: Office, tmp_path: Path) -> int:
    folder = tmp_path / "several"
    shutil.copytree(PROBE, folder)
    (folder / "duty_probe.bpmn").unlink()
    (folder / "several.bpmn").write_bytes(DIAGRAM)
    for step in ("look", "note"):
        (folder / f"{step}.form").write_bytes(orjson.dumps({**FORM, "id": step}))
    manifest = (folder / "process.toml").read_text("utf-8")
    manifest = manifest.replace('"duty_probe"', '"several"').replace(
        'callees = ["review_block"]', "callees = []"
    )
    (folder / "process.toml").write_text(manifest, "utf-8")
    files, bootstrap = read_folder(tmp_path, "several"), {"kind": "bootstrap"}
    run(
        office.kernel,
        partial(deploy, key="several", files=files, by="tests", approval=bootstrap),
        system_actor(),
    )
    facts = {key: APPLICATION[key] for key in ("worker_name", "worker_id_no", "employer_name", "accident_at")}
    begin = CaseStart("several", CITY, facts)
    return int(run(office.kernel, partial(start_case, start=begin), system_actor())["case_id"])


def tasks(office: Office, case_id: int) -> list[Task]:
    with office.kernel.database.session() as session:
        office.kernel.database.scope(session, ("*",))
        return list(
            session.scalars(
                select(Task).where(Task.case_id == case_id, Task.state == "open").order_by(Task.id)
            )
        )


def work(office: Office, case_id: int, task: Task, by: str) -> None:
    for operation in (claim_task, open_task):
        run(office.kernel, partial(operation, task_id=task.id), office.actors[by], case_id=case_id)
    taken = next(one for one in tasks(office, case_id) if one.id == task.id)
    submitted: dict[str, Any] = {"outcome": "done"}
    done = partial(complete_task, task_id=task.id, submitted=submitted, version=taken.version)
    run(office.kernel, done, office.actors[by], case_id=case_id)


def tell(unit: Unit, case_id: int) -> None:
    permit_system(unit, Action.DELIVER, case_id)
    deliver_message(unit, "news")


def test_each_instance_is_a_task_in_the_queue_and_all_of_them_end_the_case(
    office: Office, case_id: int
) -> None:
    first, second = tasks(office, case_id)
    assert [first.title_zh, second.title_zh] == ["look（1）", "look（2）"]
    assert [first.title_en, second.title_en] == ["look (1)", "look (2)"]
    work(office, case_id, second, "handler")
    assert [task.id for task in tasks(office, case_id)] == [first.id]
    work(office, case_id, first, "handler2")
    assert office.case(case_id).status == "closed"


def test_a_handler_beside_the_instances_opens_its_own_task(office: Office, case_id: int) -> None:
    for _ in range(2):
        run(office.kernel, partial(tell, case_id=case_id), system_actor(), case_id=case_id)
    opened = tasks(office, case_id)
    assert [task.step_key for task in opened] == ["look", "look", "note", "note"]
    for task in opened[:3]:
        work(office, case_id, task, "handler")
    assert office.case(case_id).status != "closed"
    work(office, case_id, opened[3], "handler2")
    assert office.case(case_id).status == "closed"
