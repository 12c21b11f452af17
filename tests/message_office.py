"""Two small processes that talk to each other: `probe_sender` sends, `probe_receiver` is opened by it and waits."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import select

from app.faces.worker.delivery import channels, deliver_due
from app.faces.worker.messages import deliver_case_message
from app.kernel.cases.models import Case
from app.kernel.engine.catalogue import deploy
from app.kernel.engine.messages.models import CaseMessageDelivery
from app.kernel.engine.operations import CaseStart, start_case
from app.kernel.transaction import run, system_actor
from tests.office import CITY, Office, id_number

_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?><bpmn:definitions'
    ' xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0"'
    ' xmlns:sanshen="urn:sanshen:bpmn:1" id="definitions" targetNamespace="urn:probe">'
)
_FORM = {
    "type": "default",
    "components": [
        {
            "type": "radio",
            "key": "outcome",
            "label": "结果",
            "properties": {"label_en": "Result"},
            "values": [{"value": "done", "label": "办完", "properties": {"label_en": "Done"}}],
            "validate": {"required": True},
        }
    ],
}


def _task(key: str, post: str, duty: str) -> str:
    return (
        f'<bpmn:userTask id="{key}" name="{key}"><bpmn:extensionElements>'
        f'<zeebe:assignmentDefinition candidateGroups="{post}" /><zeebe:formDefinition formId="step" />'
        f'<sanshen:duty kind="{duty}" /></bpmn:extensionElements></bpmn:userTask>'
    )


def _flows(*pairs: tuple[str, str]) -> str:
    return "".join(
        f'<bpmn:sequenceFlow id="f{n}_{a}" sourceRef="{a}" targetRef="{b}" />'
        for n, (a, b) in enumerate(pairs)
    )


def _throw(key: str, message: str) -> str:
    return (
        f'<bpmn:intermediateThrowEvent id="{key}"><bpmn:messageEventDefinition id="{key}_d"'
        f' messageRef="{message}" /></bpmn:intermediateThrowEvent>'
    )


_MESSAGES = (
    '<bpmn:message id="effective" name="probe.effective" /><bpmn:message id="revoked" name="probe.revoked" />'
)
SENDER = (
    f'{_HEAD}{_MESSAGES}<bpmn:process id="probe_sender" name="发送" isExecutable="true">'
    '<bpmn:startEvent id="start" />'
    + _task("decide", "rec_window", "intake")
    + _throw("tell", "effective")
    + _task("undo", "rec_clerk", "serve")
    + _throw("take_back", "revoked")
    + '<bpmn:endEvent id="end" />'
    + _flows(
        ("start", "decide"), ("decide", "tell"), ("tell", "undo"), ("undo", "take_back"), ("take_back", "end")
    )
    + "</bpmn:process></bpmn:definitions>"
)
RECEIVER = (
    f'{_HEAD}{_MESSAGES}<bpmn:process id="probe_receiver" name="接收" isExecutable="true">'
    '<bpmn:startEvent id="start" />'
    '<bpmn:startEvent id="told"><bpmn:messageEventDefinition id="told_d" messageRef="effective" />'
    "</bpmn:startEvent>"
    + _task("work", "rec_clerk", "serve")
    + '<bpmn:intermediateCatchEvent id="wait"><bpmn:messageEventDefinition id="wait_d" messageRef="revoked" />'
    '</bpmn:intermediateCatchEvent><bpmn:endEvent id="end" />'
    + _flows(("start", "work"), ("told", "work"), ("work", "wait"), ("wait", "end"))
    + "</bpmn:process></bpmn:definitions>"
)
_COMMON = """
risk = "normal"
region_level = "city"
authority = "hrss_department"
intake_post = "rec_window"
callees = []

[index]
subject_name = "worker_name"
subject_id = "worker_id_no"

[party]
worker = "worker_id_no"

[[fact_group]]
key = "all"
zh = "全部"
en = "All"

[fact.worker_name]
type = "string"
label_zh = "姓名"
label_en = "Name"
group = "all"
required_for = "application"

[fact.worker_id_no]
type = "string"
label_zh = "证件号"
label_en = "ID number"
group = "all"
sensitive = true
check = "id_number"

[fact.grade]
type = "integer"
label_zh = "等级"
label_en = "Grade"
group = "all"
"""
_SENDER_TOML = f"""[process]
key = "probe_sender"
title_zh = "发送"
title_en = "Sender"
{_COMMON}
[[sends]]
message = "probe.effective"
facts = ["grade", "worker_name"]

[[sends]]
message = "probe.revoked"
"""
_RECEIVER_TOML = f"""[process]
key = "probe_receiver"
title_zh = "接收"
title_en = "Receiver"
{_COMMON}
[fact.told_grade]
type = "integer"
label_zh = "告知等级"
label_en = "Grade told"
group = "all"

[[receives]]
message = "probe.effective"
opens = true
facts = {{ grade = "told_grade" }}

[[receives]]
message = "probe.revoked"

[from_chain.probe_sender]
worker_name = "worker_name"
worker_id_no = "worker_id_no"
"""


def files(key: str) -> dict[str, bytes]:
    """The folder of one of the two processes."""
    diagram, manifest = {
        "probe_sender": (SENDER, _SENDER_TOML),
        "probe_receiver": (RECEIVER, _RECEIVER_TOML),
    }[key]
    return {
        f"{key}/{key}.bpmn": diagram.encode(),
        f"{key}/process.toml": manifest.encode(),
        f"{key}/step.form": orjson.dumps(_FORM),
    }


def deploy_probes(office: Office) -> None:
    for key in ("probe_sender", "probe_receiver"):
        operation = partial(deploy, key=key, files=files(key), by="tests", approval={"kind": "bootstrap"})
        run(office.kernel, operation, system_actor())


def start(office: Office, key: str = "probe_sender", chain_id: int | None = None, **facts: Any) -> int:
    stated = {"worker_name": "苏国栋", "worker_id_no": id_number(555), **facts}
    opened = run(
        office.kernel,
        partial(start_case, start=CaseStart(key, CITY, stated, chain_id=chain_id)),
        office.actors["window"],
    )
    return int(opened["case_id"])


def spread(office: Office) -> None:
    """What the worker's outbox loop does."""
    while deliver_due(office.kernel, channels(Path("outgoing"))):
        pass


def hand_over(office: Office) -> int:
    """What the worker's jobs do; answers how many messages were handed over."""
    return sum(
        deliver_case_message(office.kernel, 0, {"delivery_id": one.id})
        for one in deliveries(office)
        if one.state == "waiting"
    )


def deliveries(office: Office) -> Sequence[CaseMessageDelivery]:
    with office.kernel.database.session() as session:
        return session.scalars(select(CaseMessageDelivery).order_by(CaseMessageDelivery.id)).all()


def chain_cases(office: Office, case_id: int, key: str = "probe_receiver") -> list[int]:
    """Ids of the cases of one process in a case's chain."""
    with office.kernel.database.session() as session:
        office.kernel.database.scope(session, ("*",))
        chain = session.get_one(Case, case_id).chain_id
        query = select(Case.id).where(Case.chain_id == chain, Case.process_key == key).order_by(Case.id)
        return list(session.scalars(query))
