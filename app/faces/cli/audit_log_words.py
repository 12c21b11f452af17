"""Sentences about a foreign event log, Chinese and English, shared by the text and the page."""

from typing import Final, NamedTuple

from app.kernel.audit.logs import LogReport
from app.kernel.audit.logs.event_log import NO_ACT
from app.kernel.audit.logs.staffing import Staffing
from app.kernel.audit.logs.suspicious import Reason

MOST_NEEDS: Final = 8


class Words(NamedTuple):
    """One text in both languages."""

    zh: str
    en: str

    def __str__(self) -> str:
        return f"{self.zh} / {self.en}"


REASONS: dict[Reason, Words] = {
    "not_a_person": Words("不像人名", "no person's name"),
    "same_name_spelled_differently": Words(
        "与另一名称仅写法不同", "differs from another name in spelling only"
    ),
}

_SAME_NAME = Words(
    "段轨迹与前面的案件同名，合并为同一案件", "traces bear the name of an earlier case: taken as one case"
)
_NO_TIME = Words(
    "个事件无时间，所在案件按文件次序", "events have no time: their cases keep the order of the file"
)
_GAPS = Words("件一人办理的案件含有无人员的事件", "cases by one person contain acts that name nobody")


def share(part: int, whole: int) -> str:
    """`12.3%`; a dash where there is nothing to be part of."""
    return f"{part / whole:.1%}" if whole else "–"


def number(value: int | None) -> str:
    return "–" if value is None else f"{value:,}"


def totals(report: LogReport) -> list[tuple[Words, str]]:
    """The figures at the head, in order; odd ones only where there are any."""
    one = report.totals
    rows = [
        (Words("案件", "cases"), number(one.cases)),
        (Words("事件", "events"), number(one.events)),
        (Words("人员（不同的 org:resource）", "persons (distinct org:resource)"), number(one.persons)),
        (Words("活动", "activities"), number(one.activities)),
        (Words("无人员的事件", "events without resource"), number(one.events_without_resource)),
    ]
    if one.first_event and one.last_event:
        span = f"{one.first_event:%Y-%m-%d} … {one.last_event:%Y-%m-%d}"
        rows.append((Words("时间（UTC）", "time (UTC)"), span))
    if one.acts != one.events:
        rows.append((Words("其中算作办理行为", "of these counted as acts"), number(one.acts)))
    return rows


def notes(report: LogReport) -> list[Words]:
    """What the reader must know of the file before using the figures."""
    one = report.totals
    told = [
        (one.duplicate_case_names, *_SAME_NAME),
        (one.traces_unnamed, "段轨迹无案件编号，各算一件", "traces have no name: each is a case of its own"),
        (one.events_without_activity, "个事件无活动名称", "events name no activity"),
        (one.times_unreadable, "个时间无法读取", "times can't be read"),
        (one.events_without_time - one.times_unreadable, *_NO_TIME),
        (one.times_without_zone, "个时间无时区，按 UTC", "times have no zone: taken as UTC"),
        (one.attributes_repeated, "个属性重复出现，取第一个", "attributes are given twice: the first counts"),
        (one.events_outside_cases, "个事件不属于任何案件，未计入", "events belong to no case: not counted"),
        (report.alone.with_gaps, *_GAPS),
    ]
    found = [Words(f"{count:,} {zh}", f"{count:,} {en}") for count, zh, en in told if count]
    return found + _transition_notes(report) + _policy_notes(report)


def _transition_notes(report: LogReport) -> list[Words]:
    one = report.totals
    left = sorted(word for word in one.transitions if word not in one.acting)
    if left:
        words = "、".join(left)
        return [
            Words(
                f"生命周期 {words} 只是安排或中断，不算办理行为",
                f"lifecycle {', '.join(left)}: planning or interruption, no acts",
            )
        ]
    if any(word.casefold() in NO_ACT for word in one.transitions):
        return [Words("所有生命周期状态均算作办理行为", "every lifecycle transition counts as an act")]
    return []


def _policy_notes(report: LogReport) -> list[Words]:
    found = [
        Words(
            f"规则中的活动“{one.activity}”在日志中不存在"
            + (f"；相近：{'、'.join(one.like)}" if one.like else ""),
            f'activity "{one.activity}" of the policy is not in the log'
            + (f"; similar: {', '.join(one.like)}" if one.like else ""),
        )
        for one in report.unknown_activities
    ]
    if report.suggestions_cut:
        found.append(
            Words(
                "活动种类过多，只比较了最常见的 100 种",
                "too many activities: only the 100 most frequent were compared",
            )
        )
    return found


def alone(report: LogReport) -> list[tuple[Words, str]]:
    """Figures on cases by one person."""
    one, cases = report.alone, report.totals.cases
    return [
        (Words("一人办完的案件", "cases by one person"), f"{one.cases:,}  ({share(one.cases, cases)})"),
        (
            Words("其中三个及以上行为", "of three or more acts"),
            f"{one.min3:,}  ({share(one.min3, one.cases_min3)} / {one.cases_min3:,})",
        ),
        (
            Words("其中另有他人做过同类活动", "of these: others did such work too"),
            f"{one.min3_shareable:,}  ({share(one.min3_shareable, one.min3)})",
        ),
    ]


def staffing(one: Staffing, cases: int) -> list[tuple[Words, str]]:
    """What separation would have needed."""
    feasible = f"{one.feasible:,}  ({share(one.feasible, cases)})"
    rows = [
        (Words("涉及活动对的案件", "cases with such a pair"), number(one.cases_concerned)),
        (Words("人手足够、可以分离的案件", "cases that could be separated"), feasible),
        (Words("无法分离的案件", "cases that could not"), number(one.infeasible)),
        (Words("一案至少需要", "people a case needs at least"), _needs(one)),
        (Words("余量（可缺席人数）", "resilience (people that may be absent)"), _resilience(one)),
        (Words("需增加人员", "people to add"), number(one.people_to_add)),
        (Words("需增加人员（容许一人缺席）", "people to add, one absent"), number(one.people_to_add_spare)),
    ]
    if one.undecided:
        rows.insert(3, (Words("未能判定", "not decided"), number(one.undecided)))
    return rows


def _needs(one: Staffing) -> str:
    """`2: 5 · 3: 1,299` (people: cases); of many different numbers only the ends."""
    if len(one.needs) > MOST_NEEDS:
        return f"{min(one.needs)} – {max(one.needs)}"
    known = " · ".join(f"{people}: {cases:,}" for people, cases in one.needs.items()) or "–"
    return known if one.people_needed is not None else f"{known} · ?"


def _resilience(one: Staffing) -> str:
    if one.resilience is None:
        return "–"
    bound = "" if one.resilience_exact else "≤ "
    return f"{bound}{one.resilience}  ({', '.join(one.bottleneck)})"
