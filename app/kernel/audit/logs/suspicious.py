"""Resource names that look like no natural person, or like one person written twice. They count as given."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

Reason = Literal["not_a_person", "same_name_spelled_differently"]

# Words that name a role, a machine or nothing at all; digits and separators may follow (admin3, test_01).
_NO_PERSON: Final = re.compile(
    r"(test(er|user|account)?|demo|dummy|admin(istrator)?|sys(tem|admin)?|root|batch|cron|daemon|scheduler"
    r"|auto(mat(ic|ed|ion))?|robot|bot|rpa|service|svc|server|process|engine|workflow|interface|api"
    r"|unknown|undefined|unassigned|anonymous|nobody|none|null|nil|na|n/a|tbd|guest|default|user|public|shared|temp"
    r"|测试(员|人员|用户|账号)?|系统(管理员|自动|用户)?|管理员|超级管理员|自动(处理|任务|审批)?|机器人|接口|批处理"
    r"|未知|匿名|无|空|公共(账号|用户)?|公用(账号|用户)?|共用(账号|用户)?|默认用户?|临时(账号|用户|工)?)"
    r"[\W_]*\d*",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class SuspiciousName:
    """A resource to look at: its acts in the log, why, and the other spellings where that is why."""

    name: str
    acts: int
    reason: Reason
    like: tuple[str, ...] = ()


def normalised(name: str) -> str:
    """Width, case, blanks and punctuation taken away: what two spellings of one name share."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", name).casefold())


def is_no_person(name: str) -> bool:
    """True for names such as test, admin3, 系统, ?: nothing a natural person is called."""
    plain = unicodedata.normalize("NFKC", name).strip()
    return not normalised(plain) or _NO_PERSON.fullmatch(plain) is not None


def suspicious_names(acts: Counter[str]) -> list[SuspiciousName]:
    """The names of `acts` (acts by name) that deserve a look, most acts first."""
    spellings: dict[str, list[str]] = {}
    for name in acts:
        spellings.setdefault(normalised(name), []).append(name)
    found = [_judged(name, acts[name], spellings[normalised(name)]) for name in acts]
    return sorted(_present(found), key=lambda item: (-item.acts, item.name))


def _judged(name: str, acts: int, spellings: list[str]) -> SuspiciousName | None:
    like = tuple(sorted(other for other in spellings if other != name))
    if is_no_person(name):
        return SuspiciousName(name, acts, "not_a_person", like if normalised(name) else ())
    return SuspiciousName(name, acts, "same_name_spelled_differently", like) if like else None


def _present(found: Iterable[SuspiciousName | None]) -> list[SuspiciousName]:
    return [item for item in found if item is not None]
