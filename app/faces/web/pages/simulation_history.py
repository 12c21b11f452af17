"""The history of a simulation in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from app.faces.duty_words import duty_word
from app.faces.translation import _
from app.faces.web.acting import Standing
from app.faces.web.language import pick
from app.faces.web.pages.simulation_view import HistoryLine
from app.faces.web.pages.simulation_words import ASSUMED, CLOCKS, HISTORY, RISKS
from app.faces.web.words import moment
from app.kernel.engine.simulation.case import Entry
from app.kernel.engine.simulation.coverage import drawn
from app.kernel.engine.simulation.model import Model


def name_of(model: Model, key: str) -> str:
    """An element's name in the reader's language."""
    wanted = drawn(key)
    for steps in model.spec.steps.values():
        if wanted in steps:
            return pick(steps[wanted].name, steps[wanted].name_en or "")
    return wanted


def document_of(model: Model, key: str) -> str:
    """Title of a document."""
    table = model.documents.get(key, {})
    return pick(str(table.get("title_zh", key)), str(table.get("title_en", "")))


def history_line(model: Model, entry: Entry, who: Standing) -> HistoryLine:
    """One entry; passed elements have none."""
    details = [_DETAILS.get(key, _plain)(model, value) for key, value in entry.params.items()]
    return HistoryLine(
        when=moment(entry.at, who.today),
        what=str(HISTORY[entry.what]),
        where=name_of(model, entry.step_key) if entry.step_key else "",
        detail=_("，").join(detail for detail in details if detail),
    )


def _plain(model: Model, value: str) -> str:
    return value


def _clock(model: Model, value: str) -> str:
    spec = model.clocks.get(value)
    return pick(spec.title_zh, spec.title_en) if spec else value


def _flows(model: Model, value: str) -> str:
    targets = {flow.id: flow.target for flow in model.spec.flows}
    return _("、").join(name_of(model, targets.get(one, one)) for one in value.split())


def _duty(model: Model, value: str) -> str:
    return _("齐全") if value == "none" else duty_word(value)


_DETAILS: Mapping[str, Callable[[Model, str], str]] = {
    "risk": lambda model, value: str(RISKS.get(value, value)),
    "ref": _clock,
    "action": lambda model, value: str(CLOCKS.get(value, "")),
    "document": document_of,
    "missing": _duty,
    "duty": _duty,
    "flows": _flows,
    "carried": lambda model, value: _("职责齐全") if value == "true" else _("职责不齐"),
    "kind": lambda model, value: "",
    "rules": lambda model, value: _("、").join(str(ASSUMED.get(one, one)) for one in value.split()),
}
