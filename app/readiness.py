"""Is this installation fit to serve? Schema, fence and wiring compared with what they should be."""

from __future__ import annotations

from sqlalchemy.exc import SQLAlchemyError

from app.kernel.engine.catalogue import list_latest
from app.kernel.engine.handlers import list_unhandled
from app.kernel.kernel import Kernel
from app.storage.fence import verify_fence


class NotReady(RuntimeError):
    """The process must not serve; `problems` say what is wrong, one line each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


def require_ready(kernel: Kernel) -> None:
    """Raise NotReady when the fence has a hole or a deployed process names a handler nobody registered."""
    problems = list_problems(kernel)
    if problems:
        raise NotReady(problems)


def list_problems(kernel: Kernel) -> list[str]:
    """What is wrong, empty when all is well; an unreachable database is one line."""
    try:
        with kernel.database.engine.connect() as connection:
            problems = verify_fence(connection)
        return problems + _unmatched_handlers(kernel)
    except SQLAlchemyError as error:
        return [f"database: {type(error).__name__}"]


def _unmatched_handlers(kernel: Kernel) -> list[str]:
    with kernel.database.session() as session:
        definitions = list_latest(session)
    return [
        f"{definition.key}: {step.step_key}: no handler {step.task_type!r}"
        for definition in definitions
        for step in list_unhandled(definition.steps.values(), kernel.ports)
    ]
