"""What `sanshen process simulate` prints, in both languages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from app.kernel.engine.simulation.coverage import Coverage, Stop
    from app.kernel.engine.simulation.model import Model
    from app.kernel.engine.simulation.player import Simulation
    from app.kernel.engine.simulation.verdict import Verdict

WORDS = {
    "runs": "可运行 runs",
    "refused": "拒绝 refused",
    "failed": "中途出错 FAILED",
    "endless": "未到终点 no end",
}
STOPS = {
    "failed": "中途出错 fails in the middle",
    "gap": "没有一条出线成立 no flow fits",
    "stuck": "停在这里 stuck",
    "gate": "缺少签名，不予放行 refused at the gate, lacks",
    "refused": "此处不能办理 can't be done here",
}
WHY = {
    "unconnected": "没有连线通到 nothing leads to it",
    "limit": "未搜完 search cut short",
    "event": "事件未发生 its event never happens",
    "condition": "条件从未成立 the condition never held",
    "behind": "前一元素未到达 what leads to it was not reached",
}
CUTS = {
    "moves": "步数上限 limit of moves",
    "depth": "深度上限 limit of depth",
    "seconds": "时间上限 limit of time",
}
HISTORY = {
    "started": "开始 started",
    "done": "办理 done",
    "branch": "分支 branch",
    "time_passed": "时间推进 time passed",
    "message": "消息 message",
    "signal": "信号 signal",
    "document": "文书 document",
    "clock": "时限 clock",
    "effect": "生效点 effect",
    "rule_hit": "规则命中 rule hit",
    "risk_raised": "风险提高 risk raised",
    "levels_raised": "二级审批 second level",
    "decided": "决定 decided",
    "signatures_checked": "签名核对 signatures checked, missing",
    "service": "自动环节 service",
    "set": "变量 variables",
    "timer_without_value": "定时器无值 timer without value",
}


def play_lines(simulation: Simulation) -> Iterator[str]:
    """The history, then where it ended."""
    for entry in simulation.history:
        if entry.what in HISTORY:
            params = " ".join(value for value in entry.params.values() if value)
            when = entry.at.isoformat(timespec="minutes")
            yield f"{when}  {HISTORY[entry.what]}  {entry.step_key}  {params}".rstrip()
    if simulation.failure is not None:
        yield f"出错 FAILED {simulation.failure.step_key}: {simulation.failure.reason}"
    elif simulation.is_completed:
        yield "已到终点 / came to the end"
    else:
        places = ", ".join(position.step_key for position in simulation.positions)
        yield f"停在 / stands at: {places}"


def coverage_lines(model: Model, coverage: Coverage) -> Iterator[str]:
    """Shares, what was not come to and why, where paths stop."""
    yield f"{coverage.process_id} {model.name}"
    yield f"元素 elements {_share(coverage.elements_reached, coverage.elements)}"
    yield f"连线 flows {_share(coverage.flows_reached, coverage.flows)}"
    yield (
        f"到终点 ends {coverage.runs}; 状态 states {coverage.states}; 步 moves {coverage.moves}; "
        f"最长 longest {coverage.deepest}"
    )
    yield f"未搜完 cut short: {CUTS[coverage.cut]}" if coverage.cut else "已搜完 / everything was tried"
    for one in coverage.unreached:
        detail = f" ({one.detail})" if one.detail else ""
        yield f"  未到达 not reached: {one.element} {one.key} {one.name}: {WHY[one.why]}{detail}"
    for stop in coverage.stops:
        yield from _stop_lines(stop)


def _stop_lines(stop: Stop) -> Iterator[str]:
    yield f"  {STOPS[stop.kind]}: {stop.step_key} {stop.why}".rstrip()
    for number, choice in enumerate(stop.choices, 1):
        shown = {key: value for key, value in choice.items() if key not in ("do", "at")}
        yield f"      {number}. {choice['do']} {shown or ''}".rstrip()


def verdict_lines(verdict: Verdict) -> Iterator[str]:
    """One line for each process, with the reasons of a refusal or failure below."""
    shares = ""
    if verdict.coverage is not None:
        shares = f"  {_share(verdict.coverage.elements_reached, verdict.coverage.elements)}"
    head = f"{verdict.file} [{verdict.process or '-'}]"
    yield f"{head}  {WORDS[verdict.word]}{shares}  {' '.join(verdict.rules)}  {verdict.seconds:.1f} s"
    if verdict.word != "runs":
        yield from (f"    {reason}" for reason in verdict.reasons)


def totals_lines(found: Mapping[str, Any]) -> Iterator[str]:
    """Counts, the share that runs, refusals by rule."""
    yield ""
    words = "; ".join(f"{WORDS[word]} {found[word]}" for word in WORDS)
    yield f"流程 processes {found['processes']}: {words}"
    yield f"可运行的比例 share that runs: {found['share']:.1%}"
    for rule, count in found["refusals"].items():
        yield f"  {rule}: {count}"


def _share(part: int, whole: int) -> str:
    return f"{part}/{whole} ({part / whole:.0%})" if whole else "0/0"
