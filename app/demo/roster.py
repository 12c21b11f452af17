"""The people of the demonstration region, all made up: who holds which post where."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

PASSWORD = "Helan-2026-Liupan"  # noqa: S105 - printed at every start, for made-up people only
POSTS_SINCE = date(2026, 1, 1)
REGION, YINCHUAN, WUZHONG = "640000", "640100", "640300"
YONGNING, HELAN, YANCHI = "640121", "640122", "640323"
TRANSFERRED = "李文静"
SECOND_ACCOUNT = "liwenjing2"
# One person under two records: the second name and number were written down wrongly, and he worked under both.
TWO_RECORDS = ("杨小龙", "杨小尤")


@dataclass(frozen=True)
class Office:
    """One office's posts with their holders; a name may stand at several posts that don't exclude one another."""

    region: str
    posts: tuple[tuple[str, tuple[str, ...]], ...]


OFFICES = (
    Office(
        YINCHUAN,
        (
            ("rec_window", ("陈思远", "何雨桐")),
            ("rec_handler", ("马晓峰", "杨慧敏", "纳晓琴", "刘建军", "王晨")),
            ("rec_checker", ("周立群", "撒秀兰")),
            ("rec_risk", ("赵明月", "沙丽娜")),
            ("rec_approver", ("王海涛", "丁建国")),
            ("rec_clerk", ("田雨", "白雪")),
            ("supervisor", ("郭志强",)),
            ("dept_head", ("冯国华",)),
        ),
    ),
    Office(
        WUZHONG,
        (
            ("rec_window", ("金玉芳",)),
            ("rec_handler", ("马成林", "黑生虎", "许静", "杨小龙")),
            ("rec_checker", ("虎志远", "苏晓红")),
            ("rec_risk", ("罗文斌",)),
            ("rec_approver", ("张永宁", "丁玉梅")),
            ("rec_clerk", ("余海燕",)),
            ("supervisor", ("马国栋",)),
        ),
    ),
    Office(
        YONGNING,
        (
            ("rec_window", ("孙小梅",)),
            ("rec_handler", ("吴学军", "纳志鹏", "高翔")),
            ("rec_checker", ("谢红霞",)),
            ("rec_risk", ("曹建平",)),
            ("rec_approver", ("朱向东",)),
            ("rec_clerk", ("孙小梅",)),
            ("supervisor", ("雷振华",)),
        ),
    ),
    Office(
        HELAN,
        (
            ("rec_window", ("蒋丽娟",)),
            ("rec_handler", ("韩磊", "哈文博", "唐雪梅")),
            ("rec_checker", ("邓志勇",)),
            ("rec_risk", ("贾秀英",)),
            ("rec_approver", ("宋长河",)),
            ("rec_clerk", ("蒋丽娟",)),
            ("supervisor", ("龚雪峰",)),
        ),
    ),
    # Two handlers and an approver: nobody is left who could recheck, and duties are never merged.
    Office(
        YANCHI,
        (
            ("rec_window", ("冒小燕",)),
            ("rec_handler", ("左建民", "官学文")),
            ("rec_approver", ("牛振国",)),
            ("rec_clerk", ("冒小燕",)),
        ),
    ),
    Office(
        REGION,
        (
            ("dept_head", ("贺明远",)),
            ("fund_supervisor", ("秦秀珍",)),
            ("supervisor", ("侯春生",)),
            ("internal_auditor", ("严守正", "施文华")),
            ("process_designer", ("卢思齐",)),
            ("rule_editor", ("姚佳",)),
            ("rule_checker", ("范立新",)),
            ("rule_approver", ("戴国庆",)),
        ),
    ),
)

# Away today, with a substitute (a clerk: no post of the reviews), and away in some days.
AWAY, AWAY_SUBSTITUTE, AWAY_APPROVER, AWAY_SOON = "丁建国", "白雪", "郭志强", "周立群"

ADMINISTRATORS = {"system_admin": "钟伟", "security_admin": "方静", "audit_admin": "任建华"}
WITNESSES = ("贺明远", "秦秀珍")
# Who asks for, reviews and approves a grant: the first three who aren't its holder.
GRANTORS = ("贺明远", "秦秀珍", "侯春生", "严守正")


@dataclass(frozen=True)
class Holding:
    """A post held by a named person, the end exclusive."""

    name: str
    post: str
    region: str
    since: date
    until: date | None = None


def holdings(since: date, transfer: date) -> Iterator[Holding]:
    """Every post but the administrators', with the handler who becomes a checker on the day of `transfer`."""
    for office in OFFICES:
        for post, names in office.posts:
            for name in names:
                yield Holding(name, post, office.region, since)
    yield Holding(TRANSFERRED, "rec_handler", YINCHUAN, since, transfer)
    yield Holding(TRANSFERRED, "rec_checker", YINCHUAN, transfer)
    yield Holding(TWO_RECORDS[1], "rec_checker", WUZHONG, since, transfer)


