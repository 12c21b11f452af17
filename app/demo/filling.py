"""Fills a task's form as its page would send it: what the case knows, what is said, something for what is demanded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.kernel.cases.facts import load_facts
from app.kernel.cases.models import Case
from app.kernel.engine.catalogue import get_deployed
from app.kernel.kernel import Kernel
from app.kernel.transaction.unit import EVERY_REGION
from app.kernel.worklist.form_schema import Field, input_fields, read_fields
from app.kernel.worklist.models import Task

SAID = "经核对，材料与系统数据一致。"


def fill(kernel: Kernel, task: Task, said: Mapping[str, Any]) -> dict[str, Any]:
    """The posted form of a task; `said` goes before the case's facts."""
    with kernel.database.session() as session:
        kernel.database.scope(session, EVERY_REGION)
        case = session.get_one(Case, task.case_id)
        known = {**load_facts(session, kernel.keyring, case), **said}
        schema = get_deployed(session, case.definition_id).forms[task.form_id or ""]
    values = {item.key: _posted(item, known.get(item.key)) for item in input_fields(read_fields(schema))}
    return {key: value for key, value in values.items() if value is not None}


def _posted(item: Field, value: Any) -> Any:
    if value is None and item.required:
        value = _something(item)
    if isinstance(value, bool):
        return "true" if value else ""
    return value if value is None or isinstance(value, list) else str(value)


def _something(item: Field) -> Any:
    if item.kind == "checkbox":
        return True
    if item.kind == "checklist":
        return [option.value for option in item.options]
    if item.options:
        return item.options[0].value
    return "1" if item.kind == "number" else SAID
