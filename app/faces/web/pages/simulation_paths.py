"""The report on all paths, in words."""

from __future__ import annotations

from app.faces.duty_words import duty_word
from app.faces.translation import _
from app.faces.web.pages.simulation_source import Source
from app.faces.web.pages.simulation_view import MissedLine, PathsPart, StopLine
from app.faces.web.pages.simulation_words import CUTS, REFUSED, STOPS, WHY
from app.kernel.engine.simulation.coverage import Coverage, Stop, Unreached
from app.kernel.engine.simulation.model import Model
from app.kernel.engine.simulation.sharing import packed


def paths_part(source: Source, model: Model, coverage: Coverage) -> PathsPart:
    """Shares, what was not come to and why, where paths stop."""
    return PathsPart(
        elements=_share(coverage.elements_reached, coverage.elements),
        flows=_share(coverage.flows_reached, coverage.flows),
        remark=_(
            "走了 %(moves)s 步，%(states)s 个不同的状态，%(runs)s 种走到终点",
            moves=coverage.moves,
            states=coverage.states,
            runs=coverage.runs,
        ),
        cut=str(CUTS[coverage.cut]) if coverage.cut else _("已走遍所有路径"),
        whole=coverage.cut is None,
        missed=[_missed(one) for one in coverage.unreached],
        stops=[_stop(source, model, stop) for stop in coverage.stops],
    )


def _share(part: int, whole: int) -> str:
    return f"{part}/{whole}（{part / whole:.0%}）" if whole else "—"


def _missed(one: Unreached) -> MissedLine:
    what = _("连线") if one.element == "sequenceFlow" else _("元素")
    detail = _("：%(what)s", what=one.detail) if one.detail else ""
    return MissedLine(what, one.name or one.key, f"{WHY[one.why]}{detail}")


def _stop(source: Source, model: Model, stop: Stop) -> StopLine:
    word, tone = STOPS[stop.kind]
    steps = (step for scope in model.spec.steps.values() for step in scope.values())
    names = {step.step_key: step.name for step in steps}
    why = stop.why
    if stop.kind == "gate" and why != "decided":
        why = duty_word(why)
    elif stop.kind == "refused":
        why = str(REFUSED.get(why, why))
    return StopLine(
        str(word), tone, names.get(stop.step_key, stop.step_key), why, source.url(play=packed(stop.choices))
    )