def names() -> list[str]:
    """Every person once, administrators first."""
    everyone = [*ADMINISTRATORS.values(), *WITNESSES]
    everyone += [name for office in OFFICES for _, held in office.posts for name in held]
    return list(dict.fromkeys([*everyone, TRANSFERRED, TWO_RECORDS[1]]))


@dataclass(frozen=True)
class DemoAccount:
    """An account to try the region with."""

    login: str
    password: str
    zh: str
    en: str


# Name, what to try (Chinese, English); the login is the name's pinyin.
SHOWN = (
    ("陈思远", "银川 受理窗口：登记申请、受理审查、收取补正", "Yinchuan window: register, check materials"),
    ("马晓峰", "银川 经办：调查、初审", "Yinchuan handler: investigate, initial review"),
    ("杨慧敏", "银川 经办：与马晓峰各交一份调查", "Yinchuan handler: the second investigator"),
    ("周立群", "银川 复核：可办李文静被拒的那一件", "Yinchuan checker: may do what Li Wenjing may not"),
    (
        "李文静",
        "银川 复核，5 月 31 日前是经办：领自己初审过的旧案会被拒",
        "Yinchuan checker, a handler until 31 May",
    ),
    ("赵明月", "银川 高风险复审：提级件", "Yinchuan risk review of routed cases"),
    ("王海涛", "银川 审核：指派、审核", "Yinchuan approver: assign, final review"),
    ("田雨", "银川 送达归档", "Yinchuan clerk: serve and archive"),
    (
        "白雪",
        "银川 送达归档；丁建国培训期间代他审核，每一步都写“代丁建国”",
        "Yinchuan clerk, now standing in for Ding Jianguo's final reviews",
    ),
    ("郭志强", "银川 主管：改派、看负荷和时限", "Yinchuan supervisor: reassign, load and clocks"),
    ("左建民", "盐池 经办：本县凑不齐三个人", "Yanchi handler: a county too small for three people"),
    ("马国栋", "吴忠（含盐池） 主管：收到“待人手”提醒", "Wuzhong supervisor: alerted when staff is missing"),
    (
        "童晓岚",
        "银川 鉴定办经办：文书审查、现场鉴定、拟结论",
        "Yinchuan committee: file review, assessment, draft",
    ),
    ("季晓东", "银川 专家抽取操作人；见证人是凌雪松", "operates the draw of experts"),
    ("凌雪松", "银川 专家抽取见证人", "witness of the draw"),
    ("滕海波", "银川 经办机构：待遇测算、初审", "Yinchuan agency: reckons awards, initial review"),
    ("霍启明", "银川 经办机构负责人：二级审批", "head of the agency: second-level approval"),
    ("卢思齐", "流程设计", "process designer"),
    ("姚佳", "规则编制：提出受控变更，看影响清单", "rule editor: proposes controlled changes"),
    ("范立新", "规则复核：有一件变更等他复核", "rule checker: a change waits for the recheck"),
    ("戴国庆", "规则批准：批准即生效", "rule approver: approval puts it into force"),
    ("严守正", "内部稽核：可阅卷，不能办理", "internal auditor: reads, never acts"),
    ("钟伟", "系统管理员", "system administrator"),
    ("方静", "安全管理员", "security administrator"),
    ("任建华", "审计管理员", "audit administrator"),
)
