"""Why a case can't be migrated or modified: codes with their words in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "closed": ("案件已办结", "the case is closed"),
    "other_version": ("案件不在这个版本上", "the case isn't on that version"),
    "step_removed": (
        "走过的或者所在的环节“{step}”在目标版本里没有了",
        "step “{step}”, passed or current, is gone",
    ),
    "step_changed": (
        "所在的环节“{step}”在目标版本里变了（{what}）",
        "the step it stands at, “{step}”, is changed ({what})",
    ),
    "done_step_changed": (
        "办过的环节“{step}”在目标版本里含义变了（{what}）",
        "the step “{step}”, done already, means something else ({what})",
    ),
    "boundary_changed": ("环节“{step}”上的边界事件变了", "the events on the border of “{step}” are changed"),
    "callee_changed": (
        "正在其中的子流程“{step}”在目标版本里变了，而且调用时传入的数据也不同",
        "it is inside “{step}”, which is changed and is called with other data",
    ),
    "scope_removed": ("所在的子流程“{step}”在目标版本里没有了", "it is inside “{step}”, which is gone"),
    "fact_removed": ("事实“{step}”有值，而目标版本里没有它", "fact “{step}” has a value and is gone"),
    "fact_changed": ("事实“{step}”的类型或保密变了", "type or secrecy of fact “{step}” is changed"),
    "clock_removed": ("时限“{step}”还在走，而目标版本里没有它", "clock “{step}” runs and is gone"),
    "uncovered": (
        "从所在环节往后，有路可不经“{step}”就到达受控效果（已有签名不够）",
        "from where it stands a way leads to the guarded effect past “{step}”",
    ),
    "stuck_ahead": (
        "从所在的位置往后，案件可能停在“{step}”，到不了结束",
        "from where it stands the case can be stuck at “{step}” and never reach an end",
    ),
    "unplaced": (
        "不能证明：看不出案件在“{step}”处的位置",
        "can't be proved: its place at “{step}” isn't known",
    ),
    "unproved": ("从所在的位置往后状态过多，不能证明", "too many states lie ahead to prove anything"),
    "post_changed": (
        "任务“{step}”已有人领取，而目标版本换了岗位",
        "task “{step}” is claimed, and its post is another",
    ),
    "not_the_same": ("换版本后案件的位置不同", "the case would stand elsewhere afterwards"),
    "moved": ("案件已经走到别的环节", "the case has gone on to another step"),
    "step_unknown": ("本案所在的流程里没有环节“{step}”", "there is no step “{step}” where the case is"),
    "target_unfit": (
        "只能移到任务或者子流程：“{step}”不是",
        "only tasks and sub-processes can be gone to: “{step}” is none",
    ),
    "beyond_effect": (
        "“{step}”在受控效果之后（或之前），不能越过决定",
        "“{step}” lies on the other side of a guarded effect",
    ),
    "guarding_step": (
        "环节“{step}”核对签名或作出决定，不能跳过",
        "“{step}” checks or decides and can't be passed over",
    ),
    "several_ways": ("环节“{step}”之后不止一条路，不能跳过", "several ways lead on from “{step}”"),
    "never_done": ("环节“{step}”本案没有办过，不是重做", "“{step}” was never done in this case"),
    "parallel": (
        "有几个并行的环节，请写明动哪一个：{step}",
        "several branches are open, say which step is meant: {step}",
    ),
    "at_join": (
        "这一支已到“{step}”等其他分支，不能再动",
        "this branch has arrived at “{step}” and waits for the others",
    ),
    "several_instances": (
        "“{step}”是多实例中的一个，不能移到外面；可以跳过、重做这一个",
        "“{step}” is one of several instances and can't be taken out of them; it can be passed over or repeated",
    ),
    "one_after_another": (
        "“{step}”逐个办理，办过的一个不能单独重做",
        "“{step}” is done one after another: one that is over can't be repeated by itself",
    ),
    "others_inside": (
        "“{step}”里还有别的分支，移出去会一并终止",
        "other branches are open inside “{step}”: they would end too",
    ),
    "controlled_change": ("受控变更的案件不能修正", "a controlled change itself can't be modified"),
    "already_there": ("案件正在环节“{step}”", "the case stands at “{step}” already"),
    "failed": ("执行时出错，没有改动", "it failed and changed nothing"),
}


@dataclass(frozen=True)
class Obstacle:
    """`code` of WORDS; `step` names what is in the way, `what` says what of it changed."""

    code: str
    step: str = ""
    what: str = ""
    params: Mapping[str, str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "params", {"step": self.step, "what": self.what})

    @property
    def zh(self) -> str:
        return words_of(self.code, self.params)[0]

    @property
    def en(self) -> str:
        return words_of(self.code, self.params)[1]


def words_of(code: str, params: Mapping[str, str]) -> tuple[str, str]:
    """(zh, en) of a kept code."""
    zh, en = WORDS.get(code, WORDS["failed"])
    named = {"step": "", "what": "", **params}
    return zh.format(**named), en.format(**named)
