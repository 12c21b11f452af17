"""Gateways whose flows the player takes: each conditional output of the library's specification is named by its flow.

The specification belongs to the simulation alone. What the conditions say is decided in `stage.py`, where it is
known which variables anybody has said anything about.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from SpiffWorkflow.bpmn.specs.bpmn_task_spec import _BpmnCondition
from SpiffWorkflow.specs.ExclusiveChoice import ExclusiveChoice
from SpiffWorkflow.specs.MultiChoice import MultiChoice

from app.kernel.engine.dialect import FlowSpec

MARK: Final = "flow:"
_SPLIT: Final = ".BoundaryEventSplit"


def name_flows(spec: Any, leaving: Mapping[tuple[str, str], tuple[FlowSpec, ...]]) -> None:
    """Replace the conditions of every gateway of one scope by the marks of its flows."""
    for task_spec in spec.task_specs.values():
        flows = leaving.get((spec.name, getattr(task_spec, "bpmn_id", None) or ""), ())
        if isinstance(task_spec, MultiChoice) and len(flows) > 1:
            outputs = {name.removesuffix(_SPLIT): name for name in task_spec._outputs}
            task_spec.cond_task_specs = [
                (_BpmnCondition(MARK + flow.id), outputs[flow.target]) for flow in flows
            ]
            if isinstance(task_spec, ExclusiveChoice):
                task_spec.default_task_spec = None


def flow_of(expression: str) -> str | None:
    """Id of the flow that a condition stands for."""
    return expression.removeprefix(MARK) if expression.startswith(MARK) else None
