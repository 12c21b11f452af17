"""What a task's completion needs to know of the people who were asked on it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import bindparam, func, select

from app.kernel.identity.models import Person
from app.kernel.worklist.models import Consultation, Task
from app.kernel.worklist.refusals import ConsultationOpen, CountersignDisagrees
from app.storage.core import table

_ASKED, _PERSONS = table(Consultation), table(Person)


class Consulted(NamedTuple):
    """One request that was not cancelled; `agrees` is None until it is answered."""

    task_id: int
    kind: str
    name: str
    agrees: bool | None


CONSULTED = (
    select(
        func.json_agg(
            func.json_build_array(_ASKED.c.task_id, _ASKED.c.kind, _PERSONS.c.name, _ASKED.c.agrees)
        )
    )
    .select_from(_ASKED)
    .join(_PERSONS, _PERSONS.c.id == _ASKED.c.person_id)
    .where(_ASKED.c.case_id == bindparam("case"), _ASKED.c.cancelled_at.is_(None))
    .scalar_subquery()
)
"""The requests on a case's tasks as one value, for statements that read the case anyway."""


def check_consulted(consulted: Iterable[Consulted], task: Task, *, agrees: bool) -> None:
    """Raise ConsultationOpen while somebody's answer is awaited, CountersignDisagrees where one said no.

    A countersigner who disagrees stops an agreeing outcome only: the case may still go back.
    """
    asked = [one for one in consulted if one.task_id == task.id]
    awaited = [one.name for one in asked if one.agrees is None]
    if awaited:
        raise ConsultationOpen(names=awaited)
    against = [one.name for one in asked if one.kind == "countersign" and one.agrees is False]
    if agrees and against:
        raise CountersignDisagrees(names=against)
