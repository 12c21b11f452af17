"""What the part "recusal and overrides" of the case page prints, and the pages around it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from app.faces.web.parts import Choice, ErrorLine


@dataclass(frozen=True)
class Refused:
    """A form of these pages that came back: which one, what was typed, what is wrong."""

    form: str = ""
    typed: Mapping[str, str] = field(default_factory=dict)
    errors: Sequence[ErrorLine] = ()


@dataclass(frozen=True)
class RecusalRow:
    """One recusal; `rule_url` when this reader may rule on it."""

    key: str
    name: str
    cause: str
    origin: str
    when: str
    state: str
    tone: str
    detail: str = ""
    asked: str = ""
    recorder: str = ""
    ruling: str = ""
    rule_url: str = ""
    may_rule: str = ""
    case_no: str = ""
    case_url: str = ""


@dataclass(frozen=True)
class HitRow:
    """One rule hit that stops the case or asks for a reason, with what became of it."""

    key: str
    rule: str
    title: str
    message: str
    state: str
    tone: str
    proposal: Sequence[str] = ()
    ruling: str = ""
    propose_url: str = ""
    rule_url: str = ""
    may_rule: str = ""
    remedy: str = ""
    explain_url: str = ""


@dataclass(frozen=True)
class StandingPart:
    """Recusals and overrides of one case, with the forms this reader may use."""

    recusals: Sequence[RecusalRow]
    hits: Sequence[HitRow]
    remark: str
    declare_url: str = ""
    request_url: str = ""
    causes: Sequence[Choice] = ()
    people: Sequence[Choice] = ()
    refused: Refused = field(default_factory=Refused)


@dataclass(frozen=True)
class RecusalsPage:
    """The head's list."""

    remark: str
    open: Sequence[RecusalRow]
    ruled: Sequence[RecusalRow]
    refused: Refused = field(default_factory=Refused)


@dataclass(frozen=True)
class InterestRow:
    """One entry of the register; `end_url` while it holds."""

    key: str
    cause: str
    label: str
    when: str
    declarer: str
    state: str
    tone: str
    end_url: str = ""


@dataclass(frozen=True)
class InterestsPage:
    """A person's register: his own, or another's for internal audit."""

    title: str
    remark: str
    own: bool
    rows: Sequence[InterestRow]
    recusals: Sequence[RecusalRow]
    add_url: str
    confirm_url: str
    confirmed: str
    due: bool
    causes: Sequence[Choice]
    refused: Refused = field(default_factory=Refused)
    people: Sequence[tuple[str, str]] = ()
    search_url: str = ""
    searched: str = ""
