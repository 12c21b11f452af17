"""What decides whether a sequence flow is taken, as one expression for the script engine."""

from collections.abc import Sequence

from lxml import etree

from app.kernel.decisions.expressions import feel
from app.kernel.engine.vocabulary import BPMN, SANSHEN


def condition_of(flow: etree._Element) -> str | None:
    """Conjunction of the flow's expression and its risk classes; None when it has neither.

    Written down it stays one operand: the check takes it alone, so that no bracket of its own closes ours, and a
    comment at its end ends with the line.
    """
    parts = [_risk_condition(flow), written_condition(flow)]
    return " and ".join(f"({part}\n)" if "//" in part else f"({part})" for part in parts if part) or None


def written_condition(flow: etree._Element) -> str | None:
    """The flow's expression alone."""
    text = (flow.findtext(f"{{{BPMN}}}conditionExpression") or "").strip()
    return feel(text) if text else None


def _risk_condition(flow: etree._Element) -> str | None:
    classes = ", ".join(f'"{name}"' for name in (flow.get(f"{{{SANSHEN}}}risk") or "").split())
    return f"risk in ({classes})" if classes else None


def default_condition_of(flow: etree._Element, others: Sequence[etree._Element]) -> str | None:
    """Condition of a gateway's default flow, None for a plain default.

    A risk mark says "taken exactly for these classes", and the proof of a process relies on it: a default flow
    with a mark is taken when no other is and the case is of its classes; else the step fails.
    """
    if not flow.get(f"{{{SANSHEN}}}risk"):
        return None
    taken = [f"({condition}) = true" for other in others if (condition := condition_of(other)) is not None]
    unless = f" and not({' or '.join(taken)})" if taken else ""
    return f"({_risk_condition(flow)}){unless}"
